// SPDX-License-Identifier: GPL-2.0
/*
 * Pins tools/nvdpa/store.c and store_wipe.c: the kernel, which is played here, never
 * takes a volume for wiped that is not so on the disk.
 */
#include <errno.h>
#include <libfdisk/libfdisk.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "fake_store.h"
#include "gpt.h"
#include "sim.h"
#include "store.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (16 * MIB)
#define LBAS(mib) ((mib) * MIB / 512)
#define NAME "vm"

static struct sim *sim;
/* The only controller that has it; NULL: all have. */
static const char *owner;

static void begin(struct store *store)
{
	sim = sim_new(512, DISK_BYTES);
	fake_begin(&sim->disk);
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	fake_store_begin(store);
}

/* A volume, as a wipe that was killed leaves it. */
static void begin_wipe(struct store *store, uint64_t nr_lbas, uint64_t wiped_lbas)
{
	const struct gpt_wish wish = {
		.name = NAME,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = nr_lbas,
		.granularity_lbas = 8,
		.options.unwiped = true,
	};
	const struct gpt_part *part;

	begin(store);
	EXPECT_EQ(gpt_add(store->gpt, &wish, &part), 0);
	EXPECT_EQ(gpt_write(store->gpt), 0);
	store_volume(store, part, &fake->volume);
	fake->volume.wiped_lbas = wiped_lbas;
}

/* A wiped one that grew, likewise. */
static void begin_growth(struct store *store, uint64_t nr_lbas,
			 uint64_t growth_lbas, uint64_t wiped_lbas)
{
	begin_wipe(store, nr_lbas, 0);
	EXPECT_EQ(store_wipe(store, NAME), 0);
	EXPECT_EQ(gpt_grow(store->gpt, gpt_find(store->gpt, NAME)->index,
			   nr_lbas + growth_lbas, 8), 0);
	EXPECT_EQ(gpt_write(store->gpt), 0);
	fake->volume.nr_lbas = nr_lbas + growth_lbas;
	fake->volume.wiped_lbas = wiped_lbas;
}

static void end(struct store *store)
{
	EXPECT(!err_get()->err);
	EXPECT_EQ(fake->volume.wiped_lbas, fake->volume.nr_lbas);
	EXPECT_EQ(gpt_find(store->gpt, NAME)->nr_lbas, fake->volume.nr_lbas);
	EXPECT_EQ(gpt_find(store->gpt, NAME)->growth_lbas, 0);
	gpt_close(store->gpt);
	disk_close(&sim->disk);
}

TEST(store, a_shorter_volume_is_wiped_anew)
{
	struct store store;

	begin_wipe(&store, LBAS(8), LBAS(6));
	EXPECT_EQ(store_resize(&store, NAME, LBAS(4), false), 0);
	EXPECT_EQ(fake->volume.nr_lbas, LBAS(4));
	EXPECT_EQ(fake->volume.wiped_lbas, 0);
	EXPECT_EQ(store_wipe(&store, NAME), 0);
	end(&store);
}

TEST(store, a_shorter_growth_is_wiped_anew)
{
	struct store store;
	uint64_t end_bytes;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(7));
	end_bytes = (fake->volume.start_lba + LBAS(2)) * 512;
	*sim_byte(sim, end_bytes - 1) = 1;
	*sim_byte(sim, end_bytes) = 1;
	EXPECT_EQ(store_resize(&store, NAME, LBAS(5), false), 0);
	EXPECT_EQ(fake->volume.nr_lbas, LBAS(5));
	EXPECT_EQ(*sim_byte(sim, end_bytes - 1), 1);
	EXPECT_EQ(*sim_byte(sim, end_bytes), 0);
	end(&store);
}

TEST(store, a_growth_goes_on_where_it_was)
{
	struct store store;
	uint64_t here;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(7));
	here = (fake->volume.start_lba + LBAS(7)) * 512;
	*sim_byte(sim, here - 1) = 1;
	*sim_byte(sim, here) = 1;
	EXPECT_EQ(store_resize(&store, NAME, LBAS(8), false), 0);
	EXPECT_EQ(*sim_byte(sim, here - 1), 1);
	EXPECT_EQ(*sim_byte(sim, here), 0);
	end(&store);
}

TEST(store, a_growth_is_taken_back)
{
	struct store store;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(7));
	EXPECT_EQ(store_resize(&store, NAME, LBAS(2), false), 0);
	EXPECT_EQ(fake->volume.nr_lbas, LBAS(2));
	end(&store);
}

static struct disk *open_copy(const char *ctrl)
{
	struct sim *copy;

	copy = !owner || !strcmp(owner, ctrl) ? sim_copy(sim) :
						sim_new(512, DISK_BYTES);
	return &copy->disk;
}

/* Both headers of the first controller's table are gone. */
static struct disk *open_damaged_one(const char *ctrl)
{
	struct sim *copy = sim_copy(sim);

	if (!strcmp(ctrl, FAKE_ONE)) {
		*sim_byte(copy, 512 + 16) ^= 1;
		*sim_byte(copy, DISK_BYTES - 512 + 16) ^= 1;
	}
	return &copy->disk;
}

/* Of two that the kernel does not know, none is taken for the other. */
TEST(store, a_name_on_two_disks)
{
	struct store store, *found = NULL;

	begin_wipe(&store, LBAS(2), 0);
	fake->volume.nr_lbas = 0;
	fake_open = open_copy;
	owner = NULL;
	EXPECT_EQ(store_find(NULL, NAME, &found), -ENOTUNIQ);
	EXPECT(!found && strstr(err_get()->message, FAKE_TWO));
	err_clear();
	EXPECT_EQ(store_find(FAKE_TWO, NAME, &found), 0);
	EXPECT(found && !strcmp(found->ns.ctrl, FAKE_TWO));
	store_close(found);
	owner = FAKE_TWO;
	EXPECT_EQ(store_find(NULL, NAME, &found), 0);
	EXPECT(found && !strcmp(found->ns.ctrl, FAKE_TWO));
	store_close(found);
	EXPECT_EQ(store_find(NULL, "other", &found), -ENOENT);
	EXPECT(strstr(err_get()->message, "has a volume other"));
	err_clear();
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}

/* Somebody's who has the controller, or whose table is damaged: that is said. */
TEST(store, what_cannot_be_looked_into)
{
	struct store store, *found = NULL;

	begin_wipe(&store, LBAS(2), 0);
	fake->volume.nr_lbas = 0;
	fake_open = open_copy;
	owner = FAKE_TWO;
	fake_busy = FAKE_ONE;
	EXPECT_EQ(store_find(NULL, NAME, &found), -EBUSY);
	EXPECT(strstr(err_get()->message, FAKE_ONE " is busy"));
	err_clear();
	EXPECT_EQ(store_find(FAKE_TWO, NAME, &found), 0);
	store_close(found);
	fake_busy = NULL;
	/* The one with the damaged table has it, or not; the other one does. */
	fake_open = open_damaged_one;
	EXPECT_EQ(store_find(NULL, NAME, &found), 0);
	EXPECT(found && !strcmp(found->ns.ctrl, FAKE_TWO));
	store_close(found);
	EXPECT_EQ(store_find(NULL, "other", &found), -EUCLEAN);
	EXPECT(strstr(err_get()->message, "no volume other is found, but") &&
	       strstr(err_get()->message, "copies"));
	err_clear();
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}

/* Adds another volume, which another tool then gives the same name. */
static void add_twin(struct store *store, const struct gpt_part **part)
{
	const struct gpt_wish wish = {
		.name = "twin",
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = LBAS(1),
		.granularity_lbas = 8,
	};
	struct fdisk_partition *entry = fdisk_new_partition();

	EXPECT_EQ(gpt_add(store->gpt, &wish, part), 0);
	fdisk_partition_set_name(entry, NAME);
	EXPECT_EQ(fdisk_set_partition(store->gpt->context, (*part)->index, entry), 0);
	fdisk_unref_partition(entry);
	EXPECT_EQ(gpt_load(store->gpt), 0);
	EXPECT_EQ(gpt_write(store->gpt), 0);
	*part = gpt_twin(store->gpt, gpt_find(store->gpt, NAME));
	EXPECT(*part && !gpt_twin(store->gpt, *part));
}

/* What is done to a volume is done to the partition that the kernel has. */
TEST(store, two_partitions_of_one_name)
{
	const struct gpt_options options = { .nr_queues = 3 };
	const struct gpt_part *part, *twin;
	struct store store;

	begin_wipe(&store, LBAS(2), LBAS(2));
	add_twin(&store, &twin);
	store_volume(&store, twin, &fake->volume);
	EXPECT_EQ(store_set(&store, NAME, &options), 0);
	part = gpt_find(store.gpt, NAME);
	twin = gpt_twin(store.gpt, part);
	EXPECT_EQ(part->options.nr_queues, 0);
	EXPECT_EQ(twin->options.nr_queues, 3);
	EXPECT_EQ(store_resize(&store, NAME, LBAS(3), false), 0);
	EXPECT_EQ(store_wipe(&store, NAME), 0);
	part = gpt_find(store.gpt, NAME);
	EXPECT(part->options.unwiped && part->nr_lbas == LBAS(2));
	EXPECT_EQ(gpt_twin(store.gpt, part)->nr_lbas, LBAS(3));
	/* Of two that it has not, none is. */
	fake->volume.nr_lbas = 0;
	EXPECT_EQ(store_del(&store, NAME), -ENOTUNIQ);
	EXPECT(strstr(err_get()->message, "partitions 1 and 2"));
	err_clear();
	EXPECT_EQ(store_wipe(&store, NAME), -ENOTUNIQ);
	err_clear();
	/* Nor is one that lies elsewhere. */
	store_volume(&store, gpt_find(store.gpt, NAME), &fake->volume);
	fake->volume.start_lba += 8;
	EXPECT_EQ(store_del(&store, NAME), -ESTALE);
	EXPECT(strstr(err_get()->message, "disagree on where"));
	err_clear();
	fake->volume.start_lba -= 8;
	EXPECT_EQ(store_del(&store, NAME), 0);
	EXPECT_EQ(fake->volume.nr_lbas, 0);
	EXPECT_EQ(gpt_find(store.gpt, NAME)->nr_lbas, LBAS(3));
	EXPECT_EQ(store_del(&store, NAME), 0);
	EXPECT(!gpt_find(store.gpt, NAME));
	EXPECT(!err_get()->err);
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}

/* Writes until the disk fails, from when the kernel refuses on. */
static int writes_left;

static void fail_from_here(void)
{
	sim->fail_after = writes_left;
}

/* Of a table: entries and header of either copy. */
#define TABLE_WRITES 4

/*
 * The kernel refuses what the table has already; the disk fails while that is taken
 * back. How things are is said, and a second try finds them so.
 */
TEST(store, a_disk_that_fails_while_undoing)
{
	const struct gpt_wish wish = {
		.name = NAME,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = LBAS(2),
		.granularity_lbas = 8,
		.options.unwiped = true,
	};
	bool failed;
	struct store store;

	for (writes_left = 0; writes_left <= TABLE_WRITES; writes_left++) {
		failed = writes_left < TABLE_WRITES;
		begin(&store);
		fake->refuse = ERANGE;
		fake_refused = fail_from_here;
		EXPECT_EQ(store_add(&store, &wish), -ERANGE);
		EXPECT(strstr(err_get()->message, "does not want to"));
		EXPECT_EQ(!!strstr(err_get()->message, "could not be removed again"),
			  failed);
		/* It is there whole, or it is not there at all. */
		EXPECT(!!gpt_find(store.gpt, NAME) || writes_left);
		fake->refuse = 0;
		sim->fail_after = -1;
		err_clear();
		EXPECT_EQ(store_del(&store, NAME),
			  gpt_find(store.gpt, NAME) ? 0 : -ENOENT);
		err_clear();
		EXPECT(!gpt_find(store.gpt, NAME));
		EXPECT_EQ(store_add(&store, &wish), 0);
		end(&store);
	}
}

TEST(store, a_disk_that_fails_while_a_growth_is_undone)
{
	struct store store;
	bool failed;

	for (writes_left = 0; writes_left <= TABLE_WRITES; writes_left++) {
		failed = writes_left < TABLE_WRITES;
		begin_wipe(&store, LBAS(2), 0);
		EXPECT_EQ(store_wipe(&store, NAME), 0);
		fake->refuse = ERANGE;
		fake_refused = fail_from_here;
		EXPECT_EQ(store_resize(&store, NAME, LBAS(4), false), -ERANGE);
		EXPECT_EQ(!!strstr(err_get()->message, "could not be taken back"),
			  failed);
		err_clear();
		EXPECT_EQ(gpt_find(store.gpt, NAME)->nr_lbas, LBAS(2));
		EXPECT_EQ(fake->volume.nr_lbas, LBAS(2));
		fake->refuse = 0;
		sim->fail_after = -1;
		EXPECT_EQ(store_resize(&store, NAME, LBAS(5), false), 0);
		end(&store);
	}
}

/* The kernel has changed it, the table cannot be: the kernel's goes back, if it can. */
TEST(store, a_disk_that_fails_after_the_kernel)
{
	const struct gpt_options options = { .nr_queues = 3 };
	struct store store;

	begin_wipe(&store, LBAS(2), 0);
	EXPECT_EQ(store_wipe(&store, NAME), 0);
	sim->fail_after = 0;
	EXPECT_EQ(store_set(&store, NAME, &options), -EIO);
	EXPECT_EQ(fake->volume.nr_queues, 0);
	err_clear();
	EXPECT_EQ(store_reload(&store), 0);
	EXPECT_EQ(gpt_find(store.gpt, NAME)->options.nr_queues, 0);
	sim->fail_after = 0;
	EXPECT_EQ(store_resize(&store, NAME, LBAS(1), false), -EIO);
	EXPECT(strstr(err_get()->message, "repeat the command"));
	err_clear();
	EXPECT_EQ(store_reload(&store), 0);
	EXPECT_EQ(store_resize(&store, NAME, LBAS(1), false), 0);
	sim->fail_after = 0;
	EXPECT_EQ(store_del(&store, NAME), -EIO);
	EXPECT(strstr(err_get()->message, "repeat the command"));
	err_clear();
	EXPECT_EQ(fake->volume.nr_lbas, 0);
	EXPECT_EQ(store_reload(&store), 0);
	EXPECT_EQ(store_del(&store, NAME), 0);
	EXPECT(!gpt_find(store.gpt, NAME));
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}

/* A volume that only the kernel has goes, whatever the table says. */
TEST(store, a_volume_without_a_table)
{
	struct store store, *found = NULL;

	begin_wipe(&store, LBAS(2), 0);
	fake_open = open_damaged_one;
	EXPECT_EQ(store_find(FAKE_ONE, NAME, &found), -EUCLEAN);
	err_clear();
	fake_busy = FAKE_ONE;
	EXPECT_EQ(store_forget(FAKE_ONE, NAME), -EBUSY);
	err_clear();
	fake_busy = NULL;
	EXPECT_EQ(store_forget(FAKE_ONE, NAME), 0);
	EXPECT_EQ(fake->volume.nr_lbas, 0);
	EXPECT_EQ(store_forget(FAKE_ONE, NAME), -ENOENT);
	err_clear();
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}
