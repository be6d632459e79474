// SPDX-License-Identifier: GPL-2.0
/*
 * Pins the order in which tools/nvdpa/gpt.c writes: after a power cut at any point,
 * with any part of what was not flushed, the table is the old one or the new one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "err.h"
#include "gpt.h"
#include "sim.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (8 * MIB)
/* Subsets of the unflushed blocks, beside the regular ones. */
#define RANDOM_SUBSETS 2

static const uint32_t lba_sizes[] = { 512, 4096 };

enum subset {
	SUBSET_NONE,
	SUBSET_ALL,
	SUBSET_EVEN,
	SUBSET_ODD,
	SUBSET_FIRST,
	SUBSET_LAST,
	SUBSET_ALL_BUT_FIRST,
	SUBSET_ALL_BUT_LAST,
	SUBSET_RANDOM,
};

struct choice {
	enum subset subset;
	size_t count;
};

static bool is_kept(size_t number, void *data)
{
	const struct choice *choice = data;

	switch (choice->subset) {
	case SUBSET_NONE:
		return false;
	case SUBSET_ALL:
		return true;
	case SUBSET_EVEN:
		return !(number & 1);
	case SUBSET_ODD:
		return number & 1;
	case SUBSET_FIRST:
		return !number;
	case SUBSET_LAST:
		return number == choice->count - 1;
	case SUBSET_ALL_BUT_FIRST:
		return number;
	case SUBSET_ALL_BUT_LAST:
		return number != choice->count - 1;
	case SUBSET_RANDOM:
		return tap_random() & 1;
	}
	return false;
}

static struct gpt *open_table(struct sim *sim)
{
	struct gpt *gpt = NULL;

	EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
	err_clear();
	return gpt;
}

static bool is_same(const struct gpt *a, const struct gpt *b)
{
	return a->nr_parts == b->nr_parts &&
	       !memcmp(a->parts, b->parts, a->nr_parts * sizeof(*a->parts));
}

/* Both copies are whole and alike after the next write. */
static void check_repair(struct sim *sim, const struct gpt *want)
{
	struct gpt *gpt = open_table(sim);

	if (!gpt)
		return;
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	/* Each copy alone tells the same. */
	*sim_byte(sim, sim->disk.lba_size) ^= 1;
	gpt = open_table(sim);
	EXPECT(gpt && is_same(gpt, want));
	gpt_close(gpt);
	*sim_byte(sim, sim->disk.lba_size) ^= 1;
	*sim_byte(sim, DISK_BYTES - sim->disk.lba_size) ^= 1;
	gpt = open_table(sim);
	EXPECT(gpt && is_same(gpt, want));
	gpt_close(gpt);
}

static void check_cut(const struct sim *sim, size_t events,
		      struct choice choice, const struct gpt *old,
		      const struct gpt *new)
{
	struct sim *cut = sim_cut(sim, events, is_kept, &choice);
	struct gpt *gpt = open_table(cut);

	EXPECT(gpt && (is_same(gpt, old) || is_same(gpt, new)));
	/* What was flushed last is what holds. */
	if (gpt && events == sim->nr_events)
		EXPECT(is_same(gpt, new));
	if (gpt && choice.subset == SUBSET_EVEN)
		check_repair(cut, is_same(gpt, old) ? old : new);
	gpt_close(gpt);
	disk_close(&cut->disk);
}

/* Every point at which the power can fail. */
static void check_cuts(const struct sim *sim, const struct gpt *old,
		       const struct gpt *new)
{
	struct choice choice;
	size_t events;
	int random;

	for (events = 0; events <= sim->nr_events; events++) {
		choice.count = sim_unflushed(sim, events);
		for (choice.subset = SUBSET_NONE;
		     choice.subset < SUBSET_RANDOM; choice.subset++) {
			check_cut(sim, events, choice, old, new);
			if (!choice.count)
				break;
		}
		for (random = 0; random < RANDOM_SUBSETS; random++)
			if (choice.count > 1)
				check_cut(sim, events, choice, old, new);
		if (tap_failures())
			break;
	}
}

static void add(struct gpt *gpt, const char *name, uint64_t bytes)
{
	struct gpt_wish wish = {
		.name = name,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = bytes / gpt->disk->lba_size,
		.granularity_lbas = 1,
	};
	const struct gpt_part *part;

	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
}

static void change_add(struct gpt *gpt)
{
	add(gpt, "c", MIB);
}

static void change_del(struct gpt *gpt)
{
	EXPECT_EQ(gpt_del(gpt, 0), 0);
}

static void change_shrink(struct gpt *gpt)
{
	EXPECT_EQ(gpt_resize(gpt, 1, MIB / gpt->disk->lba_size, 1), 0);
}

static void change_grow(struct gpt *gpt)
{
	EXPECT_EQ(gpt_grow(gpt, 1, 4 * MIB / gpt->disk->lba_size, 1), 0);
}

static void change_grown(struct gpt *gpt)
{
	EXPECT_EQ(gpt_resize(gpt, 1, 3 * MIB / gpt->disk->lba_size, 1), 0);
}

static void change_set(struct gpt *gpt)
{
	struct gpt_options options = { .nr_queues = 3, .unwiped = true };

	EXPECT_EQ(gpt_set(gpt, 0, &options), 0);
}

static void change_all(struct gpt *gpt)
{
	change_grow(gpt);
	change_del(gpt);
	add(gpt, "d", MIB);
	add(gpt, "e", MIB);
}

static void (*const changes[])(struct gpt *gpt) = {
	change_add, change_del, change_shrink, change_grow, change_grown,
	change_set, change_all,
};

/* Two volumes, the second with a growth behind it. */
static struct sim *begin(uint32_t lba_size)
{
	struct sim *sim = sim_new(lba_size, DISK_BYTES);
	struct gpt *gpt;

	err_clear();
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	gpt = open_table(sim);
	add(gpt, "a", MIB);
	add(gpt, "b", 2 * MIB);
	EXPECT_EQ(gpt_grow(gpt, 1, 3 * MIB / lba_size, 1), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	return sim;
}

/* Runs a change on a disk that @damage may have got at, and cuts it anywhere. */
static void cut_change(uint32_t lba_size, void (*change)(struct gpt *gpt),
		       void (*damage)(struct sim *sim))
{
	struct sim *sim = begin(lba_size);
	struct gpt *old, *new;

	old = open_table(sim);
	if (damage)
		damage(sim);
	new = open_table(sim);
	change(new);
	sim_record(sim);
	EXPECT_EQ(gpt_write(new), 0);
	gpt_close(new);
	new = open_table(sim);
	check_cuts(sim, old, new);
	gpt_close(old);
	gpt_close(new);
	disk_close(&sim->disk);
}

TEST(gpt_power, old_or_new_after_a_cut)
{
	size_t i, change;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++)
		for (change = 0; change < ARRAY_SIZE(changes); change++)
			cut_change(lba_sizes[i], changes[change], NULL);
}

static void damage_primary_header(struct sim *sim)
{
	sim_clear(sim, sim->disk.lba_size, sim->disk.lba_size);
}

static void damage_primary_entries(struct sim *sim)
{
	*sim_byte(sim, 2 * sim->disk.lba_size + 60) ^= 1;
}

static void damage_backup_header(struct sim *sim)
{
	*sim_byte(sim, DISK_BYTES - sim->disk.lba_size + 16) ^= 1;
}

static void damage_backup_entries(struct sim *sim)
{
	*sim_byte(sim, DISK_BYTES - sim->disk.lba_size - 1) ^= 1;
}

/* A copy that was damaged before is in no more danger than one that is whole. */
TEST(gpt_power, old_or_new_after_a_cut_while_repairing)
{
	static void (*const damages[])(struct sim *sim) = {
		damage_primary_header, damage_primary_entries,
		damage_backup_header, damage_backup_entries,
	};
	size_t i, damage;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++)
		for (damage = 0; damage < ARRAY_SIZE(damages); damage++)
			cut_change(lba_sizes[i], change_all, damages[damage]);
}

/* The old table is in the primary, the new one in the backup: then another. */
TEST(gpt_power, a_second_change_after_a_cut)
{
	static struct choice none = { .subset = SUBSET_NONE };
	size_t i, events;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++) {
		struct sim *sim = begin(lba_sizes[i]);
		struct gpt *gpt = open_table(sim);

		change_add(gpt);
		sim_record(sim);
		EXPECT_EQ(gpt_write(gpt), 0);
		gpt_close(gpt);
		for (events = 0; events < sim->nr_events; events++) {
			struct sim *cut;
			struct gpt *old, *new;

			if (!sim->events[events].is_flush)
				continue;
			cut = sim_cut(sim, events + 1, is_kept, &none);
			old = open_table(cut);
			new = open_table(cut);
			change_set(new);
			sim_record(cut);
			EXPECT_EQ(gpt_write(new), 0);
			gpt_close(new);
			new = open_table(cut);
			check_cuts(cut, old, new);
			gpt_close(old);
			gpt_close(new);
			disk_close(&cut->disk);
		}
		disk_close(&sim->disk);
	}
}

/* A blank disk, or an empty table; what is between can be made again. */
TEST(gpt_power, blank_or_a_table_after_a_cut_of_init)
{
	struct choice choice = { .subset = SUBSET_RANDOM };
	size_t i, events;
	int subset;

	for (i = 0; i < ARRAY_SIZE(lba_sizes); i++) {
		struct sim *sim = sim_new(lba_sizes[i], DISK_BYTES), *cut;
		struct gpt *gpt = NULL;

		sim_record(sim);
		EXPECT_EQ(gpt_create(&sim->disk), 0);
		for (events = 0; events <= sim->nr_events; events++)
			for (subset = 0; subset < 4; subset++) {
				cut = sim_cut(sim, events, is_kept, &choice);
				if (gpt_open(&cut->disk, &gpt) == -ENODATA) {
					err_clear();
					EXPECT_EQ(gpt_create(&cut->disk), 0);
					EXPECT_EQ(gpt_open(&cut->disk, &gpt), 0);
				}
				EXPECT(gpt && !gpt->nr_parts);
				gpt_close(gpt);
				gpt = NULL;
				disk_close(&cut->disk);
			}
		disk_close(&sim->disk);
	}
}

/* A write that fails ends it there, which is a cut that loses nothing. */
TEST(gpt_power, old_or_new_after_a_write_fault)
{
	struct sim *sim = begin(512), *copy;
	struct gpt *old = open_table(sim), *new, *gpt;
	int writes, err;

	for (writes = 0;; writes++) {
		copy = sim_copy(sim);
		new = open_table(copy);
		change_set(new);
		copy->fail_after = writes;
		err = gpt_write(new);
		copy->fail_after = -1;
		EXPECT(!err || err == -EIO);
		EXPECT(!err || strstr(err_get()->message, "write fault"));
		gpt = open_table(copy);
		EXPECT(gpt && (is_same(gpt, old) || is_same(gpt, new)));
		gpt_close(gpt);
		gpt_close(new);
		disk_close(&copy->disk);
		if (!err)
			break;
	}
	EXPECT_EQ(writes, 4);
	gpt_close(old);
	disk_close(&sim->disk);
}
