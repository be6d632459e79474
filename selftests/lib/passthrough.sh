# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The passthrough device of a controller that is bound to nvme_vdpa, spoken to by
# one process for all of a test, as it takes long to start; see passthrough for its
# commands.

# passthrough_node ADDRESS
passthrough_node() {
	echo "/dev/nvdpa/$1"
}

# Not a coprocess: a shell has but one, which is netlink's.
passthrough_start() {
	local to=$WORK/passthrough.to from=$WORK/passthrough.from

	mkfifo "$to" "$from"
	"$SELFTESTS/lib/passthrough" <"$to" >"$from" &
	exec {PASSTHROUGH_TO}>"$to" {PASSTHROUGH_FROM}<"$from"
}

# passthrough COMMAND...: sets PASSTHROUGH_ANSWER.
passthrough() {
	echo "$*" >&"$PASSTHROUGH_TO"
	IFS= read -r PASSTHROUGH_ANSWER <&"$PASSTHROUGH_FROM" || fail "no answer to: $*"
}

# answers PATTERN COMMAND...: the answer is this, as a pattern of the shell.
answers() {
	local pattern=$1
	shift

	passthrough "$@"
	# shellcheck disable=SC2053 # it is a pattern
	[[ $PASSTHROUGH_ANSWER == $pattern ]] || fail "not $pattern: $*: $PASSTHROUGH_ANSWER"
}
