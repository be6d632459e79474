// SPDX-License-Identifier: GPL-2.0
/*
 * Wiping: what of a volume holds something of an earlier owner is zeroed, from the
 * kernel's counter on. That is as good as the mark on the disk while the driver
 * keeps the controller; afterwards the kernel is told to begin anew.
 */
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "lock.h"
#include "out.h"
#include "wipe.h"

/**
 * struct store_wipe - a volume that is wiped
 * @volume: as the kernel knows it
 * @index: its entry in the table
 * @uuid: its GUID
 * @from_lbas: blocks of it that need not be wiped
 * @marked: the table says that it is not wiped
 * @what: for the display
 */
struct store_wipe {
	struct volume volume;
	unsigned int index;
	char uuid[GPT_UUID_SIZE];
	uint64_t from_lbas;
	bool marked;
	char what[64];
};

/* All of it is wiped only when the table says so. */
static int store_wipe_progress(uint64_t done_lbas, void *data)
{
	struct store_wipe *wipe = data;
	struct volume *volume = &wipe->volume;

	out_progress(wipe->what, wipe->from_lbas + done_lbas, volume->nr_lbas);
	volume->wiped_lbas = wipe->from_lbas + done_lbas;
	if (volume->wiped_lbas == volume->nr_lbas)
		return 0;
	return ipc_volume_set(volume, VOLUME_WIPED);
}

static int store_wipe_interrupted(const struct store_wipe *wipe)
{
	const struct volume *volume = &wipe->volume;

	return err_set(EINTR, NULL,
		       "interrupted, %ju %% of %s are wiped; 'nvdpa volume wipe %s' does the rest",
		       (uintmax_t)((double)volume->wiped_lbas * 100 /
				   (double)volume->nr_lbas),
		       volume->name, volume->name);
}

/* Not the table's lock: this may take hours. The volume's keeps others away. */
static int store_wipe_blocks(struct store *store, struct store_wipe *wipe)
{
	const struct volume *volume = &wipe->volume;
	int err;

	lock_drop(store->lock);
	err = wipe_run(store->disk, volume->start_lba + wipe->from_lbas,
		       volume->nr_lbas - wipe->from_lbas, store_wipe_progress,
		       wipe);
	/* Nothing is left of the display in front of a message. */
	out_progress(wipe->what, volume->nr_lbas, volume->nr_lbas);
	if (err == -EINTR)
		err = store_wipe_interrupted(wipe);
	if (!err)
		err = lock_take(store->lock);
	return err ? err : store_reload(store);
}

/* The mark comes off, and what has grown behind the volume becomes its own. */
static int store_wipe_mark(struct store *store, const struct store_wipe *wipe)
{
	const struct gpt_part *part = gpt_at(store->gpt, wipe->index);
	struct gpt_options options;
	int err;

	if (!part || strcmp(part->uuid, wipe->uuid))
		return err_set(ESTALE, NULL,
			       "the partition of %s was changed by something else while it was wiped",
			       wipe->volume.name);
	options = part->options;
	options.unwiped = false;
	err = gpt_resize(store->gpt, wipe->index, wipe->volume.nr_lbas,
			 store->ns.granularity_lbas);
	if (!err)
		err = gpt_set(store->gpt, wipe->index, &options);
	return err ? err : gpt_write(store->gpt);
}

/* Of what it was not told before whoever changed the table was killed, it is now. */
static int store_wipe_known(const struct store *store,
			    const struct gpt_part *part, struct volume *known)
{
	struct volume volume;
	int err;

	store_volume(store, part, &volume);
	err = ipc_volume_get(volume.ctrl, volume.name, known);
	if (!err && known->nr_lbas == volume.nr_lbas)
		return 0;
	if (err && err != -ENOENT)
		return err;
	err_clear();
	*known = volume;
	return store_tell(known);
}

static int store_wipe_begin(struct store *store, const char *name,
			    struct store_wipe *wipe)
{
	const struct gpt_part *part;
	int err;

	err = store_part_take(store, name, &part);
	if (!err)
		err = store_wipe_known(store, part, &wipe->volume);
	if (err)
		return err;
	wipe->index = part->index;
	memcpy(wipe->uuid, part->uuid, sizeof(wipe->uuid));
	wipe->from_lbas = wipe->volume.wiped_lbas;
	wipe->marked = part->options.unwiped || part->growth_lbas;
	snprintf(wipe->what, sizeof(wipe->what), "wiping %s", name);
	return 0;
}

int store_wipe(struct store *store, const char *name)
{
	struct store_wipe wipe;
	int err;

	err = store_wipe_begin(store, name, &wipe);
	if (err || (wipe.from_lbas == wipe.volume.nr_lbas && !wipe.marked))
		return err;
	err = store_wipe_blocks(store, &wipe);
	if (!err)
		err = store_wipe_mark(store, &wipe);
	if (err)
		return err;
	wipe.volume.wiped_lbas = wipe.volume.nr_lbas;
	err = ipc_volume_set(&wipe.volume, VOLUME_WIPED);
	if (err)
		err_prefix("%s is wiped, and its partition says so, but the kernel does not take it; nvdpa ctrl attach tells it again",
			   name);
	return err;
}
