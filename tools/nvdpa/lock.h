/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may change the volumes of a controller, among nvdpa's processes.
 *
 * Two kinds of lock are in one file, /run/nvdpa-ADDRESS.lock. The table's is held
 * from reading partition tables until the kernel knows what was written, which is
 * short; one waits for it. A volume's is held by whoever is going to change or
 * zero its blocks, perhaps for hours, and is never waited for: it keeps a volume
 * from being deleted, and its blocks from being given to another one, while they
 * are zeroed. The table's comes first. Both end with the process.
 */
#ifndef NVDPA_LOCK_H
#define NVDPA_LOCK_H

#include <stdint.h>

struct lock;

/* 0 or a negative errno, recorded. */

/** lock_open() - the locks of a controller, none taken; -EPERM without root */
int lock_open(const char *ctrl, struct lock **lock);

/** lock_close() - drops all of them; NULL is fine */
void lock_close(struct lock *lock);

/** lock_take() - take the table's; -EBUSY: somebody has had it for too long */
int lock_take(struct lock *lock);

/** lock_drop() - leave the table to others */
void lock_drop(struct lock *lock);

/**
 * lock_volume() - take a volume's
 * @lock: the table's is held
 * @nsid: its namespace
 * @index: its entry in the partition table
 * @name: for the message
 *
 * -EBUSY: another process wipes it. Held until lock_close().
 */
int lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		const char *name);

/** lock_all_volumes() - those of all that there may be, likewise */
int lock_all_volumes(struct lock *lock);

#endif /* NVDPA_LOCK_H */
