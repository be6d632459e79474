# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU virtio-blk on a logical volume, io_uring, one iothread"

arm_setup() {
	lv_make "$(memory_disk)"
}

arm_run() {
	virtio_guest "$LV" io_uring
}

arm_teardown() {
	lv_remove
}
