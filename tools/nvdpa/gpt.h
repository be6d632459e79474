/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The partition table of a namespace, in which volumes live.
 *
 * A volume is a partition of our own type. Its PARTLABEL is the volume's name, the
 * first 20 hex digits of its GUID the serial, bit 60 of its attributes (GPT's own)
 * says read-only, and of the 16 bits that are a type's own
 *
 *   bit 48       not yet wiped
 *   bits 49-55   number of queues, 0 for the default
 *   bits 56-59   log2 of the queues' size, 0 for the default
 *
 * What partition tools set in the others stays.
 *
 * How it is written. libfdisk edits an image of the table's blocks; gpt_write()
 * brings it to the disk: backup entries, backup header, flush, primary entries,
 * primary header, flush. A header counts only with entries that fit its checksum.
 * So while the backup is written, the primary is the old table, whole; while the
 * primary is written, the backup is the new one, whole; and a reader believes the
 * primary if it is whole, else the backup. Whatever part of the unflushed blocks a
 * power cut leaves, the table is the old one or the new one. If the primary was
 * found damaged, it is first made whole again, as its only copy would be in danger
 * otherwise. The protective MBR is written by gpt_create() alone, before the rest.
 *
 * How a volume grows. Its new part must not be readable before it is zeroed, and
 * how far that has come cannot be told in 16 bits; the old part stays in use.
 * So the new part is at first a partition of its own, of a second type of ours and
 * without a name, that begins behind the volume and has the volume's GUID with the
 * last byte inverted. It reserves the blocks, and belongs to nobody. When it is
 * zeroed and flushed, one write of the table removes it and makes the volume
 * longer. A power cut before that leaves a volume of the old length and the
 * growth behind it, to be zeroed again from its begin; the old part is intact.
 * Resizing to the old length takes the growth back. A volume that is not wiped
 * itself has nothing to keep and just becomes longer, as does one that is told to
 * keep what is there. A growth behind no volume, whose partition another tool has
 * removed or changed, keeps blocks for nobody: it is not read, and the next write
 * removes it.
 */
#ifndef NVDPA_GPT_H
#define NVDPA_GPT_H

#include <stdbool.h>
#include <stdint.h>

#include "label.h"

/* Blocks of any kind of partition: to libfdisk, whose text these are. */
#define GPT_TYPE_VOLUME "6E766470-6100-4C6F-8E56-4D6573644B31"
#define GPT_TYPE_GROWTH "6E766470-6101-4C6F-8E56-4D6573644B31"

#define GPT_ATTR_UNWIPED (1ull << 48)
#define GPT_ATTR_QUEUES_SHIFT 49
#define GPT_ATTR_QUEUES_MAX 127
#define GPT_ATTR_QUEUE_SIZE_SHIFT 56
#define GPT_ATTR_QUEUE_SIZE_MAX 15
#define GPT_ATTR_READ_ONLY (1ull << 60)

/* 36 UTF-16 units as UTF-8. */
#define GPT_NAME_SIZE (36 * 3 + 1)
#define GPT_UUID_SIZE 37
#define GPT_SERIAL_SIZE 21

struct disk;
struct fdisk_context;

enum gpt_kind {
	GPT_FOREIGN,
	GPT_VOLUME,
	GPT_GROWTH,
};

/**
 * struct gpt_options - what a volume's attributes say
 * @nr_queues: 0 for the default
 * @queue_size: a power of two, 0 for the default
 * @read_only: guests cannot write
 * @unwiped: not all of it is zeroed yet
 */
struct gpt_options {
	uint32_t nr_queues;
	uint32_t queue_size;
	bool read_only;
	bool unwiped;
};

/**
 * struct gpt_part - a partition
 * @kind: whose it is
 * @index: its entry, from 0
 * @start_lba: first block
 * @nr_lbas: blocks
 * @growth_lbas: of a volume, blocks behind it that it shall have, too
 * @options: of a volume
 * @name: PARTLABEL; anything, if foreign
 * @uuid: its GUID in lower case
 * @serial: of a volume
 */
struct gpt_part {
	enum gpt_kind kind;
	unsigned int index;
	uint64_t start_lba;
	uint64_t nr_lbas;
	uint64_t growth_lbas;
	struct gpt_options options;
	char name[GPT_NAME_SIZE];
	char uuid[GPT_UUID_SIZE];
	char serial[GPT_SERIAL_SIZE];
};

/**
 * struct gpt - a table, as it will be with the next gpt_write()
 * @disk: where it is
 * @context: libfdisk's
 * @image: file descriptor of what libfdisk works on
 * @rescue: primary entries and header as they should be on the disk, where they
 *	are damaged; or NULL
 * @repaired: a copy was damaged; the next write repairs it
 * @first_lba: first block that a partition may have
 * @last_lba: last one
 * @nr_parts: how many @parts there are
 * @parts: by entry
 */
struct gpt {
	struct disk *disk;
	struct fdisk_context *context;
	int image;
	void *rescue;
	bool repaired;
	uint64_t first_lba;
	uint64_t last_lba;
	unsigned int nr_parts;
	struct gpt_part parts[LABEL_ENTRIES];
};

/*
 * Functions return 0 or a negative errno, recorded, if nothing else is said.
 * What changes a table changes it in memory; after a failure it is to be closed.
 */

/**
 * gpt_open() - read a table
 * @disk: where; stays the caller's
 * @gpt: out
 *
 * -ENODATA: there is none. -EUCLEAN: there is one that cannot be used.
 */
int gpt_open(struct disk *disk, struct gpt **gpt);

/**
 * gpt_create() - make an empty table on a blank disk
 *
 * -EEXIST: the disk is not blank.
 */
int gpt_create(struct disk *disk);

/** gpt_close() - forget a table; NULL is fine */
void gpt_close(struct gpt *gpt);

/** gpt_write() - bring a table to its disk */
int gpt_write(struct gpt *gpt);

/** gpt_find() - the first volume of this name, or NULL; till the next change */
const struct gpt_part *gpt_find(const struct gpt *gpt, const char *name);

/** gpt_twin() - the next volume of the same name, or NULL; likewise */
const struct gpt_part *gpt_twin(const struct gpt *gpt,
				const struct gpt_part *volume);

/** gpt_growth() - the growth behind a volume, or NULL; likewise */
const struct gpt_part *gpt_growth(const struct gpt *gpt,
				  const struct gpt_part *volume);

/** gpt_name_is_valid() - whether a volume may be called so */
bool gpt_name_is_valid(const char *name);

/* gpt_edit.c */

#define GPT_ANYWHERE UINT64_MAX

/**
 * struct gpt_wish - a volume that shall be
 * @name: its name
 * @start_lba: first block, or GPT_ANYWHERE for the tightest free part
 * @nr_lbas: blocks
 * @granularity_lbas: what first block and length must be multiples of
 * @options: see there
 */
struct gpt_wish {
	const char *name;
	uint64_t start_lba;
	uint64_t nr_lbas;
	uint32_t granularity_lbas;
	struct gpt_options options;
};

/**
 * gpt_add() - add a volume
 * @gpt: the table
 * @wish: what it shall be
 * @volume: out, till the next change
 *
 * -EEXIST: the name or a block is taken. -ENOSPC: no room, or no entry.
 */
int gpt_add(struct gpt *gpt, const struct gpt_wish *wish,
	    const struct gpt_part **volume);

/** gpt_del() - remove the volume in entry @index, with its growth */
int gpt_del(struct gpt *gpt, unsigned int index);

/** gpt_set() - change the options of the volume in entry @index */
int gpt_set(struct gpt *gpt, unsigned int index,
	    const struct gpt_options *options);

/**
 * gpt_resize() - give the volume in entry @index another length, and no growth
 * @gpt: the table
 * @index: its entry
 * @nr_lbas: blocks
 * @granularity_lbas: what that must be a multiple of
 *
 * -EEXIST: a block is another's.
 */
int gpt_resize(struct gpt *gpt, unsigned int index, uint64_t nr_lbas,
	       uint32_t granularity_lbas);

/**
 * gpt_grow() - reserve the new part of a volume, or change what is reserved
 * @gpt: the table
 * @index: the volume's entry
 * @nr_lbas: blocks of the volume with its growth
 * @granularity_lbas: what that must be a multiple of
 *
 * gpt_resize() to the same length makes it the volume's.
 */
int gpt_grow(struct gpt *gpt, unsigned int index, uint64_t nr_lbas,
	     uint32_t granularity_lbas);

/** gpt_at() - the partition in entry @index, or NULL; till the next change */
const struct gpt_part *gpt_at(const struct gpt *gpt, unsigned int index);

/* Between gpt.c and gpt_edit.c. */

/** gpt_load() - see again what libfdisk has */
int gpt_load(struct gpt *gpt);

/** gpt_drop_growths() - remove those that are behind no volume */
int gpt_drop_growths(struct gpt *gpt);

#endif /* NVDPA_GPT_H */
