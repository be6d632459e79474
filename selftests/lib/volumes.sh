# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Volumes of the first controller, defined by netlink alone.

# shellcheck source-path=SCRIPTDIR/..
. "$SELFTESTS/lib/netlink.sh"

# volumes_open: the controller is bound, and called CTRL from now on.
volumes_open() {
	CTRL=pci/$PCI
	netlink_open
}

# volume KEY VALUE...: the attributes of a volume on the controller, as JSON.
volume() {
	local json="{\"ctrl\": \"$CTRL\"" key value

	while (($#)); do
		key=$1 value=$2
		shift 2
		[[ $value =~ ^[0-9]+$ && $key != name && $key != serial ]] || value="\"$value\""
		json+=", \"$key\": $value"
	done
	echo "$json}"
}

# volume_new NAME START LENGTH [KEY VALUE]...: one that is wiped.
volume_new() {
	local name=$1 start=$2 length=$3
	shift 3

	netlink_ok call volume-new "$(volume name "$name" nsid 1 start "$start" \
		nr-lbas "$length" wiped "$length" "$@")" >/dev/null
}

# volume_set name NAME KEY VALUE...
volume_set() {
	netlink_ok call volume-set "$(volume "$@")" >/dev/null
}

volume_del() {
	netlink_ok call volume-del "$(volume name "$1")" >/dev/null
}

# volume_granularity: blocks that begin and length are multiples of.
volume_granularity() {
	netlink_ok dump ns-get |
		jq "map(select(.ctrl == \"$CTRL\" and .nsid == 1))[0].granularity"
}
