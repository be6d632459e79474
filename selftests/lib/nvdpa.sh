# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The tool nvdpa: what it says, and by which status.

# shellcheck disable=SC2034 # for the tests
NVDPA_DONE=0 NVDPA_REFUSED=1 NVDPA_USAGE=2

# nvdpa_fails STATUS PATTERN ARGUMENT...: it ends so, with one message that has PATTERN.
nvdpa_fails() {
	local want=$1 pattern=$2 status=0
	shift 2

	nvdpa "$@" >"$WORK/out" 2>"$WORK/err" || status=$?
	[[ $status == "$want" ]] && grep -qE -e "$pattern" "$WORK/err" &&
		[[ ! -s $WORK/out ]] && return
	cat "$WORK/out" "$WORK/err"
	fail "status $status, not $want with /$pattern/: nvdpa $*"
}

# nvdpa_refused PATTERN ARGUMENT...
nvdpa_refused() {
	nvdpa_fails "$NVDPA_REFUSED" "$@"
}

# nvdpa_usage PATTERN ARGUMENT...
nvdpa_usage() {
	nvdpa_fails "$NVDPA_USAGE" "$@"
}

# nvdpa_silent ARGUMENT...: done, with nothing to say.
nvdpa_silent() {
	nvdpa "$@" >"$WORK/out" 2>&1 || {
		cat "$WORK/out"
		fail "nvdpa $*"
	}
	[[ ! -s $WORK/out ]] || fail "nvdpa $* said: $(cat "$WORK/out")"
}

# nvdpa_says PATTERN ARGUMENT...: done, and says this, on stdout or stderr.
nvdpa_says() {
	local pattern=$1
	shift

	nvdpa "$@" >"$WORK/out" 2>&1 || {
		cat "$WORK/out"
		fail "nvdpa $*"
	}
	grep -qE -e "$pattern" "$WORK/out" || fail "no /$pattern/ from nvdpa $*: $(cat "$WORK/out")"
}

# nvdpa_volume NAME FILTER: jq's FILTER is true for the volume.
nvdpa_volume() {
	nvdpa -j volume show "$1" >"$WORK/volume"
	jq -e ".volumes[0] | $2" "$WORK/volume" >/dev/null || fail "$1 is not $2: $(cat "$WORK/volume")"
}
