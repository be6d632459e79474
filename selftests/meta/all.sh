#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Proves that the harness can fail: a lab host runs tests with known ends, and
# what the runner makes of them is compared. Speaks TAP.
set -u

META=$(dirname "$(readlink -f "$0")")
TOP=${META%/selftests/meta}
# shellcheck source-path=SCRIPTDIR/../..
. "$TOP/selftests/lib/tap.sh"

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT
STATUS=0

# meta_expect NAME PATTERN: a line of the run's output.
meta_expect() {
	if grep -qE -e "$2" "$WORK/out"; then
		tap_ok "$1" 0
	else
		tap_not_ok "$1" 0
		echo "#  no line like: $2"
		STATUS=1
	fi
}

meta_run() {
	NVDPA_LANES=$META/lanes "$TOP/selftests/run" --cpus 1 "$@" >"$WORK/out" 2>&1
	RUN_STATUS=$?
	echo "status $RUN_STATUS" >>"$WORK/out"
}

tap_plan 14
meta_run
meta_expect "a pass counts" '^ok ends: pass \([0-9.]+\)$'
meta_expect "a failure counts" '^not ok ends: fail'
meta_expect "a failure shows its output" '^    this is why$'
meta_expect "a skip gives its reason" '^ok ends: skip # skip no reason at all$'
meta_expect "a warning in the kernel log fails the test that ran" '^not ok ends: splat'
meta_expect "the warning is shown" 'WARNING: CPU: 0 of the meta test'
meta_expect "the test after it is not blamed" '^ok ends: after-splat'
meta_expect "a test that hangs is killed" '^not ok ends: hang'
meta_expect "the test after it runs" '^ok ends: after-hang'
meta_expect "a host that dies fails the test that ran" '^not ok dies: die \(the host died during it\)$'
meta_expect "a host that dies fails the tests that never ran" '^not ok dies: after-die \(not run: the host died\)$'
meta_expect "the last line counts" '^4 passed, 5 failed, 1 skipped$'
meta_expect "failures fail the run" '^status 1$'
meta_run --only 'no such test'
meta_expect "a run without tests is no success" '^status 1$'
[[ $STATUS == 0 ]] || sed 's/^/#  /' "$WORK/out"
exit "$STATUS"
