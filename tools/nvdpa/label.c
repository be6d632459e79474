// SPDX-License-Identifier: GPL-2.0
#include "label.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk.h"
#include "err.h"

#define LABEL_SIGNATURE "EFI PART"
#define LABEL_REVISION 0x00010000
#define LABEL_HEADER_BYTES 92
#define MIB (1u << 20)

#define MBR_TABLE 446
#define MBR_SIGNATURE 510
#define MBR_TYPE_PROTECTIVE 0xee

/* All numbers are little endian. */
struct label_header {
	char signature[8];
	uint32_t revision;
	uint32_t bytes;
	uint32_t crc;
	uint32_t reserved;
	uint64_t my_lba;
	uint64_t alternate_lba;
	uint64_t first_usable_lba;
	uint64_t last_usable_lba;
	uint8_t guid[16];
	uint64_t entries_lba;
	uint32_t nr_entries;
	uint32_t entry_bytes;
	uint32_t entries_crc;
} __attribute__((packed));

struct label_entry {
	uint8_t type[16];
	uint8_t guid[16];
	uint64_t first_lba;
	uint64_t last_lba;
	uint64_t attributes;
	uint16_t name[36];
} __attribute__((packed));

_Static_assert(sizeof(struct label_header) == LABEL_HEADER_BYTES, "header");
_Static_assert(sizeof(struct label_entry) == LABEL_ENTRY_BYTES, "entry");

/* By halves of bytes. */
uint32_t label_crc32(const void *data, size_t bytes)
{
	static const uint32_t table[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
		0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
		0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const uint8_t *byte = data;
	uint32_t crc = ~0u;

	while (bytes--) {
		crc ^= *byte++;
		crc = crc >> 4 ^ table[crc & 0xf];
		crc = crc >> 4 ^ table[crc & 0xf];
	}
	return ~crc;
}

uint32_t label_entries_lbas(const struct disk *disk)
{
	return (LABEL_ENTRIES_BYTES + disk->lba_size - 1) / disk->lba_size;
}

/* Where one of the two copies is. */
struct label_place {
	uint64_t header_lba;
	uint64_t other_lba;
	uint64_t entries_lba;
};

static bool label_crc_right(const void *block, uint32_t lba_size)
{
	struct label_header header;
	uint8_t *copy;
	uint32_t bytes, crc;

	memcpy(&header, block, sizeof(header));
	bytes = le32toh(header.bytes);
	if (bytes < LABEL_HEADER_BYTES || bytes > lba_size)
		return false;
	copy = malloc(bytes);
	if (!copy)
		return false;
	memcpy(copy, block, bytes);
	memset(copy + offsetof(struct label_header, crc), 0, sizeof(header.crc));
	crc = label_crc32(copy, bytes);
	free(copy);
	return crc == le32toh(header.crc);
}

static enum label_state label_foreign(struct label *label, const char *why)
{
	snprintf(label->why, sizeof(label->why), "%s", why);
	return LABEL_FOREIGN;
}

/* A header that is whole; that its layout is ours. */
static enum label_state label_check_layout(struct label *label,
					   const struct disk *disk,
					   const struct label_place *place,
					   const struct label_header *header)
{
	uint64_t first = le64toh(header->first_usable_lba);
	uint64_t last = le64toh(header->last_usable_lba);
	uint32_t entries = label_entries_lbas(disk);

	if (le32toh(header->revision) != LABEL_REVISION)
		return label_foreign(label, "it has another revision than 1.0");
	if (le32toh(header->nr_entries) != LABEL_ENTRIES ||
	    le32toh(header->entry_bytes) != LABEL_ENTRY_BYTES)
		return label_foreign(label,
				     "it has not 128 entries of 128 bytes");
	if (le64toh(header->alternate_lba) != place->other_lba)
		return label_foreign(label,
				     "its backup is not in the last block, as after the disk has grown or was copied; sgdisk -e moves it there");
	if (le64toh(header->entries_lba) != place->entries_lba)
		return label_foreign(label,
				     "its entries are not beside its header");
	if (first < 2 + entries || last > disk->nr_lbas - 2 - entries ||
	    first > last)
		return label_foreign(label,
				     "its usable blocks overlap the table itself");
	return LABEL_GOOD;
}

static bool label_entry_used(const struct label_entry *entry)
{
	static const uint8_t none[16];

	return memcmp(entry->type, none, sizeof(none));
}

static int label_compare(const void *a, const void *b)
{
	const struct label_entry *const *x = a, *const *y = b;
	uint64_t left = le64toh((*x)->first_lba);
	uint64_t right = le64toh((*y)->first_lba);

	return left < right ? -1 : left > right;
}

/* Entries whose checksum is right; that no block is in two of them. */
static enum label_state label_check_entries(struct label *label,
					    const struct label_header *header,
					    const struct label_entry *entries)
{
	const struct label_entry *used[LABEL_ENTRIES];
	unsigned int i, nr = 0;

	for (i = 0; i < LABEL_ENTRIES; i++)
		if (label_entry_used(&entries[i]))
			used[nr++] = &entries[i];
	qsort(used, nr, sizeof(*used), label_compare);
	for (i = 0; i < nr; i++) {
		uint64_t first = le64toh(used[i]->first_lba);
		uint64_t last = le64toh(used[i]->last_lba);

		if (first < le64toh(header->first_usable_lba) || last < first ||
		    last > le64toh(header->last_usable_lba)) {
			snprintf(label->why, sizeof(label->why),
				 "partition %td is not inside of the usable blocks",
				 used[i] - entries + 1);
			return LABEL_FOREIGN;
		}
		if (i && first <= le64toh(used[i - 1]->last_lba)) {
			snprintf(label->why, sizeof(label->why),
				 "partitions %td and %td overlap",
				 used[i - 1] - entries + 1,
				 used[i] - entries + 1);
			return LABEL_FOREIGN;
		}
	}
	return LABEL_GOOD;
}

static enum label_state label_check(struct label *label,
				    const struct disk *disk,
				    const struct label_place *place,
				    const void *block, const void *entries)
{
	struct label_header header;
	enum label_state state;

	memcpy(&header, block, sizeof(header));
	if (memcmp(header.signature, LABEL_SIGNATURE, sizeof(header.signature)))
		return LABEL_ABSENT;
	if (!label_crc_right(block, disk->lba_size) ||
	    le64toh(header.my_lba) != place->header_lba)
		return LABEL_DAMAGED;
	state = label_check_layout(label, disk, place, &header);
	if (state != LABEL_GOOD)
		return state;
	if (label_crc32(entries, LABEL_ENTRIES_BYTES) !=
	    le32toh(header.entries_crc))
		return LABEL_DAMAGED;
	return label_check_entries(label, &header, entries);
}

/* One partition that covers the disk, perhaps with copies of others beside it. */
static bool label_is_protective(const uint8_t *block)
{
	const uint8_t *entry;
	uint32_t start;
	int i;

	if (block[MBR_SIGNATURE] != 0x55 || block[MBR_SIGNATURE + 1] != 0xaa)
		return false;
	for (i = 0; i < 4; i++) {
		entry = block + MBR_TABLE + 16 * i;
		memcpy(&start, entry + 8, sizeof(start));
		if (entry[4] == MBR_TYPE_PROTECTIVE && le32toh(start) == 1)
			return true;
	}
	return false;
}

static bool label_is_zero(const uint8_t *data, size_t bytes)
{
	return !bytes || (!*data && !memcmp(data, data + 1, bytes - 1));
}

static void label_look(struct label *label, const struct disk *disk,
		       const uint8_t *head, const uint8_t *tail)
{
	uint32_t entries = label_entries_lbas(disk), size = disk->lba_size;
	uint64_t last = disk->nr_lbas - 1;
	struct label_place primary = { 1, last, 2 };
	struct label_place backup = { last, 1, last - entries };
	struct label other = { };

	label->primary = label_check(label, disk, &primary, head + size,
				     head + 2 * size);
	label->backup = label_check(&other, disk, &backup,
				    tail + (size_t)entries * size, tail);
	if (label->primary != LABEL_FOREIGN)
		memcpy(label->why, other.why, sizeof(label->why));
	label->protective = label_is_protective(head);
}

static int label_check_disk(const struct disk *disk)
{
	if (disk->lba_size < 512 || disk->lba_size > MIB / 16)
		return err_set(EOPNOTSUPP, NULL, "%s has blocks of %u bytes",
			       disk->name, disk->lba_size);
	if (disk->nr_lbas < 2 * (uint64_t)MIB / disk->lba_size)
		return err_set(ENOSPC, NULL,
			       "%s is too small for a partition table",
			       disk->name);
	return 0;
}

/* Both ends of a disk, one behind the other in memory. */
static int label_read_ends(struct disk *disk, uint32_t head_lbas,
			   uint32_t tail_lbas, uint8_t **data)
{
	int err;

	err = label_check_disk(disk);
	if (err)
		return err;
	*data = malloc((size_t)(head_lbas + tail_lbas) * disk->lba_size);
	if (!*data)
		return err_set(ENOMEM, NULL, "out of memory");
	err = disk_read(disk, 0, head_lbas, *data);
	if (!err)
		err = disk_read(disk, disk->nr_lbas - tail_lbas, tail_lbas,
				*data + (size_t)head_lbas * disk->lba_size);
	if (err)
		free(*data);
	return err;
}

int label_read(struct disk *disk, struct label *label)
{
	uint32_t tail = label_entries_lbas(disk) + 1;
	uint8_t *data;
	int err;

	memset(label, 0, sizeof(*label));
	err = label_read_ends(disk, 1 + tail, tail, &data);
	if (err)
		return err;
	label_look(label, disk, data,
		   data + (size_t)(1 + tail) * disk->lba_size);
	free(data);
	return 0;
}

int label_is_blank(struct disk *disk, bool *blank)
{
	uint32_t area = MIB / disk->lba_size, size = disk->lba_size;
	uint8_t *data;
	int err;

	err = label_read_ends(disk, area, area, &data);
	if (err)
		return err;
	*blank = label_is_zero(data + size, 2 * MIB - size) &&
		 (label_is_zero(data, size) ||
		  (label_is_protective(data) && label_is_zero(data, MBR_TABLE)));
	free(data);
	return 0;
}
