# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, QEMU's emulated NVMe on the raw NVMe, io_uring"

arm_run() {
	device nvme
	cell_disk "$DISK"
	arm_guest /dev/nvme0n1 --qemu "$(qemu_node "$DISK" io_uring)" \
		--qemu "-device nvme,drive=disk,serial=bench"
}
