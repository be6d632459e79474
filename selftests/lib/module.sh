# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The module, loaded anew with other parameters.

MODULE=nvme_vdpa
# What it was loaded with, for whoever comes next.
MODULE_PARAMETERS=/run/nvdpa-parameters

module_loaded() {
	[[ -d /sys/module/$MODULE ]]
}

# Its controllers go with it.
module_unload() {
	! module_loaded || modprobe -r "$MODULE"
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
