# Reads everything that pulumi-microvm keeps on this host, and what the host is, in one go. Changes nothing.
# It is sent over the connection rather than installed, so that what reads a host always fits what asks.
# Output: one line an item, fields separated by tabs; a field that may hold anything is base64.
LC_ALL=C
export LC_ALL
tab=$(printf '\t')

# Facts are `NAME<TAB>VALUE<NUL>`, all in one field: a process for each would take longer than all the reading.
facts() { printf 'facts\t%s\n' "$(each_fact | base64 -w0)"; }
fact() { printf '%s\t%s\0' "$1" "$2"; }
# The first line of a file, or nothing.
line() {
  value=
  { read -r value < "$1"; } 2>/dev/null || true
  printf %s "$value"
}
each_fact() {
  . /etc/os-release 2>/dev/null || true
  fact system "$(uname -s)"
  fact machineId "$(line /etc/machine-id)"
  fact bootId "$(line /proc/sys/kernel/random/boot_id)"
  fact osId "${ID:-}"
  fact osLike "${ID_LIKE:-}"
  fact osCodename "${VERSION_CODENAME:-}"
  fact osName "${PRETTY_NAME:-}"
  fact architecture "$(uname -m)"
  fact kernelVersion "$(uname -r)"
  fact cpus "$(getconf _NPROCESSORS_ONLN 2>/dev/null || grep -c ^processor /proc/cpuinfo)"
  fact cpuModel "$(sed -n '/^model name/ { s/^[^:]*: *//p; q; }' /proc/cpuinfo)"
  fact cpuMHz "$(sed -n '/^cpu MHz/ { s/^[^:]*: *//p; q; }' /proc/cpuinfo)"
  fact memoryKiB "$(sed -n 's/^MemTotal: *\([0-9]*\).*/\1/p' /proc/meminfo)"
  fact memoryAvailableKiB "$(sed -n 's/^MemAvailable: *\([0-9]*\).*/\1/p' /proc/meminfo)"
  if [ -d /run/systemd/system ]; then fact systemd "$(systemctl --version 2>/dev/null | sed -n '1s/^systemd \([0-9]*\).*/\1/p')"; fi
  case $(stat -fc %T /sys/fs/cgroup 2>/dev/null) in
    cgroup2fs) fact cgroups v2 ;;
    *) if [ -d /sys/fs/cgroup/unified ]; then fact cgroups hybrid; else fact cgroups v1; fi ;;
  esac
  case $(stat -c '%a %g' /dev/kvm 2>/dev/null) in
    ??[67]\ * | ?\ *) ;;
    ?[67]?\ *) fact kvmGroup "$(stat -c %g /dev/kvm)" ;;
  esac
  # The number of the call is the same on all architectures; it answers with the version of the interface.
  fact landlock "$(perl -e 'print syscall(444, 0, 0, 1)' 2>/dev/null)"
  fact smtActive "$(line /sys/devices/system/cpu/smt/active)"
  fact ksmRun "$(line /sys/kernel/mm/ksm/run)"
  fact swaps "$(sed -n '2,$ s/[[:space:]].*//p' /proc/swaps 2>/dev/null)"
  fact vulnerabilities "$(grep -l '^Vulnerable' /sys/devices/system/cpu/vulnerabilities/* 2>/dev/null | sed 's|.*/||')"
  fact aptGet "$(command -v apt-get || true)"
  fact kit "$(readlink /usr/lib/microvm 2>/dev/null || true)"
}

# Everything below the directories of ours, and the units: path, kind, mode, owner, size, and the digest of small files.
# Owners are numbers: to look up a name for each file takes longer than all the rest.
files() {
  places="/etc/microvm /usr/lib/microvm/ /var/lib/microvm /etc/systemd/system/microvm*"
  links="/etc/systemd/system/multi-user.target.wants /etc/systemd/system/timers.target.wants"
  drop_ins="/etc/sysctl.d/90-microvm* /etc/modules-load.d/microvm* /etc/systemd/network/05-microvm* /etc/NetworkManager/conf.d/90-microvm*"
  programs=$(cat /etc/microvm/vmms/*/program /etc/microvm/gvisors/*/program 2>/dev/null)
  engines=$(cat /etc/microvm/engines/*/target /etc/microvm/engines/*/reads 2>/dev/null)
  drop_ins="$drop_ins $engines"
  # shellcheck disable=SC2086
  find $places $drop_ins $programs -name lost+found -prune -o -path '/var/lib/microvm/kata/*/*' -prune -o -printf 'stat\t%p\t%y\t%m\t%U\t%G\t%s\t%b\n' 2>/dev/null
  # shellcheck disable=SC2086
  find $links -name 'microvm*' -type l -printf 'link\t%p\t%l\n' 2>/dev/null
  # shellcheck disable=SC2086
  find $places $drop_ins -path /var/lib/microvm -prune -o -type f -size -2048 -print0 2>/dev/null |
    xargs -0r sha256sum 2>/dev/null | sed -n "s/^\([0-9a-f]\{64\}\)  /digest${tab}\1${tab}/p"
}

# Records are one line of JSON each, and what the changes of the same objects handed back is another.
records() {
  find /etc/microvm -mindepth 3 -maxdepth 3 \( -name record.json -o -name results \) -type f -print0 2>/dev/null |
    xargs -0r grep -H '' /dev/null | sed -n "s/^\([^:]*\):/record${tab}\1${tab}/p"
}

# The store's files are large: their digest is read again only where the file's inode, size or times differ from those
# noted when it was last verified.
store() {
  cd /var/lib/microvm/store 2>/dev/null || return 0
  {
    find . -maxdepth 1 -type f -name '*.verified' -exec grep -H '' {} +
    find . -maxdepth 1 -type f ! -name '*.*' ! -name '.*' -printf '%P\t%i %s %T@ %C@\n'
  } 2>/dev/null |
    awk -F "$tab" '
      # ./NAME.verified:NOTE
      NF == 1 { i = index($0, ":"); seen[substr($0, 3, i - 3 - 9)] = substr($0, i + 1); next }
      seen[$1] == $2 { print "stored\t" $1 "\t" $1; next }
      { print "check\t" $1 "\t" }' |
    while IFS="$tab" read -r verdict name digest; do
      case $verdict in
        check) digest=$(sha256sum "$name" | cut -c 1-64) ;;
      esac
      printf 'stored\t%s\t%s\n' "$name" "$digest"
    done
  cd /
}

# Snapshots of microVMs: their files are large too, and looked at as the store's are.
snapshots() {
  for snapshot in /var/lib/microvm/snapshots/*/; do
    [ -f "${snapshot}verified" ] && [ -x /usr/lib/microvm/snapshot-verify ] || continue
    verdict=damaged
    if /usr/lib/microvm/snapshot-verify "$snapshot" unnoted 2>/dev/null; then verdict=intact; fi
    digest=$(sha256sum "${snapshot}digests" 2>/dev/null)
    snapshot=${snapshot%/}
    printf 'taken\t%s\t%s\t%s\n' "${snapshot##*/}" "${digest%% *}" "$verdict"
  done
}

# Unpacked releases of Kata: whether each is what it was, and how much runs from it. Links that lead to its handlers.
kata() {
  find /etc/microvm/katas /usr/local/bin -maxdepth 2 -type l \( -name handlers -o -lname '/etc/microvm/katas/*' \) \
    -printf 'target\t%p\t%l\n' 2>/dev/null
  [ -d /var/lib/microvm/kata ] && [ -x /usr/lib/microvm/kata-processes ] || return 0
  running=$(/usr/lib/microvm/kata-processes | cut -f 2)
  for tree in /var/lib/microvm/kata/*/; do
    [ -d "$tree" ] || continue
    tree=${tree%/}
    verdict=damaged
    if /usr/lib/microvm/kata-tree verify "$tree"; then verdict=intact; fi
    printf 'kata\t%s\t%s\t%s\n' "${tree##*/}" "$verdict" "$(printf '%s\n' "$running" | grep -cxF -e "${tree##*/}")"
  done
}

# Small notes of what happened: starts, boot times, public host keys, the probe of KVM.
notes() {
  find /run/microvm/boot /run/microvm/container /run/microvm/network /var/lib/microvm/vms /var/lib/microvm/containers /etc/microvm/hosts /etc/microvm/engines /etc/microvm/katas -maxdepth 2 -type f \
    \( -path '/run/*' -size -8 -o -name boot-millis -o -name ended -o -name host-key.pub -o -name probe -o -name applied -o -name trees \) -print0 2>/dev/null |
    xargs -0r grep -H '' /dev/null | sed -n "s/^\([^:]*\):/run${tab}\1${tab}/p"
}

# What container engines read, and the parts of it that are ours.
engines() {
  # shellcheck disable=SC2046
  set -- $(cat /etc/microvm/engines/*/reads 2>/dev/null) /etc/microvm/engines/*/head /etc/microvm/engines/*/reads /etc/microvm/engines/*/handlers/*
  for path; do
    if [ -f "$path" ]; then printf 'content\t%s\t%s\n' "$path" "$(head -c 262144 "$path" | base64 -w0)"; fi
  done
}

units() {
  [ -d /run/systemd/system ] || return 0
  systemctl show 'microvm*' containerd.service crio.service docker.service --all --no-pager --timestamp=unix \
    --property=Id,ActiveState,SubState,UnitFileState,Result,NRestarts,MainPID,NeedDaemonReload,ExecMainStatus,FragmentPath,DropInPaths 2>/dev/null |
    awk '/^$/ { if (line != "") print "unit" line; line = ""; next } { line = line "\t" $0 } END { if (line != "") print "unit" line }'
}

kernel_settings() {
  sed -n 's/^\([a-z0-9_]*[./][^ =]*\) *=.*/\1/p' /etc/sysctl.d/90-microvm-*.conf 2>/dev/null | sort -u | while read -r key; do
    printf 'sysctl\t%s\t%s\n' "$key" "$(sysctl -n "$key" 2>/dev/null)"
  done
  sed -n '/^[A-Za-z0-9_-]*$/p' /etc/modules-load.d/microvm-*.conf 2>/dev/null | sort -u | while read -r module; do
    if [ -d "/sys/module/$(printf %s "$module" | tr - _)" ]; then printf 'module\t%s\n' "$module"; fi
  done
}

network() {
  printf 'links\t%s\n' "$(ip -j -d address show 2>/dev/null | base64 -w0)"
  command -v nft >/dev/null 2>&1 || return 0
  # All at the same time: each has a program to start and one short line to say, which is written at once.
  for table in $(nft list tables 2>/dev/null | sed -n 's/^table \([a-z0-9]*\) \(microvm[a-z0-9_-]*\)$/\1:\2/p'); do
    (
      digest=$(nft -s list table "${table%%:*}" "${table#*:}" 2>/dev/null | sha256sum)
      printf 'rules\t%s\t%s\n' "$table" "${digest%% *}"
    ) &
  done
  wait
}

vmm_states() {
  [ -x /usr/lib/microvm/qmp ] || return 0
  sockets=$(find /run/microvm/vm -maxdepth 2 -name qmp.sock 2>/dev/null)
  # shellcheck disable=SC2086
  [ -z "$sockets" ] || /usr/lib/microvm/qmp --status $sockets
  [ -x /usr/lib/microvm/vmm-api ] || return 0
  sockets=$(find /run/microvm/vm -maxdepth 2 \( -name fc.sock -o -name ch.sock \) 2>/dev/null)
  # shellcheck disable=SC2086
  [ -z "$sockets" ] || /usr/lib/microvm/vmm-api --status $sockets
}

# Side by side: what asks many programs and says little waits in the pipe until the files, thousands of them, are told.
{
  facts
  units
  kernel_settings
  network
  vmm_states
} | {
  files
  records
  store
  snapshots
  engines
  kata
  notes
  cat
}
printf 'end\n'
