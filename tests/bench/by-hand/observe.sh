# What a careful person would write to learn what refresh learns of a host: the same facts, as the tools print them.
LC_ALL=C
export LC_ALL
cat /etc/os-release /etc/machine-id /proc/sys/kernel/random/boot_id
uname -smr
nproc
grep -m 2 -e '^model name' -e '^cpu MHz' /proc/cpuinfo
grep -e ^MemTotal -e ^MemAvailable /proc/meminfo
systemctl --version
stat -fc %T /sys/fs/cgroup
command -v apt-get
readlink /usr/lib/microvm

# Files with their owners (as numbers: names take long), modes and digests; units that are enabled; records; small notes.
find /etc/microvm /usr/lib/microvm/ /var/lib/microvm /etc/systemd/system/microvm* /etc/systemd/network/05-microvm* \
  $(cat /etc/microvm/vmms/*/program) -printf '%p %y %m %U:%G %s %b\n'
find /etc/systemd/system/multi-user.target.wants /etc/systemd/system/timers.target.wants -name 'microvm*' -printf '%p %l\n'
find /etc/microvm /usr/lib/microvm/ /etc/systemd/system/microvm* /etc/systemd/network/05-microvm* -type f \
  -exec sha256sum {} +
grep -H '' /etc/microvm/*/*/record.json /etc/microvm/hosts/*/probe
grep -rsH '' /run/microvm/boot /run/microvm/network
find /var/lib/microvm/vms -maxdepth 2 \( -name boot-millis -o -name host-key.pub \) -exec grep -H '' {} +

# The store by the notes of its last verification, as the provider does: hashing it all again would take longer.
cd /var/lib/microvm/store
grep -H '' ./*.verified
find . -type f ! -name '*.*' -printf '%P %i %s %T@ %C@\n'

# Units, interfaces, packet filters, and what the running VMMs say.
systemctl show 'microvm*' --all --no-pager \
  --property=Id,ActiveState,SubState,UnitFileState,Result,NRestarts,MainPID,NeedDaemonReload,ExecMainStatus
ip -j -d address show
nft list tables | while read -r _ family table; do
  case $table in microvm*) nft -s list table "$family" "$table" | sha256sum ;; esac
done
/usr/lib/microvm/qmp --status /run/microvm/vm/*/qmp.sock
