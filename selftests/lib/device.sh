# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The first controller's first namespace, brought into the state that a test
# begins from, whatever state the one before it left.

# shellcheck source-path=SCRIPTDIR source-path=SCRIPTDIR/..
. "$SELFTESTS/lib/pci.sh"
. "$SELFTESTS/lib/vdpa.sh"

DEVICE_NAME=${DEVICE_NAME:-disk@n1}

# device STATE: nvme (DISK is /dev/nvme0n1), bound (to nvme_vdpa, no vDPA
# device), vhost (NODE is /dev/vhost-vdpa-N), virtio (DISK is /dev/vdX).
device() {
	PCI=$(pci_function 0)
	DISK='' NODE=''
	"device_$1"
}

device_nvme() {
	device_forget
	pci_to nvme "$PCI"
	wait_for 20 device_block pci_disk "$PCI"
}

device_bound() {
	device_forget
	pci_to nvme_vdpa "$PCI"
}

device_vhost() {
	device_present
	vdpa_to vhost_vdpa "$DEVICE_NAME"
	wait_for 10 device_char
}

device_virtio() {
	device_present
	vdpa_to virtio_vdpa "$DEVICE_NAME"
	wait_for 10 device_block vdpa_disk "$DEVICE_NAME"
}

device_present() {
	pci_to nvme_vdpa "$PCI"
	vdpa_exists "$DEVICE_NAME" || vdpa_add "$DEVICE_NAME" "$PCI"
}

device_forget() {
	! vdpa_exists "$DEVICE_NAME" || vdpa_del "$DEVICE_NAME"
}

device_block() {
	DISK=$("$@" 2>/dev/null) && [[ -b $DISK ]]
}

device_char() {
	NODE=$(vdpa_node "$DEVICE_NAME") && [[ -c $NODE ]]
}
