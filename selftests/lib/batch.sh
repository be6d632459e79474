# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Many cases of a client in one process: on the debug kernel the start of one
# takes longer than most cases. Each case is a test of its own all the same,
# and has its own part of the kernel log. Sourced by host.sh.

BATCH_CASES=()
declare -A BATCH_NAME=()
BATCH_RUNNING=''
BATCH_START=0

# batch_add NAME CASE
batch_add() {
	BATCH_CASES+=("$2")
	BATCH_NAME[$2]=$1
}

# batch_run PROGRAM LIMIT READY: runs and forgets what was added; LIMIT is that of
# one case. False if nothing can run after it.
batch_run() {
	local left

	while ((${#BATCH_CASES[@]})); do
		left=${#BATCH_CASES[@]}
		batch_once "$@" || return
		# A program that ends early must not end what comes after it; but a case
		# that it does not even begin is not waited for.
		((${#BATCH_CASES[@]} < left)) || batch_fail "${BATCH_CASES[0]}" "not run by $1"
	done
}

batch_once() {
	local program=$1 limit=$2 ready=$3 out=$WORK/out line case pid fd status=0 args=()

	splat_mark "$program"
	: >"$out"
	HOST_STATUS=0
	if ! host_ready "$ready" "$out"; then
		batch_fail "${BATCH_CASES[0]}" "$(<"$out")"
		tap_bail "'$ready' cannot be killed"
		return 1
	fi
	if ((HOST_STATUS != 0)); then
		batch_fail "${BATCH_CASES[0]}" "$(<"$out")"
		return 0
	fi

	for case in "${BATCH_CASES[@]}"; do
		args+=(-r "$case")
	done
	exec {fd}< <(exec timeout -k 5 $((limit * ${#BATCH_CASES[@]})) "$program" "${args[@]}" 2>&1)
	pid=$!
	BATCH_RUNNING=''
	while IFS= read -rt "$limit" line <&"$fd"; do
		batch_line "$line" "$out"
	done
	# Whether it has ended, or says nothing for too long.
	kill -KILL -- "-$pid" 2>/dev/null || kill -KILL "$pid" 2>/dev/null
	wait "$pid" || status=$?
	exec {fd}<&-
	[[ -z $BATCH_RUNNING ]] || {
		echo "the program ended with $status, or was silent for $limit s" >>"$out"
		batch_end 1 "$out"
	}
}

# batch_line LINE OUT
batch_line() {
	local line=$1 out=$2

	case $line in
	'#  RUN '*)
		line=${line#'#  RUN '}
		line=${line%' ...'}
		BATCH_RUNNING=${line// /}
		BATCH_START=${EPOCHREALTIME/./}
		tap_begin "${BATCH_NAME[$BATCH_RUNNING]-$BATCH_RUNNING}"
		splat_mark "$BATCH_RUNNING"
		: >"$out"
		;;
	'ok '*)
		echo "$line" >>"$out"
		batch_end 0 "$out"
		;;
	'not ok '*) batch_end 1 "$out" ;;
	*) echo "$line" >>"$out" ;;
	esac
}

# batch_end STATUS OUT: of the case that is running.
batch_end() {
	local case=$BATCH_RUNNING name

	name=${BATCH_NAME[$case]-$case}
	BATCH_RUNNING=''
	HOST_STATUS=$1
	host_log "$2"
	host_seconds "$BATCH_START"
	host_tell "$name" "$HOST_SECONDS" "$2"
	batch_forget "$case"
}

# batch_fail CASE TEXT
batch_fail() {
	local out=$WORK/out

	tap_begin "${BATCH_NAME[$1]}"
	echo "$2" >"$out"
	HOST_STATUS=1
	host_tell "${BATCH_NAME[$1]}" 0 "$out"
	batch_forget "$1"
}

batch_forget() {
	local case left=()

	if [[ ${BATCH_CASES[0]} == "$1" ]]; then
		left=("${BATCH_CASES[@]:1}")
	else
		for case in "${BATCH_CASES[@]}"; do
			[[ $case == "$1" ]] || left+=("$case")
		done
	fi
	BATCH_CASES=("${left[@]}")
	unset "BATCH_NAME[$1]"
}
