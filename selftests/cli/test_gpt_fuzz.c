// SPDX-License-Identifier: GPL-2.0
/*
 * Tables whose bytes somebody has changed, with and without the checksums that fit
 * them: none is taken that is absurd, and what is taken can be changed.
 */
#include <errno.h>
#include <string.h>

#include "err.h"
#include "gpt.h"
#include "sim.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (8 * MIB)
#define ROUNDS 1500
#define HEADER_CRC 16
#define HEADER_ENTRIES_CRC 88
#define HEADER_BYTES 92

static const uint32_t lba_sizes[] = { 512, 4096 };

/* Where the two copies are, in bytes. */
struct places {
	uint64_t header[2];
	uint64_t entries[2];
};

static struct places places_of(const struct sim *sim)
{
	uint64_t size = sim->disk.lba_size;
	uint64_t end = sim->disk.nr_lbas * size - size;

	return (struct places){
		.header = { size, end },
		.entries = { 2 * size, end - LABEL_ENTRIES_BYTES },
	};
}

static struct sim *begin(uint32_t lba_size)
{
	static const char *const names[] = { "a", "b", "c", "d" };
	struct sim *sim = sim_new(lba_size, DISK_BYTES);
	struct gpt *gpt = NULL;
	const struct gpt_part *part;
	size_t i;

	err_clear();
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		struct gpt_wish wish = {
			.name = names[i],
			.start_lba = GPT_ANYWHERE,
			.nr_lbas = MIB / lba_size,
			.granularity_lbas = 1,
		};

		EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	}
	EXPECT_EQ(gpt_grow(gpt, 3, 2 * MIB / lba_size, 1), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	return sim;
}

/* A byte of an entry that is used, mostly: those of the rest say nothing. */
static uint64_t pick(const struct places *places, int copy)
{
	if (tap_below(2))
		return places->header[copy] + tap_below(HEADER_BYTES);
	return places->entries[copy] +
	       tap_below(tap_below(4) ? 6 * LABEL_ENTRY_BYTES :
					LABEL_ENTRIES_BYTES);
}

static void spoil(struct sim *sim, uint64_t place)
{
	static const uint8_t odd[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint8_t *byte = sim_byte(sim, place);

	switch (tap_below(3)) {
	case 0:
		*byte ^= 1 << tap_below(8);
		break;
	case 1:
		*byte = odd[tap_below(ARRAY_SIZE(odd))];
		break;
	default:
		*byte = (uint8_t)tap_random();
		break;
	}
}

static void put_crc(uint8_t *to, uint32_t crc)
{
	crc = htole32(crc);
	memcpy(to, &crc, sizeof(crc));
}

/* As somebody would who wants it to be believed. */
static void sign(struct sim *sim, const struct places *places, int copy)
{
	uint8_t *header = sim_byte(sim, places->header[copy]);

	put_crc(header + HEADER_ENTRIES_CRC,
		label_crc32(sim_byte(sim, places->entries[copy]),
			    LABEL_ENTRIES_BYTES));
	put_crc(header + HEADER_CRC, 0);
	put_crc(header + HEADER_CRC, label_crc32(header, HEADER_BYTES));
}

static void mutate(struct sim *sim)
{
	struct places places = places_of(sim);
	bool both = tap_below(2), is_signed = tap_below(4);
	int copy, changes = 1 + tap_below(4);
	uint64_t place;

	while (changes--) {
		copy = tap_below(2);
		place = pick(&places, copy);
		spoil(sim, place);
		if (!both)
			continue;
		/* The same in the other copy, as far as that makes sense. */
		if (place >= places.entries[copy] &&
		    place < places.entries[copy] + LABEL_ENTRIES_BYTES)
			*sim_byte(sim, place - places.entries[copy] +
				  places.entries[!copy]) =
				*sim_byte(sim, place);
	}
	if (!tap_below(16))
		spoil(sim, tap_below(sim->disk.lba_size));
	for (copy = 0; is_signed && copy < 2; copy++)
		sign(sim, &places, copy);
}

static bool is_sane(const struct gpt *gpt)
{
	const struct gpt_part *a, *b;
	unsigned int i, j;

	if (gpt->nr_parts > LABEL_ENTRIES || gpt->first_lba > gpt->last_lba ||
	    gpt->last_lba >= gpt->disk->nr_lbas)
		return false;
	for (i = 0; i < gpt->nr_parts; i++) {
		a = &gpt->parts[i];
		if (a->start_lba < gpt->first_lba || !a->nr_lbas ||
		    a->start_lba + a->nr_lbas - 1 > gpt->last_lba ||
		    strnlen(a->name, sizeof(a->name)) == sizeof(a->name))
			return false;
		for (j = 0; j < i; j++) {
			b = &gpt->parts[j];
			if (a->start_lba < b->start_lba + b->nr_lbas &&
			    b->start_lba < a->start_lba + a->nr_lbas)
				return false;
		}
	}
	return true;
}

/* Whatever is refused is refused with a reason. */
static bool try(struct gpt *gpt, int err)
{
	EXPECT(!err || *err_get()->message);
	err_clear();
	return !err && is_sane(gpt);
}

static void change(struct gpt *gpt)
{
	struct gpt_wish wish = {
		.name = "new",
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = 64 * 1024 / gpt->disk->lba_size,
		.granularity_lbas = 1,
	};
	const struct gpt_part *part = &gpt->parts[tap_below(LABEL_ENTRIES) %
						  (gpt->nr_parts ?: 1)];
	struct gpt_options options = { .nr_queues = 5 };
	unsigned int index = part->index;
	bool done;

	if (!gpt->nr_parts || part->kind != GPT_VOLUME || tap_below(3) == 0)
		done = try(gpt, gpt_add(gpt, &wish, &part));
	else if (tap_below(3) == 0)
		done = try(gpt, gpt_set(gpt, index, &options));
	else if (tap_below(2))
		done = try(gpt, gpt_resize(gpt, index, wish.nr_lbas, 1));
	else
		done = try(gpt, gpt_del(gpt, index));
	if (!done)
		return;
	EXPECT_EQ(gpt_write(gpt), 0);
}

static void try_one(const struct sim *start, unsigned int *taken)
{
	struct sim *sim = sim_copy(start);
	struct gpt *gpt = NULL;
	int err;

	mutate(sim);
	err = gpt_open(&sim->disk, &gpt);
	EXPECT(!err || *err_get()->message);
	EXPECT(!err || err == -EUCLEAN || err == -ENODATA);
	err_clear();
	if (!err) {
		EXPECT(is_sane(gpt));
		change(gpt);
		gpt_close(gpt);
		gpt = NULL;
		EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
		err_clear();
		(*taken)++;
		gpt_close(gpt);
	}
	disk_close(&sim->disk);
}

TEST(gpt_fuzz, spoiled_tables)
{
	unsigned int taken, i;
	size_t size;

	for (size = 0; size < ARRAY_SIZE(lba_sizes); size++) {
		struct sim *start = begin(lba_sizes[size]);

		taken = 0;
		for (i = 0; i < ROUNDS && !tap_failures(); i++)
			try_one(start, &taken);
		/* Both kinds have to come for this to say anything. */
		EXPECT(taken > ROUNDS / 8 && taken < ROUNDS * 15 / 16);
		disk_close(&start->disk);
	}
}
