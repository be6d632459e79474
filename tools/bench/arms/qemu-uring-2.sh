# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="guest with two CPUs, QEMU virtio-blk on the raw NVMe, io_uring, two iothreads for two virtqueues"

arm_run() {
	device nvme
	cell_disk "$DISK"
	arm_guest /dev/vda --smp 2 --qemu "-object iothread,id=io0 -object iothread,id=io1" \
		--qemu "$(qemu_node "$DISK" io_uring)" --qemu \
		'-device {"driver":"virtio-blk-pci","drive":"disk","num-queues":2,"disable-legacy":"on","iothread-vq-mapping":[{"iothread":"io0"},{"iothread":"io1"}]}'
}
