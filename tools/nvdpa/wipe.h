/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Blocks that shall hold nothing of an earlier owner. Write Zeroes, where the
 * controller has it, else writes: both say that the blocks read as zeroes, which
 * deallocation alone does not.
 */
#ifndef NVDPA_WIPE_H
#define NVDPA_WIPE_H

#include <stdint.h>

struct disk;

/**
 * wipe_run() - zero blocks, and flush
 * @disk: where
 * @start_lba: first block
 * @nr_lbas: how many
 * @progress: called now and then, and at the end, with how many are zeroed; a
 *	negative errno of its ends it
 * @data: for @progress
 *
 * SIGINT, SIGTERM and SIGHUP end it between two commands, with @progress called.
 *
 * Return: 0; -EINTR, recorded by nobody; or a negative errno, recorded.
 */
int wipe_run(struct disk *disk, uint64_t start_lba, uint64_t nr_lbas,
	     int (*progress)(uint64_t done_lbas, void *data), void *data);

#endif /* NVDPA_WIPE_H */
