# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The plugin that counts the host's instructions: count/count.c, built once.

COUNT_SOURCES=("$LAB"/count/{count.c,api.h,mark.h})

# count_setup: sets COUNT_PLUGIN.
count_setup() {
	local key

	key=count-$({ gcc --version && cat "${COUNT_SOURCES[@]}"; } | sha256sum | cut -c 1-16)
	[[ -d $CACHE/$key ]] || cache_locked count cache_make "$key" count_build
	COUNT_PLUGIN=$CACHE/$key/count.so
}

# count_build DIR
count_build() {
	gcc -std=gnu11 -O2 -Wall -Wextra -Wno-unused-parameter -Werror -fPIC -shared \
		-fvisibility=hidden -o "$1/count.so" "$LAB/count/count.c"
}

# count_add DIR profile|"": appended to emulator_args.
count_add() {
	count_setup
	emulator_args+=(-plugin "$COUNT_PLUGIN,out=$1/count${2:+,profile=on}")
}
