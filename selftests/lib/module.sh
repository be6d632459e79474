# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The module, loaded anew with other parameters.

MODULE=nvme_vdpa
# What it was loaded with, for whoever comes next.
MODULE_PARAMETERS=/run/nvdpa-parameters

module_loaded() {
	[[ -d /sys/module/$MODULE ]]
}

# module_devices: its vDPA devices.
module_devices() {
	local device

	for device in /sys/bus/vdpa/devices/*; do
		[[ $(readlink -f "$device/../driver") != */"$MODULE" ]] || echo "${device##*/}"
	done
}

# It is not unloaded as long as there is a device; its controllers go with it.
module_unload() {
	local device

	module_loaded || return 0
	for device in $(module_devices); do
		vdpa dev del "$device"
	done
	modprobe -r "$MODULE"
	! module_loaded
}

# module_load [PARAMETER=VALUE]...
module_load() {
	module_unload
	modprobe "$MODULE" "$@"
	echo "$*" >"$MODULE_PARAMETERS"
}

# module_with [PARAMETER=VALUE]...: loaded with these, anew only if it was not.
module_with() {
	if ! module_loaded || [[ $(cat "$MODULE_PARAMETERS" 2>/dev/null) != "$*" ]]; then
		module_load "$@"
	fi
}
