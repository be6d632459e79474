# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# The host's NVMe controllers and what is behind them.

# drives_add INDEX OPTIONS: one controller with its namespaces, appended to
# emulator_args. Keys of our own: size lba file node ns ms, and peer=INDEX for one
# that has the namespaces of that controller, which has several; "ns.KEY" goes to
# each nvme-ns, "drive.KEY" to each -drive, any other key to the nvme device.
drives_add() {
	local id=ctrl$1 option key value n drive
	local size=1G lba=512 file='' node='' count=1
	local controller='' namespace='' backend=''

	IFS=, read -ra options <<<"$2"
	for option in "${options[@]}"; do
		key=${option%%=*} value=${option#*=}
		case $key in
		size) size=$value ;;
		lba) lba=$value ;;
		file) file=$(readlink -m "$value") ;;
		node) node=$value ;;
		ns) count=$value ;;
		peer) count=0 controller+=,subsys=ctrl$value-subsys,serial=nvdpa$value ;;
		ms) namespace+=,ms=$value ;;
		ns.*) namespace+=,${option#ns.} ;;
		drive.*) backend+=,${option#drive.} ;;
		*) controller+=,$option ;;
		esac
	done

	# A slot of its own on the root complex, unless the caller has a bus.
	[[ $controller == *,bus=* ]] ||
		controller+=,addr=$(printf '0x%x' $((0x10 + $1)))
	((count < 2)) || {
		emulator_args+=(-device "nvme-subsys,id=$id-subsys,nqn=$id")
		controller+=,subsys=$id-subsys
	}
	emulator_args+=(-device "nvme,id=$id,serial=nvdpa$1$controller")
	for ((n = 1; n <= count; n++)); do
		drive=$node
		if [[ -z $node ]]; then
			drive=$id-drive$n
			emulator_args+=(-drive
				"id=$drive,if=none,format=raw,cache=unsafe,discard=unmap,file=$(drives_image "$id" "$n" "$file" "$size")$backend")
		fi
		emulator_args+=(-device
			"nvme-ns,id=${id}n$n,bus=$id,nsid=$n,drive=$drive,logical_block_size=$lba,physical_block_size=$lba$namespace")
	done
}

# drives_image CONTROLLER NSID FILE SIZE: the path of the backing image. A
# named image outlives the run; with several namespaces each has a file.
drives_image() {
	local path=${3:-$WORK/$1}

	(($2 == 1)) || path+=.$2
	[[ -e $path ]] || truncate -s "$4" "$path"
	echo "$path"
}
