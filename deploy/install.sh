#!/bin/sh
# Installs this bundle on a PC that needs neither Node nor npm nor a network. What runs already is upgraded: the new
# version is tried first, and the old one comes back by itself when the new one does not come up.
# Nothing of the old version is touched; the switch to the new one is a single rename, at the end.
set -eu
umask 022

usage='install.sh [--cell DIR]... [--no-start] [--within SECONDS] [--root DIR]

  --cell DIR         add the cell in DIR (cell.yaml and its flows), named as DIR is; one that is there is left alone
  --no-start         install, but start and stop nothing
  --within SECONDS   how long a cell may take to come up before the old version comes back (default 60)
  --root DIR         install into this root directory instead of this PC, and start nothing'

# What ran before is waited for so long.
patience=90
root='' start=yes within=60 cells='' ending=no
say() { printf '%s\n' "$*"; }
fail() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
while [ $# -gt 0 ]; do
  case $1 in
    --cell | --within | --root) [ $# -gt 1 ] || fail "$1 needs a value" ;;
  esac
  case $1 in
    --cell) cells="$cells
$(CDPATH='' cd -- "$2" && pwd -P)" || fail "$2 is no directory"; shift ;;
    --no-start) start=no ;;
    --within) within=$2; shift ;;
    --root) root=$(CDPATH='' cd -- "$2" && pwd -P) || fail "$2 is no directory"; start=no; shift ;;
    --end-trial) ending=yes ;;
    --help) say "$usage"; exit 0 ;;
    *) printf '%s\n' "$usage" >&2; exit 64 ;;
  esac
  shift
done
case $within in '' | *[!0-9]*) fail "--within $within: whole seconds" ;; esac

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
opt=$root/opt/rebe-cell
units_folder=$root/usr/local/lib/systemd/system
units='rebe-cell@.service rebe-station@.service'
# Overrides units_folder, and is gone after a power cut: what was being tried then never starts by itself.
trial=/run/systemd/system

# --- what is installed ---------------------------------------------------------------------------

# Says what is wrong with a bundle; nothing when every file is there as it was made, and no other.
wrong_with() (
  cd "$1"
  [ -s SHA256SUMS ] || { say 'SHA256SUMS is missing'; return; }
  odd=$(find . ! -type f ! -type d | head -n 1)
  [ -z "$odd" ] || { say "$odd is not part of it"; return; }
  find . -path ./units -prune -o -type f ! -path ./SHA256SUMS -print | LC_ALL=C sort >"$scratch/there"
  cut -c 67- SHA256SUMS | LC_ALL=C sort >"$scratch/listed"
  odd=$(comm -3 "$scratch/there" "$scratch/listed" | head -n 1)
  [ -z "$odd" ] || { say "missing or not part of it: $odd"; return; }
  sha256sum --check --quiet --strict SHA256SUMS 2>&1 | head -n 1
)

# Runs it once: the Node, the product, each native.
runs_here() {
  "$1/bin/rebe" --version >/dev/null && (
    cd "$1"
    node/bin/node -e 'new (require("better-sqlite3"))(":memory:").close(); require("@serialport/bindings-cpp")'
  )
}

# Puts a link in place of what is there, in one step.
link() {
  rm -f "$2.new"
  ln -s "$1" "$2.new"
  mv -T "$2.new" "$2"
}

# Copies the bundle beside the versions that are there and sets $name; one that is there whole is taken as it is.
place() {
  name=$version
  count=1
  while [ -e "$opt/$name" ]; do
    if cmp -s "$here/SHA256SUMS" "$opt/$name/SHA256SUMS" && [ -z "$(wrong_with "$opt/$name")" ]; then
      break
    fi
    count=$((count + 1))
    name=$version.$count
  done
  if [ ! -e "$opt/$name" ]; then
    rm -rf "$opt/.incoming"
    cp -R --preserve=mode,timestamps "$here/." "$opt/.incoming"
    rm -rf "$opt/.incoming/units"
    # However it was unpacked: everyone reads it, root alone writes it.
    chmod -R u=rwX,go=rX "$opt/.incoming"
    wrong=$(wrong_with "$opt/.incoming")
    [ -z "$wrong" ] || fail "the copy in $opt is not what was read: $wrong"
    mkdir "$opt/.incoming/units"
    for unit in $units; do
      sed "s|@DIR@|/opt/rebe-cell/$name|" "$here/systemd/$unit" >"$opt/.incoming/units/$unit"
    done
    sync -f "$opt"
    mv -T "$opt/.incoming" "$opt/$name"
  fi
}

add_user() {
  grep -q '^rebe:' "$root/etc/passwd" 2>/dev/null && return
  command -v systemd-sysusers >/dev/null || fail 'this PC has no systemd'
  systemd-sysusers --root="${root:-/}" "$here/systemd/rebe-cell.sysusers.conf"
}

add_cell() {
  cell=$(basename "$1")
  case $cell in *[!a-z0-9-]* | -*) fail "a cell is named with a-z, 0-9 and -: $cell" ;; esac
  etc=$root/etc/rebe-cell
  if [ -e "$etc/$cell" ]; then
    say "$etc/$cell is there already and was left as it is"
  else
    "$here/bin/rebe" check "$1/cell.yaml" >&2 || fail "$1/cell.yaml has errors"
    mkdir -p "$etc"
    rm -rf "$etc/.incoming"
    cp -R "$1/." "$etc/.incoming"
    # Not the record of a rehearsal on another machine.
    rm -rf "$etc/.incoming/data"
    group=$(sed -n 's/^rebe:[^:]*:\([0-9]*\):.*/\1/p' "$root/etc/group")
    chown -R "0:$group" "$etc/.incoming"
    chmod -R u=rwX,g=rX,o= "$etc/.incoming"
    mv -T "$etc/.incoming" "$etc/$cell"
  fi
  wants=$root/etc/systemd/system/multi-user.target.wants
  mkdir -p "$wants"
  link "/usr/local/lib/systemd/system/rebe-cell@.service" "$wants/rebe-cell@$cell.service"
  added="$added $cell"
}

# --- what runs -----------------------------------------------------------------------------------

running_cells() {
  systemctl list-units --plain --no-legend 'rebe-cell@*.service' |
    sed -n 's/^rebe-cell@\([a-z0-9-]*\)\.service .*/\1/p'
}

# Starts these cells anew, and gives them SECONDS from now to come up: restart SECONDS CELL...
restart() {
  end=$(($(date +%s) + $1)) limit=$1 services=''
  shift
  for one in "$@"; do services="$services rebe-cell@$one.service rebe-station@$one.service"; done
  # What outlives a killed installer must not hold its lock.
  # shellcheck disable=SC2086 # names of cells have no blanks
  [ -z "$services" ] || timeout "$limit" systemctl restart $services 9>&- || :
}

boot_of() {
  "$2/bin/rebe" status --json --data "/var/lib/rebe-cell/$1" 2>/dev/null |
    sed -n "s/.*\"version\":\"$3\",\"boot\":\([0-9]*\).*/\1/p"
}

# Whether every cell answers with this version, and 2 s later still does, in the same boot, and its page is up.
come_up() {
  folder=$1 wanted=$2
  shift 2
  while :; do
    bad=''
    seen=''
    for one in "$@"; do
      boot=$(boot_of "$one" "$folder" "$wanted")
      [ -n "$boot" ] && systemctl is-active --quiet "rebe-station@$one.service" || bad="$bad $one"
      seen="$seen $one=$boot"
    done
    [ -n "$bad" ] || [ "$seen" != "${last-}" ] || return 0
    last=$seen
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 2 9>&-
  done
}

# A version that was tried is no more: units are those of the current version again.
end_trial() {
  [ -e "$trial/rebe-cell@.service" ] || [ -L "$trial/rebe-cell@.service" ] || return 1
  for unit in $units; do rm -f "$trial/$unit"; done
  systemctl daemon-reload
}

go_back() {
  trap 'rm -rf "$scratch"' EXIT
  trap '' INT TERM HUP
  set +e
  end_trial
  # shellcheck disable=SC2086 # names of cells have no blanks
  restart "$patience" $tried
  systemctl stop rebe-cell-trial.timer 2>/dev/null
  # shellcheck disable=SC2086
  if come_up "$opt/current" "$(cat "$opt/current/VERSION")" $tried; then
    say "went back: $(cat "$opt/current/VERSION") runs$tried"
  else
    say "went back to $(cat "$opt/current/VERSION"), and these do not come up:$bad; look at: journalctl -u 'rebe-*'" >&2
  fi
  fail "$version was not installed: $1"
}

# Runs the cells on the new version, and goes back unless all of them come up. Whoever kills this script is answered
# by a timer of systemd's that goes back in its place.
try_version() {
  tried=$(printf ' %s' "$@")
  systemd-run --quiet --collect --unit=rebe-cell-trial --on-active="$((within + 30))" \
    "$opt/$name/install.sh" --end-trial
  trap 'go_back "it was interrupted"' EXIT
  trap 'exit 1' INT TERM HUP
  mkdir -p "$trial"
  for unit in $units; do link "$opt/$name/units/$unit" "$trial/$unit"; done
  systemctl daemon-reload
  restart "$within" "$@"
  come_up "$opt/$name" "$version" "$@" || go_back "not up within $within s:$bad"
  trap 'rm -rf "$scratch"' EXIT
  trap - INT TERM HUP
}

# The one step that makes a version the one that runs from now on.
commit() {
  link "$name" "$opt/current"
  sync -f "$opt"
}

# Two versions before the current one stay, to go back to.
prune() {
  touch "$opt/$name"
  kept=0
  for old in $(ls -1dt "$opt"/*/); do
    old=$(basename "$old")
    case $old in current | "$name") continue ;; esac
    [ -f "$opt/$old/SHA256SUMS" ] || continue
    kept=$((kept + 1))
    [ "$old" = "$previous" ] || [ $kept -le 2 ] || rm -rf "${opt:?}/$old"
  done
}

# --- the order of it -----------------------------------------------------------------------------

[ "$(id -u)" = 0 ] || fail 'run it as root'
version=$(cat "$here/VERSION")
case $version in '' | [!0-9]* | *[!0-9A-Za-z.+-]*) fail "$here/VERSION names no version; nothing was changed" ;; esac
if [ $start = yes ]; then
  [ -d /run/systemd/system ] || fail 'systemd does not run here: --no-start installs, and starts nothing'
  [ "$(stat -c %d /)" = "$(stat -c %d /opt)" ] ||
    fail '/opt is a file system of its own: systemd would look for the units before it is mounted'
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

if [ $ending = no ]; then
  wrong=$(wrong_with "$here")
  [ -z "$wrong" ] || fail "this bundle is not as it was made; nothing was changed. $wrong"
  runs_here "$here" || fail 'this PC cannot run the bundle; nothing was changed'
fi

mkdir -p "$opt"
exec 9>"$opt/.lock"
flock -w 5 9 || fail 'another installation is under way'
[ $start = no ] || [ $ending = yes ] || systemctl stop rebe-cell-trial.timer 2>/dev/null || :
if [ $start = yes ] && end_trial; then
  # shellcheck disable=SC2046
  restart "$patience" $(running_cells)
  say "an upgrade was cut short; $(cat "$opt/current/VERSION") runs again"
fi
[ $ending = no ] || exit 0

previous=$(readlink "$opt/current" || :)
add_user
place
mkdir -p "$units_folder" "$root/usr/local/bin"
for unit in $units; do link "/opt/rebe-cell/current/units/$unit" "$units_folder/$unit"; done
link /opt/rebe-cell/current/bin/rebe "$root/usr/local/bin/rebe"
added=''
while IFS= read -r folder; do
  [ -z "$folder" ] || add_cell "$folder"
done <<LIST
$cells
LIST

if [ $start = yes ] && [ -n "$previous" ] && [ "$previous" != "$name" ]; then
  upgraded=$(running_cells)
  # shellcheck disable=SC2086
  [ -z "$upgraded" ] || try_version $upgraded
fi
commit
if [ $start = yes ]; then
  end_trial || systemctl daemon-reload
  systemctl stop rebe-cell-trial.timer 2>/dev/null || :
  new=''
  for one in $added; do
    systemctl is-active --quiet "rebe-cell@$one.service" || new="$new $one"
  done
  # shellcheck disable=SC2086
  [ -z "$new" ] || {
    restart "$within" $new
    come_up "$opt/$name" "$version" $new ||
      fail "$version is installed; these cells do not come up:$bad. Look at: journalctl -u 'rebe-*'"
  }
fi
prune
[ "$previous" != "$name" ] || previous=''
say "rebe-cell $version is installed in $opt/$name${previous:+; before it: $previous}${added:+; runs:$added}"
