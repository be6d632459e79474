# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A vDPA device: made by vdpa(8), then handed to a bus driver.

VDPA_BUS=/sys/bus/vdpa

# vdpa_add NAME ADDRESS [KEY VALUE]...: no bus driver takes it until vdpa_to.
vdpa_add() {
	local name=$1 address=$2 status=0
	shift 2

	modprobe vdpa
	put 0 "$VDPA_BUS/drivers_autoprobe"
	vdpa dev add name "$name" mgmtdev "pci/$address" "$@" || status=$?
	put 1 "$VDPA_BUS/drivers_autoprobe"
	return "$status"
}

vdpa_del() {
	vdpa dev del "$1"
}

vdpa_exists() {
	[[ -e $VDPA_BUS/devices/$1 ]]
}

vdpa_driver() {
	local link=$VDPA_BUS/devices/$1/driver

	[[ ! -e $link ]] || basename "$(readlink "$link")"
}

# vdpa_to DRIVER NAME
vdpa_to() {
	local driver=$1 name=$2 device=$VDPA_BUS/devices/$2

	vdpa_load "$driver"
	# A bus driver that is loaded now may have taken it.
	[[ $(vdpa_driver "$name") != "$driver" ]] || return 0
	[[ ! -e $device/driver ]] || put "$name" "$device/driver/unbind"
	put "$driver" "$device/driver_override"
	put "$name" "$VDPA_BUS/drivers/$driver/bind"
}

# vhost_vdpa's limit on memory chunks is newer than some kernels of ours, which
# ignore the parameter.
vdpa_load() {
	[[ ! -d /sys/module/$1 ]] || return 0
	case $1 in
	virtio_vdpa) modprobe -a virtio_blk virtio_vdpa ;;
	vhost_vdpa) modprobe vhost_vdpa max_iotlb_entries=1048576 ;;
	esac
}

# vdpa_node NAME: the character device that vhost_vdpa made of it.
vdpa_node() {
	local node

	for node in "$VDPA_BUS/devices/$1"/vhost-vdpa-*; do
		[[ -e $node ]] && echo "/dev/${node##*/}" && return
	done
	return 1
}

# vdpa_disk NAME: the block device that virtio_vdpa made of it. The virtio
# device's parent is whichever device does the DMA.
vdpa_disk() {
	local disk device

	device=$(readlink -f "$VDPA_BUS/devices/$1")
	for disk in {"$device","${device%/*}"}/virtio*/block/vd*; do
		[[ -b /dev/${disk##*/} ]] && echo "/dev/${disk##*/}" && return
	done
	return 1
}

# vdpa_vqs NAME
vdpa_vqs() {
	vdpa -j dev show "$1" | jq -r ".dev.\"$1\".max_vqs"
}
