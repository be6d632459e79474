/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The volumes of a namespace, where they live (gpt.h) and as the kernel knows them
 * (ipc.h), changed so that the two never disagree dangerously:
 *
 *   add      table with the mark "not wiped", kernel, wipe, mark off, kernel
 *   delete   kernel, which refuses if it is in use, then table
 *   shrink   kernel, then table
 *   grow     table with the growth, kernel, wipe, table with the length, kernel
 *   set      kernel, which refuses what a guest cannot follow, then table
 *
 * Each step is on the disk before the next one. Where the second of two fails, the
 * first is taken back; if that fails too, the message says how things are.
 */
#ifndef NVDPA_STORE_H
#define NVDPA_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"

struct disk;
struct gpt;
struct gpt_options;
struct gpt_part;
struct gpt_wish;
struct lock;

/**
 * struct store - a namespace whose table this process may change
 * @ns: as the kernel knows it
 * @lock: its controller's
 * @disk: its blocks
 * @gpt: its table
 */
struct store {
	struct ns ns;
	struct lock *lock;
	struct disk *disk;
	struct gpt *gpt;
};

/* 0 or a negative errno, recorded. */

/**
 * store_open() - begin to change a namespace
 * @ctrl: its controller
 * @nsid: its number
 * @store: out
 */
int store_open(const char *ctrl, uint32_t nsid, struct store **store);

/**
 * store_find() - begin to change the namespace that has a volume
 * @ctrl: its controller, or NULL if only one has such a volume
 * @name: the volume's; the kernel need not know it
 * @store: out
 *
 * -ENOENT: no namespace has. -EBUSY: one could not be looked into. Any other errno
 * of store_open(): none has of those that could be looked into.
 */
int store_find(const char *ctrl, const char *name, struct store **store);

/**
 * store_forget() - make the kernel forget a volume whose table cannot be read
 * @ctrl: its controller, or NULL if only one has such a volume
 * @name: its name
 *
 * -ENOENT: the kernel does not know it. For whoever store_find() has told that the
 * table is not there (-ENODATA) or cannot be used (-EUCLEAN).
 */
int store_forget(const char *ctrl, const char *name);

/** store_close() - end of changes; NULL is fine */
void store_close(struct store *store);

/**
 * store_add() - add a volume
 * @store: where
 * @wish: what it shall be; its unwiped says whether it is to be wiped
 */
int store_add(struct store *store, const struct gpt_wish *wish);

/** store_del() - delete a volume */
int store_del(struct store *store, const char *name);

/** store_options() - what a volume's options are */
int store_options(struct store *store, const char *name,
		  struct gpt_options *options);

/** store_set() - change a volume's options */
int store_set(struct store *store, const char *name,
	      const struct gpt_options *options);

/**
 * store_resize() - change a volume's length
 * @store: where it is
 * @name: its name
 * @nr_lbas: blocks that it shall have
 * @keep: leave what is in the new part there
 */
int store_resize(struct store *store, const char *name, uint64_t nr_lbas,
		 bool keep);

/** store_wipe() - wipe what of a volume is not wiped yet */
int store_wipe(struct store *store, const char *name);

/**
 * struct store_tally - what store_register() has found
 * @volumes: that the kernel knows now
 * @refused: that it does not take
 * @unwiped: that are not wiped yet
 * @blank: namespaces without a table
 */
struct store_tally {
	unsigned int volumes;
	unsigned int refused;
	unsigned int unwiped;
	unsigned int blank;
};

/**
 * store_register() - tell the kernel of all volumes of a controller
 * @ctrl: the controller, which nvme_vdpa has
 * @init: make a table where a namespace is blank
 * @force: leave namespaces alone that have something else than a table
 * @tally: out
 *
 * The table's lock is held. A volume that the kernel does not take is told to the
 * user, and the others go on.
 */
int store_register(const char *ctrl, bool init, bool force,
		   struct store_tally *tally);

/**
 * store_check() - whether a disk may be taken from the host
 * @disk: the disk
 * @init: it shall get a table if it has none
 * @force: even if it has something else, which is left alone
 *
 * -EEXIST: it has something else. -EUCLEAN: its table cannot be used.
 */
int store_check(struct disk *disk, bool init, bool force);

/* For the files of this room. */

/** store_reload() - read the table again, as others may have changed it */
int store_reload(struct store *store);

/**
 * store_tell() - tell the kernel of a volume, which it may know already
 * @volume: as store_volume() says; how far it is wiped becomes what the kernel says,
 *	if that knows the same range
 *
 * -EEXIST: it knows another one of this name.
 */
int store_tell(struct volume *volume);

/** store_has_no_room() - whether gpt_open() says so of its disk, for a table */
bool store_has_no_room(int err);

/**
 * store_part() - the partition of a volume
 * @store: where it is
 * @name: its name
 * @part: out, till the next change
 *
 * Of several of this name it is the one that the kernel has. -ENOENT: there is none.
 * -ENOTUNIQ: the kernel has none of several. -ESTALE: the kernel's is elsewhere.
 */
int store_part(const struct store *store, const char *name,
	       const struct gpt_part **part);

/** store_part_take() - likewise, and take its lock; -EBUSY: somebody wipes it */
int store_part_take(struct store *store, const char *name,
		    const struct gpt_part **part);

/** store_volume() - a partition as the kernel shall know it */
void store_volume(const struct store *store, const struct gpt_part *part,
		  struct volume *volume);

#endif /* NVDPA_STORE_H */
