/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A guest that cheats: good requests on all rings, whoever waits for them, and a thread
 * that rewrites what they are made of while the device reads it.
 */
#ifndef CLIENT_VANDAL_H
#define CLIENT_VANDAL_H

#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>

#include "blk.h"

#define PREY_SLOTS 16			/* requests of a ring, of four descriptors */
#define PREY_RANGES 64
#define PREY_DATA 16384U
#define PREY_SECTORS 2048U		/* of the disk, from its begin */

/* One request that is offered over and over. */
struct prey_slot {
	struct virtio_blk_outhdr *hdr;
	struct virtio_blk_discard_write_zeroes *ranges;
	struct vring_desc *table;
	__u8 *status;
	__u8 *data;
};

struct prey {
	struct blk *blk;
	unsigned int rings;
	__u32 type;			/* of all requests, or PREY_MIXED */
	struct prey_slot slot[BLK_RINGS_MAX][PREY_SLOTS];
	__u64 random;
	unsigned int patience_ms;	/* with a device that does not answer */

	/* Results. */
	__u64 offered;
	__u64 ended;
	__u64 resets;
};

#define PREY_MIXED ~0U

int prey_create(struct prey *p, struct blk *b, __u64 seed);
/* Offers every slot of every ring anew, whether or not the device is done with it. */
void prey_offer(struct prey *p);
/*
 * Waits a little for the device to be done with it. When it asks for a reset, or gave no
 * answer, it gets a reset and a restart. 0 or -errno.
 */
int prey_settle(struct prey *p);

enum vandal_what {
	VANDAL_DESCS = 1,
	VANDAL_TABLES = 2,
	VANDAL_HEADERS = 4,
	VANDAL_RANGES = 8,
	VANDAL_AVAIL = 16,
	VANDAL_DATA = 32,
	VANDAL_ALL = 63,
};

struct vandal {
	struct prey *prey;
	unsigned int what;
	__u64 random;
	__u64 forbidden;		/* address of memory that may only be read */
	bool stop;
	__u64 writes;
	pthread_t thread;
};

/*
 * Keeps the calling thread on that CPU, if there is one. Two threads that race must not
 * be on the same one, where the scheduler puts them as long as both are at work.
 */
void vandal_pin(unsigned int cpu);
/* How long each scenario goes on (HOSTILE_MS). */
unsigned int vandal_ms(void);
/* How many kicks there are in each storm at least (HOSTILE_KICKS). */
__u64 vandal_kicks(void);

int vandal_start(struct vandal *v, struct prey *p, unsigned int what, __u64 seed);
void vandal_stop(struct vandal *v);

/* Threads that ring all the time, each all of the rings one after the other. */
#define KICKERS 3

struct kicker {
	int fd[BLK_RINGS_MAX];
	unsigned int nr;
	bool stop;
	__u64 kicks;
	pthread_t thread;
};

int kickers_start(struct kicker *k, unsigned int n, struct blk *b);
/* How many kicks there were so far, and in all. */
__u64 kickers_kicks(const struct kicker *k, unsigned int n);
__u64 kickers_stop(struct kicker *k, unsigned int n);

#endif /* CLIENT_VANDAL_H */
