/* SPDX-License-Identifier: GPL-2.0 */
/* One thread that keeps requests of one kind in flight, through one of the engines. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <linux/types.h>
#include <stdbool.h>

#define LOAD_DEPTH_MAX 256

struct load {
	const char *path;
	char * const *paths;		/* several devices: vhost only */
	unsigned int devices;
	bool write;
	bool each;			/* handed over one by one, as fio does by default */
	unsigned int depth;		/* of all devices together, as many for each */
	unsigned int chunks;		/* vhost: data lies in so many pieces of memory */
	__u32 len;			/* of a request, in bytes */
	__u8 *data;			/* depth * len, from the engine's open() */
};

/* Calls return 0, or -errno after a message. */
struct engine {
	const char *name;
	int (*open)(struct load *l);
	/* Prepares a request of a free slot. */
	int (*prepare)(struct load *l, unsigned int slot, __u64 offset);
	/* Hands over what was prepared, unless reap() does that. */
	int (*submit)(struct load *l);
	/* Waits for at least one, fills in the slots: their number, or -errno. */
	int (*reap)(struct load *l, unsigned int *slots);
	/* What it counted, as members of a JSON object: ,"key":value... */
	void (*report)(const struct load *l);
};

extern const struct engine engine_psync;
extern const struct engine engine_uring;
extern const struct engine engine_vhost;

#endif /* BENCH_LOAD_H */
