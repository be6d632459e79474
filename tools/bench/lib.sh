# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash source-path=SCRIPTDIR
# Cells: one piece of work on a disk, measured and told in a line of JSON. Sourced in
# the host and in guests, which do the same.

BENCH=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
BIN=${BENCH%/tools/bench}/build/bench/bin
. "$BENCH/database.sh"

# What a cell is: load's options for counting, fio's for time.
declare -A CELL_LOAD=(
	[read1]='--depth 1'
	[read32]='--depth 32'
	[each32]='--depth 32 --each'
	[read16]='--depth 16 --batch'
	[write1]='--write --depth 1'
	[write32]='--write --depth 32'
	[seq1m]='--bytes 1048576 --depth 2 --count-of 100 --warm-up 20'
	[read128]='--depth 128'
)
declare -A CELL_FIO=(
	[read1]='--rw=randread --iodepth=1'
	[read32]='--rw=randread --iodepth=32'
	[write1]='--rw=randwrite --iodepth=1'
	[write32]='--rw=randwrite --iodepth=32'
	[seq1m]='--rw=read --bs=1m --iodepth=2'
	[read128]='--rw=randread --iodepth=128'
	[read16x2]='--rw=randread --iodepth=16 --numjobs=2 --group_reporting'
	[mix70]='--rw=randrw --rwmixread=70 --iodepth=32'
	[fsync]='--rw=randwrite --bs=16k --iodepth=1 --fsync=2'
)

# machine_tell WHO: what may differ between machines, the host or a guest, in a line of JSON.
machine_tell() {
	local sys=/sys/devices/system/cpu/cpuidle

	echo "{\"$1\":\"$(
		echo "Linux $(uname -r), $(nproc) CPU, $(awk '/^MemTotal/ { print int($2 / 1024) " MiB" }' /proc/meminfo)"
		echo "clock $(</sys/devices/system/clocksource/clocksource0/current_clocksource)"
		echo "cpuidle $(cat "$sys/current_driver" "$sys/current_governor" | xargs)"
		machine_setting "KVM's halt polling, ns:" /sys/module/kvm/parameters/halt_poll_ns
		echo "command line $(</proc/cmdline)"
	)\"}" | paste -sd ';' | sed 's/;/; /g'
}

# machine_setting WHAT FILE: if there is one.
machine_setting() {
	[[ ! -r $2 ]] || echo "$1 $(<"$2")"
}

# The disk's scheduler is the same in every arm: none.
cell_disk() {
	echo none >"/sys/block/${1#/dev/}/queue/scheduler"
}

# cell count|time|database DISK CELL ENGINE: ENGINE is load's; psync is for depth 1. What the mode
# does not know is left out; idle is five seconds of nothing.
cell() {
	"cell_$1" "${@:2}"
}

cell_count() {
	local disk=$1 name=$2 engine=$3 job out

	if [[ $name == idle ]]; then
		# The driver looks at what is in flight each second, and once more after that.
		sleep 2
		"$BIN/mark" start
		sleep 5
		"$BIN/mark" stop
		cell_tell idle '{"engine":"","count":5,"depth":0}'
		return
	fi
	[[ -n ${CELL_LOAD[$name]-} ]] || return 0
	job="--count --count-of ${BENCH_COUNT:-1000} ${CELL_LOAD[$name]} $engine"
	# shellcheck disable=SC2086 # words
	out=$("$BIN/load" $job "$disk")
	cell_tell "$name" "$out" "load $job"
}

# fio's own percentiles; what it says of its whole run is one line.
cell_time() {
	local disk=$1 name=$2 engine=$3 job out

	if [[ $engine == vhost ]]; then
		[[ -n ${CELL_LOAD[$name]-} ]] || return 0
		job="--time --count-of ${BENCH_COUNT:-20000} ${CELL_LOAD[$name]} $engine"
		# shellcheck disable=SC2086 # words
		out=$("$BIN/load" $job "$disk")
		job="load $job"
	else
		job="--direct=1 --bs=4k --ioengine=$engine --size=64m --time_based --runtime=3"
		job+=" --ramp_time=1 --randrepeat=1 ${CELL_FIO[$name]}"
		# shellcheck disable=SC2086 # words
		out=$(fio --name=cell --filename="$disk" $job --percentile_list=50:99:99.9 \
			--output-format=json | jq -c --arg engine "$engine" '.jobs[0] | .read as $r | .write as $w |
			(if $r.total_ios >= $w.total_ios then $r else $w end) as $m | {
			engine: $engine, count: ($r.total_ios + $w.total_ios), rate: ($r.iops + $w.iops | round),
			p50_ns: $m.clat_ns.percentile."50.000000", p99_ns: $m.clat_ns.percentile."99.000000",
			p999_ns: $m.clat_ns.percentile."99.900000"}')
		job="fio $job"
	fi
	cell_tell "$name" "$out" "$job"
}

# cell_tell NAME JSON [JOB]: with the name in front of what was measured.
cell_tell() {
	echo "{\"cell\":\"$1\",\"job\":\"${3-}\",${2#\{}"
}

# cells MODE DISK CELL...: CELL is NAME or NAME:ENGINE.
cells() {
	local mode=$1 disk=$2 name engine
	shift 2

	for name; do
		engine=io_uring
		[[ $name != *:* ]] || engine=${name#*:}
		cell "$mode" "$disk" "${name%:*}" "$engine"
	done
}
