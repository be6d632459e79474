# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The kernel's console: in WORK while it runs, kept when something went wrong.

console_open() {
	: >"$WORK/console"
	emulator_args+=(-chardev "file,id=console,path=$WORK/console,append=on"
		-serial chardev:console)
}

# console_keep STATUS
console_keep() {
	local kept

	mkdir -p "$REPO/build/lab"
	kept=$(mktemp "$REPO/build/lab/console.XXXXXX")
	tr -d '\r' <"$WORK/console" >"$kept"
	if (($1 == 124 || $1 == 125)); then
		(($1 == 124)) || echo "lab: lost; its last words:" >&2
		tail -n 40 "$kept" >&2
	fi
	echo "lab: console in $kept" >&2
}
