# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
# A disk whose writes and flushes QEMU logs, in the order in which they reach it.

# power_node NAME DIR: the block device of that name; DIR has the files disk and log.
power_node() {
	local drive=driver=blklogwrites,node-name=$1,log-super-update-interval=1,discard=unmap

	drive+=,file.driver=file,file.filename=$2/disk,file.cache.no-flush=on,file.discard=unmap
	echo "$drive,log.driver=file,log.filename=$2/log,log.cache.no-flush=on"
}
