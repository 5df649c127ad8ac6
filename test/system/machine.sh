#!/bin/sh
# Starts a machine of its own in namespaces: a root made of a few Debian packages, loopback as its only network, systemd
# as its first process. No Node, npm, compiler or package tool is in it. Called by machine.ts with a folder, which it
# sees as /media and in which its disk is; of this machine it sees only libraries besides.
set -eu
if [ "${2-}" != inside ]; then
  groups=$(mktemp -d)
  mount -t cgroup2 none "$groups"
  mkdir "$groups/rebe-$$"
  echo $$ >"$groups/rebe-$$/cgroup.procs"
  unshare --pid --mount --uts --ipc --net --cgroup --fork --kill-child "$0" "$1" inside 2>"$1/start.log" || :
  echo $$ >"$groups/cgroup.procs"
  find "$groups/rebe-$$" -depth -type d -exec rmdir {} +
  umount "$groups"
  rmdir "$groups"
  exit
fi

root=$1/root
libraries=/usr/lib/$(uname -m)-linux-gnu
if [ ! -e "$root/etc/machine-id" ]; then
  packages='base-files bash coreutils dash dbus dbus-bin dbus-daemon dbus-system-bus-common diffutils findutils grep
    gzip libc-bin login mawk mount passwd procps sed systemd tar util-linux util-linux-extra'
  for name in dev etc/systemd/system media opt proc root run srv sys tmp usr/local usr/lib64 var/lib var/log var/tmp \
    "$libraries"; do
    mkdir -p "$root/$name"
  done
  chmod 1777 "$root/tmp" "$root/var/tmp"
  for name in bin sbin lib lib64; do ln -sfn "usr/$name" "$root/$name"; done
  ln -sfn /run "$root/var/run"
  # shellcheck disable=SC2086 # a list of words
  dpkg-query --listfiles $packages 2>/dev/null |
    grep -Ev '^/usr/share/(doc|man|locale|info)' |
    sed -E 's#^/(bin|sbin|lib|lib64)/#/usr/\1/#; s#^/#./#' | grep -v '^./[^/]*$' | sort -u >"$1/files"
  tar -C / --no-recursion -cf - -T "$1/files" 2>/dev/null | tar -C "$root" -xf -
  cp /etc/ld.so.cache "$root/etc/"
  cat >"$root/etc/passwd" <<X
root:x:0:0:root:/root:/bin/sh
messagebus:x:100:100::/:/usr/sbin/nologin
nobody:x:65534:65534::/:/usr/sbin/nologin
X
  printf '%s\n' root:x:0: tty:x:5: dialout:x:20: messagebus:x:100: nogroup:x:65534: >"$root/etc/group"
  printf 'passwd: files\ngroup: files\n' >"$root/etc/nsswitch.conf"
  # A start of nothing but what the product needs of a system: its bus, its log, what is enabled.
  printf '[Unit]\nWants=systemd-journald.service dbus.socket multi-user.target\n' \
    >"$root/etc/systemd/system/machine.target"
  head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$root/etc/machine-id"
fi

mount --bind "$root" "$root"
for folder in "$libraries" /usr/lib64; do mount --bind -o ro "$folder" "$root$folder"; done
mount --bind "$1" "$root/media"
mount -t proc proc "$root/proc"
mount -t sysfs sysfs "$root/sys"
mount -t cgroup2 none "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do cp -a "/dev/$device" "$root/dev/"; done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mount -t tmpfs tmpfs "$root/dev/shm"
mount -t tmpfs -o mode=755 tmpfs "$root/run"
hostname cell-pc

cd "$root"
mkdir .old
pivot_root . .old
umount -l /.old
rmdir /.old
exec env -i container=test PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  /lib/systemd/systemd --system --unit=machine.target --log-target=journal >/media/systemd.log 2>&1
