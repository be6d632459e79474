# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# I/O of fio on DISK in the background, that verifies what it reads. The caller has sourced
# device.sh, and PCI is the controller of DISK.

# Whoever takes longer hangs.
IO_LIMIT=$((5 * NVDPA_TIME_SCALE))
IO_PID=
# Nothing is ever said there: a sleep without a process to start.
mkfifo "$WORK/io.quiet"
exec {IO_QUIET}<>"$WORK/io.quiet"

io_start() {
	(cd "$WORK" && exec fio --name=io --filename="$DISK" --direct=1 --rw=randrw --bs=4k \
		--ioengine=libaio --iodepth=16 --size=16m --verify=crc32c --verify_fatal=1 \
		--verify_backlog=64 --time_based --runtime=600 --thread --minimal \
		>"$WORK/io.out" 2>&1) &
	IO_PID=$!
	wait_for 20 io_moves
}

# Requests that have ended.
io_count() {
	nvdpa -j stats show "$DEVICE_NAME" | jq '.devices[0].counters | .reads + .writes'
}

# io_moves: requests end.
io_moves() {
	local before

	before=$(io_count)
	read -rt 0.2 -u "$IO_QUIET" || true
	(($(io_count) > before))
}

# io_good: it goes on, without an error so far.
io_good() {
	kill -0 "$IO_PID" 2>/dev/null || {
		cat "$WORK/io.out"
		fail "the I/O ended"
	}
	wait_for 20 io_moves
}

# io_stop: told to end, it does, well.
io_stop() {
	local status=0

	kill -INT "$IO_PID"
	wait "$IO_PID" || status=$?
	# fio was interrupted (128), that is all.
	((status == 0 || status == 128)) || {
		cat "$WORK/io.out"
		fail "fio ends with $status"
	}
}

# io_ended SECONDS: it ends by itself by then, because all fails.
io_ended() {
	local status=0

	timeout $(($1 * NVDPA_TIME_SCALE)) tail --pid="$IO_PID" -f /dev/null ||
		fail "the I/O hangs"
	wait "$IO_PID" || status=$?
	((status != 0)) || fail "the I/O did not fail"
}

# in_time COMMAND...: it ends within the limit; says how long it took.
in_time() {
	local start=${EPOCHREALTIME/./} ms status=0

	timeout -k 1 $((IO_LIMIT * 4)) "$@" || status=$?
	ms=$(((${EPOCHREALTIME/./} - start) / 1000))
	echo "$ms ms: $*"
	((ms <= IO_LIMIT * 1000)) || fail "took $ms ms: $*"
	return "$status"
}
