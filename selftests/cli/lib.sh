# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # what is set here is for the scripts
# What the scripts here begin with: NVDPA is the tool with the canned kernel, and
# each `check NAME COMMAND...` is a test.
set -u

CLI=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TOP=${CLI%/selftests/cli}
: "${NVDPA:=$TOP/build/cli/nvdpa}"
# shellcheck source-path=SCRIPTDIR
. "$CLI/../lib/tap.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
FAILED=0

# Leaks are found, and a report of the sanitizer is no refusal.
export ASAN_OPTIONS=exitcode=99 UBSAN_OPTIONS=halt_on_error=1:exitcode=99
# No environment of the caller's decides a test.
unset NVDPA_FAKE
export LC_ALL=C TZ=UTC

# check NAME COMMAND...: what it prints is the reason if it fails.
check() {
	local name=$1 start=$SECONDS
	shift

	if "$@" >"$WORK/check" 2>&1; then
		tap_ok "$name" $((SECONDS - start))
	else
		tap_not_ok "$name" $((SECONDS - start))
		tap_output "$WORK/check"
		FAILED=$((FAILED + 1))
	fi
}

# nvdpa ARGUMENT...: its exit code, in STATUS.
nvdpa() {
	STATUS=0
	timeout 60 "$NVDPA" "$@" || STATUS=$?
}

check_end() {
	echo "1..$TAP_DONE"
	exit $((FAILED > 0))
}
