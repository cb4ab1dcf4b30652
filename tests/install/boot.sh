#!/bin/sh
# Runs in namespaces of its own (mounts, processes, network): puts ROOT in the place of / and starts its systemd there.
# What lies outside is neither seen nor touched; all of it ends with this process.
set -eu
root=$1
ip link set lo up
mount --make-rprivate /
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
# systemd wants a tree of control groups to keep services apart; one of its own, without limits.
mount -t tmpfs tmpfs "$root/sys/fs/cgroup"
mkdir -p "$root/sys/fs/cgroup/systemd"
mount -t cgroup -o none,name=systemd cgroup "$root/sys/fs/cgroup/systemd"
for place in run tmp dev; do mount -t tmpfs tmpfs "$root/$place"; done
for device in null zero full random urandom tty; do
	mknod -m 666 "$root/dev/$device" c "$(stat -c '0x%t' "/dev/$device")" "$(stat -c '0x%T' "/dev/$device")"
done
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666 devpts "$root/dev/pts"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir -p "$root/old"
pivot_root "$root" "$root/old"
umount -l /old
exec env -i container=trial PATH=/usr/sbin:/usr/bin:/sbin:/bin \
	/lib/systemd/systemd --system --unit=multi-user.target --show-status=no
