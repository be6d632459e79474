# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="loops of a known number of instructions, in the host and in a guest"

# The sections are told in the order in which they come: user and kernel of each.
proof_told() {
	local who=$1 n=$2

	say proof "$who user" rounds "$n"
	say proof "$who kernel" rounds "$n"
}

arm_run() {
	local n

	for n in 100000 300000; do
		"$BIN/mark" loop "$n"
		proof_told host "$n"
	done
	guest_try "$NVDPA_REPO/tools/lab/guest" --time 300 -- "$BIN/mark" loop 100000
	proof_told guest 100000
}
