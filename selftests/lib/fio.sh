# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# fio that writes, reads back and compares checksums.

# A slower kernel gets less to do, never too little to fill the queue.
FIO_MIB=$((20 / NVDPA_TIME_SCALE + 2))
FIO_JOBS=()

# fio_job NAME [OPTION]...: one more job, after those before it; its options win
# over those of fio_verify.
fio_job() {
	FIO_JOBS+=(--name="$1" --stonewall "${@:2}")
}

# fio_verify DISK: runs the jobs. By one fio, which takes long to start.
fio_verify() {
	local disk=$1

	(cd "$WORK" && fio --name=global --filename="$disk" --direct=1 --rw=randwrite \
		--bsrange=512-1m --ioengine=libaio --iodepth=16 --size=${FIO_MIB}m \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 \
		--group_reporting --thread --minimal "${FIO_JOBS[@]}" >fio.out) || {
		cat "$WORK/fio.out"
		fail "fio on $disk: ${FIO_JOBS[*]}"
	}
	[[ $(grep -c '^3;' "$WORK/fio.out") == $(printf '%s\n' "${FIO_JOBS[@]}" | grep -c '^--name=') ]] ||
		fail "fio on $disk left out jobs: ${FIO_JOBS[*]}"
}

# The least that the disk can read or write.
fio_block() {
	blockdev --getss "$1"
}
