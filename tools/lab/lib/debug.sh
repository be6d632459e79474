# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# Kernels with checks, of Debian's source: debug has every check that we can afford,
# kcsan looks for data races.

DEBUG_SOURCE=linux-source-6.12
# Of the kernel that is made: its name, its fragments of .config, what make is told.
DEBUG_NAME=
DEBUG_FRAGMENTS=()
DEBUG_MAKE=()

debug_setup() {
	DEBUG_NAME=debug DEBUG_FRAGMENTS=("$LAB/debug.config") DEBUG_MAKE=()
	debug_make
}

# Only what is built outside of this tree is instrumented, and that is our module: so
# each place that is watched is one of ours, and the kernel is as fast as it was.
kcsan_setup() {
	DEBUG_NAME=kcsan DEBUG_FRAGMENTS=("$LAB"/{debug,kcsan}.config)
	DEBUG_MAKE=(KCSAN_SANITIZE=n)
	debug_make
}

debug_make() {
	local version key

	version=$(dpkg-query -W -f '${Version}' "$DEBUG_SOURCE") ||
		die "no $DEBUG_SOURCE: run '$0 packages' first"
	key=$DEBUG_NAME-$(
		{
			echo "$version" && gcc --version && cat "${DEBUG_FRAGMENTS[@]}"
			((!${#DEBUG_MAKE[@]})) || echo "${DEBUG_MAKE[@]}"
		} | sha256sum | cut -c 1-16
	)
	cache_make "$key" debug_build
	cache_point "$DEBUG_NAME" "$key"
}

# debug_build DIR: leaves in DIR what stock has too: boot/vmlinuz, build/
# (to build modules against) and lib/modules/.
debug_build() {
	local dir=$1 tree=$1/tree

	echo "$DEBUG_NAME kernel: building, 10 to 15 minutes" >&2
	mkdir "$tree"
	tar -C "$tree" --strip-components=1 -xf "/usr/src/$DEBUG_SOURCE.tar.xz"
	debug_configure "$tree"
	make -s -C "$tree" -j$(($(nproc) + 1)) "${DEBUG_MAKE[@]}" bzImage modules
	make -s -C "$tree" modules_install \
		INSTALL_MOD_PATH="$dir" INSTALL_MOD_STRIP=1
	mkdir "$dir/boot"
	cp "$tree/arch/x86/boot/bzImage" "$dir/boot/vmlinuz"
	make -s -C "$tree" kernelrelease >"$dir/release"
	debug_keep "$tree"
	mv "$tree" "$dir/build"
	rm -f "$dir"/lib/modules/*/build
}

# Of two lines about an option the last one counts.
debug_fragment() {
	awk '{ name = "" }
		/^CONFIG_/ { name = substr($0, 1, index($0, "=") - 1) }
		/^# CONFIG_.* is not set$/ { name = $2 }
		name { line[name] = $0 }
		END { for (name in line) print line[name] }' "${DEBUG_FRAGMENTS[@]}"
}

debug_configure() {
	local tree=$1 line

	make -s -C "$tree" x86_64_defconfig kvm_guest.config
	debug_fragment >"$tree/fragment"
	(cd "$tree" && scripts/kconfig/merge_config.sh -m .config fragment >/dev/null)
	make -s -C "$tree" olddefconfig
	# An absent option counts as "not set".
	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$tree/.config" ;;
		'# CONFIG_'*' is not set') ! grep -q "^${line:2:-11}=" "$tree/.config" ;;
		*) continue ;;
		esac || die "$DEBUG_NAME kernel: not in its .config: $line"
	done <"$tree/fragment"
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
