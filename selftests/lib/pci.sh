# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A PCI function and the driver that has it.

PCI_DEVICES=/sys/bus/pci/devices
PCI_DRIVERS=/sys/bus/pci/drivers

# pci_function [N]: the N-th NVMe controller's address, from 0.
pci_function() {
	local -a all
	read -ra all <<<"$NVDPA_PCI"
	echo "${all[${1:-0}]}"
}

# The driver's name, or nothing.
pci_driver() {
	local link=$PCI_DEVICES/$1/driver

	[[ ! -e $link ]] || basename "$(readlink "$link")"
}

pci_unbind() {
	[[ ! -e $PCI_DEVICES/$1/driver ]] || put "$1" "$PCI_DEVICES/$1/driver/unbind"
}

# pci_to DRIVER ADDRESS
pci_to() {
	local driver=$1 address=$2

	[[ $(pci_driver "$address") != "$driver" ]] || return 0
	pci_unbind "$address"
	[[ -d $PCI_DRIVERS/$driver ]] || modprobe "$driver"
	put "$driver" "$PCI_DEVICES/$address/driver_override"
	put "$address" "$PCI_DRIVERS/$driver/bind"
	# Loading a driver may have bound the function before we could.
	[[ $(pci_driver "$address") == "$driver" ]]
}

# pci_disk ADDRESS: the block device of a function that nvme has. With
# multipath, what hangs below the controller is nvme0c0n1, the disk nvme0n1.
pci_disk() {
	local path

	for path in "$PCI_DEVICES/$1"/nvme/nvme*/nvme*n1; do
		path=${path##*/}
		[[ ! $path =~ ^(nvme[0-9]+)c[0-9]+(n1)$ ]] ||
			path=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
		[[ -b /dev/$path ]] && echo "/dev/$path" && return
	done
	return 1
}
