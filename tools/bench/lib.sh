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
	[mix70]='--rw=randrw --rwmixread=70 --iodepth=32'
	[fsync]='--rw=randwrite --bs=16k --iodepth=1 --fsync=2'
)

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
	local disk=$1 name=$2 engine=$3 out

	if [[ $name == idle ]]; then
		"$BIN/mark" start
		sleep 5
		"$BIN/mark" stop
		cell_tell idle '{"engine":"","count":5,"depth":0}'
		return
	fi
	[[ -n ${CELL_LOAD[$name]-} ]] || return 0
	# shellcheck disable=SC2086 # words
	out=$("$BIN/load" --count --count-of "${BENCH_COUNT:-1000}" ${CELL_LOAD[$name]} \
		"$engine" "$disk")
	cell_tell "$name" "$out"
}

# fio's own percentiles; what it says of its whole run is one line.
cell_time() {
	local disk=$1 name=$2 engine=$3 out

	if [[ $engine == vhost ]]; then
		[[ -n ${CELL_LOAD[$name]-} ]] || return 0
		# shellcheck disable=SC2086 # words
		out=$("$BIN/load" --time --count-of "${BENCH_COUNT:-20000}" ${CELL_LOAD[$name]} \
			"$engine" "$disk")
	else
		# shellcheck disable=SC2086 # words
		out=$(fio --name=cell --filename="$disk" --direct=1 --bs=4k --ioengine="$engine" \
			--size=64m --time_based --runtime=3 --ramp_time=1 \
			--randrepeat=1 --percentile_list=50:99:99.9 --output-format=json \
			${CELL_FIO[$name]} | jq -c --arg engine "$engine" '.jobs[0] | .read as $r | .write as $w |
			(if $r.total_ios >= $w.total_ios then $r else $w end) as $m | {
			engine: $engine, count: ($r.total_ios + $w.total_ios), rate: ($r.iops + $w.iops | round),
			p50_ns: $m.clat_ns.percentile."50.000000", p99_ns: $m.clat_ns.percentile."99.000000",
			p999_ns: $m.clat_ns.percentile."99.900000"}')
	fi
	cell_tell "$name" "$out"
}

# cell_tell NAME JSON: with the name in front of what was measured.
cell_tell() {
	echo "{\"cell\":\"$1\",${2#\{}"
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
