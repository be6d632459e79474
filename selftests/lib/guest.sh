# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A guest on the device, to its end or in the background with a hand on its QEMU.

GUEST_QMP=$WORK/qmp
GUEST_PIDFILE=$WORK/qemu.pid
GUEST_OUT=$WORK/guest.out
GUEST_PID=
# Of tools/lab/guest, for those in the background.
GUEST_OPTIONS=()
# tools/lab/guest: the guest was lost.
GUEST_LOST=125

# guest_try COMMAND...: with other guests, as long as the guest is lost. The emulation
# of SVM, not the disk, loses one now and then: with QEMU's own virtio-blk, too.
guest_try() {
	local try status

	for try in 1 2 3; do
		status=0
		set +e
		(
			trap guest_abandon EXIT
			set -e
			"$@"
		)
		status=$?
		set -e
		((status == GUEST_LOST)) || return "$status"
		echo "guest $try was lost"
	done
	return "$status"
}

# guest_run COMMAND...: its output is the command's.
guest_run() {
	"$NVDPA_REPO/tools/lab/guest" --vdpa "$NODE" \
		--time $((200 * NVDPA_TIME_SCALE)) -- "$@"
}

# guest_start COMMAND...: its output grows in GUEST_OUT.
guest_start() {
	rm -f "$GUEST_QMP" "$GUEST_PIDFILE"
	"$NVDPA_REPO/tools/lab/guest" --vdpa "$NODE" --qmp "$GUEST_QMP" \
		--pidfile "$GUEST_PIDFILE" --time $((300 * NVDPA_TIME_SCALE)) \
		"${GUEST_OPTIONS[@]}" -- "$@" >"$GUEST_OUT" &
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
		guest_end
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

# A guest in the background would keep its disk from the next one.
guest_abandon() {
	[[ -z $GUEST_PID ]] || ! guest_alive || guest_kill
}

guest_kill() {
	kill -KILL "$(<"$GUEST_PIDFILE")"
	wait "$GUEST_PID" || true
}

# guest_qmp COMMAND [ARGUMENTS]: prints what QEMU returns. False if it is gone.
guest_qmp() {
	local line='' pid in out

	coproc QMP { socat - "UNIX-CONNECT:$GUEST_QMP"; }
	# They vanish when socat ends.
	pid=${QMP_PID-} in=${QMP[1]-} out=${QMP[0]-}
	[[ -n $pid && -n $in && -n $out ]] || return
	printf '{"execute":"qmp_capabilities"}\n{"execute":"%s","arguments":%s,"id":"ours"}\n' \
		"$1" "${2-{\}}" >&"$in" || return
	while IFS= read -rt 20 line <&"$out"; do
		[[ $line != *'"id": "ours"'* ]] || break
	done
	! kill "$pid" 2>/dev/null || wait "$pid" || true
	echo "$line"
	[[ $line == *'"return"'* ]]
}
