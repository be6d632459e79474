# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU virtio-blk on qcow2 on ext4 on LVM, io_uring, one iothread"

arm_setup() {
	lv_make "$(memory_disk)"
	mkfs.ext4 -q -F "$LV"
	mkdir -p "$WORK/images"
	mount "$LV" "$WORK/images"
	# Written in full: of blocks that were not, ext4 knows without the disk that they are zeroes.
	qemu-img create -q -f qcow2 -o preallocation=full "$WORK/images/disk" 400M
}

arm_run() {
	arm_guest /dev/vda --qemu "-object iothread,id=io0" --qemu \
		"-blockdev driver=qcow2,node-name=disk,file.driver=file,file.filename=$WORK/images/disk,file.aio=io_uring,file.cache.direct=on" \
		--qemu "-device virtio-blk-pci,drive=disk,iothread=io0,num-queues=1,disable-legacy=on"
}

arm_teardown() {
	umount "$WORK/images"
	lv_remove
}
