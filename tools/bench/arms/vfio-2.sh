# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest with two CPUs, VFIO passthrough of the controller"

arm_run() {
	device bound
	pci_to vfio-pci "$PCI"
	arm_guest /dev/nvme0n1 --smp 2 --qemu "-device vfio-pci,host=$PCI"
}
