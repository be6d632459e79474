# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest, vhost-user-blk export of the raw NVMe, io_uring"

arm_setup() {
	device nvme
	cell_disk "$DISK"
	qsd_start "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path=$WORK/vub,num-queues=1,writable=on"
	wait_for 10 test -S "$WORK/vub"
}

arm_run() {
	arm_guest /dev/vda --shared --qemu "-chardev socket,id=vub,path=$WORK/vub" \
		--qemu "-device vhost-user-blk-pci,chardev=vub,num-queues=1,disable-legacy=on"
}

arm_teardown() {
	qsd_stop
}
