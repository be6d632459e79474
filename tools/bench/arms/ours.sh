# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, ours through vhost-vdpa-device-pci"

arm_run() {
	device vhost
	arm_guest /dev/vda --vdpa "$NODE"
}
