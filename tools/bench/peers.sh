# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # LV is for the arms
# What the peers' arms need: logical volumes, qemu-storage-daemon. Sourced by in-host.

# qemu_node DISK AIO: QEMU's option for the disk, with the name disk.
qemu_node() {
	echo "-blockdev driver=host_device,node-name=disk,filename=$1,aio=$2,cache.direct=on"
}

# virtio_guest DISK AIO: the cells in a guest that has DISK as virtio-blk, with one iothread.
virtio_guest() {
	arm_guest /dev/vda --qemu "-object iothread,id=io0" --qemu "$(qemu_node "$1" "$2")" \
		--qemu "-device virtio-blk-pci,drive=disk,iothread=io0,num-queues=1,disable-legacy=on"
}

# The disk of the second controller, which keeps what is written.
memory_disk() {
	pci_disk "$(pci_function 1)"
}

# lv_make DISK: half of it as LV.
lv_make() {
	LV_DISK=$1
	cell_disk "$1"
	modprobe dm_mod
	pvcreate -qqff -y "$1"
	vgcreate -qq bench "$1"
	lvcreate -qq -y -Zn -Wn -l 50%VG -n disk bench --addtag bench
	vgmknodes -qq
	LV=/dev/bench/disk
}

lv_remove() {
	vgchange -qq -an bench
	vgremove -qqff -y bench
	# No udev here, and lvm would not make a group again whose folder is there.
	rm -rf /dev/bench
	wipefs -qa "$LV_DISK"
}

# qsd_start EXPORT: of DISK.
qsd_start() {
	qemu-storage-daemon \
		--blockdev "driver=host_device,node-name=disk,filename=$DISK,aio=io_uring,cache.direct=on" \
		--object iothread,id=io0 --export "$1,iothread=io0" &
	QSD_PID=$!
}

qsd_stop() {
	kill "$QSD_PID"
	wait "$QSD_PID" || true
}
