# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU virtio-blk on the raw NVMe, aio=native, one iothread"

arm_run() {
	device nvme
	cell_disk "$DISK"
	virtio_guest "$DISK" native
}
