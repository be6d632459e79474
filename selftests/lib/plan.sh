# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by run
# The lanes and their tests, as the file lanes tells them. The caller sets
# PROFILE (fast, all, long), ONLY, TOP, OUT, SELFTESTS, CLIENTS, STOCK_SCALE, DEBUG_SCALE.

LANES=()
declare -A LANE_KIND=() LANE_OPTIONS=() LANE_CPUS=() LANE_SCALE=() LANE_TESTS=()
CLIENT_CASES=

# plan_read FILE: its scripts are in functional/, another file's in tests/ beside it.
plan_read() {
	SCRIPTS=functional
	[[ $1 -ef $SELFTESTS/lanes ]] || SCRIPTS=$(dirname "$(readlink -f "$1")")/tests
	# shellcheck source=selftests/lanes
	. "$1"
}

# plan_lane KIND NAME OPTION...
plan_lane() {
	local kind=$1 name=$2
	shift 2

	LANES+=("$name")
	LANE_KIND[$name]=$kind
	LANE_OPTIONS[$name]=
	(($# == 0)) || printf -v "LANE_OPTIONS[$name]" '%q ' "$@"
	LANE_TESTS[$name]=
	LANE_SCALE[$name]=$STOCK_SCALE
	[[ " $* " != *" --kernel "@(debug|kcsan)" "* ]] || LANE_SCALE[$name]=$DEBUG_SCALE
	LANE_CPUS[$name]=1
	case "$kind $* " in
	machine* | *" --smp 1 "* | *" --one-thread "*) ;;
	*) LANE_CPUS[$name]=2 ;;
	esac
}

# plan_profile [--fast|--long]: whether such a test belongs to this run.
plan_profile() {
	case $PROFILE in
	fast) [[ $1 == --fast ]] ;;
	all) [[ $1 != --long ]] ;;
	long) true ;;
	esac
}

machine() {
	local mark=

	[[ $1 != --* ]] || { mark=$1 && shift; }
	! plan_profile "$mark" || plan_lane machine "$@"
}

lane() {
	plan_lane lab "$@"
}

client() {
	local mark='' cases='*'

	while [[ $1 == --* ]]; do
		case $1 in
		--cases) cases=$2 && shift ;;
		*) mark=$1 ;;
		esac
		shift
	done
	! plan_profile "$mark" || plan_add "$1" "@client $cases ${*:2}"
}

script() {
	local mark=

	[[ $1 != --* ]] || { mark=$1 && shift; }
	! plan_profile "$mark" || plan_add "$1" "${*:2}"
}

# plan_add SECONDS TEST: to the lane that was named last.
plan_add() {
	LANE_TESTS[${LANES[-1]}]+="$1 ${2% }"$'\n'
}

plan_wanted() {
	# shellcheck disable=SC2053 # a pattern
	[[ "$1: $2" == *$ONLY* ]]
}

# A machine lane's cases are not known before it has run: a pattern that names
# the lane runs it, and then only those that match count.
plan_machine_wanted() {
	[[ -z $ONLY || "$1: $1" == *$ONLY* || $ONLY == "$1:"* ]]
}

# plan_write LANE: the wanted tests, as host.sh takes them.
plan_write() {
	local lane=$1 seconds test

	while read -r seconds test; do
		seconds=$((seconds * LANE_SCALE[$lane]))
		case $test in
		'') ;;
		'@client '*) plan_client "$lane" "$seconds" "${test#@client }" ;;
		kunit)
			plan_kunit "$lane"
			plan_line "$lane" "$test" "$seconds" "$SCRIPTS/$test"
			;;
		*) plan_line "$lane" "$test" "$seconds" "$SCRIPTS/$test" ;;
		esac
	done <<<"${LANE_TESTS[$lane]}"
}

# plan_client LANE SECONDS "CASES [PARAMETER]..."
plan_client() {
	local lane=$1 seconds=$2 wanted=${3%% *} parameters=${3#"${3%% *}"} case

	plan_client_cases
	for case in $CLIENT_CASES; do
		# shellcheck disable=SC2053 # a pattern
		[[ ${case#*/} == $wanted ]] || continue
		plan_line "$lane" "client ${case#*/}$parameters" "$seconds" \
			"../$CLIENTS/${case%/*} -r ${case#*/}" "lib/client-ready$parameters"
	done
}

# plan_kunit LANE: the suites are a module, built for the kernel that they run on. Without
# it their test fails.
plan_kunit() {
	! plan_wanted "$1" kunit || make -s -C "$TOP/selftests/kunit" >&2 || true
}

# plan_line LANE NAME SECONDS COMMAND [READY]
plan_line() {
	! plan_wanted "$1" "$2" || printf '%s\t%s\t%s\t%s\n' "$2" "$3" "$4" "${5-}"
}

# The clients' cases as PROGRAM/CASE, each CASE as the harness's -r takes it.
# -l lists them in columns: fixture, its variants, its tests.
plan_client_cases() {
	local program

	[[ -z $CLIENT_CASES ]] || return 0
	make -s -C "$TOP/selftests/client" O="$TOP/$CLIENTS" >&2 || {
		# A lane must not pass for want of its client, or with an old one.
		rm -rf "${TOP:?}/$CLIENTS"
		CLIENT_CASES=not/built
		return
	}
	CLIENT_CASES=$(for program in "$TOP/$CLIENTS"/client_*; do
		[[ -x $program && ! -d $program ]] || continue
		"$program" -l 2>&1 | plan_cases "${program##*/}"
	done)
	[[ -n $CLIENT_CASES ]] || CLIENT_CASES=not/built
}

plan_cases() {
	awk -v program="$1" '
		function flush(v, t) {
			for (v = 1; v <= (variants ? variants : 1); v++)
				for (t = 1; t <= tests; t++)
					print program "/" fixture "." (variants ? variant[v] "." : "") test[t]
			variants = tests = 0
		}
		/^#/ { next }
		/^---/ { flush(); next }
		{
			rest = $0
			if (rest !~ /^ /)
				fixture = $1
			rest = substr(rest, (length(fixture) > 20 && rest !~ /^ / ? length(fixture) : 20) + 2)
			if (rest !~ /^ /) {
				split(rest, word, " ")
				variant[++variants] = word[1]
				rest = substr(rest, (length(word[1]) > 25 ? length(word[1]) : 25) + 2)
			} else {
				rest = substr(rest, 27)
			}
			if (rest != "")
				test[++tests] = rest
		}
		END { flush() }
	'
}

# plan_seconds PLAN: when the lab is given up. A host that is alive ends each
# test by itself; this is for one that is not.
plan_seconds() {
	local most=1800

	[[ $PROFILE != long ]] || most=14400
	awk -F '\t' -v most=$most '{ s += $2 } END { s += 60; print s < most ? s : most }' "$1"
}

plan_list() {
	local lane

	for lane in "${LANES[@]}"; do
		if [[ ${LANE_KIND[$lane]} == machine ]]; then
			! plan_machine_wanted "$lane" || echo "$lane"
		else
			plan_write "$lane" >"$OUT/list"
			awk -F '\t' -v lane="$lane" '{ print lane ": " $1 }' "$OUT/list"
		fi
	done
}
