// SPDX-License-Identifier: GPL-2.0
#include "store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "lock.h"
#include "pass.h"

static int store_check_ns(const struct ns *ns)
{
	if (*ns->refusal)
		return err_set(EOPNOTSUPP, "nsid",
			       "namespace %u of %s cannot be served: %s",
			       ns->nsid, ns->ctrl, ns->refusal);
	if (*ns->used_by)
		return err_set(EBUSY, "nsid",
			       "%s has all of namespace %u; vdpa dev del %s comes first",
			       ns->used_by, ns->nsid, ns->used_by);
	return 0;
}

static int store_no_table(const struct store *store, int err)
{
	if (err != -ENODATA)
		return err;
	err_clear();
	return err_set(ENODATA, NULL,
		       "namespace %u of %s has no partition table; nvdpa ctrl attach %s init makes one on a blank disk",
		       store->ns.nsid, store->ns.ctrl, store->ns.ctrl);
}

int store_reload(struct store *store)
{
	gpt_close(store->gpt);
	store->gpt = NULL;
	return store_no_table(store, gpt_open(store->disk, &store->gpt));
}

static int store_open_locked(struct store *store, const char *ctrl,
			     uint32_t nsid)
{
	int err;

	err = ipc_ns_get(ctrl, nsid, &store->ns);
	if (!err)
		err = store_check_ns(&store->ns);
	if (!err)
		err = pass_open(ctrl, nsid, &store->disk);
	return err ? err : store_reload(store);
}

int store_open(const char *ctrl, uint32_t nsid, struct store **store)
{
	struct ctrl known;
	int err;

	*store = NULL;
	/* First: what is not there gets no lock. */
	err = ipc_ctrl_get(ctrl, &known);
	if (err)
		return err;
	*store = calloc(1, sizeof(**store));
	if (!*store)
		return err_set(ENOMEM, NULL, "out of memory");
	err = lock_open(ctrl, &(*store)->lock);
	if (!err)
		err = lock_take((*store)->lock);
	if (!err)
		err = store_open_locked(*store, ctrl, nsid);
	if (err) {
		store_close(*store);
		*store = NULL;
	}
	return err;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	gpt_close(store->gpt);
	disk_close(store->disk);
	lock_close(store->lock);
	free(store);
}

/* What has no table has no volume. */
static int store_has(const struct ns *ns, const char *name, bool *has)
{
	struct store *store;
	int err;

	*has = false;
	if (*ns->refusal || *ns->used_by)
		return 0;
	err = store_open(ns->ctrl, ns->nsid, &store);
	if (err == -ENODATA || store_has_no_room(err)) {
		err_clear();
		return 0;
	}
	if (err)
		return err;
	*has = gpt_find(store->gpt, name);
	store_close(store);
	return 0;
}

/*
 * The only one that has the volume. A table that is damaged is no reason to refuse what
 * is found elsewhere, one that is busy may have another volume of this name.
 */
static int store_choose(const struct ns *list, size_t count, const char *name,
			const struct ns **chosen)
{
	struct err why = {};
	bool has;
	size_t i;
	int err;

	*chosen = NULL;
	for (i = 0; i < count; i++) {
		err = store_has(&list[i], name, &has);
		if (err == -EBUSY)
			return err;
		if (err && !why.err)
			why = *err_get();
		err_clear();
		if (!has)
			continue;
		if (*chosen)
			return err_set(ENOTUNIQ, "ctrl",
				       "namespace %u of %s and namespace %u of %s have a volume %s, which the kernel does not know: say which with ctrl, or rename one with sgdisk -c under the nvme driver",
				       (*chosen)->nsid, (*chosen)->ctrl,
				       list[i].nsid, list[i].ctrl, name);
		*chosen = &list[i];
	}
	if (*chosen || !why.err)
		return *chosen ? 0 : -ENOENT;
	err = err_put(&why);
	err_prefix("no volume %s is found, but not every table can be read",
		   name);
	return err;
}

/* -ENOENT, not recorded: there is none. */
static int store_search(const char *ctrl, const char *name,
			struct store **store)
{
	const struct ns *chosen;
	struct ns *list;
	size_t count;
	int err;

	err = ipc_ns_list(ctrl, &list, &count);
	if (err)
		return err;
	err = store_choose(list, count, name, &chosen);
	if (!err)
		err = store_open(chosen->ctrl, chosen->nsid, store);
	free(list);
	return err;
}

/* The kernel knows where it is, unless it did not take the volume. */
int store_find(const char *ctrl, const char *name, struct store **store)
{
	struct volume volume;
	struct err why;
	int err;

	*store = NULL;
	err = ipc_volume_find(ctrl, name, &volume);
	if (!err)
		return store_open(volume.ctrl, volume.nsid, store);
	if (err != -ENOENT || !ipc_present())
		return err;
	why = *err_get();
	err_clear();
	err = store_search(ctrl, name, store);
	if (err == -ENOENT)
		err_put(&why);
	return err;
}

/* Whose entry it would have been is not known, so nothing may be wiped. */
static int store_forget_locked(struct lock *lock, const struct volume *volume)
{
	int err;

	err = lock_take(lock);
	if (!err)
		err = lock_all_volumes(lock);
	return err ? err : ipc_volume_del(volume->ctrl, volume->name);
}

int store_forget(const char *ctrl, const char *name)
{
	struct volume volume;
	struct lock *lock;
	int err;

	err = ipc_volume_find(ctrl, name, &volume);
	if (!err)
		err = lock_open(volume.ctrl, &lock);
	if (err)
		return err;
	err = store_forget_locked(lock, &volume);
	lock_close(lock);
	return err;
}

/* Of several that have its name: that which the kernel has, or -ESTALE. */
static int store_part_known(const struct store *store,
			    const struct volume *volume,
			    const struct gpt_part **part)
{
	while (*part && (*part)->start_lba != volume->start_lba)
		*part = gpt_twin(store->gpt, *part);
	if (*part && volume->nsid == store->ns.nsid)
		return 0;
	return err_set(ESTALE, "name",
		       "partition table and kernel disagree on where %s is; nvdpa ctrl detach %s and attach again make the kernel read the table",
		       volume->name, store->ns.ctrl);
}

static int store_part_unknown(const struct store *store,
			      const struct gpt_part *part)
{
	const struct gpt_part *twin = gpt_twin(store->gpt, part);

	return twin ? err_set(ENOTUNIQ, "name",
			      "partitions %u and %u of %s are both called %s, and the kernel has neither; sgdisk -c under the nvme driver renames one",
			      part->index + 1, twin->index + 1,
			      store->disk->name, part->name) : 0;
}

int store_part(const struct store *store, const char *name,
	       const struct gpt_part **part)
{
	struct volume volume;
	int err;

	*part = gpt_find(store->gpt, name);
	if (!*part)
		return err_set(ENOENT, "name",
			       "volume %s is in no partition table; it was defined without nvdpa",
			       name);
	err = ipc_volume_get(store->ns.ctrl, name, &volume);
	if (err != -ENOENT)
		return err ? err : store_part_known(store, &volume, part);
	err_clear();
	return store_part_unknown(store, *part);
}

int store_part_take(struct store *store, const char *name,
		    const struct gpt_part **part)
{
	int err;

	err = store_part(store, name, part);
	return err ? err : lock_volume(store->lock, store->ns.nsid,
				       (*part)->index, name);
}

void store_volume(const struct store *store, const struct gpt_part *part,
		  struct volume *volume)
{
	memset(volume, 0, sizeof(*volume));
	memcpy(volume->ctrl, store->ns.ctrl, sizeof(volume->ctrl));
	snprintf(volume->name, sizeof(volume->name), "%.*s",
		 (int)sizeof(volume->name) - 1, part->name);
	snprintf(volume->serial, sizeof(volume->serial), "%s", part->serial);
	volume->nsid = store->ns.nsid;
	volume->start_lba = part->start_lba;
	volume->nr_lbas = part->nr_lbas + part->growth_lbas;
	volume->wiped_lbas = part->options.unwiped ? 0 : part->nr_lbas;
	volume->nr_queues = part->options.nr_queues;
	volume->queue_size = part->options.queue_size;
	volume->read_only = part->options.read_only;
}

/* The table goes back to what it was; @what is how things are if it does not. */
static int store_undo(struct store *store, int err, int undone, const char *what)
{
	if (undone)
		err_prefix("%s", what);
	store_reload(store);
	return err;
}

static int store_add_kernel(struct store *store, unsigned int index)
{
	struct volume volume;
	int err, undone;

	store_volume(store, gpt_at(store->gpt, index), &volume);
	err = ipc_volume_new(&volume, VOLUME_ALL);
	if (!err)
		return 0;
	undone = gpt_del(store->gpt, index);
	if (!undone)
		undone = gpt_write(store->gpt);
	return store_undo(store, err, undone,
			  "the partition is there, but the kernel does not take it, and it could not be removed again");
}

int store_add(struct store *store, const struct gpt_wish *wish)
{
	const struct gpt_part *part;
	unsigned int index;
	int err;

	err = gpt_add(store->gpt, wish, &part);
	if (err)
		return err;
	index = part->index;
	err = lock_volume(store->lock, store->ns.nsid, index, wish->name);
	if (!err)
		err = gpt_write(store->gpt);
	if (!err)
		err = store_add_kernel(store, index);
	if (err || !wish->options.unwiped)
		return err;
	err = store_wipe(store, wish->name);
	if (err)
		err_prefix("volume %s is there, but not wiped", wish->name);
	return err;
}

/* A volume that one side does not know shall be gone from the other, too. */
int store_del(struct store *store, const char *name)
{
	const struct gpt_part *part;
	int err;

	err = store_part_take(store, name, &part);
	if (err && err != -ENOENT)
		return err;
	err_clear();
	err = ipc_volume_del(store->ns.ctrl, name);
	if (err == -ENOENT && part) {
		err_clear();
		err = 0;
	}
	if (err || !part)
		return err;
	err = gpt_del(store->gpt, part->index);
	if (!err)
		err = gpt_write(store->gpt);
	if (err)
		err_prefix("the kernel has forgotten %s, but its partition is still there; repeat the command",
			   name);
	return err;
}

int store_options(struct store *store, const char *name,
		  struct gpt_options *options)
{
	const struct gpt_part *part;
	int err;

	err = store_part(store, name, &part);
	if (!err)
		*options = part->options;
	return err;
}

static const unsigned int store_option_fields =
	VOLUME_NR_QUEUES | VOLUME_QUEUE_SIZE | VOLUME_READ_ONLY;

/* -ENOENT, not recorded: the kernel does not know it. */
static int store_kernel_set(const struct volume *volume, unsigned int fields)
{
	int err = ipc_volume_set(volume, fields);

	if (err == -ENOENT)
		err_clear();
	return err;
}

/* It was refused before; perhaps it is not now. */
static int store_kernel_retry(struct store *store, unsigned int index)
{
	struct volume volume;
	int err;

	store_volume(store, gpt_at(store->gpt, index), &volume);
	err = ipc_volume_new(&volume, VOLUME_ALL);
	if (err)
		err_prefix("the partition of %s was changed, but the kernel still does not take it",
			   volume.name);
	return err;
}

int store_set(struct store *store, const char *name,
	      const struct gpt_options *options)
{
	const struct gpt_part *part;
	struct volume before, after;
	unsigned int index;
	int err, known;

	err = store_part(store, name, &part);
	if (err)
		return err;
	index = part->index;
	store_volume(store, part, &before);
	/* First in memory, which may refuse as well. */
	err = gpt_set(store->gpt, index, options);
	if (err)
		return err;
	store_volume(store, gpt_at(store->gpt, index), &after);
	known = store_kernel_set(&after, store_option_fields);
	if (known && known != -ENOENT)
		return known;
	err = gpt_write(store->gpt);
	if (err) {
		if (!known && ipc_volume_set(&before, store_option_fields))
			err_prefix("the kernel has changed %s, but its partition is as it was",
				   name);
		return err;
	}
	return known ? store_kernel_retry(store, index) : 0;
}

/*
 * The kernel takes a volume for wiped once its counter is the length. One whose mark
 * stays must not become that by getting shorter: it is wiped from its begin.
 */
static int store_shrink(struct store *store, const struct gpt_part *part,
			uint64_t nr_lbas)
{
	unsigned int fields = VOLUME_NR_LBAS;
	struct volume volume;
	int err, known;

	store_volume(store, part, &volume);
	err = gpt_resize(store->gpt, part->index, nr_lbas,
			 store->ns.granularity_lbas);
	if (err)
		return err;
	volume.nr_lbas = nr_lbas;
	if (part->options.unwiped)
		fields |= VOLUME_WIPED;
	known = store_kernel_set(&volume, fields);
	if (known && known != -ENOENT)
		return known;
	err = gpt_write(store->gpt);
	if (err) {
		err_prefix("the kernel has %s at its new length, but its partition is as it was; repeat the command",
			   volume.name);
		return err;
	}
	return known ? store_kernel_retry(store, part->index) : 0;
}

/*
 * The table has the new length or the growth; now the kernel. A growth that gets
 * shorter is wiped from its begin, see store_shrink().
 */
static int store_grow_kernel(struct store *store,
			     const struct gpt_part *before, bool keep)
{
	unsigned int fields = VOLUME_NR_LBAS;
	struct volume volume;
	int err, undone;

	store_volume(store, gpt_at(store->gpt, before->index), &volume);
	if (keep || volume.nr_lbas < before->nr_lbas + before->growth_lbas)
		fields |= VOLUME_WIPED;
	err = store_kernel_set(&volume, fields);
	if (err == -ENOENT)
		return store_kernel_retry(store, before->index);
	if (!err)
		return 0;
	undone = gpt_resize(store->gpt, before->index, before->nr_lbas,
			    store->ns.granularity_lbas);
	if (!undone)
		undone = gpt_write(store->gpt);
	return store_undo(store, err, undone,
			  "the partition is longer, but the kernel does not take that, and it could not be taken back");
}

static int store_grow(struct store *store, const char *name,
		      const struct gpt_part *before, uint64_t nr_lbas,
		      bool keep)
{
	uint32_t granularity = store->ns.granularity_lbas;
	int err;

	if (keep && before->options.unwiped)
		return err_set(EBUSY, "keep",
			       "%s is not wiped itself; nvdpa volume wipe %s comes first",
			       name, name);
	if (keep || before->options.unwiped)
		err = gpt_resize(store->gpt, before->index, nr_lbas,
				 granularity);
	else
		err = gpt_grow(store->gpt, before->index, nr_lbas, granularity);
	if (!err)
		err = gpt_write(store->gpt);
	if (!err)
		err = store_grow_kernel(store, before, keep);
	if (err || keep)
		return err;
	return store_wipe(store, name);
}

/*
 * Whoever was killed between the kernel and the table has left them different. The table
 * is right: else a growth would wipe what the kernel was told to cut off.
 */
static int store_agree(const struct store *store, const struct gpt_part *part)
{
	struct volume volume, known;
	int err;

	store_volume(store, part, &volume);
	err = ipc_volume_get(volume.ctrl, volume.name, &known);
	if (err == -ENOENT) {
		err_clear();
		return 0;
	}
	if (err || known.nr_lbas == volume.nr_lbas)
		return err;
	return store_tell(&volume);
}

int store_resize(struct store *store, const char *name, uint64_t nr_lbas,
		 bool keep)
{
	const struct gpt_part *part;
	struct gpt_part before;
	int err;

	err = store_part_take(store, name, &part);
	if (err)
		return err;
	err = store_agree(store, part);
	if (err)
		return err;
	before = *part;
	if (nr_lbas <= before.nr_lbas)
		return store_shrink(store, &before, nr_lbas);
	return store_grow(store, name, &before, nr_lbas, keep);
}
