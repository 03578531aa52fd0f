# What a change to this host is made of. Sent over the connection ahead of the change itself; the change is a list of
# functions build_N, prepare_N, commit_N and wait_N, and the last line calls `mv_batch`.
#   build    makes what takes long, in a place of its own, without the lock
#   prepare  puts files in place             } under the host's lock,
#   commit   starts, stops, loads, removes   } one change after the other
#   wait     waits for readiness             without the lock, all at the same time
# A change that fails does not stop the others. Each ends with a line `done<TAB>N<TAB>STATUS<TAB>BASE64-STDERR`.
LC_ALL=C
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export LC_ALL PATH
umask 022
mv_kit=/usr/lib/microvm
mv_store=/var/lib/microvm/store
mv_trees=/var/lib/microvm/kata

# mv_say FIELD...: one line of output. Changes that wait side by side take turns, or long lines would mix.
mv_say() {
  (
    flock 8
    printf '%s' "$1"
    shift
    for mv_field; do printf '\t%s' "$mv_field"; done
    printf '\n'
  ) 8> "$mv_work/say"
}

mv_base64() { printf %s "$1" | base64 -w0; }

# mv_result KEY VALUE: hands a value back.
mv_result() {
  mv_handed=$(mv_base64 "$2")
  mv_say result "$mv_n" "$1" "$mv_handed"
  printf ' %s:%s' "$1" "$mv_handed" >> "$mv_work/$mv_n.results"
}

# mv_progress TEXT
mv_progress() { mv_say progress "$mv_n" "$(mv_base64 "$1")"; }

# mv_fail CODE TEXT: ends the change; CODE is one of the provider's error codes.
mv_fail() {
  mv_say failure "$mv_n" "$1" "$(mv_base64 "$2")"
  exit 1
}

# mv_dir PATH MODE OWNER
mv_dir() { install -d -m "$2" -o "${3%:*}" -g "${3#*:}" "$1"; }

# mv_is PATH MODE OWNER: OWNER by names or by numbers.
mv_is() { case $(stat -c "%04a %U:%G %04a %u:%g" "$1" 2>/dev/null) in "$2 $3 "* | *" $2 $3") return 0 ;; *) return 1 ;; esac; }

# mv_file PATH MODE OWNER: installs standard input (base64) atomically; leaves a file alone that is already so.
# Sets mv_changed=1 where it wrote.
mv_file() {
  [ -d "${1%/*}" ] || mkdir -p "${1%/*}"
  mv_tmp="${1%/*}/.${1##*/}.mv-$$"
  # It is made with its mode where that lets nobody in who may not stay: each process counts, and a microVM has some
  # twenty files.
  case $2 in 0644) umask 022 ;; 0640) umask 027 ;; *) umask 077 ;; esac
  # One that a killed run left would keep its mode.
  [ ! -e "$mv_tmp" ] || rm -f "$mv_tmp"
  base64 -d > "$mv_tmp"
  umask 022
  if [ -f "$1" ] && [ ! -L "$1" ] && cmp -s "$mv_tmp" "$1" && mv_is "$1" "$2" "$3"; then
    rm -f "$mv_tmp"
    return 0
  fi
  case $3 in root:root | 0:0) ;; *) chown "$3" "$mv_tmp" ;; esac
  case $2 in 0644 | 0640 | 0600) ;; *) chmod "$2" "$mv_tmp" ;; esac
  # What takes the place of another file, and every record, is on the disk before it does; what is new is waited for
  # with the rest of its batch, before anything starts.
  case $1 in
    */record.json) sync "$mv_tmp" ;;
    *) if [ -e "$1" ]; then sync "$mv_tmp"; else printf '%s\n' "$1" >> "$mv_work/new"; fi ;;
  esac
  mv -fT "$mv_tmp" "$1"
  mv_changed=1
  case $1 in /etc/systemd/system/*) : > "$mv_work/reload" ;; esac
}

# mv_gone PATH...: removes files and trees.
mv_gone() {
  for mv_path; do
    [ -e "$mv_path" ] || [ -L "$mv_path" ] || continue
    rm -rf --one-file-system -- "$mv_path"
    case $mv_path in /etc/systemd/system/*) : > "$mv_work/reload" ;; esac
  done
}

# mv_rmdir PATH...: removes directories that are empty.
mv_rmdir() { for mv_path; do rmdir -- "$mv_path" 2>/dev/null || true; done; }

# mv_reload: makes systemd read units that changed, at once where the rest of a change depends on it.
mv_reload() {
  [ -e "$mv_work/reload" ] || return 0
  rm -f "$mv_work/reload"
  systemctl daemon-reload
}

# mv_own PATH ADOPT OWNER...: refuses an object whose record at PATH names none of the owners, unless ADOPT is yes.
mv_own() {
  [ -f "$1" ] && [ "$2" = no ] || return 0
  mv_record=$(cat "$1")
  shift 2
  for mv_owner; do
    case $mv_record in *"\"owner\":\"$mv_owner\""*) return 0 ;; esac
  done
  mv_fail not-ours "$(printf %s "$mv_record" | sed -n 's/.*"owner":"\([^"]*\)".*/\1/p')"
}

# mv_unkeep OBJECT: OBJECT (a directory below /etc/microvm) is about to change: what its last change handed back is not
# true any more.
mv_unkeep() { [ ! -e "$1/results" ] || rm -f "$1/results"; }

# mv_seal OBJECT: notes which record of OBJECT a change belongs to, while no other can take its place.
mv_seal() { sha256sum < "$1/record.json" | cut -c 1-64 > "$mv_work/$mv_n.record"; }

# mv_keep OBJECT KEY:BASE64...: keeps what the change handed back, and these, on one line of OBJECT's file `results`.
mv_keep() {
  mv_kept=$1/.results.mv
  shift
  umask 077
  {
    printf 'record:%s' "$(base64 -w0 < "$mv_work/$mv_n.record")"
    for mv_field; do printf ' %s' "$mv_field"; done
    if [ -e "$mv_work/$mv_n.results" ]; then cat "$mv_work/$mv_n.results"; fi
    printf '\n'
  } > "$mv_kept"
  sync "$mv_kept"
  mv -fT "$mv_kept" "${mv_kept%/*}/results"
}

# mv_user NAME: a system user and group of that name, without a home or a shell.
mv_user() {
  if ! getent passwd "$1" >/dev/null; then
    # One program where it can be: each rewrites the user database.
    if getent group "$1" >/dev/null; then mv_group="--gid=$1"; else mv_group=--user-group; fi
    useradd --system "$mv_group" --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
  elif ! getent group "$1" >/dev/null; then groupadd --system "$1"; fi
}

mv_no_user() {
  if getent passwd "$1" >/dev/null; then userdel "$1"; fi
  if getent group "$1" >/dev/null; then groupdel "$1"; fi
}

# mv_named LINE FILE: whether an object has LINE in its FILE. Not by the status of find, which is 0 where there is no FILE.
mv_named() { [ -n "$(find /etc/microvm -mindepth 3 -maxdepth 3 -name "$2" -exec grep -lxF -e "$1" {} + 2>/dev/null | head -n 1)" ]; }

# mv_verified NAME: notes that a file of the store has just been verified.
mv_verified() { find "$mv_store/$1" -maxdepth 0 -printf '%i %s %T@ %C@\n' > "$mv_store/$1.verified"; }

# mv_claim_stored OBJECT DIGEST: OBJECT (a directory below /etc/microvm) uses a file of the store.
mv_claim_stored() {
  mkdir -p "$1"
  grep -qxF -e "$2" "$1/digests" 2>/dev/null || printf '%s\n' "$2" >> "$1/digests"
}

# mv_put_stored OBJECT FILE [MODE]: moves FILE into the store under its digest, which it leaves in mv_digest.
mv_put_stored() {
  mv_digest=$(sha256sum < "$2" | cut -c 1-64)
  mv_claim_stored "$1" "$mv_digest"
  chmod "${3:-0644}" "$2"
  chown root:root "$2"
  mkdir -p "$mv_store"
  sync "$2"
  mv -fT "$2" "$mv_store/$mv_digest"
  mv_verified "$mv_digest"
}

# mv_settle_stored OBJECT DIGEST...: OBJECT uses these files of the store and no others; what nobody uses any more goes.
mv_settle_stored() {
  mv_object=$1
  shift
  [ -f "$mv_object/digests" ] || return 0
  mv_former=$(cat "$mv_object/digests")
  if [ $# -gt 0 ]; then printf '%s\n' "$@" > "$mv_object/digests"; else rm -f "$mv_object/digests"; fi
  for mv_digest in $mv_former; do
    mv_named "$mv_digest" digests && continue
    rm -f "$mv_store/$mv_digest" "$mv_store/$mv_digest.verified"
  done
  mv_rmdir "$mv_store"
}

# mv_claim_tree OBJECT DIGEST...: OBJECT (a directory below /etc/microvm) uses releases of Kata that are unpacked.
mv_claim_tree() {
  mv_object=$1
  shift
  mkdir -p "$mv_object"
  for mv_digest; do
    grep -qxF -e "$mv_digest" "$mv_object/trees" 2>/dev/null || printf '%s\n' "$mv_digest" >> "$mv_object/trees"
  done
}

# mv_settle_trees OBJECT DIGEST...: OBJECT uses these and no others, but for those that something still runs from: they stay
# its own until a later run. What nobody uses any more goes.
mv_settle_trees() {
  mv_object=$1
  shift
  [ -f "$mv_object/trees" ] || return 0
  mv_former=$(cat "$mv_object/trees")
  mv_running=$($mv_kit/kata-processes | cut -f 2 | sort -u)
  : > "$mv_object/trees.new"
  for mv_digest; do printf '%s\n' "$mv_digest" >> "$mv_object/trees.new"; done
  for mv_digest in $mv_former; do
    case "
$mv_running
" in *"
$mv_digest
"*) grep -qxF -e "$mv_digest" "$mv_object/trees.new" || printf '%s\n' "$mv_digest" >> "$mv_object/trees.new" ;; esac
  done
  if [ -s "$mv_object/trees.new" ]; then mv -f "$mv_object/trees.new" "$mv_object/trees"; else rm -f "$mv_object/trees.new" "$mv_object/trees"; fi
  for mv_digest in $mv_former; do
    mv_named "$mv_digest" trees && continue
    # Not in the midst of it: a tree that is half gone must not look like one.
    rm -rf --one-file-system "$mv_trees/.$mv_digest".*
    [ ! -d "$mv_trees/$mv_digest" ] || mv -T "$mv_trees/$mv_digest" "$mv_trees/.$mv_digest.former"
    rm -rf --one-file-system "$mv_trees/$mv_digest.contents" "$mv_trees/$mv_digest.seen" "$mv_trees/.$mv_digest".*
  done
  mv_rmdir "$mv_trees"
}

# mv_kata_free OBJECT HANDLER...: fails where containers run of handlers of OBJECT that are none of HANDLER; without any
# HANDLER also where something else runs from a release that only OBJECT uses.
mv_kata_free() {
  mv_object=$1
  shift
  $mv_kit/kata-processes > "$mv_work/kata-processes"
  mv_users=$(awk -F '\t' -v name="${mv_object##*/}" -v keep=" $* " '
    split($3, at, "/") == 2 && at[1] == name && !index(keep, " " at[2] " ") { print $4 " (" at[2] ")" }' "$mv_work/kata-processes")
  if [ $# -eq 0 ] && [ -f "$mv_object/trees" ]; then
    while IFS= read -r mv_digest; do
      [ "$(find /etc/microvm/katas -mindepth 2 -maxdepth 2 -name trees -exec grep -lxF -e "$mv_digest" {} + | wc -l)" = 1 ] || continue
      mv_users="$mv_users
$(awk -F '\t' -v tree="$mv_digest" '$2 == tree && $3 == "-" { print $4 " (pid " $1 ")" }' "$mv_work/kata-processes")"
    done < "$mv_object/trees"
  fi
  mv_users=$(printf '%s\n' "$mv_users" | sed '/^$/d' | sort -u | head -n 20 | paste -sd , | sed 's/,/, /g')
  [ -z "$mv_users" ] || mv_fail kata-in-use "$mv_users"
}

# mv_kata_shims NAME HANDLER...: the links by which engines find the shims of KataRuntime NAME are those of HANDLER.
mv_kata_shims() {
  mv_to=/etc/microvm/katas/$1/handlers
  shift
  for mv_link in /usr/local/bin/containerd-shim-*-v2; do
    case $(readlink "$mv_link" 2>/dev/null || true) in "$mv_to"/*) ;; *) continue ;; esac
    mv_handler=${mv_link#/usr/local/bin/containerd-shim-}
    case " $* " in *" ${mv_handler%-v2} "*) ;; *) rm -f "$mv_link" ;; esac
  done
  for mv_handler; do
    mv_link=/usr/local/bin/containerd-shim-$mv_handler-v2
    [ "$(readlink "$mv_link" 2>/dev/null || true)" = "$mv_to/$mv_handler/shim" ] || ln -snT "$mv_to/$mv_handler/shim" "$mv_link"
  done
}

# mv_kata_names NAME HANDLER...: refuses a handler whose shim's name somebody else has.
mv_kata_names() {
  mv_to=/etc/microvm/katas/$1/handlers
  shift
  for mv_handler; do
    mv_link=/usr/local/bin/containerd-shim-$mv_handler-v2
    [ -e "$mv_link" ] || [ -L "$mv_link" ] || continue
    case $(readlink "$mv_link" 2>/dev/null || true) in
      "$mv_to"/*) ;;
      /etc/microvm/katas/*) mv_fail kata-name-taken "$mv_handler of KataRuntime $(readlink "$mv_link" | cut -d / -f 5)" ;;
      *) mv_fail kata-name-taken "$mv_link" ;;
    esac
  done
}

# mv_swap_later ENGINE: those that have registered handlers with ENGINE in this batch and whose turn is yet to come have
# again what they had before; called once more, what they registered. Fails where there is nobody.
mv_swap_later() {
  mv_handlers=/etc/microvm/engines/$1/handlers
  mv_nobody=1
  for mv_note in "$mv_work"/*."$1".owner; do
    mv_later=${mv_note##*/}
    if [ ! -e "$mv_note" ] || [ "${mv_later%%.*}" -le "$mv_n" ] || [ -e "$mv_work/${mv_later%%.*}.failed" ]; then continue; fi
    mv_nobody=0
    mv_kept=${mv_note%.owner}
    mkdir "$mv_kept.next"
    mv "$mv_handlers/$(cat "$mv_note")".* "$mv_kept.next" 2>/dev/null || true
    cp -p "$mv_kept"/* "$mv_handlers" 2>/dev/null || true
    rm -rf "$mv_kept"
    mv "$mv_kept.next" "$mv_kept"
  done
  return $mv_nobody
}

# mv_published URL: prints the SHA-256 that a project publishes at URL, the first word of it.
mv_published() {
  curl -fsSL --proto '=https' --retry 3 --connect-timeout 20 -- "$1" | head -c 4096 | sed -n '1s/^\([0-9a-f]\{64\}\).*/\1/p'
}

# mv_fetch URL SHA256 FILE: downloads to FILE and checks it.
mv_fetch() {
  mv_progress "downloading $1"
  curl -fsSL --proto '=http,https' --retry 3 --connect-timeout 20 -o "$3" -- "$1" || mv_fail download-failed "$1"
  mv_got=$(sha256sum < "$3" | cut -c 1-64)
  if [ "$mv_got" != "$2" ]; then
    rm -f "$3"
    mv_fail sha256-mismatch "$mv_got"
  fi
}

# mv_accounts: the system accounts of this host, a line each.
mv_accounts() { getent passwd | awk -F : '$3 < 1000 && $7 ~ /(nologin|false)$/ { print $1 }' | sort; }

# mv_note_accounts: notes the accounts that apt's last run for us has added: purging a package leaves its account.
mv_note_accounts() {
  [ -f /etc/microvm/.accounts ] || return 0
  mv_added=$(mv_accounts | comm -13 /etc/microvm/.accounts - | sed '/^mv-/d')
  [ -z "$mv_added" ] || printf '%s\n' "$mv_added" >> /etc/microvm/accounts
  rm -f /etc/microvm/.accounts
}

# mv_packages OBJECT PACKAGE...: installs what is missing of the packages that OBJECT (a directory below /etc/microvm)
# needs. What apt is going to add is noted before it does, so that a run that is cut off is undone all the same.
mv_packages() {
  mv_object=$1
  shift
  mkdir -p "$mv_object"
  printf '%s\n' "$@" > "$mv_object/needs"
  mv_missing=
  for mv_package; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$mv_package" 2>/dev/null)" = installed ] || mv_missing="$mv_missing $mv_package"
  done
  [ -n "$mv_missing" ] || return 0
  mv_progress "installing$mv_missing"
  # shellcheck disable=SC2086
  mv_plan=$(apt-get install -s -y --no-install-recommends $mv_missing 2>/dev/null) || {
    apt-get update -q 1>&2
    mv_plan=$(apt-get install -s -y --no-install-recommends $mv_missing) || mv_fail package-missing "$mv_missing"
  }
  case $mv_plan in *"
Remv "*) mv_fail package-conflict "$(printf '%s\n' "$mv_plan" | sed -n 's/^Remv \([^ ]*\).*/\1/p' | tr '\n' ' ')" ;; esac
  mkdir -p /etc/microvm
  for mv_package in $mv_missing; do
    printf '%s:%s\n' "$mv_package" "$(printf '%s\n' "$mv_plan" | sed -n 's/^Inst \([^ ]*\) (.*/\1/p' | tr '\n' ' ')" >> /etc/microvm/packages
  done
  mv_note_accounts
  mv_accounts > /etc/microvm/.accounts
  # shellcheck disable=SC2086
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 $mv_missing 1>&2 || {
    apt-get update -q 1>&2
    DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends -o DPkg::Lock::Timeout=300 $mv_missing 1>&2
  }
  mv_note_accounts
}

# mv_release OBJECT: OBJECT needs its packages no more.
mv_release() {
  rm -f "$1/needs"
  mv_unneeded
}

# mv_unneeded: purges the packages that were missing before us and that nothing of ours needs now. One that something
# else has come to depend on stays; as long as that may be something of ours, it is not forgotten.
mv_unneeded() {
  [ -f /etc/microvm/packages ] || return 0
  rm -f /etc/microvm/.packages "$mv_work/unneeded"
  mv_purge=
  mv_keep=
  while IFS= read -r mv_line; do
    mv_need=${mv_line%%:*}
    if mv_named "$mv_need" needs; then
      mv_keep="$mv_keep${mv_line#*:} "
      printf '%s\n' "$mv_line" >> /etc/microvm/.packages
    else
      mv_purge="$mv_purge${mv_line#*:} "
      printf '%s\n' "$mv_line" >> "$mv_work/unneeded"
    fi
  done < /etc/microvm/packages
  mv_go=
  for mv_package in $mv_purge; do
    case " $mv_keep $mv_go " in *" $mv_package "*) continue ;; esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$mv_package" 2>/dev/null)" != not-installed ] || continue
    dpkg-query -W "$mv_package" >/dev/null 2>&1 || continue
    mv_go="$mv_go $mv_package"
  done
  while [ -n "$mv_go" ]; do
    # shellcheck disable=SC2086
    mv_more=$(apt-get purge -s -y $mv_go | sed -n 's/^\(Remv\|Purg\) \([^ ]*\).*/\2/p' | sort -u)
    mv_others=
    for mv_package in $mv_more; do
      case " $mv_go " in *" $mv_package "*) ;; *) mv_others="$mv_others $mv_package" ;; esac
    done
    [ -n "$mv_others" ] || break
    # Something that is not ours depends on some of them: keep what it depends on, drop the rest.
    mv_less=
    for mv_package in $mv_go; do
      mv_with=$(apt-get purge -s -y "$mv_package" | sed -n 's/^\(Remv\|Purg\) \([^ ]*\).*/\2/p')
      mv_stays=no
      for mv_other in $mv_others; do case "
$mv_with
" in *"
$mv_other
"*) mv_stays=yes ;; esac; done
      [ "$mv_stays" = yes ] || mv_less="$mv_less $mv_package"
    done
    [ "$mv_less" != "$mv_go" ] || break
    mv_go=$mv_less
  done
  if [ -n "$mv_go" ]; then
    mv_progress "removing$mv_go"
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive apt-get purge -q -y -o DPkg::Lock::Timeout=300 $mv_go 1>&2
  fi
  if [ -f /etc/microvm/.packages ]; then
    if [ -f "$mv_work/unneeded" ]; then
      while IFS= read -r mv_line; do
        mv_stays=
        for mv_package in ${mv_line#*:}; do
          [ "$(dpkg-query -W -f '${db:Status-Status}' "$mv_package" 2>/dev/null)" != installed ] || mv_stays="$mv_stays$mv_package "
        done
        [ -z "$mv_stays" ] || printf '%s:%s\n' "${mv_line%%:*}" "$mv_stays" >> /etc/microvm/.packages
      done < "$mv_work/unneeded"
    fi
    mv -f /etc/microvm/.packages /etc/microvm/packages
    return 0
  fi
  rm -f /etc/microvm/packages
  mv_note_accounts
  [ -f /etc/microvm/accounts ] || return 0
  mv_accounts_added=$(cat /etc/microvm/accounts)
  rm -f /etc/microvm/accounts
  # A package that stayed, because something has come to depend on it, keeps its account.
  # shellcheck disable=SC2086
  if dpkg-query -W -f '${db:Status-Status}\n' $mv_purge 2>/dev/null | grep -qx installed; then return 0; fi
  for mv_account in $mv_accounts_added; do
    if getent passwd "$mv_account" >/dev/null; then userdel "$mv_account" 1>&2; fi
  done
}

# mv_except NAME...: passes on the lines whose part before `=` is none of NAME.
mv_except() {
  while IFS= read -r mv_line; do
    mv_named_here=no
    for mv_name; do if [ "$mv_name" = "${mv_line%%=*}" ]; then mv_named_here=yes; fi; done
    if [ $mv_named_here = no ]; then printf '%s\n' "$mv_line"; fi
  done
}

# mv_undo FILE COMMAND NAME...: undoes what FILE notes, by COMMAND with each line as its last word, but for NAME, which
# are still asked for. What cannot be undone, because something uses it by now, stays and is forgotten.
mv_undo() {
  mv_noted=$1 mv_command=$2
  shift 2
  [ -f "$mv_noted" ] || return 0
  mv_except "$@" < "$mv_noted" > "$mv_work/undo"
  while IFS= read -r mv_line; do $mv_command "$mv_line" 1>&2 || true; done < "$mv_work/undo"
  grep -vxFf "$mv_work/undo" "$mv_noted" > "$mv_work/kept" || true
  if [ -s "$mv_work/kept" ]; then cat "$mv_work/kept" > "$mv_noted"; else rm -f "$mv_noted"; fi
}

# mv_step FUNCTION: runs one function of one change in a shell of its own and notes whether it failed. A change that is to
# end ends while it builds or waits, or before it has put a file in place; never between its files and their start.
mv_step() {
  [ ! -e "$mv_work/$mv_n.failed" ] || return 0
  command -v "$1_$mv_n" >/dev/null || return 0
  mv_left=yes
  case $1 in commit | seal | keep) [ ! -e "$mv_work/$mv_n.begun" ] || mv_left=no ;; esac
  if [ -e "$mv_work/$mv_n.end" ] && [ "$mv_left" = yes ]; then
    mv_ended
    return 0
  fi
  : > "$mv_work/$mv_n.begun"
  (
    set -eu
    mv_changed=0
    case $1 in build | wait) mv_endable ;; esac
    "$1_$mv_n"
  ) < /dev/null 2>> "$mv_work/$mv_n.stderr"
  mv_status=$?
  [ ! -e "$mv_work/$mv_n.shell" ] || rm -f "$mv_work/$mv_n.shell"
  [ "$mv_status" -ne 0 ] || return 0
  printf %s "$mv_status" > "$mv_work/$mv_n.failed"
  [ ! -e "$mv_work/$mv_n.end" ] || mv_ended
}

# mv_ended: the change failed since it was to end.
mv_ended() {
  if [ -e "$mv_work/$mv_n.begun" ]; then mv_say failure "$mv_n" ended "$(mv_base64 begun)"; else mv_say failure "$mv_n" ended "$(mv_base64 unbegun)"; fi
  [ -e "$mv_work/$mv_n.failed" ] || printf 1 > "$mv_work/$mv_n.failed"
}

# mv_endable: from here on this shell may be ended.
mv_endable() {
  read -r mv_shell mv_rest < /proc/self/stat
  printf '%s\n' "$mv_shell" > "$mv_work/$mv_n.shell"
  [ ! -e "$mv_work/$mv_n.end" ] || exit 1
}

# mv_end WORK N: ends change N of the batch that works in WORK, where it may be left: at once what it builds or waits for.
mv_end() {
  [ -d "$1" ] || return 0
  : > "$1/$2.end"
  { read -r mv_shell < "$1/$2.shell"; } 2>/dev/null || return 0
  # shellcheck disable=SC2046
  kill -TERM $(mv_below "$mv_shell") "$mv_shell" 2>/dev/null || true
}

# mv_below PID: the processes that PID has started, and those that they have.
mv_below() {
  cat /proc/[0-9]*/status 2>/dev/null | awk -v root="$1" '
    /^Pid:/ { pid = $2 }
    /^PPid:/ { parent[pid] = $2 }
    END { for (pid in parent) for (at = pid; at in parent; at = parent[at]) if (parent[at] == root) { print pid; break } }'
}

mv_done() {
  if [ -e "$mv_work/$mv_n.failed" ]; then
    mv_say done "$mv_n" "$(cat "$mv_work/$mv_n.failed")" "$(tail -c 8192 "$mv_work/$mv_n.stderr" 2>/dev/null | base64 -w0)"
  else
    mv_say done "$mv_n" 0 ''
  fi
}

# mv_each FUNCTION...: the functions of every change, in order.
mv_each() {
  mv_n=0
  while [ "$mv_n" -lt "$mv_count" ]; do
    mv_step "$1"
    mv_n=$((mv_n + 1))
  done
}

# mv_batch COUNT [BUILDS]: runs the changes. BUILDS names what they build: one run at a time builds it, since a run whose
# connection was lost goes on here beside the next one.
mv_batch() {
  mv_count=$1
  # A lost connection must not leave a change half done: what has begun is finished, and the next run sees it.
  trap '' PIPE HUP
  mkdir -p /run/microvm
  mv_work=$(mktemp -d /run/microvm/.change-XXXXXX) || exit 70
  # With the last object goes the place of the lock.
  trap 'rm -rf "$mv_work"; [ -d /etc/microvm ] || rm -rf /run/microvm' EXIT
  printf 'begun\t%s\n' "$mv_work"
  if [ -n "${2:-}" ]; then
    exec 7> "/run/microvm/.build-$2"
    if ! flock -n 7; then
      mv_n=0
      mv_progress 'waiting for an earlier run to end'
      flock 7
    fi
  fi
  mv_each build
  exec 9> /run/microvm/lock
  if ! flock -w 300 9; then
    printf 'locked\t%s\n' "$(cat /run/microvm/lock.holder 2>/dev/null)"
    exit 75
  fi
  printf '%s\n' "pid $$ since $(date -u +%FT%TZ)" > /run/microvm/lock.holder
  mv_each prepare
  # Some of them may be gone again.
  if [ -e "$mv_work/new" ]; then xargs -d '\n' sync < "$mv_work/new" 2>/dev/null || true; fi
  if [ -e "$mv_work/reload" ]; then mv_reload; fi
  mv_each commit
  if [ -e "$mv_work/reload" ]; then mv_reload; fi
  mv_each seal
  rm -f /run/microvm/lock.holder
  exec 9>&-
  printf 'unlocked\n'
  mv_n=0
  while [ "$mv_n" -lt "$mv_count" ]; do
    ( trap - EXIT; mv_step wait; mv_step keep; mv_done ) &
    mv_n=$((mv_n + 1))
  done
  wait
}
