# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="host, stock nvme driver"

arm_run() {
	device nvme
	arm_host "$DISK"
}
