# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The initramfs of one start: what a kernel always needs, made once and kept
# in its cache entry, and after it what this start has of its own.

# initramfs_keep ENTRY: busybox and the modules for the root.
initramfs_keep() {
	local entry=$1 dir

	[[ ! $entry/initramfs -nt $LAB/lib/initramfs.sh ]] || return 0
	dir=$(mktemp -d "$entry/initramfs.XXXXXX")
	mkdir -p "$dir"/{bin,modules,ro,rw,new,dev}
	mknod -m 600 "$dir/dev/console" c 5 1
	cp /bin/busybox "$dir/bin/busybox"
	initramfs_modules "$entry" "$dir/modules" 9pnet_virtio 9p overlay
	initramfs_pack "$dir" >"$dir.cpio"
	mv "$dir.cpio" "$entry/initramfs"
}

# initramfs_make FILE ENTRY MODULES SETTINGS COMMAND...: MODULES becomes
# /lib/modules/RELEASE, SETTINGS are assignments.
initramfs_make() {
	local file=$1 entry=$2 modules=$3 settings=$4 dir=$1.d release
	shift 4

	initramfs_keep "$entry"
	read -r release <"$entry/release"
	mkdir -p "$dir/lab"
	install -m 755 "$LAB/lib/first-init" "$dir/init"
	install -m 755 "$LAB/lib/second-init" "$dir/lab/second-init"
	initramfs_mounts "$dir/lab" "/lib/modules/$release" "$(readlink -f "$modules")"
	[[ -z ${ram-} ]] || ram_make "$dir/ram" "$entry" "$modules"
	echo "$settings" >"$dir/lab/settings"
	printf 'exec' >"$dir/lab/command"
	printf ' %q' "$@" >>"$dir/lab/command"
	{ cat "$entry/initramfs" && initramfs_pack "$dir"; } >"$file"
}

initramfs_pack() {
	(cd "$1" && find . | cpio --quiet -o -H newc)
	rm -r "$1"
}

# initramfs_mounts DIR TARGET MODULES: the three tables of first-init.
initramfs_mounts() {
	local dir=$1 target=$2 modules=$3 p9=trans=virtio,version=9p2000.L,msize=512000

	echo "$target" >"$dir/modules"
	echo "rw /rw tmpfs size=75%" >"$dir/layers"
	if [[ -n ${ram-} ]]; then
		echo "/rw/upper /new none bind"
	else
		echo "root /ro 9p ro,$p9,cache=loose" >>"$dir/layers"
		echo "root /new overlay lowerdir=/ro,upperdir=/rw/upper,workdir=/rw/work"
	fi >"$dir/root"
	cat >>"$dir/root" <<-END
		proc /new/proc proc     defaults
		sys  /new/sys  sysfs    defaults
		dev  /new/dev  devtmpfs defaults
		run  /new/run  tmpfs    mode=755
	END
	cat >"$dir/system" <<-END
		devpts  /new/dev/pts            devpts  gid=5,mode=620,ptmxmode=666
		shm     /new/dev/shm            tmpfs   mode=1777
		cgroup2 /new/sys/fs/cgroup      cgroup2 defaults
		debugfs /new/sys/kernel/debug   debugfs defaults
		tracefs /new/sys/kernel/tracing tracefs defaults
		/new$modules /new$target none bind
	END
	# A /tmp of its own, unless that would hide what the command needs.
	case $PWD/:$REPO/:$CACHE/ in
	/tmp/* | *:/tmp/*) ;;
	*) echo "tmp /new/tmp tmpfs mode=1777" >>"$dir/system" ;;
	esac
	[[ -z ${share-} ]] ||
		echo "share /new/mnt/share 9p $p9,cache=none" >>"$dir/system"
}

# initramfs_modules KERNEL DIR MODULE...: in the order of loading; a module
# that is built in has none.
initramfs_modules() {
	local kernel=$1 dir=$2 path name
	shift 2

	: >"$dir/order"
	modprobe -d "$kernel" -S "$(<"$kernel/release")" -a --show-depends "$@" |
		sed -n 's/^insmod \([^ ]*\).*/\1/p' | awk '!seen[$0]++' |
		while read -r path; do
			name=${path##*/}
			name=${name%.xz}
			case $path in
			*.xz) xz -dc "$path" >"$dir/$name" ;;
			*) cp "$path" "$dir/$name" ;;
			esac
			echo "$name" >>"$dir/order"
		done
}
