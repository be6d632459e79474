# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="ours, vhost-vdpa client without a guest"

arm_run() {
	local names

	device vhost
	mapfile -t names < <(printf '%s:vhost\n' "${CELLS[@]%:*}" | awk '!seen[$0]++')
	cells "$MODE" "$NODE" "${names[@]}"
}
