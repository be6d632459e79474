# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="host, ours through virtio-vdpa"

arm_run() {
	device virtio
	arm_host "$DISK"
}
