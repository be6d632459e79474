/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A disk in memory with a write cache: it records what is written and flushed, and
 * can be had as a power cut would leave it.
 */
#ifndef NVDPA_CLI_SIM_H
#define NVDPA_CLI_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "disk.h"

/* Few of them are not zeroes. */
#define SIM_CHUNK_BYTES (32 << 10)

/* Of one block: what is lost is lost by the block. */
struct sim_event {
	bool is_flush;
	uint64_t lba;
	void *data;
};

/**
 * struct sim - a simulated disk
 * @disk: for whoever uses it
 * @chunks: what a reader sees; NULL: zeroes
 * @start: what was there when recording began, or NULL
 * @events: since then
 * @nr_events: how many
 * @first_lba: first block that may not be written to
 * @last_lba: last one; less than the first: all may be
 * @fail_after: writes until one fails; negative: none does
 * @can_zero: Write Zeroes works: 1, is refused: -1, is not there: 0
 * @zeroed: commands of that kind
 * @flushes: of all
 */
struct sim {
	struct disk disk;
	uint8_t **chunks;
	struct sim *start;
	struct sim_event *events;
	size_t nr_events;
	uint64_t first_lba;
	uint64_t last_lba;
	int fail_after;
	int can_zero;
	unsigned int zeroed;
	unsigned int flushes;
};

/** sim_new() - a disk of zeroes; disk_close() ends it */
struct sim *sim_new(uint32_t lba_size, uint64_t bytes);

/** sim_byte() - a byte of it; those behind it in its chunk follow */
uint8_t *sim_byte(struct sim *sim, uint64_t offset);

/** sim_clear() - make bytes zeroes, past what is recorded and refused */
void sim_clear(struct sim *sim, uint64_t offset, size_t bytes);

/** sim_copy() - another disk with the same blocks, not recording */
struct sim *sim_copy(const struct sim *sim);

/** sim_record() - begin to record, from the blocks as they are */
void sim_record(struct sim *sim);

/**
 * sim_cut() - the disk after a power cut
 * @sim: has recorded
 * @events: so many had happened
 * @kept: calls with the number of each block that no flush has covered, from 0,
 *	whether it got to the medium all the same
 * @data: for @kept
 */
struct sim *sim_cut(const struct sim *sim, size_t events,
		    bool (*kept)(size_t number, void *data), void *data);

/** sim_unflushed() - blocks that no flush had covered when so many had happened */
size_t sim_unflushed(const struct sim *sim, size_t events);

#endif /* NVDPA_CLI_SIM_H */
