// SPDX-License-Identifier: GPL-2.0
/* Pins tools/nvdpa/gpt.c, gpt_edit.c and label.c. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "err.h"
#include "gpt.h"
#include "sim.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (64 * MIB)

static const uint32_t lba_sizes[] = { 512, 4096 };

/* Where a table is: the rest of a disk is not for us. */
static void protect(struct sim *sim)
{
	uint32_t area = label_entries_lbas(&sim->disk) + 2;

	sim->first_lba = area;
	sim->last_lba = sim->disk.nr_lbas - area;
}

static struct gpt *create(uint32_t lba_size, struct sim **sim)
{
	struct gpt *gpt = NULL;

	err_clear();
	*sim = sim_new(lba_size, DISK_BYTES);
	protect(*sim);
	EXPECT_EQ(gpt_create(&(*sim)->disk), 0);
	EXPECT_EQ(gpt_open(&(*sim)->disk, &gpt), 0);
	return gpt;
}

static void end(struct gpt *gpt, struct sim *sim)
{
	gpt_close(gpt);
	disk_close(&sim->disk);
	err_clear();
}

static struct gpt *reopen(struct gpt *gpt, struct sim *sim)
{
	gpt_close(gpt);
	gpt = NULL;
	EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
	return gpt;
}

static struct gpt_wish wish_of(const struct gpt *gpt, const char *name,
			       uint64_t bytes)
{
	return (struct gpt_wish){
		.name = name,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = bytes / gpt->disk->lba_size,
		.granularity_lbas = 4096 / gpt->disk->lba_size,
		.options = { .unwiped = true },
	};
}

static const struct gpt_part *add(struct gpt *gpt, const char *name,
				  uint64_t bytes)
{
	struct gpt_wish wish = wish_of(gpt, name, bytes);
	const struct gpt_part *part = NULL;

	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	return part;
}

static uint64_t start_mib(const struct gpt *gpt, const struct gpt_part *part)
{
	return part->start_lba * gpt->disk->lba_size / MIB;
}

/* That a change is refused for this reason; the table has to be closed. */
static void refused(int got, int want, const char *words)
{
	EXPECT_EQ(got, want);
	EXPECT(strstr(err_get()->message, words));
	if (!strstr(err_get()->message, words))
		tap_fail(__FILE__, __LINE__, err_get()->message);
	err_clear();
}

TEST(gpt, what_is_written_is_read)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++) {
		struct sim *sim;
		struct gpt *gpt = create(lba_sizes[i], &sim);
		struct gpt_wish wish = wish_of(gpt, "vm-1._", 8 * MIB);
		const struct gpt_part *part = NULL;
		char uuid[GPT_UUID_SIZE], digits[32];

		wish.options.nr_queues = 127;
		wish.options.queue_size = 32768;
		wish.options.read_only = true;
		EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
		memcpy(uuid, part->uuid, sizeof(uuid));
		EXPECT_EQ(gpt_write(gpt), 0);
		gpt = reopen(gpt, sim);
		EXPECT_EQ(gpt->nr_parts, 1);
		EXPECT(!gpt->repaired);
		part = gpt_find(gpt, "vm-1._");
		EXPECT(part && part == gpt_at(gpt, 0));
		EXPECT_EQ(part->kind, GPT_VOLUME);
		EXPECT_EQ(part->start_lba, MIB / lba_sizes[i]);
		EXPECT_EQ(part->nr_lbas, 8 * MIB / lba_sizes[i]);
		EXPECT_EQ(part->options.nr_queues, 127);
		EXPECT_EQ(part->options.queue_size, 32768);
		EXPECT(part->options.read_only && part->options.unwiped);
		EXPECT(!strcmp(part->uuid, uuid));
		snprintf(digits, sizeof(digits), "%.8s%.4s%.4s%.4s", uuid,
			 uuid + 9, uuid + 14, uuid + 19);
		EXPECT(!strcmp(part->serial, digits));
		EXPECT_EQ(strlen(part->serial), 20);
		EXPECT(!gpt_find(gpt, "vm"));
		end(gpt, sim);
	}
}

TEST(gpt, init_is_for_blank_disks)
{
	static const uint64_t places[] = {
		0, 446, 512, 5000, MIB - 1, DISK_BYTES - MIB, DISK_BYTES - 1,
	};
	struct sim *sim = sim_new(512, DISK_BYTES);
	struct gpt *gpt = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		*sim_byte(sim, places[i]) = 1;
		refused(gpt_open(&sim->disk, &gpt), -ENODATA,
			"no partition table");
		refused(gpt_create(&sim->disk), -EEXIST, "not blank");
		EXPECT_EQ(sim->flushes, 0);
		*sim_byte(sim, places[i]) = 0;
	}
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	refused(gpt_create(&sim->disk), -EEXIST, "not blank");
	disk_close(&sim->disk);
	sim = sim_new(512, MIB);
	refused(gpt_create(&sim->disk), -ENOSPC, "too small");
	disk_close(&sim->disk);
	sim = sim_new(256, DISK_BYTES);
	refused(gpt_open(&sim->disk, &gpt), -EOPNOTSUPP, "256 bytes");
	disk_close(&sim->disk);
}

TEST(gpt, the_tightest_gap_is_taken)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);

	EXPECT_EQ(start_mib(gpt, add(gpt, "a", 16 * MIB)), 1);
	EXPECT_EQ(start_mib(gpt, add(gpt, "b", MIB)), 17);
	EXPECT_EQ(start_mib(gpt, add(gpt, "c", 4 * MIB)), 18);
	EXPECT_EQ(start_mib(gpt, add(gpt, "d", MIB)), 22);
	EXPECT_EQ(gpt_del(gpt, gpt_find(gpt, "a")->index), 0);
	EXPECT_EQ(gpt_del(gpt, gpt_find(gpt, "c")->index), 0);
	/* Gaps of 16, 4 and 40 MiB. */
	EXPECT_EQ(start_mib(gpt, add(gpt, "e", 4 * MIB)), 18);
	EXPECT_EQ(start_mib(gpt, add(gpt, "f", 4096)), 1);
	/* Begins are aligned, so that the rest of a MiB is not used. */
	EXPECT_EQ(start_mib(gpt, add(gpt, "g", 15 * MIB)), 2);
	EXPECT_EQ(start_mib(gpt, add(gpt, "h", 30 * MIB)), 23);
	end(gpt, sim);
}

TEST(gpt, alignment_follows_the_drive)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	struct gpt_wish wish = wish_of(gpt, "a", 3 * MIB);
	const struct gpt_part *part = NULL;

	wish.granularity_lbas = 3;
	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	EXPECT_EQ(start_mib(gpt, part), 3);
	EXPECT_EQ(part->start_lba % 3, 0);
	wish.name = "b";
	wish.granularity_lbas = 16384;
	wish.nr_lbas = 16384;
	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	EXPECT_EQ(start_mib(gpt, part), 8);
	end(gpt, sim);
}

TEST(gpt, a_full_disk_says_so)
{
	struct sim *sim;
	struct gpt *gpt = create(4096, &sim);
	struct gpt_wish wish = wish_of(gpt, "b", 63 * MIB);
	const struct gpt_part *part;

	refused(gpt_add(gpt, &wish, &part), -ENOSPC,
		"no 63MiB in one piece; the largest free one has 62.9MiB");
	wish.nr_lbas -= 5;
	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	wish.name = "c";
	wish.nr_lbas = 1;
	refused(gpt_add(gpt, &wish, &part), -ENOSPC, "largest free one has 0B");
	wish.nr_lbas = UINT64_MAX;
	refused(gpt_add(gpt, &wish, &part), -ENOSPC, "no ");
	end(gpt, sim);
}

TEST(gpt, a_full_table_says_so)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	struct gpt_wish wish = wish_of(gpt, "last", 4096);
	const struct gpt_part *part;
	char name[16];
	int i;

	for (i = 0; i < LABEL_ENTRIES - 1; i++) {
		snprintf(name, sizeof(name), "v%d", i);
		wish.name = name;
		wish.start_lba = 2048 + 16 * i;
		EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	}
	wish.options.unwiped = false;
	EXPECT_EQ(gpt_set(gpt, 3, &wish.options), 0);
	EXPECT_EQ(gpt_grow(gpt, 3, 16, 8), 0);
	EXPECT_EQ(gpt->nr_parts, LABEL_ENTRIES);
	wish.name = "one-more";
	wish.start_lba = GPT_ANYWHERE;
	refused(gpt_add(gpt, &wish, &part), -ENOSPC, "128 partitions");
	refused(gpt_grow(gpt, 4, 16, 8), -ENOSPC, "one more until it is wiped");
	/* One that is reserved already needs none. */
	EXPECT_EQ(gpt_grow(gpt, 3, 8 + 4, 4), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt = reopen(gpt, sim);
	EXPECT_EQ(gpt->nr_parts, LABEL_ENTRIES);
	end(gpt, sim);
}

TEST(gpt, names_are_checked)
{
	static const char *const wrong[] = {
		"", ".", "..", "....", "a b", "a/b", "a@n1", "\xc3\xa4", "a\x7f",
		"1234567890123456789012345678901234567",
	};
	static const char *const right[] = {
		"a", "-", "..a", "_", "A.b-C_9", "123456789012345678901234567890123456",
	};
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	struct gpt_wish wish = wish_of(gpt, "", 4096);
	const struct gpt_part *part = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		wish.name = wrong[i];
		refused(gpt_add(gpt, &wish, &part), -EINVAL, "A-Z a-z 0-9");
	}
	for (i = 0; i < ARRAY_SIZE(right); i++) {
		wish.name = right[i];
		EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
		EXPECT(!strcmp(part->name, right[i]));
	}
	refused(gpt_add(gpt, &wish, &part), -EEXIST, "partition 6");
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt = reopen(gpt, sim);
	for (i = 0; i < ARRAY_SIZE(right); i++)
		EXPECT(gpt_find(gpt, right[i]));
	end(gpt, sim);
}

TEST(gpt, ranges_are_checked)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	struct gpt_wish wish = wish_of(gpt, "b", MIB);
	const struct gpt_part *part;
	uint64_t taken = add(gpt, "a", MIB)->start_lba;
	static const struct {
		uint64_t start, nr_lbas;
		int err;
		const char *words;
	} cases[] = {
		{ 2052, 2048, -EINVAL, "offset must be a multiple of 4KiB" },
		{ 4096, 2044, -EINVAL, "size must be a multiple of 4KiB" },
		{ 0, 2048, -ERANGE, "room for volumes from 1MiB to" },
		{ 8192, 0, -ERANGE, "room for volumes" },
		{ 8192, DISK_BYTES, -ERANGE, "room for volumes" },
		{ 8192, UINT64_MAX, -ERANGE, "room for volumes" },
		{ UINT64_MAX - 7, 16, -ERANGE, "room for volumes" },
		{ DISK_BYTES / 512 - 8, 8, -ERANGE, "room for volumes" },
		{ 2048, 2048, -EEXIST, "from 1MiB to 2MiB is partition 1, a" },
		{ 3072, 2048, -EEXIST, "partition 1, a" },
		{ 2048, 8, -EEXIST, "partition 1, a" },
	};
	size_t i;

	EXPECT_EQ(taken, 2048);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		wish.start_lba = cases[i].start;
		wish.nr_lbas = cases[i].nr_lbas;
		refused(gpt_add(gpt, &wish, &part), cases[i].err,
			cases[i].words);
	}
	wish.start_lba = 4096;
	wish.nr_lbas = 2048;
	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	EXPECT_EQ(part->start_lba, 4096);
	end(gpt, sim);
}

TEST(gpt, options_are_checked_and_kept)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	struct gpt_options options = { .nr_queues = 128 };
	unsigned int index = add(gpt, "a", MIB)->index;
	const struct gpt_part *part;

	refused(gpt_set(gpt, index, &options), -ERANGE, "127 queues");
	options = (struct gpt_options){ .queue_size = 100 };
	refused(gpt_set(gpt, index, &options), -EINVAL, "power of two");
	options.queue_size = 1;
	refused(gpt_set(gpt, index, &options), -EINVAL, "power of two");
	options.queue_size = 65536;
	refused(gpt_set(gpt, index, &options), -EINVAL, "power of two");
	options = (struct gpt_options){ .nr_queues = 1, .queue_size = 2 };
	EXPECT_EQ(gpt_set(gpt, index, &options), 0);
	part = gpt_at(gpt, index);
	EXPECT_EQ(part->options.nr_queues, 1);
	EXPECT_EQ(part->options.queue_size, 2);
	EXPECT(!part->options.unwiped && !part->options.read_only);
	end(gpt, sim);
}

TEST(gpt, a_length_changes)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	unsigned int index = add(gpt, "a", 2 * MIB)->index;
	uint64_t start = gpt_at(gpt, index)->start_lba;
	char uuid[GPT_UUID_SIZE];

	memcpy(uuid, gpt_at(gpt, index)->uuid, sizeof(uuid));
	add(gpt, "b", MIB);
	refused(gpt_resize(gpt, index, 4104, 8), -EEXIST, "partition 2, b");
	refused(gpt_resize(gpt, index, 4095, 8), -EINVAL, "multiple of 4KiB");
	refused(gpt_resize(gpt, index, 0, 8), -ERANGE, "room");
	refused(gpt_resize(gpt, index, UINT64_MAX, 8), -ERANGE, "room");
	EXPECT_EQ(gpt_resize(gpt, index, 8, 8), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt = reopen(gpt, sim);
	EXPECT_EQ(gpt_at(gpt, index)->nr_lbas, 8);
	EXPECT_EQ(gpt_at(gpt, index)->start_lba, start);
	EXPECT(gpt_at(gpt, index)->options.unwiped);
	EXPECT(!strcmp(gpt_at(gpt, index)->uuid, uuid));
	EXPECT_EQ(gpt_resize(gpt, index, 4096, 8), 0);
	EXPECT_EQ(gpt_at(gpt, index)->nr_lbas, 4096);
	EXPECT_EQ(gpt_find(gpt, "a")->index, index);
	end(gpt, sim);
}

TEST(gpt, growth_is_reserved_then_owned)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);
	unsigned int index = add(gpt, "a", MIB)->index;
	struct gpt_wish wish = wish_of(gpt, "b", 4096);
	const struct gpt_part *part;

	EXPECT_EQ(gpt_grow(gpt, index, 3 * 2048, 8), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt = reopen(gpt, sim);
	EXPECT_EQ(gpt->nr_parts, 2);
	part = gpt_at(gpt, index);
	EXPECT_EQ(part->nr_lbas, 2048);
	EXPECT_EQ(part->growth_lbas, 2 * 2048);
	EXPECT_EQ(gpt_growth(gpt, part)->kind, GPT_GROWTH);
	EXPECT(!*gpt_growth(gpt, part)->name);
	/* Nobody else gets it. */
	wish.start_lba = 2 * 2048;
	refused(gpt_add(gpt, &wish, &part), -EEXIST, "partition 2");
	/* More, less, none, and all. */
	EXPECT_EQ(gpt_grow(gpt, index, 4 * 2048, 8), 0);
	EXPECT_EQ(gpt_at(gpt, index)->growth_lbas, 3 * 2048);
	EXPECT_EQ(gpt_grow(gpt, index, 2 * 2048, 8), 0);
	EXPECT_EQ(gpt_at(gpt, index)->growth_lbas, 2048);
	EXPECT_EQ(gpt_resize(gpt, index, 2048, 8), 0);
	EXPECT_EQ(gpt->nr_parts, 1);
	EXPECT_EQ(gpt_grow(gpt, index, 2 * 2048, 8), 0);
	EXPECT_EQ(gpt_resize(gpt, index, 2 * 2048, 8), 0);
	EXPECT_EQ(gpt->nr_parts, 1);
	EXPECT_EQ(gpt_at(gpt, index)->nr_lbas, 2 * 2048);
	EXPECT_EQ(gpt_at(gpt, index)->growth_lbas, 0);
	EXPECT_EQ(gpt_grow(gpt, index, 3 * 2048, 8), 0);
	EXPECT_EQ(gpt_del(gpt, index), 0);
	EXPECT_EQ(gpt->nr_parts, 0);
	end(gpt, sim);
}

TEST(gpt, a_copy_that_is_damaged_is_repaired)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++) {
		struct sim *sim;
		struct gpt *gpt = create(lba_sizes[i], &sim);
		uint64_t places[] = {
			lba_sizes[i] + 16, lba_sizes[i], 2 * lba_sizes[i] + 56,
			DISK_BYTES - lba_sizes[i] + 24,
			DISK_BYTES - lba_sizes[i],
			DISK_BYTES - 16384 - lba_sizes[i] + 32,
		};
		size_t place;

		add(gpt, "a", MIB);
		EXPECT_EQ(gpt_write(gpt), 0);
		for (place = 0; place < ARRAY_SIZE(places); place++) {
			*sim_byte(sim, places[place]) ^= 1;
			gpt = reopen(gpt, sim);
			EXPECT(gpt->repaired);
			EXPECT(gpt_find(gpt, "a"));
			EXPECT_EQ(gpt_write(gpt), 0);
			gpt = reopen(gpt, sim);
			EXPECT(!gpt->repaired);
			EXPECT(gpt_find(gpt, "a"));
		}
		end(gpt, sim);
	}
}

TEST(gpt, two_damaged_copies_are_refused)
{
	struct sim *sim;
	struct gpt *gpt = create(512, &sim);

	gpt_close(gpt);
	gpt = NULL;
	*sim_byte(sim, 512 + 16) ^= 1;
	*sim_byte(sim, DISK_BYTES - 512 + 16) ^= 1;
	refused(gpt_open(&sim->disk, &gpt), -EUCLEAN, "both copies");
	refused(gpt_create(&sim->disk), -EEXIST, "not blank");
	sim_clear(sim, 512, 512);
	sim_clear(sim, DISK_BYTES - 512, 512);
	/* Only the protective MBR is left, as after an init that was cut. */
	refused(gpt_open(&sim->disk, &gpt), -ENODATA, "no partition table");
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
	gpt_close(gpt);
	gpt = NULL;
	sim_clear(sim, 0, 512);
	refused(gpt_open(&sim->disk, &gpt), -EUCLEAN, "protective MBR");
	end(NULL, sim);
}

/* A header's field, with the checksum that it wants. */
static void forge(struct sim *sim, uint64_t header_lba, size_t offset,
		  size_t bytes, uint64_t value)
{
	uint8_t *header = sim_byte(sim, header_lba * sim->disk.lba_size);
	uint32_t crc;

	value = htole64(value);
	memcpy(header + offset, &value, bytes);
	memset(header + 16, 0, 4);
	crc = htole32(label_crc32(header, 92));
	memcpy(header + 16, &crc, 4);
}

TEST(gpt, another_layout_is_refused)
{
	static const struct {
		size_t offset, bytes;
		uint64_t value;
		const char *words;
	} cases[] = {
		{ 8, 4, 0x20000, "revision" },
		{ 32, 8, DISK_BYTES / 512 - 9, "not in the last block" },
		{ 40, 8, 33, "usable blocks" },
		{ 40, 8, UINT64_MAX, "usable blocks" },
		{ 48, 8, DISK_BYTES / 512 - 33, "usable blocks" },
		{ 48, 8, 0, "usable blocks" },
		{ 72, 8, 3, "beside its header" },
		{ 72, 8, UINT64_MAX, "beside its header" },
		{ 80, 4, 256, "128 entries" },
		{ 80, 4, 0x80000000, "128 entries" },
		{ 84, 4, 256, "128 entries" },
		{ 84, 4, 0, "128 entries" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim *sim;
		struct gpt *gpt = create(512, &sim);

		gpt_close(gpt);
		forge(sim, 1, cases[i].offset, cases[i].bytes, cases[i].value);
		refused(gpt_open(&sim->disk, &gpt), -EUCLEAN, cases[i].words);
		/* Nor is it taken when it is all that is left. */
		sim_clear(sim, 512, 512);
		forge(sim, DISK_BYTES / 512 - 1, cases[i].offset,
		      cases[i].bytes, cases[i].value);
		refused(gpt_open(&sim->disk, &gpt), -EUCLEAN, cases[i].words);
		end(NULL, sim);
	}
}

/* An entry of both copies, with the checksums that it wants. */
static void forge_entry(struct sim *sim, unsigned int index, uint64_t first,
			uint64_t last)
{
	uint64_t end_lba = sim->disk.nr_lbas - 1;
	uint64_t entries[] = { 2, end_lba - label_entries_lbas(&sim->disk) };
	uint64_t headers[] = { 1, end_lba };
	uint8_t *data;
	int i;

	first = htole64(first);
	last = htole64(last);
	for (i = 0; i < 2; i++) {
		data = sim_byte(sim, entries[i] * sim->disk.lba_size);
		data[128 * index] |= 1;
		memcpy(data + 128 * index + 32, &first, 8);
		memcpy(data + 128 * index + 40, &last, 8);
		forge(sim, headers[i], 88, 4, label_crc32(data, 16384));
	}
}

TEST(gpt, absurd_entries_are_refused)
{
	static const struct {
		uint64_t first, last;
		const char *words;
	} cases[] = {
		{ 0, 10, "inside of the usable" },
		{ 4096, 4095, "inside of the usable" },
		{ 4096, UINT64_MAX, "inside of the usable" },
		{ UINT64_MAX, 0, "inside of the usable" },
		{ 4096, DISK_BYTES / 512 - 33, "inside of the usable" },
		{ 2048, 2048, " overlap" },
		{ 4095, 5000, " overlap" },
		{ 2000, 9000, "inside of the usable" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sim *sim;
		struct gpt *gpt = create(512, &sim);

		add(gpt, "a", MIB);
		EXPECT_EQ(gpt_write(gpt), 0);
		gpt_close(gpt);
		forge_entry(sim, 7, cases[i].first, cases[i].last);
		refused(gpt_open(&sim->disk, &gpt), -EUCLEAN, cases[i].words);
		end(NULL, sim);
	}
}
