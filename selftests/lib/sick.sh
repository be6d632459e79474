# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A sick controller, by the driver's fault points (testing.rst), and clients of it that
# count what they see. The caller has sourced device.sh and volumes.sh, and set SEED. With
# the clients at work each process takes long to start, so there are few.

SICK=/sys/kernel/debug/nvme_vdpa
SICK_CLIENT=$NVDPA_REPO/build/client/fault_io
# Seconds until whatever has to happen has happened, stretched as all limits are.
SICK_LIMIT=30
# How often each point had fired when it was armed.
declare -A SICK_FIRED=()
# Of each client: its process, its ends, and each number of its last answer.
declare -A SICK_PID=() SICK_TO=() SICK_FROM=() SICK_SAW=()
SICK_ERRORS=0
# What each reset so far has taken, in ms; by the kernel's log.
SICK_TOOK=()

# sick_open NAME...: volumes of the first controller, of 4 virtqueues each, with a client at
# work on each of them.
sick_open() {
	local name start=0 length

	[[ -d $SICK ]] || skip "this module has no fault points"
	put "$(printf '0x%x' $((0x${PCI:5:2} << 8 | 0x${PCI:8:2} << 3 | ${PCI: -1})))" "$SICK/only"
	test_finally sick_well
	volumes_open
	length=$(((12 << 20) / $(netlink_ok dump ns-get |
		jq "map(select(.ctrl == \"$CTRL\"))[0].\"lba-size\"")))
	for name; do
		volume_new "$name" "$start" "$length" nr-queues 4
		start=$((start + length))
		vdpa_add "$name" "$PCI"
		vdpa_to vhost_vdpa "$name"
		wait_for 10 vdpa_node "$name"
	done
	sick_listen
	for name; do
		sick_client "$name"
	done
	sick_round 0
	sick_read
	SICK_TOOK=()
}

# A shell cannot read the kernel's log itself: what is longer than its buffer gets lost.
sick_listen() {
	# Else the kernel drops marks that come too fast.
	echo on >/proc/sys/kernel/printk_devkmsg
	: >"$WORK/kmsg"
	cat /dev/kmsg >>"$WORK/kmsg" &
	test_finally kill $!
	mkfifo "$WORK/never"
	exec {SICK_LOG}<"$WORK/kmsg" {SICK_NEVER}<>"$WORK/never"
}

# Below the test in importance: it starts processes of its own.
sick_client() {
	local name=$1 to from

	mkfifo "$WORK/$name".{to,from}
	NVDPA_VHOST=$(vdpa_node "$name") nice -n 15 "$SICK_CLIENT" \
		<"$WORK/$name.to" >"$WORK/$name.from" &
	SICK_PID[$name]=$!
	exec {to}>"$WORK/$name.to" {from}<"$WORK/$name.from"
	SICK_TO[$name]=$to SICK_FROM[$name]=$from
}

# sick_ask COMMAND: all clients do it at the same time.
sick_ask() {
	local name line word

	for name in "${!SICK_PID[@]}"; do
		echo "$1" >&"${SICK_TO[$name]}"
	done
	for name in "${!SICK_PID[@]}"; do
		IFS= read -rt $((SICK_LIMIT * NVDPA_TIME_SCALE * 2)) -u "${SICK_FROM[$name]}" line ||
			fail "$name: no answer to $1"
		[[ $line == "$1 "* ]] || fail "$name: $line"
		for word in ${line#* }; do
			SICK_SAW[$name.${word%=*}]=${word#*=}
		done
	done
}

# sick_sum KEY: of all clients, in SICK_SUM.
sick_sum() {
	local name seen

	SICK_SUM=0
	for name in "${!SICK_PID[@]}"; do
		seen=${SICK_SAW[$name.$1]}
		SICK_SUM=$((SICK_SUM + seen))
	done
}

# sick_longest: ms that a request took since the round before, in SICK_LONGEST.
sick_longest() {
	local name seen

	SICK_LONGEST=0
	for name in "${!SICK_PID[@]}"; do
		seen=${SICK_SAW[$name.longest_ms]}
		# shellcheck disable=SC2034 # for the tests
		SICK_LONGEST=$((seen > SICK_LONGEST ? seen : SICK_LONGEST))
	done
}

sick_sane() {
	local what

	for what in lost twice mismatched; do
		sick_sum "$what"
		((SICK_SUM == 0)) || fail "$SICK_SUM requests $what"
	done
}

# sick_round ERRORS: every slot of every client has ended a request that was made after
# now. So many have failed since the round before; none was answered twice.
sick_round() {
	sick_ask round
	sick_sane
	sick_sum errors
	((SICK_SUM - SICK_ERRORS == $1)) ||
		fail "$((SICK_SUM - SICK_ERRORS)) requests failed, not $1"
	SICK_ERRORS=$SICK_SUM
}

# sick_end: all that was asked for has been answered, and the disk has what was written.
sick_end() {
	local name

	sick_ask end
	sick_sane
	sick_sum requests
	echo "# $SICK_SUM requests, $SICK_ERRORS failed, none was lost, ended twice or had other data"
	for name in "${!SICK_PID[@]}"; do
		wait "${SICK_PID[$name]}"
	done
}

# sick_arm POINT VALUE TIMES INTERVAL
sick_arm() {
	local dir=$SICK/$1

	echo "$2" >"$dir/value"
	echo "$3" >"$dir/times"
	echo "$4" >"$dir/interval"
	read -r "SICK_FIRED[$1]" <"$dir/fired"
	echo 100 >"$dir/probability"
}

# sick_well: nothing is wrong from now on.
sick_well() {
	local point

	for point in "$SICK"/*/probability; do
		echo 0 >"$point"
	done
}

# sick_fired POINT TIMES: since it was armed.
sick_fired() {
	local fired

	read -r fired <"$SICK/$1/fired"
	((fired - SICK_FIRED[$1] >= $2))
}

# sick_read: what the kernel has said since. Whoever waits for that is now and then not
# woken by the last message, so there is one more, not for the console.
sick_read() {
	local line

	echo "<7>nvdpa-test reads" >/dev/kmsg
	while IFS= read -ru "$SICK_LOG" line; do
		[[ ! $line =~ "$PCI: at work again after "([0-9]+)' ms' ]] ||
			SICK_TOOK+=("${BASH_REMATCH[1]}")
	done
}

# sick_reset N: the controller has come back from more than N resets.
sick_reset() {
	((${#SICK_TOOK[@]} > $1))
}

# sick_late COMMAND...: it is not true in time. What has become of the points that are armed?
sick_late() {
	local point

	for point in "$SICK"/*/probability; do
		point=${point%/probability}
		[[ $(<"$point/probability") == 0 ]] ||
			echo "$point: fired $(<"$point/fired") times, $(<"$point/times") to go"
	done
	sick_ask round
	fail "not within $((SICK_LIMIT * NVDPA_TIME_SCALE)) s: $*"
}

# sick_until COMMAND...: waits for it to be true.
sick_until() {
	local end=$((SECONDS + SICK_LIMIT * NVDPA_TIME_SCALE))

	until "$@"; do
		((SECONDS < end)) || sick_late "$@"
		read -rt 0.1 -u "$SICK_NEVER" || true
		sick_read
	done
}
