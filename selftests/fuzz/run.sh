#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Runs the fuzzers: run.sh [--seconds N] [--seed N] [--merge | --cover | --repeat FILE]
# [TARGET]...
#
# Each target replays its corpus, then goes on from there; a TAP result each, and one
# for the coverage of corpora and unit tests together.
set -u

FUZZ=$(dirname "$(readlink -f "$0")")
TOP=${FUZZ%/selftests/fuzz}
BUILD=$TOP/build/fuzz
# What must be covered: all that sees what a guest wrote, and what is built from it.
COVERED=95
# shellcheck source-path=SCRIPTDIR/../..
. "$TOP/selftests/lib/tap.sh"

TARGETS=(memtable ring req prp allow disk hostile)

usage() {
	cat <<-END
		usage: run.sh [--seconds N] [--seed N] [--merge | --cover | --repeat FILE] [TARGET]...

		  --seconds N    for all targets together (default: 30)
		  --seed N       the same inputs each time, from the committed corpus on; without,
		                 others each time, from what was found so far on
		  --merge        take what was found into selftests/fuzz/corpus, made small
		  --cover        only tell what corpora and unit tests cover
		  --repeat FILE  run one input of TARGET
		targets: ${TARGETS[*]}
	END
}

# build VARIANT
build() {
	make -s -C "$FUZZ" VARIANT="$1" BUILD="$BUILD" -j"$(nproc)" >"$BUILD/log" 2>&1 || {
		cat "$BUILD/log"
		return 1
	}
}

# A crash stays, with what repeats it.
# keep TARGET
keep() {
	local target=$1 file kept

	for file in "$BUILD/$target".artifact-*; do
		[[ -e $file ]] || continue
		kept=$BUILD/crashes/$target-${file##*-}
		mv "$file" "$kept"
		echo "repeat with: selftests/fuzz/run.sh --repeat ${kept#"$TOP/"} $target"
	done
}

# run_target TARGET SECONDS: its corpus, then new inputs, which are kept in build/.
run_target() {
	local target=$1 seconds=$2 log=$BUILD/$1.log found=$BUILD/corpus/$1 start=$SECONDS
	local status=0 executed rate loads seed=${SEED:-$((1 + RANDOM * 32768 + RANDOM))} again=()

	if [[ -n $SEED ]]; then
		found=$BUILD/again/$target
		rm -rf "$found"
		# What it tries depends on where its code is, too.
		again=(setarch -R)
	fi
	mkdir -p "$found"
	"${again[@]}" "$BUILD/asan/fuzz_$target" -seed="$seed" -reload=0 \
		-max_total_time="$seconds" -max_len=1024 -timeout=25 \
		-rss_limit_mb=2048 -print_final_stats=1 -len_control=0 \
		-artifact_prefix="$BUILD/$target.artifact-" \
		"$found" "$FUZZ/corpus/$target" >"$log" 2>&1 </dev/null || status=$?
	executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
	loads=$(sed -n 's/^stat::most_loads: *//p' "$log")
	if ((status == 0 && ${executed:-0} > 0)); then
		tap_ok "$target" $((SECONDS - start))
		echo "#  $target: $executed executions, $rate a second, seed $seed${loads:+; at most $loads loads of guest memory in a kick}"
		return
	fi
	tap_not_ok "$target" $((SECONDS - start))
	# Without the fuzzer's own progress and dictionary.
	{ grep -vE '^(#|"|0x|[\]).*' "$log" | tail -n 50; keep "$target"; } | sed 's/^/#  /'
	return 1
}

# Edges alone make a corpus of tens of files; how often they are taken is for a night. What
# is there stays, so that a change adds few files.
merge_target() {
	local target=$1 corpus=$FUZZ/corpus/$1

	mkdir -p "$corpus" "$BUILD/corpus/$target"
	"$BUILD/asan/fuzz_$target" -merge=1 -use_counters=0 -max_len=1024 "$corpus" \
		"$BUILD/corpus/$target" >"$BUILD/$target.log" 2>&1 || return
	echo "$target: $(find "$corpus" -type f | wc -l) files"
}

# The unit tests once more, for their coverage.
cover_unit() {
	make -s -C "$TOP/selftests/unit" O="$BUILD/unit" PURE="$TOP/drivers/vdpa/nvme/pure" \
		COMPILERS=clang FLAGS="-std=gnu11 -O1 -g -pthread -fprofile-instr-generate \
		-fcoverage-mapping" "$BUILD/unit/clang/unit" >"$BUILD/log" 2>&1 &&
		LLVM_PROFILE_FILE=$BUILD/unit.profraw "$BUILD/unit/clang/unit" \
			>"$BUILD/log" 2>&1
}

cover_target() {
	LLVM_PROFILE_FILE=$BUILD/$1.profraw "$BUILD/cover/fuzz_$1" \
		"$FUZZ/corpus/$1"/* >"$BUILD/$1.log" 2>&1
}

# cover_table: FILE, branches, covered, one line each; and all lines of them with their
# counts, in which those of an inline function are of all that have it.
cover_table() {
	local objects=("$BUILD/unit/clang/unit") target

	for target in "${TARGETS[@]}"; do
		objects+=(-object "$BUILD/cover/fuzz_$target")
	done
	llvm-profdata merge -o "$BUILD/all.profdata" "$BUILD"/*.profraw || return
	llvm-cov export -summary-only -instr-profile "$BUILD/all.profdata" "${objects[@]}" \
		"$TOP"/drivers/vdpa/nvme/{pure,path} | jq -r --arg top "$TOP/drivers/vdpa/nvme/" '
		.data[0].files[] | [(.filename | ltrimstr($top)),
			.summary.branches.count, .summary.branches.covered] | @tsv'
	llvm-cov show -show-instantiations=0 -instr-profile "$BUILD/all.profdata" "${objects[@]}" \
		"$TOP"/drivers/vdpa/nvme/{pure,path} >"$BUILD/lines"
}

# run_cover: fails for a file of which less than COVERED % of the lines ran.
run_cover() {
	local start=$SECONDS target status=0

	rm -f "$BUILD"/*.profraw
	build cover && cover_unit || status=1
	for target in "${TARGETS[@]}"; do
		cover_target "$target" || status=1
	done
	cover_table >"$BUILD/table" 2>"$BUILD/log" || status=1
	awk -F '\t' -v least="$COVERED" -v top="$TOP/drivers/vdpa/nvme/" '
		function percent(n, of) { return of ? 100 * n / of : 100 }
		NR == FNR {
			if (/^\/.*:$/)
				file = substr($0, length(top) + 1, length($0) - length(top) - 1)
			else if (/^ *[0-9]+\| *[0-9]/)
				of[file]++
			if (/^ *[0-9]+\| *0\|/)
				missed[file]++
			next
		}
		{
			covered = of[$1] - missed[$1]
			lines = percent(covered, of[$1])
			printf "#  %-18s lines %4d/%-4d %5.1f %%  branches %4d/%-4d %5.1f %%\n",
				$1, covered, of[$1], lines, $3, $2, percent($3, $2)
			if (lines < least)
				bad = 1
			n++
		}
		END { exit bad || !n }' "$BUILD/lines" "$BUILD/table" || status=1
	if ((status)); then
		tap_not_ok "coverage" $((SECONDS - start))
		awk '/^\/.*:$/ { n = split($0, part, "/"); file = part[n] }
			/^ +[0-9]+\| +0\|/ { print "#  " file, $0 }' "$BUILD/lines"
	else
		tap_ok "coverage" $((SECONDS - start))
	fi
	return "$status"
}

MODE=run TOTAL=30 SEED='' FILE=''
while (($#)); do
	case $1 in
	--seconds) TOTAL=${2?--seconds wants a number} && shift ;;
	--seed) SEED=${2?--seed wants a number} && shift ;;
	--merge | --cover) MODE=${1#--} ;;
	--repeat) MODE=repeat FILE=${2?--repeat wants a file} && shift ;;
	--help | -h) usage && exit ;;
	-*) usage >&2 && exit 2 ;;
	*) break ;;
	esac
	shift
done
ALL=("${TARGETS[@]}")
(($# == 0)) || ALL=("$@")

mkdir -p "$BUILD/crashes"
[[ $MODE == cover ]] || build asan || exit
STATUS=0
case $MODE in
repeat)
	exec "$BUILD/asan/fuzz_${ALL[0]}" "$FILE"
	;;
merge)
	for target in "${ALL[@]}"; do
		merge_target "$target" || STATUS=1
	done
	;;
cover)
	tap_plan 1
	run_cover || STATUS=1
	;;
run)
	tap_plan $((${#ALL[@]} + 1))
	for target in "${ALL[@]}"; do
		run_target "$target" $((TOTAL / ${#ALL[@]})) || STATUS=1
	done
	run_cover || STATUS=1
	;;
esac
exit "$STATUS"
