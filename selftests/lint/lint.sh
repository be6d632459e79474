#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# Checks that run nothing of ours: lint.sh [--fast] [CHECK]...
#
# One TAP result a check. A tool that is missing fails its check: a check that
# silently does nothing is worse than none.
# shellcheck disable=SC2317 # the checks are called by name
set -u

LINT=$(dirname "$(readlink -f "$0")")
TOP=${LINT%/selftests/lint}
DRIVER=drivers/vdpa/nvme
TOOL=tools/nvdpa
OUT=build/lint
# shellcheck source-path=SCRIPTDIR
. "$TOP/selftests/lib/tap.sh"
# shellcheck source-path=SCRIPTDIR
. "$TOP/tools/lab/lib/cache.sh"

# The slow ones come last, --fast leaves them out.
FAST=(rooms conditionals netlink checkpatch kernel-doc codespell python shellcheck
	man tool build production)
SLOW=(build-overrides headers sparse cppcheck)

SOURCE=linux-source-6.12
# Not installed by any package but the kernel's source.
SOURCE_SCRIPTS=(checkpatch.pl const_structs.checkpatch kernel-doc spelling.txt)

usage() {
	echo "usage: lint.sh [--fast] [CHECK]..."
	echo "checks: ${FAST[*]} ${SLOW[*]}"
}

# need TOOL...
need() {
	local tool

	for tool; do
		command -v "$tool" >/dev/null || {
			echo "$tool is not there: run tools/lab/setup packages"
			return 1
		}
	done
}

# quiet COMMAND...: a check that has anything to say has failed.
quiet() {
	local said status=0

	said=$("$@" 2>&1) || status=$?
	[[ -z $said ]] || printf '%s\n' "$said"
	[[ -z $said ]] && return "$status"
}

# scripts: sets SCRIPTS to the kernel's own checkers.
scripts() {
	local version

	version=$(dpkg-query -W -f '${Version}' "$SOURCE" 2>/dev/null) || {
		echo "$SOURCE is not there: run tools/lab/setup packages"
		return 1
	}
	SCRIPTS=$CACHE/scripts-$version
	cache_locked scripts cache_make "scripts-$version" scripts_unpack
}

# scripts_unpack DIR
scripts_unpack() {
	tar -C "$1" --strip-components=2 -xf "/usr/src/$SOURCE.tar.xz" \
		"${SOURCE_SCRIPTS[@]/#/$SOURCE/scripts/}"
}

# kernel: sets KERNEL to the stock kernel's entry in the lab's cache.
kernel() {
	[[ -e $CACHE/stock/release ]] || tools/lab/setup stock || return
	KERNEL=$(readlink -f "$CACHE/stock")
}

# kernel_make FOLDER ARGUMENT...: the module's build, with the overrides, for
# they add files and take none away.
kernel_make() {
	local folder=$1 flags="-Werror -I$TOP/include"
	shift

	flags+=" -DCONFIG_VDPA_NVME_MODULE=1 -DCONFIG_VDPA_NVME_OVERRIDES=1"
	make -s -C "$KERNEL/build" M="$TOP/$folder" -j"$(nproc)" KCFLAGS="$flags" \
		CONFIG_VDPA_NVME=m CONFIG_VDPA_NVME_OVERRIDES=y "$@"
}

driver_files() {
	find "$DRIVER" Kconfig -type f -name "$1" | sort
}

tool_files() {
	find "$TOOL" -type f -name "$1" | sort
}

# Ours, with those that are not committed yet; what a fuzzer made is no text.
tree_files() {
	find . \( -path ./build -o -path ./.git -o -name __pycache__ -o \
		-path ./selftests/fuzz/corpus \) -prune \
		-o -type f -printf '%P\n' | sort
}

# A name, a first line or a directive tells a shell script.
tree_shell() {
	tree_files | xargs -d '\n' awk '
		FNR == 1 && (FILENAME ~ /\.sh$/ || /^#!.*[\/ ](ba)?sh( |$)/) ||
		FNR < 4 && /^# shellcheck .*shell=/ { print FILENAME; nextfile }
		FNR == 4 { nextfile }
	'
}

tree_python() {
	tree_files | xargs -d '\n' awk '
		FNR == 1 && (FILENAME ~ /\.py$/ || /^#!.*python/) { print FILENAME }
		{ nextfile }
	'
}

lint_rooms() {
	need python3 && python3 "$LINT/rooms.py" "$DRIVER"
}

# Options are files of their own with stubs in their header; kdep.h is the one
# header that knows two worlds.
lint_conditionals() {
	local found

	found=$(driver_files '*.c' | xargs grep -nE '^[[:space:]]*#[[:space:]]*(if|elif|else)')
	[[ -z $found ]] || printf '%s\n' "$found"
	[[ -z $found ]]
}

# generate MODE KIND FILE: what the spec makes of a file of ours, below FOLDER.
generate() {
	# It looks for the root of a kernel tree, and never stops where there is none.
	timeout 60 python3 "$YNL/ynl-gen-c.py" --mode "$1" "--$2" \
		--spec "$TOP/$FOLDER/$SPEC" -o "$FOLDER/$3" &&
		diff -u --label "$3" --label "$SPEC" "$3" "$FOLDER/$3"
}

# The spec is the one source of the netlink interface: what was generated from
# it is what it makes now. Change the spec, then take the files from FOLDER.
lint_netlink() {
	local SPEC=Documentation/netlink/specs/nvme_vdpa.yaml FOLDER=$OUT/netlink
	local source YNL status=0

	need python3 || return
	[[ -e $CACHE/debug/release ]] || tools/lab/setup debug || return
	source=$CACHE/debug/build
	YNL=$source/tools/net/ynl
	rm -rf "$FOLDER"
	mkdir -p "$FOLDER"/{Documentation/netlink/specs,include/uapi/linux,"$DRIVER/control"}
	touch "$FOLDER/MAINTAINERS"
	cp "$source/Documentation/netlink/genetlink.yaml" "$FOLDER/Documentation/netlink/"
	cp "$SPEC" "$FOLDER/$SPEC"
	generate uapi header include/uapi/linux/nvme_vdpa.h || status=1
	generate kernel header "$DRIVER/control/netlink_gen.h" || status=1
	generate kernel source "$DRIVER/control/netlink_gen.c" || status=1
	((status == 0)) || echo "if the spec is right, copy what is new from $FOLDER"
	return "$status"
}

# checkpatch OPTION...: files come from stdin.
checkpatch() {
	xargs -n 8 -P "$(nproc)" perl "$SCRIPTS/checkpatch.pl" --no-tree --no-signoff \
		--no-summary --strict --max-line-length=100 --terse --show-types "$@" -f
}

# User space has printf's PRIu64, C's own attributes and sscanf(), and no BIT(); a
# message is one line, however long.
TOOL_IGNORES=CAMELCASE,PREFER_DEFINED_ATTRIBUTE_MACRO,SSCANF_TO_KSTRTO,NAKED_SSCANF,BIT_MACRO
TOOL_IGNORES+=,LONG_LINE_STRING,EMBEDDED_FUNCTION_NAME,PARENTHESIS_ALIGNMENT
TOOL_IGNORES+=,VOLATILE,AVOID_EXTERNS,STATIC_CONST_CHAR_ARRAY

# TRACE_EVENT() is laid out as everywhere in the kernel.
lint_checkpatch() {
	local status=0

	need perl && scripts || return
	driver_files '*' | grep -v /trace.h | checkpatch || status=1
	driver_files trace.h | checkpatch --ignore \
		OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT || status=1
	{ tool_files '*.[ch]' && find tools/bench tools/lab -name '*.[ch]'; } |
		checkpatch --ignore "$TOOL_IGNORES" || status=1
	# It keeps what it was not asked for.
	rm -f .checkpatch-camelcase.*
	return "$status"
}

lint_kernel-doc() {
	need perl && scripts || return
	driver_files '*.[ch]' | quiet xargs perl "$SCRIPTS/kernel-doc" -none -Werror
}

lint_codespell() {
	need codespell || return
	tree_files | xargs -d '\n' codespell --ignore-words="$LINT/words" --
}

lint_python() {
	need python3 || return
	tree_python | PYTHONPYCACHEPREFIX=$TOP/$OUT/pycache xargs -r -d '\n' \
		python3 -m py_compile
}

lint_shellcheck() {
	need shellcheck || return
	tree_shell | xargs -d '\n' -n 8 -P "$(nproc)" shellcheck -x --format=gcc
}

lint_man() {
	need mandoc && quiet mandoc -T lint -W warning "$TOOL"/man/*
}

# make_tool NAME COMPILER FLAG...: warnings are errors there.
make_tool() {
	make -s -j"$(nproc)" -C "$TOOL" O="$TOP/$OUT/tool-$1" CC="$2" CFLAGS="${*:3}"
}

lint_tool() {
	need clang && make_tool gcc gcc -O2 && make_tool clang clang -O2
}

# Whether a loop fills an array, compilers know better; libnl's loop is not known here.
lint_cppcheck() {
	need cppcheck || return
	tool_files '*.c' | quiet xargs cppcheck --quiet --inline-suppr --suppress=uninitvar \
		--enable=warning,portability,performance --error-exitcode=1 -j "$(nproc)" \
		-I "$TOOL" -I include/uapi '-Dnlmsg_for_each_attr(a,h,o,l)=for((a)=0;(a);)'
}

# W=1 and -Werror are the lab's own.
lint_build() {
	tools/lab/module stock
}

# What is there for tests alone leaves nothing behind.
lint_production() {
	tools/lab/module stock >/dev/null || return
	! nm build/stock/nvme_vdpa.ko | grep -E 'nvdpa_(fault|late|override)'
}

lint_build-overrides() {
	tools/lab/module stock overrides
}

# Each header alone, as the first of a file.
lint_headers() {
	local folder=$OUT/headers header name objects=()

	kernel || return
	rm -rf "$folder"
	mkdir -p "$folder"
	: >"$folder/Kbuild"
	while read -r header; do
		name=${header#"$DRIVER/"}
		name=${name//[\/.]/_}
		printf '#include "%s"\n' "$TOP/$header" >"$folder/$name.c"
		objects+=("$name.o")
	done < <(driver_files '*.h')
	kernel_make "$folder" W=1 "${objects[@]}"
}

lint_sparse() {
	local folder=$OUT/sparse

	need sparse rsync && kernel || return
	mkdir -p "$folder"
	rsync -a --delete --exclude='.*' --exclude='*.o' --exclude='*.ko' \
		--exclude='*.mod' --exclude='*.mod.c' --exclude=modules.order \
		--exclude=Module.symvers "$DRIVER/" "$folder/"
	quiet kernel_make "$folder" C=2 CF=-D__CHECK_ENDIAN__ modules
}

# run_check NAME
run_check() {
	local start=$SECONDS

	if "lint_$1" >"$OUT/log" 2>&1 </dev/null; then
		tap_ok "$1" $((SECONDS - start))
	else
		tap_not_ok "$1" $((SECONDS - start))
		tap_output "$OUT/log"
		return 1
	fi
}

CHECKS=("${FAST[@]}" "${SLOW[@]}")
case ${1-} in
--fast) CHECKS=("${FAST[@]}") && shift ;;
--help | -h) usage && exit ;;
-*) usage >&2 && exit 2 ;;
esac
(($# == 0)) || CHECKS=("$@")
for check in "${CHECKS[@]}"; do
	declare -F "lint_$check" >/dev/null || { usage >&2 && exit 2; }
done

cd "$TOP" || exit
mkdir -p "$OUT"
STATUS=0
tap_plan ${#CHECKS[@]}
for check in "${CHECKS[@]}"; do
	run_check "$check" || STATUS=1
done
exit "$STATUS"
