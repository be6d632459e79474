# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The netlink family nvme_vdpa, spoken to by one process for all of a test, as
# it takes long to start; see netlink for its commands.

# shellcheck source=tools/lab/lib/cache.sh
. "$SELFTESTS/../tools/lab/lib/cache.sh"

NETLINK_SPEC=$SELFTESTS/../Documentation/netlink/specs/nvme_vdpa.yaml
# The kernel's own implementation of such specs is in its source only.
NETLINK_YNL=$CACHE/debug/build/tools/net/ynl

netlink_open() {
	[[ -d $NETLINK_YNL ]] || fail "$NETLINK_YNL is not there: run tools/lab/setup debug"
	modprobe nvme_vdpa
	coproc NETLINK { exec "$SELFTESTS/lib/netlink" "$NETLINK_YNL" "$NETLINK_SPEC"; }
	# bash closes its own in subshells.
	exec {NETLINK_TO}>&"${NETLINK[1]}" {NETLINK_FROM}<&"${NETLINK[0]}"
}

# netlink_close: before another netlink_open, after the module was loaded anew.
netlink_close() {
	local pid=$NETLINK_PID

	exec {NETLINK_TO}>&- {NETLINK_FROM}<&-
	kill "$pid"
	wait "$pid" || true
}

# netlink COMMAND...: sets NETLINK_ANSWER; true if that is "ok".
netlink() {
	echo "$*" >&"$NETLINK_TO"
	IFS= read -r NETLINK_ANSWER <&"$NETLINK_FROM" || fail "no answer to: $*"
	[[ $NETLINK_ANSWER == 'ok '* ]]
}

# netlink_ok COMMAND...: prints what is behind the "ok".
netlink_ok() {
	netlink "$@" || fail "$*: $NETLINK_ANSWER"
	echo "${NETLINK_ANSWER#ok }"
}

# netlink_refused ERRNO ATTRIBUTE PATTERN COMMAND...: refused for this reason.
netlink_refused() {
	local errno=$1 attribute=$2 pattern=$3
	shift 3

	! netlink "$@" || fail "not refused: $*"
	[[ $NETLINK_ANSWER =~ ^refused\ $errno\ $attribute\  ]] ||
		fail "not by $errno of $attribute: $*: $NETLINK_ANSWER"
	grep -qE -e "$pattern" <<<"${NETLINK_ANSWER#refused * * }" ||
		fail "without /$pattern/: $*: $NETLINK_ANSWER"
}

# netlink_event_comes NAME FILTER: one of the next events is this one.
netlink_event_comes() {
	until netlink event &&
		jq -e ".name == \"$1\" and (.msg | $2)" <<<"${NETLINK_ANSWER#ok }" >/dev/null; do
		[[ $NETLINK_ANSWER == ok* ]] || fail "$1 ($2): $NETLINK_ANSWER"
	done
}

# netlink_event NAME [FILTER]: the next event is this one, and jq's FILTER is
# true for it.
netlink_event() {
	local name=$1 filter=${2-true}

	netlink event || fail "$name: $NETLINK_ANSWER"
	jq -e ".name == \"$name\" and (.msg | $filter)" <<<"${NETLINK_ANSWER#ok }" >/dev/null ||
		fail "not $name ($filter): $NETLINK_ANSWER"
}
