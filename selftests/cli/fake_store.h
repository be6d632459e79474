/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What store.c has around it in its tests: a kernel that knows one volume, a disk, and
 * locks that nobody has. By the linker's --wrap.
 */
#ifndef NVDPA_CLI_FAKE_STORE_H
#define NVDPA_CLI_FAKE_STORE_H

#include <stdbool.h>

#include "model.h"

struct disk;
struct gpt;
struct store;

/* Of those that fake_ipc.c has. */
#define FAKE_ONE "pci/0000:01:00.0"
#define FAKE_TWO "pci/0000:02:00.0"

/**
 * struct fake_store - outlives the processes that a test kills
 * @volume: what the kernel knows; nothing, if its length is 0
 * @steps: questions to the kernel, its changes, and those of a disk that counts them
 * @kill_at: the process is killed when it begins this one, from 1; 0: at none
 * @refuse: errno that the kernel refuses changes with, or 0
 */
struct fake_store {
	struct volume volume;
	unsigned int steps;
	unsigned int kill_at;
	int refuse;
};

extern struct fake_store *fake;

/* The disk whose table the kernel is compared with. */
extern struct disk *fake_disk;

/* Called when the kernel refuses a change, or NULL. */
extern void (*fake_refused)(void);

/* A controller whose lock somebody has had for too long, or NULL. */
extern const char *fake_busy;

/* Opens what a controller has instead of a copy of @fake_disk's, or NULL. */
extern struct disk *(*fake_open)(const char *ctrl);

/** fake_begin() - nothing is known, and nothing is refused */
void fake_begin(struct disk *disk);

/** fake_step() - count it, and be killed if it is the one */
void fake_step(void);

/** fake_table() - the disk's, to be closed */
struct gpt *fake_table(void);

/** fake_store_begin() - as store_open() would leave it, for @disk's table */
void fake_store_begin(struct store *store);

#endif /* NVDPA_CLI_FAKE_STORE_H */
