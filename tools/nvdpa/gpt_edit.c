// SPDX-License-Identifier: GPL-2.0
/* Changes of a table, in memory; see gpt.h for what they mean. */
#include "gpt.h"

#include <errno.h>
#include <libfdisk/libfdisk.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "err.h"
#include "size.h"

#define GPT_ALIGN_BYTES (1u << 20)
#define GPT_GUID_LAST 34

static uint64_t gpt_end(const struct gpt_part *part)
{
	return part->start_lba + part->nr_lbas;
}

/* The volume's GUID, its last byte inverted. */
static void gpt_growth_uuid(const struct gpt_part *volume,
			    char uuid[GPT_UUID_SIZE])
{
	unsigned long last;

	memcpy(uuid, volume->uuid, GPT_UUID_SIZE);
	last = strtoul(uuid + GPT_GUID_LAST, NULL, 16);
	snprintf(uuid + GPT_GUID_LAST, GPT_UUID_SIZE - GPT_GUID_LAST, "%02lx",
		 ~last & 0xff);
}

const struct gpt_part *gpt_growth(const struct gpt *gpt,
				  const struct gpt_part *volume)
{
	char uuid[GPT_UUID_SIZE];
	unsigned int i;

	if (volume->kind != GPT_VOLUME)
		return NULL;
	gpt_growth_uuid(volume, uuid);
	for (i = 0; i < gpt->nr_parts; i++)
		if (gpt->parts[i].kind == GPT_GROWTH &&
		    gpt->parts[i].start_lba == gpt_end(volume) &&
		    !strcmp(gpt->parts[i].uuid, uuid))
			return &gpt->parts[i];
	return NULL;
}

static int gpt_failed(const struct gpt *gpt, int err, const char *what)
{
	return err ? err_set(err, NULL, "%s: libfdisk: %s: %s", gpt->disk->name,
			     what, strerror(abs(err))) : 0;
}

static const char *gpt_bytes(const struct gpt *gpt, uint64_t lbas,
			     char text[SIZE_TEXT])
{
	return size_print_exact(lbas * gpt->disk->lba_size, text);
}

/* Between these two, in multiples of the granularity, a volume can be. */
static int gpt_out_of_range(const struct gpt *gpt, uint32_t granularity_lbas)
{
	uint64_t first = gpt->first_lba + granularity_lbas - 1;
	uint64_t end = gpt->last_lba + 1;
	char from[SIZE_TEXT], to[SIZE_TEXT];

	first -= first % granularity_lbas;
	end -= end % granularity_lbas;
	return err_set(ERANGE, NULL, "%s has room for volumes from %s to %s",
		       gpt->disk->name, gpt_bytes(gpt, first, from),
		       size_print(end * gpt->disk->lba_size, to));
}

/* Both numbers are the caller's: nothing is added up before it is known. */
static int gpt_check_range(const struct gpt *gpt, uint64_t start,
			   uint64_t nr_lbas, uint32_t granularity_lbas)
{
	char multiple[SIZE_TEXT];

	if (start < gpt->first_lba || start > gpt->last_lba || !nr_lbas ||
	    nr_lbas > gpt->last_lba - start + 1)
		return gpt_out_of_range(gpt, granularity_lbas);
	if (start % granularity_lbas)
		return err_set(EINVAL, "offset",
			       "offset must be a multiple of %s on %s",
			       gpt_bytes(gpt, granularity_lbas, multiple),
			       gpt->disk->name);
	if (nr_lbas % granularity_lbas)
		return err_set(EINVAL, "size",
			       "size must be a multiple of %s on %s",
			       gpt_bytes(gpt, granularity_lbas, multiple),
			       gpt->disk->name);
	return 0;
}

/* @self and what belongs to it is no obstacle. */
static int gpt_check_free(const struct gpt *gpt, uint64_t start,
			  uint64_t nr_lbas, const struct gpt_part *self)
{
	const struct gpt_part *growth = self ? gpt_growth(gpt, self) : NULL;
	const struct gpt_part *part;
	char from[SIZE_TEXT], to[SIZE_TEXT];
	unsigned int i;

	for (i = 0; i < gpt->nr_parts; i++) {
		part = &gpt->parts[i];
		if (part == self || part == growth ||
		    part->start_lba >= start + nr_lbas || start >= gpt_end(part))
			continue;
		return err_set(EEXIST, NULL,
			       "%s from %s to %s is partition %u%s%s",
			       gpt->disk->name,
			       gpt_bytes(gpt, part->start_lba, from),
			       gpt_bytes(gpt, gpt_end(part), to),
			       part->index + 1, *part->name ? ", " : "",
			       part->name);
	}
	return 0;
}

static uint64_t gpt_gcd(uint64_t a, uint64_t b)
{
	uint64_t rest;

	while (b) {
		rest = a % b;
		a = b;
		b = rest;
	}
	return a;
}

static uint64_t gpt_align(const struct gpt *gpt, uint32_t granularity_lbas)
{
	uint64_t mib = GPT_ALIGN_BYTES / gpt->disk->lba_size;

	return mib / gpt_gcd(mib, granularity_lbas) * granularity_lbas;
}

static int gpt_compare(const void *a, const void *b)
{
	const struct gpt_part *const *x = a, *const *y = b;

	return (*x)->start_lba < (*y)->start_lba ? -1 :
	       (*x)->start_lba > (*y)->start_lba;
}

/**
 * struct gpt_fit - search for room
 * @nr_lbas: blocks wanted
 * @align_lbas: what the first one is a multiple of
 * @start_lba: where they fit most tightly, GPT_ANYWHERE: nowhere
 * @gap_lbas: blocks of that gap
 * @largest_lbas: most that would have fit
 */
struct gpt_fit {
	uint64_t nr_lbas;
	uint64_t align_lbas;
	uint64_t start_lba;
	uint64_t gap_lbas;
	uint64_t largest_lbas;
};

static void gpt_fit_gap(struct gpt_fit *fit, uint64_t from, uint64_t to)
{
	uint64_t rest = from % fit->align_lbas;
	uint64_t start = rest ? from + fit->align_lbas - rest : from;

	if (start >= to)
		return;
	if (fit->largest_lbas < to - start)
		fit->largest_lbas = to - start;
	if (fit->nr_lbas > to - start ||
	    (fit->start_lba != GPT_ANYWHERE && fit->gap_lbas <= to - start))
		return;
	fit->start_lba = start;
	fit->gap_lbas = to - start;
}

/* Best fit: the tightest gap keeps the large ones whole. */
static void gpt_fit_search(const struct gpt *gpt, struct gpt_fit *fit)
{
	const struct gpt_part *sorted[LABEL_ENTRIES];
	uint64_t from = gpt->first_lba;
	unsigned int i;

	fit->start_lba = GPT_ANYWHERE;
	for (i = 0; i < gpt->nr_parts; i++)
		sorted[i] = &gpt->parts[i];
	qsort(sorted, gpt->nr_parts, sizeof(*sorted), gpt_compare);
	for (i = 0; i < gpt->nr_parts; i++) {
		gpt_fit_gap(fit, from, sorted[i]->start_lba);
		from = gpt_end(sorted[i]);
	}
	gpt_fit_gap(fit, from, gpt->last_lba + 1);
}

static int gpt_place(const struct gpt *gpt, const struct gpt_wish *wish,
		     uint64_t *start)
{
	struct gpt_fit fit = {
		.nr_lbas = wish->nr_lbas,
		.align_lbas = gpt_align(gpt, wish->granularity_lbas),
	};
	char wanted[SIZE_TEXT], largest[SIZE_TEXT];
	int err;

	if (wish->start_lba != GPT_ANYWHERE) {
		*start = wish->start_lba;
		err = gpt_check_range(gpt, *start, wish->nr_lbas,
				      wish->granularity_lbas);
		return err ? err : gpt_check_free(gpt, *start, wish->nr_lbas,
						  NULL);
	}
	gpt_fit_search(gpt, &fit);
	*start = fit.start_lba;
	if (*start != GPT_ANYWHERE)
		return gpt_check_range(gpt, *start, wish->nr_lbas,
				       wish->granularity_lbas);
	fit.largest_lbas -= fit.largest_lbas % wish->granularity_lbas;
	return err_set(ENOSPC, "size",
		       "%s has no %s in one piece; the largest free one has %s",
		       gpt->disk->name, gpt_bytes(gpt, wish->nr_lbas, wanted),
		       size_print(fit.largest_lbas * gpt->disk->lba_size,
				  largest));
}

static uint64_t gpt_attributes(const struct gpt_options *options)
{
	uint64_t log2 = 0;

	while (options->queue_size && 1u << log2 < options->queue_size)
		log2++;
	return (options->unwiped ? GPT_ATTR_UNWIPED : 0) |
	       (uint64_t)options->nr_queues << GPT_ATTR_QUEUES_SHIFT |
	       log2 << GPT_ATTR_QUEUE_SIZE_SHIFT |
	       (options->read_only ? GPT_ATTR_READ_ONLY : 0);
}

static const uint64_t gpt_attributes_ours =
	GPT_ATTR_UNWIPED | GPT_ATTR_READ_ONLY |
	(uint64_t)GPT_ATTR_QUEUES_MAX << GPT_ATTR_QUEUES_SHIFT |
	(uint64_t)GPT_ATTR_QUEUE_SIZE_MAX << GPT_ATTR_QUEUE_SIZE_SHIFT;

static int gpt_check_options(const struct gpt_options *options)
{
	if (options->nr_queues > GPT_ATTR_QUEUES_MAX)
		return err_set(ERANGE, "queues",
			       "a partition table says up to %u queues",
			       GPT_ATTR_QUEUES_MAX);
	if (options->queue_size &&
	    (options->queue_size & (options->queue_size - 1) ||
	     options->queue_size < 2 ||
	     options->queue_size > 1u << GPT_ATTR_QUEUE_SIZE_MAX))
		return err_set(EINVAL, "queue-size",
			       "queue size %u is no power of two from 2 to %u",
			       options->queue_size,
			       1u << GPT_ATTR_QUEUE_SIZE_MAX);
	return 0;
}

static int gpt_check_wish(const struct gpt *gpt, const struct gpt_wish *wish)
{
	const struct gpt_part *other;

	if (!gpt_name_is_valid(wish->name))
		return err_set(EINVAL, "name",
			       "a volume's name is 1 to 36 of A-Z a-z 0-9 . _ - and not only dots");
	other = gpt_find(gpt, wish->name);
	if (other)
		return err_set(EEXIST, "name",
			       "%s has a volume %s, partition %u",
			       gpt->disk->name, wish->name, other->index + 1);
	if (gpt->nr_parts == LABEL_ENTRIES)
		return err_set(ENOSPC, NULL,
			       "%s has %u partitions, its table is full",
			       gpt->disk->name, LABEL_ENTRIES);
	return gpt_check_options(&wish->options);
}

/* What the library shall make of an entry. */
struct gpt_entry {
	const char *type;
	const char *name;
	const char *uuid;
	uint64_t start_lba;
	uint64_t nr_lbas;
};

static int gpt_entry_set(struct gpt *gpt, struct fdisk_partition *partition,
			 const struct gpt_entry *entry)
{
	struct fdisk_parttype *type;
	int err;

	type = fdisk_label_parse_parttype(fdisk_get_label(gpt->context, NULL),
					  entry->type);
	err = type ? fdisk_partition_set_type(partition, type) : -ENOMEM;
	fdisk_unref_parttype(type);
	if (!err)
		err = fdisk_partition_set_start(partition, entry->start_lba);
	if (!err)
		err = fdisk_partition_set_size(partition, entry->nr_lbas);
	if (!err)
		err = fdisk_partition_size_explicit(partition, 1);
	if (!err)
		err = fdisk_partition_partno_follow_default(partition, 1);
	if (!err && entry->name)
		err = fdisk_partition_set_name(partition, entry->name);
	if (!err && entry->uuid)
		err = fdisk_partition_set_uuid(partition, entry->uuid);
	return err;
}

static int gpt_entry_add(struct gpt *gpt, const struct gpt_entry *entry,
			 size_t *index)
{
	struct fdisk_partition *partition = fdisk_new_partition();
	int err;

	err = partition ? gpt_entry_set(gpt, partition, entry) : -ENOMEM;
	if (!err)
		err = fdisk_add_partition(gpt->context, partition, index);
	fdisk_unref_partition(partition);
	return gpt_failed(gpt, err, "add a partition");
}

int gpt_add(struct gpt *gpt, const struct gpt_wish *wish,
	    const struct gpt_part **volume)
{
	struct gpt_entry entry = {
		.type = GPT_TYPE_VOLUME,
		.name = wish->name,
		.nr_lbas = wish->nr_lbas,
	};
	size_t index;
	int err;

	err = gpt_check_wish(gpt, wish);
	if (!err)
		err = gpt_place(gpt, wish, &entry.start_lba);
	if (!err)
		err = gpt_entry_add(gpt, &entry, &index);
	if (err)
		return err;
	err = fdisk_gpt_set_partition_attrs(gpt->context, index,
					    gpt_attributes(&wish->options));
	err = gpt_failed(gpt, err, "set attributes");
	if (!err)
		err = gpt_load(gpt);
	if (!err)
		*volume = gpt_at(gpt, (unsigned int)index);
	return err;
}

static int gpt_entry_del(struct gpt *gpt, unsigned int index)
{
	return gpt_failed(gpt, fdisk_delete_partition(gpt->context, index),
			  "delete a partition");
}

static int gpt_growth_del(struct gpt *gpt, unsigned int index)
{
	const struct gpt_part *growth = gpt_growth(gpt, gpt_at(gpt, index));

	return growth ? gpt_entry_del(gpt, growth->index) : 0;
}

static bool gpt_growth_is_owned(const struct gpt *gpt,
				const struct gpt_part *growth)
{
	unsigned int i;

	for (i = 0; i < gpt->nr_parts; i++)
		if (gpt_growth(gpt, &gpt->parts[i]) == growth)
			return true;
	return false;
}

int gpt_drop_growths(struct gpt *gpt)
{
	unsigned int i, dropped = 0;
	int err = 0;

	for (i = 0; !err && i < gpt->nr_parts; i++) {
		if (gpt->parts[i].kind != GPT_GROWTH ||
		    gpt_growth_is_owned(gpt, &gpt->parts[i]))
			continue;
		err = gpt_entry_del(gpt, gpt->parts[i].index);
		dropped++;
	}
	return err || !dropped ? err : gpt_load(gpt);
}

int gpt_del(struct gpt *gpt, unsigned int index)
{
	int err;

	err = gpt_growth_del(gpt, index);
	if (!err)
		err = gpt_entry_del(gpt, index);
	return err ? err : gpt_load(gpt);
}

int gpt_set(struct gpt *gpt, unsigned int index,
	    const struct gpt_options *options)
{
	uint64_t attributes;
	int err;

	err = gpt_check_options(options);
	if (err)
		return err;
	err = fdisk_gpt_get_partition_attrs(gpt->context, index, &attributes);
	if (!err)
		err = fdisk_gpt_set_partition_attrs(gpt->context, index,
			(attributes & ~gpt_attributes_ours) |
			gpt_attributes(options));
	err = gpt_failed(gpt, err, "set attributes");
	return err ? err : gpt_load(gpt);
}

static int gpt_check_length(const struct gpt *gpt, unsigned int index,
			    uint64_t nr_lbas, uint32_t granularity_lbas)
{
	const struct gpt_part *volume = gpt_at(gpt, index);
	int err;

	err = gpt_check_range(gpt, volume->start_lba, nr_lbas,
			      granularity_lbas);
	if (!err)
		err = gpt_check_free(gpt, volume->start_lba, nr_lbas, volume);
	if (err)
		err_prefix("%s cannot have that size", volume->name);
	return err;
}

static int gpt_entry_resize(struct gpt *gpt, unsigned int index,
			    uint64_t nr_lbas)
{
	struct fdisk_partition *partition = fdisk_new_partition();
	int err;

	err = partition ? fdisk_partition_set_size(partition, nr_lbas) : -ENOMEM;
	if (!err)
		err = fdisk_partition_size_explicit(partition, 1);
	if (!err)
		err = fdisk_set_partition(gpt->context, index, partition);
	fdisk_unref_partition(partition);
	return gpt_failed(gpt, err, "resize a partition");
}

int gpt_resize(struct gpt *gpt, unsigned int index, uint64_t nr_lbas,
	       uint32_t granularity_lbas)
{
	int err;

	err = gpt_check_length(gpt, index, nr_lbas, granularity_lbas);
	if (!err)
		err = gpt_growth_del(gpt, index);
	if (!err && gpt_at(gpt, index)->nr_lbas != nr_lbas)
		err = gpt_entry_resize(gpt, index, nr_lbas);
	return err ? err : gpt_load(gpt);
}

int gpt_grow(struct gpt *gpt, unsigned int index, uint64_t nr_lbas,
	     uint32_t granularity_lbas)
{
	const struct gpt_part *volume = gpt_at(gpt, index);
	char uuid[GPT_UUID_SIZE];
	struct gpt_entry entry = {
		.type = GPT_TYPE_GROWTH,
		.uuid = uuid,
		.start_lba = gpt_end(volume),
		.nr_lbas = nr_lbas - volume->nr_lbas,
	};
	size_t unused;
	int err;

	err = gpt_check_length(gpt, index, nr_lbas, granularity_lbas);
	if (err)
		return err;
	if (gpt->nr_parts == LABEL_ENTRIES && !gpt_growth(gpt, volume))
		return err_set(ENOSPC, NULL,
			       "%s has %u partitions, and growth needs one more until it is wiped",
			       gpt->disk->name, LABEL_ENTRIES);
	gpt_growth_uuid(volume, uuid);
	err = gpt_growth_del(gpt, index);
	if (!err)
		err = gpt_entry_add(gpt, &entry, &unused);
	return err ? err : gpt_load(gpt);
}
