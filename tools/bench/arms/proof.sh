# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="loops of a known number of instructions, in the host"

arm_run() {
	local n

	for n in 100000 300000; do
		"$BIN/mark" loop "$n"
		proof_told host "$n"
	done
}
