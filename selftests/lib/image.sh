# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A disk image that firmware boots: the stock kernel and an initramfs whose
# init says that it found its own disk.

# shellcheck source=tools/lab/lib/initramfs.sh
. "$NVDPA_REPO/tools/lab/lib/initramfs.sh"

IMAGE_START=$((2048 * 512))
IMAGE_CMDLINE="console=ttyS0 quiet panic=-1"

image_kernel() {
	echo "$XDG_CACHE_HOME/nvme-vdpa/stock"
}

# image_initramfs FILE: prints the checksum of the disk's first MiB, then ends.
image_initramfs() {
	local dir=$WORK/image.d

	mkdir -p "$dir/bin" "$dir/modules" "$dir/proc" "$dir/sys" "$dir/dev"
	cp /bin/busybox "$dir/bin/busybox"
	initramfs_modules "$(image_kernel)" "$dir/modules" virtio_pci virtio_blk
	cat >"$dir/init" <<-'END'
		#!/bin/busybox sh
		busybox mount -t proc proc /proc
		busybox mount -t devtmpfs dev /dev
		while read -r module; do
			busybox insmod "/modules/$module"
		done </modules/order
		until [ -b /dev/vda ]; do
			busybox usleep 100000
		done
		echo "booted, disk begins $(busybox head -c 1048576 /dev/vda | busybox sha256sum | busybox cut -c 1-16)"
		busybox poweroff -f
	END
	chmod +x "$dir/init"
	(cd "$dir" && find . | cpio --quiet -o -H newc) >"$1"
}

# image_partition FILE SIZE TYPE: MBR with one FAT32 partition.
image_partition() {
	truncate -s "$2" "$1"
	sfdisk -q "$1" <<<"start=2048, type=$3, bootable"
	mkfs.vfat -F 32 --offset 2048 "$1" $((($(stat -c %s "$1") - IMAGE_START) / 1024)) >/dev/null
}

# image_copy FILE SOURCE NAME
image_copy() {
	mcopy -i "$1@@$IMAGE_START" "$2" "::$3"
}

# image_bios FILE: for SeaBIOS.
image_bios() {
	image_partition "$1" 64M c
	image_initramfs "$WORK/initrd"
	cat >"$WORK/syslinux.cfg" <<-END
		default linux
		label linux
		kernel vmlinuz
		initrd initrd
		append $IMAGE_CMDLINE
	END
	image_copy "$1" "$(image_kernel)/boot/vmlinuz" vmlinuz
	image_copy "$1" "$WORK/initrd" initrd
	image_copy "$1" "$WORK/syslinux.cfg" syslinux.cfg
	syslinux --install -t "$IMAGE_START" "$1"
	dd if=/usr/lib/syslinux/mbr/mbr.bin of="$1" conv=notrunc status=none
}

# image_efi FILE: for OVMF.
image_efi() {
	image_partition "$1" 64M ef
	image_initramfs "$WORK/initrd"
	cat >"$WORK/grub.cfg" <<-END
		search --set=root --file /vmlinuz
		linux /vmlinuz $IMAGE_CMDLINE
		initrd /initrd
		boot
	END
	grub-mkimage -O x86_64-efi -o "$WORK/bootx64.efi" -p / -c "$WORK/grub.cfg" \
		fat part_msdos linux search search_fs_file normal boot
	mmd -i "$1@@$IMAGE_START" ::EFI ::EFI/BOOT
	image_copy "$1" "$WORK/bootx64.efi" EFI/BOOT/BOOTX64.EFI
	image_copy "$1" "$(image_kernel)/boot/vmlinuz" vmlinuz
	image_copy "$1" "$WORK/initrd" initrd
}

# The first MiB's checksum, as the booted system prints it.
image_beginning() {
	head -c 1M "$1" | sha256sum | cut -c 1-16
}
