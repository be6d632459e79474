# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The stock kernel: Debian's own image and headers, unpacked and not
# installed: the machine's boot files are none of the lab's business.

# The newest kernel of backports that has both, as "RELEASE VERSION".
stock_newest() {
	apt-cache pkgnames linux- |
		grep -xE 'linux-(image|headers)-6\.12\.[0-9]+\+deb12-amd64' |
		xargs apt-cache madison |
		awk -v suite="$BACKPORTS/main" '$6 == suite {
			release = $1
			sub(/^linux-(image|headers)-/, "", release)
			if (++seen[release] == 2)
				print release, $3
		}' | sort -V | tail -n 1
}

stock_setup() {
	local version

	# Asking apt takes seconds: ask again when its lists are newer.
	[[ ! $CACHE/stock/release -nt /var/lib/apt/lists ]] || return 0
	backports_add
	read -r STOCK_RELEASE version < <(stock_newest) || true
	[[ -n ${STOCK_RELEASE-} ]] || die "no kernel in $BACKPORTS"
	cache_make "stock-$version" stock_unpack
	cache_point stock "stock-$version"
	touch "$CACHE/stock/release"
}

stock_unpack() {
	local dir=$1 headers=linux-headers-$STOCK_RELEASE deb

	mkdir "$dir/download"
	(cd "$dir/download" && apt-get -q download "linux-image-$STOCK_RELEASE" \
		"$headers" "${headers%-amd64}-common" \
		"linux-kbuild-${STOCK_RELEASE%-amd64}" 2>&1) >&2
	for deb in "$dir"/download/*.deb; do
		dpkg -x "$deb" "$dir"
	done
	rm -r "$dir/download" "$dir"/lib/modules/*/{build,source}
	mv "$dir/boot/vmlinuz-$STOCK_RELEASE" "$dir/boot/vmlinuz"
	# The headers' only absolute path.
	echo "include \$(dir \$(lastword \$(MAKEFILE_LIST)))../${headers%-amd64}-common/Makefile" \
		>"$dir/usr/src/$headers/Makefile"
	ln -s "usr/src/$headers" "$dir/build"
	depmod -b "$dir" "$STOCK_RELEASE"
	echo "$STOCK_RELEASE" >"$dir/release"
}
