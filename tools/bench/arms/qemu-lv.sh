# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU virtio-blk on a logical volume, io_uring, one iothread"

arm_setup() {
	lv_make "$(memory_disk)"
}

arm_run() {
	arm_guest /dev/vda --qemu "-object iothread,id=io0" --qemu "$(qemu_node "$LV" io_uring)" \
		--qemu "-device virtio-blk-pci,drive=disk,iothread=io0,num-queues=1,disable-legacy=on"
}

arm_teardown() {
	lv_remove
}
