/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Verified work on one ring: each slot writes its own place of the disk, reads
 * it back, compares, and goes on with the next pattern. One thread per load.
 */
#ifndef CLIENT_LOAD_H
#define CLIENT_LOAD_H

#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>

#include "blk.h"

#define LOAD_DEPTH_MAX 256

struct load {
	struct blk *blk;
	struct ring *ring;
	unsigned int depth;
	__u32 len;			/* of each slot, in bytes */
	struct req *req[LOAD_DEPTH_MAX];
	__u64 goal;			/* requests of a run; 0: until stopped */
	bool stop;			/* by any thread */
	bool indirect;
	bool tolerant;			/* IOERR is no failure */

	/* Results. */
	__u64 submitted;
	__u64 completed;
	__u64 refused;			/* of completed: IOERR */
	int err;

	pthread_t thread;
};

/*
 * Slots lie on the disk one after another from first_sector. Fewer than asked
 * for when the ring has no room for them.
 */
int load_create(struct load *l, struct blk *b, struct ring *r,
		unsigned int depth, __u32 len, __u64 first_sector);

/* Gives every idle slot its next request, with one kick, and waits for nothing. */
int load_fill(struct load *l);
/* Takes one completion, checks it. */
int load_reap(struct load *l);
/* Takes what is in flight and submits nothing more. */
int load_drain(struct load *l);
/* Fills and reaps until the goal or a stop, then drains. */
int load_run(struct load *l);
/*
 * The same in a thread. It is under way, with a first completion, when spawn
 * returns; join returns what load_run() did.
 */
int load_spawn(struct load *l);
int load_join(struct load *l);

/* How many are with the device. */
unsigned int load_in_flight(const struct load *l);

/*
 * After a reset of the device: those without an answer count as never done. A
 * slot whose write has no answer holds either pattern, so it starts with a
 * write again.
 */
void load_forget(struct load *l);
/* Every slot's place holds its last acknowledged pattern, or a later one. */
int load_verify(struct load *l);

#endif /* CLIENT_LOAD_H */
