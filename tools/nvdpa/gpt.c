// SPDX-License-Identifier: GPL-2.0
#include "gpt.h"

#include <ctype.h>
#include <errno.h>
#include <libfdisk/libfdisk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"

#define GPT_NAME_MAX 36
#define GPT_TYPE_NONE "00000000-0000-0000-0000-000000000000"

static const char *const gpt_types[] = {
	[GPT_VOLUME] = GPT_TYPE_VOLUME,
	[GPT_GROWTH] = GPT_TYPE_GROWTH,
};

/* Entries and header of one copy, in the order in which they are written. */
struct gpt_copy {
	uint64_t entries_lba;
	uint64_t header_lba;
};

static struct gpt_copy gpt_primary(void)
{
	return (struct gpt_copy){ .entries_lba = 2, .header_lba = 1 };
}

static struct gpt_copy gpt_backup(const struct disk *disk)
{
	uint64_t last = disk->nr_lbas - 1;

	return (struct gpt_copy){
		.entries_lba = last - label_entries_lbas(disk),
		.header_lba = last,
	};
}

static size_t gpt_copy_bytes(const struct disk *disk)
{
	return (size_t)(label_entries_lbas(disk) + 1) * disk->lba_size;
}

/* Entries, with the header behind them. */
static int gpt_copy_read(const struct gpt *gpt, const struct gpt_copy *copy,
			 char *data)
{
	size_t block = gpt->disk->lba_size;
	size_t entries = gpt_copy_bytes(gpt->disk) - block;

	if (pread(gpt->image, data, entries, (off_t)(copy->entries_lba * block)) ==
		    (ssize_t)entries &&
	    pread(gpt->image, data + entries, block,
		  (off_t)(copy->header_lba * block)) == (ssize_t)block)
		return 0;
	return err_set(EIO, NULL, "%s: reading the image of its table",
		       gpt->disk->name);
}

static int gpt_copy_write(struct gpt *gpt, const struct gpt_copy *copy,
			  const char *data)
{
	uint32_t entries = label_entries_lbas(gpt->disk);
	int err;

	err = disk_write(gpt->disk, copy->entries_lba, entries, data);
	if (!err)
		err = disk_write(gpt->disk, copy->header_lba, 1,
				 data + (size_t)entries * gpt->disk->lba_size);
	if (!err)
		err = disk_flush(gpt->disk);
	return err;
}

/* What is not good is not shown to libfdisk at all. */
static int gpt_image_hide(const struct gpt *gpt, const struct gpt_copy *copy)
{
	size_t block = gpt->disk->lba_size;
	char *zero = calloc(1, block);
	int err = 0;

	if (!zero)
		return err_set(ENOMEM, NULL, "out of memory");
	if (pwrite(gpt->image, zero, block, (off_t)(copy->header_lba * block)) !=
	    (ssize_t)block)
		err = err_set(EIO, NULL, "%s: writing the image of its table",
			      gpt->disk->name);
	free(zero);
	return err;
}

/* A protective MBR alone may be the first of a table to come. */
static int gpt_check_none(struct disk *disk, const struct label *label)
{
	bool blank = !label->protective;
	int err = 0;

	if (label->protective && !label->primary && !label->backup)
		err = label_is_blank(disk, &blank);
	if (err)
		return err;
	if (label->primary == LABEL_DAMAGED || !blank)
		return err_set(EUCLEAN, NULL,
			       "%s: both copies of its partition table are damaged; under the nvme driver, restore it (sgdisk --load-backup) or give it up (wipefs -a)",
			       disk->name);
	return err_set(ENODATA, NULL, "%s has no partition table", disk->name);
}

static int gpt_check(struct disk *disk, const struct label *label)
{
	bool primary = label->primary == LABEL_GOOD;
	bool backup = label->backup == LABEL_GOOD;

	if (label->primary == LABEL_FOREIGN ||
	    (!primary && label->backup == LABEL_FOREIGN))
		return err_set(EUCLEAN, NULL,
			       "%s has a partition table that is not for volumes: %s",
			       disk->name, label->why);
	if (!label->protective && (primary || (label->primary && backup)))
		return err_set(EUCLEAN, NULL,
			       "%s has a GPT without a protective MBR; fdisk or sgdisk under the nvme driver writes one",
			       disk->name);
	if (label->protective && (primary || backup))
		return 0;
	return gpt_check_none(disk, label);
}

static int gpt_image_open(struct gpt *gpt)
{
	uint32_t area = label_entries_lbas(gpt->disk) + 1;

	gpt->image = disk_image(gpt->disk, 1 + area, area);
	return gpt->image < 0 ? gpt->image : 0;
}

static int gpt_library_open(struct gpt *gpt)
{
	uint32_t block = gpt->disk->lba_size;
	int err;

	gpt->context = fdisk_new_context();
	if (!gpt->context)
		return err_set(ENOMEM, NULL, "out of memory");
	fdisk_disable_dialogs(gpt->context, 1);
	err = fdisk_save_user_sector_size(gpt->context, block, block);
	if (!err)
		err = fdisk_assign_device_by_fd(gpt->context, gpt->image,
						gpt->disk->name, 0);
	return err ? err_set(err, NULL, "%s: libfdisk: %s", gpt->disk->name,
			     strerror(-err)) : 0;
}

static int gpt_library_write(struct gpt *gpt)
{
	int err = fdisk_write_disklabel(gpt->context);

	return err ? err_set(err, NULL, "%s: libfdisk: %s", gpt->disk->name,
			     strerror(-err)) : 0;
}

/* The library makes the damaged copy anew; the primary is needed at once. */
static int gpt_repair(struct gpt *gpt, const struct label *label)
{
	struct gpt_copy primary = gpt_primary();
	int err;

	if (label->primary == LABEL_GOOD && label->backup == LABEL_GOOD)
		return 0;
	gpt->repaired = true;
	fdisk_label_set_changed(fdisk_get_label(gpt->context, NULL), 1);
	err = gpt_library_write(gpt);
	if (err || label->primary == LABEL_GOOD)
		return err;
	gpt->rescue = malloc(gpt_copy_bytes(gpt->disk));
	if (!gpt->rescue)
		return err_set(ENOMEM, NULL, "out of memory");
	return gpt_copy_read(gpt, &primary, gpt->rescue);
}

static int gpt_open_image(struct gpt *gpt, const struct label *label)
{
	struct gpt_copy primary = gpt_primary();
	struct gpt_copy backup = gpt_backup(gpt->disk);
	int err;

	err = gpt_image_open(gpt);
	if (!err && label->primary != LABEL_GOOD)
		err = gpt_image_hide(gpt, &primary);
	if (!err && label->backup != LABEL_GOOD)
		err = gpt_image_hide(gpt, &backup);
	if (!err)
		err = gpt_library_open(gpt);
	if (err)
		return err;
	if (!fdisk_is_label(gpt->context, GPT))
		return err_set(EUCLEAN, NULL,
			       "%s: libfdisk does not take its partition table",
			       gpt->disk->name);
	err = gpt_repair(gpt, label);
	if (!err)
		err = gpt_load(gpt);
	return err ? err : gpt_drop_growths(gpt);
}

static int gpt_alloc(struct disk *disk, struct gpt **gpt)
{
	*gpt = calloc(1, sizeof(**gpt));
	if (!*gpt)
		return err_set(ENOMEM, NULL, "out of memory");
	(*gpt)->disk = disk;
	(*gpt)->image = -1;
	return 0;
}

int gpt_open(struct disk *disk, struct gpt **gpt)
{
	struct label label;
	int err;

	err = label_read(disk, &label);
	if (!err)
		err = gpt_check(disk, &label);
	if (!err)
		err = gpt_alloc(disk, gpt);
	if (err)
		return err;
	err = gpt_open_image(*gpt, &label);
	if (err)
		gpt_close(*gpt);
	return err;
}

void gpt_close(struct gpt *gpt)
{
	if (!gpt)
		return;
	if (gpt->context) {
		fdisk_deassign_device(gpt->context, 1);
		fdisk_unref_context(gpt->context);
	}
	if (gpt->image >= 0)
		close(gpt->image);
	free(gpt->rescue);
	free(gpt);
}

/* Ahead of the table, so that a table is never without it. */
static int gpt_write_mbr(struct gpt *gpt)
{
	size_t block = gpt->disk->lba_size;
	char *mbr = malloc(block);
	int err;

	if (!mbr)
		return err_set(ENOMEM, NULL, "out of memory");
	if (pread(gpt->image, mbr, block, 0) == (ssize_t)block)
		err = disk_write(gpt->disk, 0, 1, mbr);
	else
		err = err_set(EIO, NULL, "%s: reading the image of its table",
			      gpt->disk->name);
	if (!err)
		err = disk_flush(gpt->disk);
	free(mbr);
	return err;
}

static int gpt_create_image(struct gpt *gpt)
{
	int err;

	err = gpt_image_open(gpt);
	if (!err)
		err = gpt_library_open(gpt);
	if (err)
		return err;
	err = fdisk_create_disklabel(gpt->context, "gpt");
	if (err)
		return err_set(err, NULL, "%s: libfdisk: %s", gpt->disk->name,
			       strerror(-err));
	err = gpt_library_write(gpt);
	if (!err)
		err = gpt_write_mbr(gpt);
	return err ? err : gpt_write(gpt);
}

int gpt_create(struct disk *disk)
{
	struct gpt *gpt;
	bool blank;
	int err;

	err = label_is_blank(disk, &blank);
	if (!err && !blank)
		err = err_set(EEXIST, "init",
			      "%s is not blank; if what is on it can go: under the nvme driver, wipefs -a and blkdiscard -z",
			      disk->name);
	if (!err)
		err = gpt_alloc(disk, &gpt);
	if (err)
		return err;
	err = gpt_create_image(gpt);
	gpt_close(gpt);
	return err;
}

int gpt_write(struct gpt *gpt)
{
	struct gpt_copy primary = gpt_primary();
	struct gpt_copy backup = gpt_backup(gpt->disk);
	char *data;
	int err;

	err = gpt_library_write(gpt);
	if (err)
		return err;
	data = malloc(gpt_copy_bytes(gpt->disk));
	if (!data)
		return err_set(ENOMEM, NULL, "out of memory");
	if (gpt->rescue)
		err = gpt_copy_write(gpt, &primary, gpt->rescue);
	if (!err)
		err = gpt_copy_read(gpt, &backup, data);
	if (!err)
		err = gpt_copy_write(gpt, &backup, data);
	if (!err)
		err = gpt_copy_read(gpt, &primary, data);
	if (!err)
		err = gpt_copy_write(gpt, &primary, data);
	free(data);
	if (err)
		return err;
	free(gpt->rescue);
	gpt->rescue = NULL;
	gpt->repaired = false;
	return 0;
}

bool gpt_name_is_valid(const char *name)
{
	size_t length = strlen(name), i;

	if (!length || length > GPT_NAME_MAX)
		return false;
	for (i = 0; i < length; i++)
		if (!isascii(name[i]) ||
		    (!isalnum(name[i]) && !strchr("._-", name[i])))
			return false;
	return strspn(name, ".") < length;
}

static const char *gpt_type_of(struct fdisk_partition *entry)
{
	struct fdisk_parttype *type = fdisk_partition_get_type(entry);
	const char *text = type ? fdisk_parttype_get_string(type) : NULL;

	return text ? text : GPT_TYPE_NONE;
}

static enum gpt_kind gpt_kind_of(struct fdisk_partition *entry)
{
	enum gpt_kind kind;

	for (kind = GPT_GROWTH; kind != GPT_FOREIGN; kind--)
		if (!strcasecmp(gpt_type_of(entry), gpt_types[kind]))
			break;
	return kind;
}

static void gpt_load_options(struct gpt_options *options, uint64_t attributes)
{
	uint32_t log2 = attributes >> GPT_ATTR_QUEUE_SIZE_SHIFT &
			GPT_ATTR_QUEUE_SIZE_MAX;

	options->unwiped = attributes & GPT_ATTR_UNWIPED;
	options->read_only = attributes & GPT_ATTR_READ_ONLY;
	options->nr_queues = attributes >> GPT_ATTR_QUEUES_SHIFT &
			     GPT_ATTR_QUEUES_MAX;
	options->queue_size = log2 ? 1u << log2 : 0;
}

static void gpt_load_names(struct gpt_part *part, struct fdisk_partition *entry)
{
	const char *name = fdisk_partition_get_name(entry);
	const char *uuid = fdisk_partition_get_uuid(entry);
	char *to = part->serial;
	size_t i;

	snprintf(part->name, sizeof(part->name), "%s", name ? name : "");
	snprintf(part->uuid, sizeof(part->uuid), "%s", uuid ? uuid : "");
	for (i = 0; part->uuid[i]; i++) {
		part->uuid[i] = (char)tolower(part->uuid[i]);
		if (part->uuid[i] != '-' && to - part->serial < GPT_SERIAL_SIZE - 1)
			*to++ = part->uuid[i];
	}
	*to = '\0';
}

static int gpt_load_entry(struct gpt *gpt, unsigned int index,
			  struct fdisk_partition *entry)
{
	struct gpt_part *part = &gpt->parts[gpt->nr_parts];
	uint64_t attributes;
	int err;

	/* The library takes an entry for used that has no type, but a begin. */
	if (!strcmp(gpt_type_of(entry), GPT_TYPE_NONE))
		return 0;
	err = fdisk_gpt_get_partition_attrs(gpt->context, index, &attributes);
	if (err)
		return err;
	memset(part, 0, sizeof(*part));
	part->kind = gpt_kind_of(entry);
	part->index = index;
	part->start_lba = fdisk_partition_get_start(entry);
	part->nr_lbas = fdisk_partition_get_size(entry);
	gpt_load_options(&part->options, attributes);
	gpt_load_names(part, entry);
	gpt->nr_parts++;
	return 0;
}

static int gpt_load_part(struct gpt *gpt, unsigned int index)
{
	struct fdisk_partition *entry = NULL;
	int err;

	if (!fdisk_is_partition_used(gpt->context, index))
		return 0;
	err = fdisk_get_partition(gpt->context, index, &entry);
	if (!err)
		err = gpt_load_entry(gpt, index, entry);
	fdisk_unref_partition(entry);
	return err ? err_set(err, NULL, "%s: libfdisk: partition %u: %s",
			     gpt->disk->name, index + 1, strerror(abs(err))) : 0;
}

static int gpt_load_limit(struct gpt *gpt, int id, uint64_t *lba)
{
	struct fdisk_labelitem *item = fdisk_new_labelitem();
	int err = item ? fdisk_get_disklabel_item(gpt->context, id, item) :
			 -ENOMEM;

	if (!err)
		err = fdisk_labelitem_get_data_u64(item, lba);
	fdisk_unref_labelitem(item);
	return err ? err_set(err, NULL, "%s: libfdisk: usable blocks: %s",
			     gpt->disk->name, strerror(abs(err))) : 0;
}

int gpt_load(struct gpt *gpt)
{
	const struct gpt_part *growth;
	unsigned int i;
	int err;

	err = gpt_load_limit(gpt, GPT_LABELITEM_FIRSTLBA, &gpt->first_lba);
	if (!err)
		err = gpt_load_limit(gpt, GPT_LABELITEM_LASTLBA,
				     &gpt->last_lba);
	gpt->nr_parts = 0;
	for (i = 0; !err && i < LABEL_ENTRIES; i++)
		err = gpt_load_part(gpt, i);
	for (i = 0; !err && i < gpt->nr_parts; i++) {
		growth = gpt_growth(gpt, &gpt->parts[i]);
		if (growth)
			gpt->parts[i].growth_lbas = growth->nr_lbas;
	}
	return err;
}

/* From entry @i of those that are there on. */
static const struct gpt_part *gpt_find_from(const struct gpt *gpt,
					    unsigned int i, const char *name)
{
	for (; i < gpt->nr_parts; i++)
		if (gpt->parts[i].kind == GPT_VOLUME &&
		    !strcmp(gpt->parts[i].name, name))
			return &gpt->parts[i];
	return NULL;
}

const struct gpt_part *gpt_find(const struct gpt *gpt, const char *name)
{
	return gpt_find_from(gpt, 0, name);
}

const struct gpt_part *gpt_twin(const struct gpt *gpt,
				const struct gpt_part *volume)
{
	return gpt_find_from(gpt, (unsigned int)(volume - gpt->parts) + 1,
			     volume->name);
}

const struct gpt_part *gpt_at(const struct gpt *gpt, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < gpt->nr_parts; i++)
		if (gpt->parts[i].index == index)
			return &gpt->parts[i];
	return NULL;
}
