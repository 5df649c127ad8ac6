#!/bin/sh
# Takes the product off this PC. Cells are stopped, outputs safe; their record, keys and settings stay.
set -eu
usage='uninstall.sh [--purge] [--root DIR]

  --purge      delete the settings, the record and the keys of every cell too, and the user. There is no way back
  --root DIR   uninstall from this root directory; nothing is stopped'

root='' purge=no
while [ $# -gt 0 ]; do
  case $1 in
    --purge) purge=yes ;;
    --root)
      [ $# -gt 1 ] || { printf '%s\n' "$usage" >&2; exit 64; }
      root=$(CDPATH='' cd -- "$2" && pwd -P)
      shift
      ;;
    --help) printf '%s\n' "$usage"; exit 0 ;;
    *) printf '%s\n' "$usage" >&2; exit 64 ;;
  esac
  shift
done
[ "$(id -u)" = 0 ] || { echo 'uninstall.sh: run it as root' >&2; exit 1; }

if [ -z "$root" ] && [ -d /run/systemd/system ]; then
  systemctl stop rebe-cell-trial.timer 2>/dev/null || :
  systemctl stop 'rebe-cell@*.service' 'rebe-station@*.service'
  systemctl reset-failed 'rebe-*' 2>/dev/null || :
fi
rm -f "$root"/etc/systemd/system/multi-user.target.wants/rebe-cell@*.service
rm -f "$root"/usr/local/lib/systemd/system/rebe-cell@.service
rm -f "$root"/usr/local/lib/systemd/system/rebe-station@.service
rm -f "$root"/usr/local/bin/rebe
[ -n "$root" ] || rm -f /run/systemd/system/rebe-cell@.service /run/systemd/system/rebe-station@.service
[ -n "$root" ] || [ ! -d /run/systemd/system ] || systemctl daemon-reload
if [ $purge = yes ]; then
  rm -rf "$root/etc/rebe-cell" "$root/var/lib/rebe-cell"
  sed -i '/^rebe:/d' "$root/etc/passwd" "$root/etc/group"
  [ ! -f "$root/etc/shadow" ] || sed -i '/^rebe:/d' "$root/etc/shadow"
  [ ! -f "$root/etc/gshadow" ] || sed -i '/^rebe:/d' "$root/etc/gshadow"
  sed -i 's/\([:,]\)rebe\(,\|$\)/\1/; s/,$//' "$root/etc/group"
fi
rm -rf "$root/opt/rebe-cell"
if [ $purge = yes ]; then
  echo 'rebe-cell is uninstalled, with every record and every key'
else
  echo "rebe-cell is uninstalled; left: $root/etc/rebe-cell (settings), $root/var/lib/rebe-cell (records, keys)"
fi
