# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU virtio-scsi on the raw NVMe, io_uring, one iothread"

arm_run() {
	device nvme
	cell_disk "$DISK"
	arm_guest /dev/sda --qemu "-object iothread,id=io0" --qemu "$(qemu_node "$DISK" io_uring)" \
		--qemu "-device virtio-scsi-pci,iothread=io0,num_queues=1,disable-legacy=on" \
		--qemu "-device scsi-hd,drive=disk"
}
