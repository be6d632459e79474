# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# fio that writes, reads back and compares checksums.

# A slower kernel gets less to do, never too little to fill the queue.
FIO_MIB=$((24 / NVDPA_TIME_SCALE + 4))

# fio_verify DISK [OPTION]...: later options win over these.
fio_verify() {
	local disk=$1
	shift

	(cd "$WORK" && fio --name=verify --filename="$disk" --direct=1 --rw=randwrite \
		--bsrange=512-1m --ioengine=libaio --iodepth=16 --size=${FIO_MIB}m \
		--verify=crc32c --verify_fatal=1 --do_verify=1 --randrepeat=0 \
		--group_reporting --minimal "$@" >fio.out) || {
		cat "$WORK/fio.out"
		fail "fio on $disk: $*"
	}
}

# The least that the disk can read or write.
fio_block() {
	blockdev --getss "$1"
}
