# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The cache: finished kernels, outside the tree so that clones share them.
# An entry appears whole, by a rename, or not at all.

CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/nvme-vdpa

die() {
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# cache_locked NAME COMMAND...: one process at a time does the work; the one
# that waited finds it done.
cache_locked() {
	local name=$1
	shift
	mkdir -p "$CACHE"
	(
		flock 9
		"$@"
	) 9>"$CACHE/$name.lock"
}

# cache_make KEY MAKER: fills an entry by MAKER, called with an empty folder.
cache_make() {
	local key=$1 maker=$2 tmp=$CACHE/$1.tmp

	[[ ! -d $CACHE/$key ]] || return 0
	# The caller holds the lock: a folder that is here has lost its maker.
	rm -rf "$tmp"
	mkdir "$tmp"
	"$maker" "$tmp"
	mv -T "$tmp" "$CACHE/$key"
}

# cache_point NAME KEY: NAME is the entry in use.
cache_point() {
	[[ $(readlink "$CACHE/$1") != "$2" ]] || return 0
	ln -sfnT "$2" "$CACHE/$1.new"
	mv -T "$CACHE/$1.new" "$CACHE/$1"
}
