#!/bin/sh
# Runs a command as root in a virtual machine with Debian's kernel and control groups of version 2 alone, over the files of
# this machine: what it writes there is gone with it. For limits that a machine with version 1 cannot execute; CI does
# not run it.
#
# As root, on Debian with qemu-system-x86, in the project's folder:
#   sh test/system/jail/debian.sh 'npx vitest run --project system test/system/jail.test.ts'
# The command is in a group that holds processes and has its controllers delegated, as a service with Delegate= is.
# Emulated it is some 20 times slower than this machine, and the limits of tests need as much: `accel=kvm` where that works.
set -eu

command=$1
accel=${accel:-tcg,thread=multi}
project=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/root" "$work/told"
cd "$work"

package=$(apt-cache depends linux-image-amd64 | awk '/Depends:/ {print $2; exit}')
apt-get -qq -o APT::Sandbox::User=root download "$package" busybox-static
for file in *.deb; do dpkg-deb -x "$file" debian; done
busybox=$work/debian/bin/busybox

# What the kernel needs until it sees this machine's files; each module after those it needs.
modules='virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci netfs fscache 9pnet 9pnet_virtio 9p overlay'
mkdir root/proc root/sys root/lower root/upper root/new root/modules
cp "$busybox" root/
for name in $modules; do
  find debian/lib/modules -name "$name.ko" -exec cp {} root/modules/ \;
done
cat >root/init <<END
#!/busybox sh
b=/busybox
\$b mount -t proc proc /proc
\$b mount -t sysfs sys /sys
for m in $modules; do [ ! -e /modules/\$m.ko ] || \$b insmod /modules/\$m.ko; done
\$b mount -t 9p -o trans=virtio,version=9p2000.L,ro,cache=loose,msize=512000 host /lower
\$b mount -t tmpfs -o size=60% upper /upper
\$b mkdir /upper/upper /upper/work
\$b mount -t overlay -o lowerdir=/lower,upperdir=/upper/upper,workdir=/upper/work overlay /new
\$b mkdir /new/told
\$b mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000 told /new/told
exec \$b switch_root /new /bin/sh /told/start
END
chmod +x root/init
(cd root && find . | "$busybox" cpio -o -H newc) >initramfs

cat >told/start <<'END'
export HOME=/root PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
ln -s /proc/self/fd /dev/fd
mkdir -p /dev/pts /dev/shm
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
for folder in /dev/shm /tmp /run; do mount -t tmpfs tmpfs "$folder"; done
ip link set lo up
mount -t cgroup2 cgroup2 /sys/fs/cgroup
echo '+memory +pids +cpu' >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/service
(
  sh -c 'echo "$PPID" >/sys/fs/cgroup/service/cgroup.procs'
  setsid sh /told/command >/told/out 2>&1
  echo $? >/told/code
)
sync
echo b >/proc/sysrq-trigger
END
printf '%s\n' "cd '$project' || exit 125" "$command" >told/command

nice -n 10 qemu-system-x86_64 -accel "$accel" -cpu max -machine q35 -smp 2 -m 3072 \
  -nodefaults -nographic -no-reboot -serial file:told/console \
  -kernel debian/boot/vmlinuz-* -initrd initramfs \
  -append 'console=ttyS0 quiet panic=-1 cgroup_no_v1=all' \
  -virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap \
  -virtfs "local,path=$work/told,mount_tag=told,security_model=none"
if [ ! -e told/code ]; then
  cat told/console
  exit 125
fi
cat told/out
exit "$(cat told/code)"
