/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The bytes of a GUID partition table, checked before a library believes them:
 * a disk's content is whoever's had it before.
 *
 * Only the layout that every tool makes is taken: 128 entries of 128 bytes behind
 * the header in block 1 and in front of the one in the last block. What is laid
 * out otherwise may keep something where we would write.
 */
#ifndef NVDPA_LABEL_H
#define NVDPA_LABEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LABEL_ENTRIES 128
#define LABEL_ENTRY_BYTES 128
#define LABEL_ENTRIES_BYTES (LABEL_ENTRIES * LABEL_ENTRY_BYTES)

struct disk;

enum label_state {
	/* No signature. */
	LABEL_ABSENT,
	/* A checksum or an address is wrong. */
	LABEL_DAMAGED,
	/* Right, but not for us: see label.why. */
	LABEL_FOREIGN,
	LABEL_GOOD,
};

/**
 * struct label - what a disk's begin and end tell
 * @primary: state of the header in block 1 with its entries
 * @backup: state of the header in the last block with its entries
 * @protective: block 0 is a protective MBR
 * @why: why one of them is foreign
 */
struct label {
	enum label_state primary;
	enum label_state backup;
	bool protective;
	char why[160];
};

/** label_entries_lbas() - blocks that the entries fill */
uint32_t label_entries_lbas(const struct disk *disk);

/**
 * label_read() - look at a disk
 * @disk: one with room for two tables
 * @label: out
 *
 * Return: 0, or a negative errno, recorded: it cannot be read.
 */
int label_read(struct disk *disk, struct label *label);

/**
 * label_is_blank() - whether there is nothing on a disk
 * @disk: likewise
 * @blank: out: a MiB at either end of it is zeroes, but perhaps for a protective
 *	MBR, which is what is written first
 *
 * Return: 0, or a negative errno, recorded.
 */
int label_is_blank(struct disk *disk, bool *blank);

/** label_crc32() - the checksum of headers and entries */
uint32_t label_crc32(const void *data, size_t bytes);

#endif /* NVDPA_LABEL_H */
