# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The monitor of the emulator that the host runs in: does to the hardware what
# only somebody outside could.

MONITOR_FD=

# monitor COMMAND [ARGUMENTS]: prints what QEMU returns.
monitor() {
	local line

	[[ -n ${NVDPA_QMP-} ]] || skip "the lab was started without --monitor"
	if [[ -z $MONITOR_FD ]]; then
		exec {MONITOR_FD}<>"$NVDPA_QMP"
		printf '{"execute":"qmp_capabilities"}\n' >&"$MONITOR_FD"
	fi
	printf '{"execute":"%s","arguments":%s,"id":"ours"}\n' "$1" "${2-{\}}" >&"$MONITOR_FD"
	while IFS= read -rt 20 line <&"$MONITOR_FD"; do
		[[ $line != *'"id": "ours"'* ]] || break
	done
	echo "$line"
	[[ $line == *'"return"'* ]]
}

# monitor_throttle BYTES: what the first controller's first namespace does in a
# second, 0 for no limit.
monitor_throttle() {
	monitor block_set_io_throttle "$(printf '{"id":"ctrl0n1","bps":%d,"bps_rd":0,"bps_wr":0,"iops":0,"iops_rd":0,"iops_wr":0}' "$1")"
}
