import type { Lab } from "./lab";

/** What a host is made of, a line an item: compared before a program comes and after it has gone. */
export async function hostInventory(lab: Lab, name: string): Promise<string[]> {
  const { code, stdout, stderr } = await lab.exec(name, script);
  if (code !== 0) throw new Error(`the inventory of ${name} failed: ${stderr}`);
  return [...stdout.split("\n"), ...(await lab.rules(name)).map((line) => `rule ${line}`)].filter(Boolean).sort();
}

/** Lines that only one of them has: `- before`, `+ after`. */
export function inventoryChanges(before: string[], after: string[]): string[] {
  const [then, now] = [new Set(before), new Set(after)];
  return [
    ...before.filter((line) => !now.has(line)).map((line) => `- ${line}`),
    ...after.filter((line) => !then.has(line)).map((line) => `+ ${line}`),
  ];
}

/**
 * Left out is what changes by itself or by any use of apt: logs, journals, caches, package lists and dpkg's own
 * backups (the packages themselves are listed), the backups of the user database, timers' stamps, temporary files, and
 * sshd's sessions, which since OpenSSH 9.8 have a name of their own. A host of containers has /var/lib mounted.
 */
const script = `
set -eu
find / $(findmnt -rno TARGET -M /var/lib) -xdev \\( -path /proc -o -path /sys -o -path /run -o -path /tmp -o -path /var/tmp -o -path /dev -o -path /var/log -o -path /var/cache \\
  -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /root/.cache \\
  -o -path /etc/ld.so.cache -o -path '/etc/*-' -o -path /etc/.pwd.lock -o -path /var/lib/ucf -o -path /var/backups -o -path /usr/share/man -o -path /var/spool \\) -prune \\
  -o -type d -printf 'directory %p %m %U:%G\\n' -o -type l -printf 'link %p %l\\n' -o ! -type f -printf 'special %p %m\\n' \\
  -o -type f -size +2048k -printf 'file %p %m %U:%G %s\\n'
find /etc /usr/lib/systemd /usr/local /var/lib /root /opt /srv -xdev \\( -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /etc/ld.so.cache -o -path '/etc/*-' -o -path /etc/.pwd.lock -o -path /root/.cache -o -path /var/lib/ucf \\) -prune \\
  -o -type f -size -2048k -print0 | xargs -0r sha256sum | sed 's/^/content /'
dpkg-query -W -f 'package \${Package} \${Version} \${db:Status-Status}\\n'
systemctl list-units --all --plain --no-legend --type=service,timer,socket,mount | awk '$1 !~ /^(user|session|run-|apt-|dpkg-|systemd-tmpfiles|man-db|logrotate|ssh@|nsenter)/ { print "unit", $1, $2, $3 }' | grep -v -e systemd-fsck -e modprobe@ -e 'tmp.*mount' || true
systemctl list-unit-files --plain --no-legend | awk '{ print "unit file", $1, $2 }'
ip -o link | sed 's/^[0-9]*: \\([^:@]*\\).*/interface \\1/'
ip -o -4 address | awk '{ print "address", $2, $4 }'
printf 'forwarding %s\\n' "$(cat /proc/sys/net/ipv4/ip_forward)"
ps -eo comm= | sort -u | grep -v -e '^kworker' -e '^ps$' -e '^sh$' -e '^sort$' -e '^grep$' -e '^sed$' -e '^sleep$' -e systemd-hostnam -e '^sshd-' -e '(sd-pam)' | sed 's/^/process /'
cut -d : -f 1,3,4 /etc/passwd | sed 's/^/user /'
findmnt -rno TARGET | grep -v -e ^/proc -e ^/sys -e ^/run -e ^/dev -e ^/tmp | sed 's/^/mount /'
`;
