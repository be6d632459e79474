# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A root in memory: what tests need of this machine's root, for a host that sleeps. A root
# over 9p does not come back from that, for its transport keeps nothing.

ram_programs=(
	awk bash basename blockdev busybox cat chmod cmp cp cpio cut date dd depmod dirname dmesg env fio
	find flock grep head id insmod install jq kmod ln ls mkdir mkfifo mknod mktemp modprobe
	mount mountpoint mv nice nl nproc paste ps qemu-system-x86_64 readlink rm rmdir
	rtcwake sed seq sh sleep socat sort stat sync tail taskset tee timeout touch tr truncate
	umount uname uniq vdpa wc xz
)
ram_files=(
	/etc/passwd /etc/group /etc/nsswitch.conf /etc/ld.so.cache
	/usr/share/qemu/{kvmvapic.bin,linuxboot_dma.bin} /usr/share/seabios/bios-256k.bin
)
# In the host, and in its guests.
ram_modules=(kvm_amd nvme vdpa vhost_vdpa virtio_vdpa virtio_blk nvme_vdpa)

# ram_make DIR ENTRY MODULES: DIR becomes such a root.
ram_make() {
	local dir=$1 entry=$2 modules=$3 release name paths=()

	read -r release <"$entry/release"
	mkdir -p "$dir"/{usr/{bin,sbin,lib,lib64},dev,proc,sys,run,tmp,mnt,root,"${CACHE#/}"}
	ln -s usr/bin usr/sbin usr/lib usr/lib64 "$dir/"
	for name in "${ram_programs[@]}"; do
		paths+=("$(type -P "$name")")
	done
	mapfile -t -O "${#paths[@]}" paths < <(ram_libraries "${paths[@]}" "$REPO/build/nvdpa")
	ram_copy "$dir" "${paths[@]}" "${ram_files[@]}" "$REPO/build/nvdpa" \
		"$entry"/{release,initramfs,boot/vmlinuz}
	ln -s "$entry" "$dir$CACHE/stock"
	ram_repo "$dir"
	ram_kernel "$dir" "$entry/lib/modules/$release" "$entry" "$release"
	ram_kernel "$dir" "$modules" "${modules%/lib/modules/*}" "$release"
}

# ram_libraries PROGRAM...: what they are linked to.
ram_libraries() {
	ldd "$@" 2>/dev/null | sed -nE 's/.*[ \t](\/[^ ]+) \(0x.*/\1/p' | sort -u
}

# ram_copy DIR PATH...: to the same place there, as files.
ram_copy() {
	local dir=$1
	shift

	(cd / && cp -L --parents --preserve=mode,timestamps "$@" "$dir")
}

ram_repo() {
	mkdir -p "$1$REPO/build"
	(cd "$REPO" && find tools selftests build/client build/check*/*/plan \( -type f -o -type l \) \
		! -path 'selftests/fuzz/*' ! -name '*.o' -print0 2>/dev/null |
		cpio -p0dm --quiet "$1$REPO")
}

# ram_kernel DIR MODULES ROOT RELEASE: the modules that we use, and the tables of all.
ram_kernel() {
	local path paths=()

	while read -r path; do
		paths+=("$path")
	done < <(modprobe -d "$3" -S "$4" -a --show-depends "${ram_modules[@]}" 2>/dev/null |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | sort -u)
	ram_copy "$1" "$2"/modules.* "${paths[@]}"
}
