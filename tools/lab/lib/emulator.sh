# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# One QEMU from start to end: its output streams, its time limit, its status.
# The caller gives a folder WORK and appends the devices.
#
# Output ports write to regular files that are followed from here: a write to
# a file is over when the port's kick returns (with ioeventfd off), so that
# nothing is under way when the command's status arrives.

EMULATOR_PID=
# What starts it, if not its own name alone.
EMULATOR_PREFIX=()

emulator_common=(
	-nodefaults -no-user-config -display none -no-reboot
	-device "isa-debug-exit,iobase=0xf4,iosize=0x04"
)

# emulator_ports: for a command's output and status.
emulator_ports() {
	local name

	emulator_args+=(-device "virtio-serial-pci,ioeventfd=off")
	for name in out err status; do
		: >"$WORK/$name"
		emulator_args+=(
			-chardev "file,id=$name,path=$WORK/$name,append=on"
			-device "virtserialport,chardev=$name,name=$name"
		)
	done
}

# emulator_monitor: QEMU's own monitor (QMP) as one more port, for what only the
# hardware can do to the machine inside.
emulator_monitor() {
	emulator_args+=(
		-qmp "unix:$WORK/qmp,server=on,wait=off"
		-chardev "socket,id=qmp,path=$WORK/qmp"
		-device "virtserialport,chardev=qmp,name=qmp"
	)
}

# emulator_share TAG PATH [OPTION]
emulator_share() {
	emulator_args+=(-virtfs
		"local,path=$2,mount_tag=$1,security_model=none,multidevs=remap${3-}")
}

# emulator_run SECONDS: returns the command's status, 124 when the time was
# over, 125 when the machine inside was lost.
emulator_run() {
	local seconds=$1 rc=0 streams=()

	trap 'emulator_stop; exit 130' INT
	trap 'emulator_stop; exit 143' TERM HUP
	timeout -k 5 "$seconds" "${EMULATOR_PREFIX[@]}" qemu-system-x86_64 \
		"${emulator_common[@]}" "${emulator_args[@]}" </dev/null >"$WORK/qemu" 2>&1 &
	EMULATOR_PID=$!
	tail -q -c +1 -s 0.05 -f --pid=$EMULATOR_PID "$WORK/out" &
	streams+=($!)
	tail -q -c +1 -s 0.05 -f --pid=$EMULATOR_PID "$WORK/err" >&2 &
	streams+=($!)
	wait $EMULATOR_PID || rc=$?
	EMULATOR_PID=
	wait "${streams[@]}" || true
	trap - INT TERM HUP
	cat "$WORK/qemu" >&2
	if [[ -s $WORK/status ]]; then
		return "$(<"$WORK/status")"
	elif ((rc == 124 || rc == 137)); then
		echo "lab: killed after $seconds seconds" >&2
		return 124
	fi
	echo "lab: the emulator ended with $rc before its command did" >&2
	return 125
}

emulator_stop() {
	[[ -z $EMULATOR_PID ]] || kill "$EMULATOR_PID" 2>/dev/null || true
}
