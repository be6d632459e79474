# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="loops of a known number of instructions, in a guest"

arm_run() {
	guest_try "$NVDPA_REPO/tools/lab/guest" --time 300 -- "$BIN/mark" loop 100000
	proof_told guest 100000
}
