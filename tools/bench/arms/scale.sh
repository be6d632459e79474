# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2034 # read by in-host
ARM_WHAT="ours, clients without a guest: 1 to 32 volumes at work; 8 GiB of memory in one to 4096 pieces"
SCALE_VOLUMES=32
SCALE_NODES=()

# The host's free memory, in KiB.
scale_free() {
	awk '/^MemFree/ { print $2 }' /proc/meminfo
}

arm_setup() {
	local i free

	PCI=$(pci_function 0)
	nvdpa ctrl attach "pci/$PCI" init
	for ((i = 1; i <= SCALE_VOLUMES; i++)); do
		nvdpa volume add "v$i" ctrl "pci/$PCI" size 16MiB
	done
	free=$(scale_free)
	for ((i = 1; i <= SCALE_VOLUMES; i++)); do
		vdpa_add "v$i" "$PCI"
	done
	# Each has one virtqueue, for there is one CPU.
	say queue_kib $(((free - $(scale_free)) / SCALE_VOLUMES))
	for ((i = 1; i <= SCALE_VOLUMES; i++)); do
		vdpa_to vhost_vdpa "v$i"
		wait_for 10 vdpa_node "v$i" >/dev/null
		SCALE_NODES+=("$(vdpa_node "v$i")")
	done
}

# scale_cell NAME VOLUMES OPTION...: with as many requests for each volume.
scale_cell() {
	local name=$1 volumes=$2 job
	shift 2

	job="--count --count-of $((500 * volumes)) $* vhost"
	# shellcheck disable=SC2086 # words
	cell_tell "$name" "$("$BIN/load" $job "${SCALE_NODES[@]:0:volumes}")" "load $job"
}

# map_cells PIECES: what it takes to pin them, and to map what is pinned.
map_cells() {
	local said

	"$BIN/map" "$1" "${SCALE_NODES[0]}" >"$WORK/map"
	while read -r said; do
		cell_tell "$(jq -r .what <<<"$said"), $1 pieces" "$said"
	done <"$WORK/map"
}

arm_run() {
	local n turn

	for turn in 1 2 3; do
		for n in 1 2 8 32; do
			scale_cell "read1, $n volumes" "$n"
			scale_cell "read8, $n volumes" "$n" --depth 8
		done
		for n in 1 64 4096; do
			scale_cell "read1, $n pieces" 1 --chunks "$n"
			scale_cell "read32, $n pieces" 1 --chunks "$n" --depth 32
		done
		map_cells 4096
	done
}
