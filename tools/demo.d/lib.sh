# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# What the demo's parts have in common: steps, told in a line each.
# shellcheck source-path=SCRIPTDIR/../../selftests source-path=SCRIPTDIR

# shellcheck source=selftests/lib/test.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../selftests/lib/test.sh"
. "$SELFTESTS/lib/device.sh"
. "$SELFTESTS/lib/guest.sh"
. "$SELFTESTS/lib/splat.sh"

# shellcheck disable=SC2034 # for the parts
DISK_TOOL=$SELFTESTS/lib/disk
# What one step finds out for the next.
STATE=(PCI)

# step SENTENCE COMMAND...: the command's output only when it fails; what it
# has to show is in SHOW.
step() {
	local sentence=$1 start=${EPOCHREALTIME/./} status=0 tenths name
	shift

	SHOW=''
	printf '%-66s' "$sentence"
	# Not in a condition: there, a function would go on after a failure.
	set +e
	trap - ERR
	(
		set -e
		"$@"
		printf '%s\n' "$SHOW" >"$WORK/show"
		for name in "${STATE[@]}"; do
			printf '%s=%q\n' "$name" "${!name}"
		done >"$WORK/state"
	) >"$WORK/step" 2>&1
	status=$?
	set -e
	tenths=$(((${EPOCHREALTIME/./} - start) / 100000))
	if ((status)); then
		echo "FAILED"
		sed 's/^/    /' "$WORK/step"
		dmesg | tail -n 15 | sed 's/^/    kernel: /'
		exit 1
	fi
	printf '%3d.%d s\n' $((tenths / 10)) $((tenths % 10))
	# shellcheck source=/dev/null
	. "$WORK/state"
	[[ -z $(<"$WORK/show") ]] || sed 's/^/    /' "$WORK/show"
}

log_is_clean() {
	splat_read
	if splat_found; then
		printf '%s\n' "${SPLAT_TEXT[@]}"
		return 1
	fi
}

splat_open "$WORK/log"
