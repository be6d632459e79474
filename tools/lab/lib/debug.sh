# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The debug kernel: Debian's kernel source with every check we can afford.

DEBUG_SOURCE=linux-source-6.12
DEBUG_FRAGMENT=$LAB/debug.config

debug_setup() {
	local version key

	version=$(dpkg-query -W -f '${Version}' "$DEBUG_SOURCE") ||
		die "no $DEBUG_SOURCE: run '$0 packages' first"
	key=debug-$(
		{ echo "$version" && gcc --version && cat "$DEBUG_FRAGMENT"; } |
			sha256sum | cut -c 1-16
	)
	cache_make "$key" debug_build
	cache_point debug "$key"
}

# debug_build DIR: leaves in DIR what stock has too: boot/vmlinuz, build/
# (to build modules against) and lib/modules/.
debug_build() {
	local dir=$1 tree=$1/tree

	echo "debug kernel: building, 10 to 15 minutes" >&2
	mkdir "$tree"
	tar -C "$tree" --strip-components=1 -xf "/usr/src/$DEBUG_SOURCE.tar.xz"
	debug_configure "$tree"
	make -s -C "$tree" -j$(($(nproc) + 1)) bzImage modules
	make -s -C "$tree" modules_install \
		INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1
	mkdir "$dir/boot"
	cp "$tree/arch/x86/boot/bzImage" "$dir/boot/vmlinuz"
	make -s -C "$tree" kernelrelease >"$dir/release"
	debug_keep "$tree"
	mv "$tree" "$dir/build"
	rm -f "$dir"/lib/modules/*/build
}

debug_configure() {
	local tree=$1 line

	make -s -C "$tree" x86_64_defconfig kvm_guest.config
	(cd "$tree" && scripts/kconfig/merge_config.sh -m .config \
		"$DEBUG_FRAGMENT" >/dev/null)
	make -s -C "$tree" olddefconfig
	# An absent option counts as "not set".
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$tree/.config" ;;
		'# CONFIG_'*' is not set') ! grep -q "^${line:2:-11}=" "$tree/.config" ;;
		*) continue ;;
		esac || die "debug kernel: not in its .config: $line"
	done <"$DEBUG_FRAGMENT"
}

# Keeps the sources (scripts, headers, checkpatch) and the build's own tools,
# drops what only linking the kernel needed.
debug_keep() {
	local tree=$1

	find "$tree" -path "$tree/scripts" -prune -o -path "$tree/tools/objtool" -prune \
		-o \( -name '*.o' -o -name '*.a' -o -name '*.ko' -o -name '.*.cmd' \
		-o -name '*.mod' -o -name '*.mod.c' \) -type f -exec rm -f {} +
	rm -f "$tree"/vmlinux* "$tree"/.tmp_vmlinux* "$tree"/arch/x86/boot/{bzImage,vmlinux.bin} \
		"$tree"/arch/x86/boot/compressed/vmlinux*
}
