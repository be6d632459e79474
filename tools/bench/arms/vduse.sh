# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, VDUSE export of the raw NVMe, io_uring, through vhost-vdpa-device-pci"

arm_setup() {
	device nvme
	cell_disk "$DISK"
	modprobe vduse
	qsd_start "type=vduse-blk,id=export,node-name=disk,name=bench,num-queues=1,writable=on"
	wait_for 10 test -e /dev/vduse/bench
	put 0 "$VDPA_BUS/drivers_autoprobe"
	vdpa dev add name bench mgmtdev vduse
	put 1 "$VDPA_BUS/drivers_autoprobe"
	vdpa_to vhost_vdpa bench
}

arm_run() {
	arm_guest /dev/vda --shared --vdpa "$(vdpa_node bench)"
}

arm_teardown() {
	vdpa_del bench
	qsd_stop
}
