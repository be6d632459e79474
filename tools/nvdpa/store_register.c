// SPDX-License-Identifier: GPL-2.0
/* From the disks to the kernel: the volumes that a controller's tables hold. */
#include "store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "label.h"
#include "out.h"
#include "pass.h"
#include "probe.h"

/* There is no table: what else is there? */
static int store_check_other(struct disk *disk, bool init)
{
	char text[128];
	bool blank;
	int err;

	/* First: a disk whose ends are blank may have one further in. */
	err = probe_signature(disk, text, sizeof(text));
	if (!err && *text)
		err = err_set(EEXIST, NULL,
			      "%s has a signature: %s; 'force' takes it all the same",
			      disk->name, text);
	if (!err)
		err = label_is_blank(disk, &blank);
	if (!err && init && !blank)
		err = err_set(EEXIST, "init",
			      "%s has no partition table, but is not blank, and init is for blank disks; if what is on it can go: blkdiscard -z under the nvme driver",
			      disk->name);
	return err;
}

/* It can be taken, as what it is. */
bool store_has_no_room(int err)
{
	return err == -ENOSPC || err == -EOPNOTSUPP;
}

int store_check(struct disk *disk, bool init, bool force)
{
	struct gpt *gpt = NULL;
	int err;

	err = gpt_open(disk, &gpt);
	if (!err) {
		gpt_close(gpt);
		return 0;
	}
	if (store_has_no_room(err) ||
	    (force && (err == -ENODATA || err == -EUCLEAN))) {
		err_clear();
		return 0;
	}
	if (err != -ENODATA)
		return err;
	err_clear();
	return store_check_other(disk, init);
}

/* Anything but how far it is wiped is the table's to say. */
int store_tell(struct volume *volume)
{
	struct volume known;
	int err;

	err = ipc_volume_get(volume->ctrl, volume->name, &known);
	if (err == -ENOENT) {
		err_clear();
		return ipc_volume_new(volume, VOLUME_ALL);
	}
	if (err)
		return err;
	if (known.nsid != volume->nsid || known.start_lba != volume->start_lba)
		return err_set(EEXIST, "name",
			       "volume %s of %s: the kernel has another one of this name; sgdisk -c under the nvme driver renames a partition",
			       volume->name, volume->ctrl);
	if (known.nr_lbas == volume->nr_lbas &&
	    known.wiped_lbas > volume->wiped_lbas)
		volume->wiped_lbas = known.wiped_lbas;
	return ipc_volume_set(volume, VOLUME_ALL & ~(VOLUME_NSID | VOLUME_START));
}

static void store_register_part(struct store *store,
				const struct gpt_part *part,
				struct store_tally *tally)
{
	struct volume volume;

	if (!gpt_name_is_valid(part->name)) {
		out_note("left out: partition %u of %s: '%s' is no volume's name",
			 part->index + 1, store->disk->name, part->name);
		tally->refused++;
		return;
	}
	store_volume(store, part, &volume);
	if (store_tell(&volume)) {
		out_note("left out: %s", err_get()->message);
		err_clear();
		tally->refused++;
		return;
	}
	tally->volumes++;
	if (volume.wiped_lbas == volume.nr_lbas)
		return;
	tally->unwiped++;
	out_note("%svolume %s is not wiped yet: nvdpa volume wipe %s",
		 part->growth_lbas ? "the new part of " : "", volume.name,
		 volume.name);
}

static void store_register_parts(struct store *store, struct store_tally *tally)
{
	const struct gpt *gpt = store->gpt;
	unsigned int i;

	if (gpt->repaired)
		out_note("%s: a copy of its partition table is damaged; the next change repairs it",
			 store->disk->name);
	for (i = 0; i < gpt->nr_parts; i++)
		if (gpt->parts[i].kind == GPT_VOLUME)
			store_register_part(store, &gpt->parts[i], tally);
}

/* -ENODATA, recorded: it is not blank, and stays as it is. */
static int store_init(struct store *store)
{
	bool blank;
	int err;

	err = label_is_blank(store->disk, &blank);
	if (err || !blank)
		return err ? err : err_set(ENODATA, "init",
					   "%s is not blank, so that init leaves it alone, with force as well; if what is on it can go: nvdpa ctrl detach, and blkdiscard -z under the nvme driver",
					   store->disk->name);
	err = gpt_create(store->disk);
	return err ? err : gpt_open(store->disk, &store->gpt);
}

/* Without a table there are no volumes, which is no failure. */
static int store_open_table(struct store *store, bool init,
			    struct store_tally *tally)
{
	int err;

	err = gpt_open(store->disk, &store->gpt);
	if (err == -ENODATA && init) {
		err_clear();
		err = store_init(store);
	}
	if (err != -ENODATA && err != -EUCLEAN && !store_has_no_room(err))
		return err;
	if (err == -EUCLEAN || (err == -ENODATA && init))
		out_note("%s", err_get()->message);
	else
		tally->blank++;
	err_clear();
	return 0;
}

static int store_register_ns(const struct ns *ns, bool init, bool force,
			     struct store_tally *tally)
{
	struct store store = { .ns = *ns };
	int err;

	if (*ns->refusal || *ns->used_by)
		return 0;
	err = pass_open(ns->ctrl, ns->nsid, &store.disk);
	if (!err)
		err = store_check(store.disk, init, force);
	if (!err)
		err = store_open_table(&store, init, tally);
	if (!err && store.gpt)
		store_register_parts(&store, tally);
	gpt_close(store.gpt);
	disk_close(store.disk);
	return err;
}

int store_register(const char *ctrl, bool init, bool force,
		   struct store_tally *tally)
{
	struct ns *list;
	size_t count, i;
	int err;

	memset(tally, 0, sizeof(*tally));
	err = ipc_ns_list(ctrl, &list, &count);
	if (err)
		return err;
	for (i = 0; !err && i < count; i++)
		err = store_register_ns(&list[i], init, force, tally);
	free(list);
	return err;
}
