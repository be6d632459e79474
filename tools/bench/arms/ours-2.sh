# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest with two CPUs, ours with two virtqueues"

arm_run() {
	device vhost
	arm_guest /dev/vda --smp 2 --vdpa "$NODE"
}
