# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A guest on the device, to its end or in the background with a hand on its QEMU.

GUEST_QMP=$WORK/qmp
GUEST_PIDFILE=$WORK/qemu.pid
GUEST_OUT=$WORK/guest.out
GUEST_PID=

# guest_run COMMAND...: its output is the command's.
guest_run() {
	"$NVDPA_REPO/tools/lab/guest" --vdpa "$NODE" \
		--time $((200 * NVDPA_TIME_SCALE * PATIENCE)) -- "$@"
}

# guest_start COMMAND...: its output grows in GUEST_OUT.
guest_start() {
	rm -f "$GUEST_QMP" "$GUEST_PIDFILE"
	"$NVDPA_REPO/tools/lab/guest" --vdpa "$NODE" --qmp "$GUEST_QMP" \
		--pidfile "$GUEST_PIDFILE" --time $((300 * NVDPA_TIME_SCALE * PATIENCE)) \
		-- "$@" >"$GUEST_OUT" &
	GUEST_PID=$!
	wait_for 60 test -S "$GUEST_QMP"
}

guest_alive() {
	kill -0 "$GUEST_PID" 2>/dev/null
}

# guest_said PATTERN: also when the guest is gone, for then it never will.
guest_said() {
	grep -qE -e "$1" "$GUEST_OUT" || ! guest_alive
}

guest_wait_for() {
	wait_for 200 guest_said "$1"
	grep -qE -e "$1" "$GUEST_OUT" || {
		cat "$GUEST_OUT"
		fail "the guest ended before it said: $1"
	}
}

# guest_end: its command's status.
guest_end() {
	local status=0

	wait "$GUEST_PID" || status=$?
	((status == 0)) || cat "$GUEST_OUT"
	return "$status"
}

guest_kill() {
	kill -KILL "$(<"$GUEST_PIDFILE")"
	wait "$GUEST_PID" || true
}

# guest_qmp COMMAND [ARGUMENTS]: prints what QEMU returns.
guest_qmp() {
	local line

	coproc QMP { socat - "UNIX-CONNECT:$GUEST_QMP"; }
	printf '{"execute":"qmp_capabilities"}\n{"execute":"%s","arguments":%s,"id":"ours"}\n' \
		"$1" "${2-{\}}" >&"${QMP[1]}"
	while IFS= read -rt 20 line <&"${QMP[0]}"; do
		[[ $line != *'"id": "ours"'* ]] || break
	done
	# shellcheck disable=SC2154 # set by coproc
	! kill "$QMP_PID" || wait "$QMP_PID" || true
	echo "$line"
	[[ $line == *'"return"'* ]]
}
