# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# TAP, as the host tells it and the machine reads it: "# begin NAME" ahead of
# a test, then its result with its time, then its output if it failed.

TAP_DONE=0

tap_plan() {
	printf 'TAP version 13\n1..%s\n' "$1"
}

tap_begin() {
	printf '# begin %s\n' "$1"
}

# tap_result WORD NAME DETAIL
tap_result() {
	TAP_DONE=$((TAP_DONE + 1))
	printf '%s %s - %s # %s\n' "$1" "$TAP_DONE" "$2" "$3"
}

tap_ok() {
	tap_result ok "$1" "time=$2"
}

tap_not_ok() {
	tap_result "not ok" "$1" "time=$2"
}

tap_skip() {
	tap_result ok "$1" "SKIP $2"
}

# tap_output FILE: the end of a failed test's output; its beginning seldom says why.
tap_output() {
	tail -n 80 "$1" | tr -d '\r' | sed 's/^/#  /'
}

tap_bail() {
	printf 'Bail out! %s\n' "$1"
}

# tap_parse LINE: sets TAP_WORD to begin, ok, not ok, skip, output, bail or
# nothing, TAP_NAME to the test and TAP_DETAIL to its time, reason or output.
# shellcheck disable=SC2034
tap_parse() {
	local line=$1

	TAP_WORD='' TAP_NAME='' TAP_DETAIL=''
	case $line in
	'# begin '*) TAP_WORD=begin TAP_NAME=${line#'# begin '} ;;
	'#  '*) TAP_WORD=output TAP_DETAIL=${line#'#  '} ;;
	'Bail out! '*) TAP_WORD=bail TAP_DETAIL=${line#'Bail out! '} ;;
	'ok '* | 'not ok '*)
		TAP_WORD=${line%%ok *}ok
		line=${line#"$TAP_WORD "}
		line=${line#[0-9]*[ ]}
		line=${line#- }
		TAP_NAME=${line%% # *}
		[[ $line != *' # '* ]] || TAP_DETAIL=${line#*' # '}
		if [[ $TAP_DETAIL == [Ss][Kk][Ii][Pp]* ]]; then
			TAP_WORD=skip TAP_DETAIL=${TAP_DETAIL#* }
		else
			TAP_DETAIL=${TAP_DETAIL#time=}
		fi
		;;
	esac
}
