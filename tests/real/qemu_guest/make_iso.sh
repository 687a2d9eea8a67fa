#!/usr/bin/env bash
# make_iso.sh ISO DISK [KERNEL_ARGUMENT...]: a boot ISO with GRUB, Debian's kernel and an initramfs of busybox.
#
# What it boots plays an installation: it writes DISK to /dev/sda and reboots; where that is done already it says so and
# waits, as Talos' ISO does. The power button switches the machine off. Kernel arguments that it knows: tales.stay (do not
# install), tales.address=A.B.C.D (default: asks DHCP), tales.ping=A.B.C.D (until that answers). Exit 77, with the reason on standard output,
# where something is missing.
set -euo pipefail
readonly iso=$1 disk=$2
shift 2

missing() {
  echo "$*"
  exit 77
}
for program in grub-mkrescue xorriso dpkg-deb apt-get flock; do
  command -v "$program" >/dev/null || missing "$program is not there (apt install grub-common grub-pc-bin xorriso)"
done
busybox=$(command -v busybox) || missing "busybox is not there (apt install busybox-static)"
file -L "$busybox" | grep -q 'statically linked' || missing "busybox is not static (apt install busybox-static)"
[[ -d /usr/lib/grub/i386-pc ]] || missing "GRUB for BIOS is not there (apt install grub-pc-bin)"

# The kernel: unpacked, not installed, once for all runs.
cache=${TALES_CACHE:-${XDG_CACHE_HOME:-${HOME:-/var/cache}/.cache}/tales}/guest-kernel
mkdir -p "$cache"
exec 9>"$cache/lock"
flock 9
if ! compgen -G "$cache/root/boot/vmlinuz-*" >/dev/null; then
  package=$(apt-cache depends linux-image-cloud-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[^ ]*\).*/\1/p' | head -n 1)
  [[ -n $package ]] || missing "apt knows no linux-image-cloud-amd64 (apt-get update)"
  work=$(mktemp -d "$cache/new-XXXXXX")
  (cd "$work" && timeout 120 apt-get download -q "$package" >log 2>&1) || {
    reason=$(tail -n 1 "$work/log")
    rm -rf "$work"
    missing "apt-get download $package: $reason"
  }
  dpkg-deb -x "$work"/*.deb "$work/root"
  version=$(ls "$work/root/lib/modules")
  "$busybox" depmod -b "$work/root" "$version"
  rm -rf "$cache/root"
  mv "$work/root" "$cache/root"
  rm -rf "$work"
fi
exec 9>&-
version=$(ls "$cache/root/lib/modules")
modules=$cache/root/lib/modules/$version

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/init/bin" "$work/init/modules" "$work/init/proc" "$work/init/sys" "$work/init/dev" "$work/iso/boot/grub"
cp "$busybox" "$work/init/bin/busybox"
cp "$disk" "$work/init/disk"

# Modules in the order in which they can be loaded: what one depends on stands behind it, last first.
order=()
for module in virtio_pci sd_mod virtio_scsi virtio_net evdev button; do
  line=$(grep "/$module.ko:" "$modules/modules.dep" || true)
  for file in $(echo "${line/:/}" | tr ' ' '\n' | tac); do
    [[ " ${order[*]-} " == *" $file "* ]] || order+=("$file")
  done
done
for file in "${order[@]}"; do
  cp "$modules/$file" "$work/init/modules/"
  echo "insmod /modules/${file##*/}"
done >"$work/init/load"

cat >"$work/init/init" <<'INIT'
#!/bin/busybox sh
export PATH=/bin
/bin/busybox mount -t proc proc /proc
/bin/busybox --install -s /bin
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
exec >/dev/ttyS0 2>&1 </dev/null
. /load
say() { echo "guest: $*"; }
say "command line: $(cat /proc/cmdline)"
say "memory: $(sed -n 's/^MemTotal: *//p' /proc/meminfo) cpus: $(nproc)"
for i in $(seq 100); do [ -b /dev/sda ] && break; sleep 0.05; done
say "disks: $(for d in /sys/block/sd*; do echo -n "${d##*/}=$(($(cat $d/size) * 512)) "; done)"
argument() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
if [ -e /sys/class/net/eth0 ]; then
  ip link set lo up
  ip link set eth0 up
  address=$(argument tales.address)
  if [ -n "$address" ]; then
    ip address add $address/24 dev eth0
  else
    udhcpc -i eth0 -n -q -s /dhcp >/dev/null 2>&1
    address=$(ip -4 address show dev eth0 | sed -n 's|.*inet \([^/]*\)/.*|\1|p')
  fi
  say "address: $address mac: $(cat /sys/class/net/eth0/address)"
  mkdir /www
  echo "hello from $address" >/www/index.html
  httpd -p 50000 -h /www
  peer=$(argument tales.ping)
  [ -z "$peer" ] || (until ping -c 1 -W 1 $peer >/dev/null; do :; done; say "$peer answers") &
fi
# Again and again, also for what is plugged in later.
(
  seen=
  while sleep 0.2; do
    now=$(echo /sys/block/sd*)
    [ "$now" = "$seen" ] || say "block devices: $now"
    seen=$now
  done
) &
stay=
grep -q tales.stay /proc/cmdline && stay=yes
if [ "$(head -c 512 /dev/sda | md5sum)" = "$(head -c 512 /disk | md5sum)" ]; then
  say "already installed to disk but booted from another media"
  stay=yes
fi
if [ -n "$stay" ]; then
  for device in /sys/class/input/event*; do
    [ "$(cat $device/device/name)" = "Power Button" ] && button=/dev/input/${device##*/}
  done
  say "waiting for the power button, $button"
  dd if=$button of=/dev/null bs=24 count=1 2>/dev/null
  say "power button"
  poweroff -f
fi
dd if=/disk of=/dev/sda conv=fsync 2>/dev/null
say "installed, rebooting"
reboot -f
INIT
cat >"$work/init/dhcp" <<'DHCP'
#!/bin/sh
[ "$1" = bound ] && ip address add "$ip/$mask" dev "$interface"
DHCP
chmod +x "$work/init/init" "$work/init/dhcp"
(cd "$work/init" && find . | "$busybox" cpio -o -H newc 2>/dev/null | gzip -1 >"$work/iso/boot/initramfs.gz")
cp "$cache"/root/boot/vmlinuz-* "$work/iso/boot/vmlinuz"
# A timer that goes on by itself (nohz=off highres=off): TCG was seen to lose the one interrupt of a timer for a processor
# that had halted, which then stood still for good (1 of some 400 boots).
cat >"$work/iso/boot/grub/grub.cfg" <<GRUB
set timeout=0
menuentry test {
  linux /boot/vmlinuz nohz=off highres=off console=ttyS0 quiet panic=-1 $*
  initrd /boot/initramfs.gz
}
GRUB
grub-mkrescue -d /usr/lib/grub/i386-pc -o "$iso" "$work/iso" >"$work/log" 2>&1 || {
  tail -n 3 "$work/log"
  exit 1
}
