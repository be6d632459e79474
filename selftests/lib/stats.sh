# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The counters of the device that the test has, before and after what it does; with
# netlink.sh and client.sh.

# jq: flat makes numbers of an answer, with the number of entries of each histogram.
# shellcheck disable=SC2034,SC2016 # for the tests; jq's
STATS_FLAT='def flat:
	(with_entries(select(.value | type == "number")) | del(.queue)) +
	(.latency // [] | map({key: "\(.type)-\(.scope)", value: (.buckets | add)}) |
		from_entries);'

# A device begins at 0.
STATS_BEFORE='{}'

stats_get() {
	netlink_ok call stats-get "{\"ctrl\": \"$CTRL\", \"name\": \"$DEVICE_NAME\"}"
}

# stats_queue QUEUE
stats_queue() {
	netlink_ok call stats-get \
		"{\"ctrl\": \"$CTRL\", \"name\": \"$DEVICE_NAME\", \"queue\": $1}"
}

# stats_expect ANSWER [COUNTER NUMBER]...: since STATS_BEFORE these have become more
# by so much, or by any number if it is -1, and no others; it is STATS_BEFORE now.
stats_expect() {
	local after=$1
	shift

	# shellcheck disable=SC2016 # jq's
	jq -nr --argjson before "$STATS_BEFORE" --argjson after "$after" "$STATS_FLAT"'
		($before | flat) as $old |
		[$ARGS.positional | _nwise(2) | select(.[0]) | {key: .[0], value: (.[1] | tonumber)}] as $given |
		($given | map(select(.value < 0).key)) as $any |
		($given | map(select(.value > 0)) | from_entries) as $want |
		($after | flat | with_entries(.value -= ($old[.key] // 0)) |
			with_entries(select(.value != 0 and ([.key] | inside($any) | not)))) as $got |
		($after.latency // [] | group_by(.type) | map(
			(map({(.scope): .sum}) | add) | select(.total < (.device // 0)))) as $odd |
		if $got != $want then "counted \($got), not \($want)\n" | halt_error(1)
		elif $odd != [] then "longer in the device than in all: \($odd)\n" | halt_error(1)
		else empty end' --args "$@" || return
	STATS_BEFORE=$after
}

# stats_case CASE [COUNTER NUMBER]...: a case of the client does that.
stats_case() {
	local case=$1
	shift

	"$NVDPA_REPO/build/client/scripted_stats" -r "$case" >"$WORK/client" || {
		cat "$WORK/client"
		fail "$case"
	}
	stats_expect "$(stats_get)" "$@" || fail "$case"
}
