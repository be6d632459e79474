#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# shellcheck source-path=SCRIPTDIR
# Runs a lane's tests in the host, one after another, and tells their results
# as TAP: host.sh PLAN, where a line of PLAN is NAME, seconds allowed, COMMAND
# and perhaps READY, what must have run before COMMAND, separated by tabs. A
# COMMAND's status 0 is a pass, 4 a skip whose reason is its last line
# "skip: ...", the rest a failure; so is a splat in the kernel log. A COMMAND that
# speaks TAP may skip that way too.
set -u

LIB=$(dirname "$(readlink -f "$0")")
. "$LIB/tap.sh"
. "$LIB/splat.sh"
. "$LIB/batch.sh"

WORK=$(mktemp -d)
HOST_READY=''
# A test whose process outlives SIGKILL by this long has wedged the host.
GRACE=20

# The format of the disk, before the first test takes it away from nvme.
host_lba() {
	cat /sys/block/nvme0n1/queue/logical_block_size 2>/dev/null || echo 512
}

# host_run LIMIT OUT COMMAND...: sets HOST_STATUS; false if COMMAND cannot be
# killed. What it leaves running is killed, so that no test inherits it.
host_run() {
	local limit=$1 out=$2 pid dog ended
	shift 2

	# timeout(1) leads a process group of its own.
	timeout -k 5 "$limit" "$@" >>"$out" 2>&1 </dev/null &
	pid=$!
	# Nothing is ever said on that: a sleep without a process to start.
	(read -rt $((limit + GRACE)) -u "$SPLAT_NEVER") &
	dog=$!
	wait -n -p ended "$pid" "$dog"
	HOST_STATUS=$?
	kill -KILL -- "-$pid" 2>/dev/null
	if [[ $ended == "$dog" ]]; then
		host_blocked >>"$out"
		return 1
	fi
	kill "$dog" 2>/dev/null
	wait "$dog" 2>/dev/null
	return 0
}

# Who is stuck where.
host_blocked() {
	echo w >/proc/sysrq-trigger
	dmesg | tail -n 60
}

# host_ready READY OUT: runs READY ahead of the test unless the test before had
# the same and passed; what it prints becomes the environment.
host_ready() {
	local ready=$1 out=$2

	[[ $ready != "$HOST_READY" ]] || return 0
	HOST_READY=''
	[[ -n $ready ]] || return 0
	# shellcheck disable=SC2016 # expanded by the shell that it is for
	host_run 600 "$out" bash -c 'bash $1 >"$2"' ready "$ready" "$WORK/environment" || return
	((HOST_STATUS == 0)) || return 0
	# shellcheck source=/dev/null
	. "$WORK/environment"
	HOST_READY=$ready
}

# host_log OUT: a test that the kernel complained of has failed.
host_log() {
	if ! splat_read; then
		echo "the kernel log came faster than it could be read" >>"$1"
		HOST_STATUS=1
	elif splat_found; then
		{
			echo "status $HOST_STATUS, and the kernel said:"
			printf '%s\n' "${SPLAT_TEXT[@]}"
		} >>"$1"
		HOST_STATUS=1
	fi
}

# host_skip OUT: the reason, if the test says that it was not run. Without a process
# of its own, as all that is done for each of hundreds of cases.
host_skip() {
	local text

	IFS= read -rd '' text <"$1" || true
	case $HOST_STATUS:$text in
	4:*'skip: '*) HOST_REASON=${text##*skip: } ;;
	0:*' # SKIP '*) HOST_REASON=${text##* # SKIP } ;;
	*) return 1 ;;
	esac
	HOST_REASON=${HOST_REASON%%$'\n'*}
}

# host_tell NAME TIME OUT
host_tell() {
	local name=$1 time=$2 out=$3

	if host_skip "$out"; then
		tap_skip "$name" "$HOST_REASON"
	elif ((HOST_STATUS == 0)); then
		tap_ok "$name" "$time"
	else
		case $HOST_STATUS in
		124 | 137) echo "no end within its time: killed" >>"$out" ;;
		esac
		((${#SPLAT_TEXT[@]})) ||
			printf '%s\n' "${SPLAT_LINES[@]/#/kernel: }" | tail -n 15 >>"$out"
		tap_not_ok "$name" "$time"
		tap_output "$out"
		HOST_READY=''
	fi
}

# host_test NAME LIMIT COMMAND READY: false if nothing can run after it.
host_test() {
	local name=$1 limit=$2 command=$3 ready=$4 out=$WORK/out start wedged=''

	tap_begin "$name"
	splat_mark "$name"
	: >"$out"
	start=${EPOCHREALTIME/./}
	HOST_STATUS=0
	host_ready "$ready" "$out" || wedged=yes
	if [[ -z $wedged ]] && ((HOST_STATUS == 0)); then
		# shellcheck disable=SC2086 # words
		host_run "$limit" "$out" $command || wedged=yes
	fi
	if [[ -n $wedged ]]; then
		tap_not_ok "$name" "$limit"
		tap_output "$out"
		tap_bail "'$name' cannot be killed"
		return 1
	fi
	host_log "$out"
	host_seconds "$start"
	host_tell "$name" "$HOST_SECONDS" "$out"
}

# host_seconds START: sets HOST_SECONDS to the time since then.
host_seconds() {
	local tenths=$(((${EPOCHREALTIME/./} - $1) / 100000))

	printf -v HOST_SECONDS '%d.%d' $((tenths / 10)) $((tenths % 10))
}

NVDPA_LBA=$(host_lba)
export NVDPA_LBA
cd "$LIB/.." || exit
splat_open "$WORK/log"
mapfile -t plan <"$1"
tap_plan ${#plan[@]}
# Cases of one program that follow one another are run by one process of it.
program='' last=''
for line in "${plan[@]}" ''; do
	IFS=$'\t' read -r name limit command ready <<<"$line"
	if [[ -n $program && ${command%% -r *}$'\t'$ready != "$last" ]]; then
		batch_run "$program" "$last_limit" "${last#*$'\t'}" || exit
		program=''
	fi
	case $command in
	'') ;;
	*' -r '*)
		program=${command%% -r *} last_limit=$limit last=$program$'\t'$ready
		batch_add "$name" "${command##* -r }"
		;;
	*) host_test "$name" "$limit" "$command" "$ready" || exit ;;
	esac
done
