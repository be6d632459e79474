# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The first controller, managed by nvdpa.

# shellcheck source-path=SCRIPTDIR/..
. "$SELFTESTS/lib/device.sh"

# tool_table: a table without partitions on DISK, which the stock driver has.
tool_table() {
	sgdisk --zap-all "$DISK" >/dev/null 2>&1 || true
	sgdisk --clear "$DISK" >/dev/null
}

# tool_attach: the controller is called CTRL from now on.
tool_attach() {
	PCI=$(pci_function 0)
	CTRL=pci/$PCI
	nvdpa ctrl attach "$CTRL"
}

tool_detach() {
	nvdpa ctrl detach "$CTRL"
}
