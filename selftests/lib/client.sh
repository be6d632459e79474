# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the vhost-vdpa client needs to find, and where it is told.

# shellcheck source-path=SCRIPTDIR/..
. "$SELFTESTS/lib/device.sh"
. "$SELFTESTS/lib/module.sh"

# client_ready [MODULE PARAMETER]...: exports the client's environment.
client_ready() {
	module_with "$@"
	device vhost
	NVDPA_VHOST=$NODE
	NVDPA_VQS=$(vdpa_vqs "$DEVICE_NAME")
	NVDPA_CHUNK_CAP=$(client_chunk_cap)
	NVDPA_ONCS=$(client_override oncs)
	NVDPA_DLFEAT=$(client_override dlfeat)
	export NVDPA_VHOST NVDPA_VQS NVDPA_CHUNK_CAP NVDPA_ONCS NVDPA_DLFEAT
}

# client_override FIELD: what the driver is told in place of the drive's; nothing
# if it is told the truth.
client_override() {
	local file=/sys/module/$MODULE/parameters/override_$1

	[[ ! -r $file || $(<"$file") == -1 ]] || cat "$file"
}

# The driver's own limit; that of vhost_vdpa is out of its way (vdpa.sh).
client_chunk_cap() {
	sed -n 's/^#define NVDPA_MEM_CHUNKS_MAX[[:space:]]*//p' \
		"$NVDPA_REPO/drivers/vdpa/nvme/device/mem.h"
}
