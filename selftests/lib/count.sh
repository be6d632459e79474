# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Results: one line each as they come, and the verdict at the end.

count_clear() {
	PASSED=0
	FAILED=0
	SKIPPED=0
	FAILURES=()
}
count_clear

# count_result ok|not ok|skip NAME DETAIL: DETAIL is its time or the reason.
count_result() {
	local word=$1 name=$2 detail=$3

	case $word in
	ok)
		PASSED=$((PASSED + 1))
		echo "ok $name${detail:+ ($detail)}"
		;;
	skip)
		SKIPPED=$((SKIPPED + 1))
		echo "ok $name # skip $detail"
		;;
	*)
		FAILED=$((FAILED + 1))
		FAILURES+=("$name")
		echo "not ok $name${detail:+ ($detail)}"
		;;
	esac
}

# Of a failed test, from stdin.
count_output() {
	sed 's/^/    /'
}

# count_save FILE, count_load FILE LANE: results of a lane that ran apart, in a shell
# that began with count_clear.
count_save() {
	printf '%s\n' "$PASSED $FAILED $SKIPPED" "${FAILURES[@]}" >"$1"
}

count_load() {
	local passed failed skipped name

	if [[ ! -s $1 ]]; then
		count_result "not ok" "$2: $2" "its runner died"
		return
	fi
	read -r passed failed skipped <"$1"
	PASSED=$((PASSED + passed))
	FAILED=$((FAILED + failed))
	SKIPPED=$((SKIPPED + skipped))
	while IFS= read -r name; do
		[[ -z $name ]] || FAILURES+=("$name")
	done < <(tail -n +2 "$1")
}

# The last line, and the status: a run that tested nothing is no success.
count_verdict() {
	local name

	for name in "${FAILURES[@]}"; do
		echo "# failed: $name"
	done
	((PASSED + FAILED + SKIPPED)) || echo "# no test matches"
	printf '%d passed, %d failed' "$PASSED" "$FAILED"
	((SKIPPED == 0)) || printf ', %d skipped' "$SKIPPED"
	printf '\n'
	((FAILED == 0 && PASSED > 0))
}
