# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What every test in the host begins with: it stops at the first command that
# fails and says which one.
set -Eeuo pipefail
shopt -s inherit_errexit

# shellcheck disable=SC2034 # for the tests
SELFTESTS=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
# How much slower this machine is than an idle one with the stock kernel may be.
: "${NVDPA_TIME_SCALE:=1}"

trap 'echo "${0##*/}:$LINENO: status $? from: $BASH_COMMAND" >&2' ERR

WORK=$(mktemp -d)
declare -a TEST_CLEANUPS=()

# test_finally COMMAND...: when the test ends, however it ends; last one first.
test_finally() {
	TEST_CLEANUPS=("$(printf '%q ' "$@")" "${TEST_CLEANUPS[@]}")
}

test_end() {
	local command

	for command in "${TEST_CLEANUPS[@]}"; do
		eval "$command" || true
	done
	rm -rf "$WORK"
}
trap test_end EXIT

# What is written there outlives the host, if its starter gave it a share.
KEEP=$WORK
# shellcheck disable=SC2034 # for the tests
! mountpoint -q /mnt/share || KEEP=/mnt/share

fail() {
	printf 'FAIL: %s\n' "$*" >&2
	exit 1
}

skip() {
	printf 'skip: %s\n' "$*"
	exit 4
}

# within SECONDS COMMAND...: until COMMAND succeeds; false if it does not.
within() {
	local end=$((SECONDS + $1 * NVDPA_TIME_SCALE))
	shift

	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.1
	done
}

# wait_for SECONDS COMMAND...: likewise, and the test fails if it does not.
wait_for() {
	within "$@" || fail "not within $(($1 * NVDPA_TIME_SCALE)) s: ${*:2}"
}

# kernel_mark: kernel_said prints what the kernel says from here on. Lines cannot be
# counted: its log forgets the first ones.
kernel_mark() {
	KERNEL_MARK=nvdpa-mark-${EPOCHREALTIME//[.,]/}
	echo "<6>$KERNEL_MARK" >/dev/kmsg
}

kernel_said() {
	dmesg | sed "1,/$KERNEL_MARK/d"
}

# refused PATTERN COMMAND...: COMMAND fails, and its output or the kernel's log
# gives PATTERN as the reason.
refused() {
	local pattern=$1 out=$WORK/refused
	shift

	kernel_mark
	if "$@" >"$out" 2>&1; then
		cat "$out"
		fail "not refused: $*"
	fi
	kernel_said >>"$out"
	grep -qiE -e "$pattern" "$out" || {
		cat "$out"
		fail "refused without /$pattern/: $*"
	}
}

# io_errors_expected: the disks of this test fail from here on, which is right.
io_errors_expected() {
	echo '<5>nvdpa-test: I/O errors are expected' >/dev/kmsg
}

# put VALUE FILE: a write whose failure is the command's.
put() {
	printf '%s\n' "$1" >"$2"
}
