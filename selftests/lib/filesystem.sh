# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A file system on a disk, and whether it is sound.

filesystem_make() {
	local type=$1 disk=$2

	modprobe -q "$type" || true
	case $type in
	ext4) mkfs.ext4 -q -F "$disk" ;;
	xfs) mkfs.xfs -q -f "$disk" ;;
	esac
}

filesystem_check() {
	local type=$1 disk=$2

	case $type in
	ext4) fsck.ext4 -f -n "$disk" ;;
	xfs) xfs_repair -n "$disk" ;;
	esac
}

# filesystem_mount TYPE DISK DIR [OPTIONS]
filesystem_mount() {
	modprobe -q "$1" || true
	mkdir -p "$3"
	mount -t "$1" -o "${4:-rw}" "$2" "$3"
	test_finally filesystem_umount "$3"
}

filesystem_umount() {
	! mountpoint -q "$1" || umount "$1"
}
