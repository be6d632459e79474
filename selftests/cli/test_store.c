// SPDX-License-Identifier: GPL-2.0
/*
 * Pins tools/nvdpa/store.c and store_wipe.c: the kernel, which is played here, never
 * takes a volume for wiped that is not so on the disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "lock.h"
#include "sim.h"
#include "store.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (16 * MIB)
#define LBAS(mib) ((mib) * MIB / 512)
#define NAME "vm"

/* By the linker's --wrap. */
int __wrap_ipc_volume_get(const char *ctrl, const char *name,
			  struct volume *volume);
int __wrap_ipc_volume_new(const struct volume *volume, unsigned int fields);
int __wrap_ipc_volume_set(const struct volume *volume, unsigned int fields);
int __wrap_ipc_volume_del(const char *ctrl, const char *name);
int __wrap_pass_open(const char *ctrl, uint32_t nsid, struct disk **disk);
int __wrap_lock_open(const char *ctrl, struct lock **lock);
void __wrap_lock_close(struct lock *lock);
int __wrap_lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		       const char *name);
int __wrap_lock_take(struct lock *lock);
void __wrap_lock_drop(struct lock *lock);

/* What the kernel knows: no volume if its length is 0. */
static struct volume kernel;
static struct sim *sim;
/* The only controller that has it; NULL: all have. */
static const char *owner;

/* Of those that fake_ipc.c has. */
int __wrap_pass_open(const char *ctrl, uint32_t nsid, struct disk **disk)
{
	struct sim *copy;

	copy = !owner || !strcmp(owner, ctrl) ? sim_copy(sim) :
						sim_new(512, DISK_BYTES);
	*disk = &copy->disk;
	return 0;
}

int __wrap_lock_open(const char *ctrl, struct lock **lock)
{
	*lock = NULL;
	return 0;
}

void __wrap_lock_close(struct lock *lock)
{
}

int __wrap_lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		       const char *name)
{
	return 0;
}

int __wrap_lock_take(struct lock *lock)
{
	return 0;
}

void __wrap_lock_drop(struct lock *lock)
{
}

int __wrap_ipc_volume_get(const char *ctrl, const char *name,
			  struct volume *volume)
{
	*volume = kernel;
	return kernel.nr_lbas ? 0 : err_set(ENOENT, "name", "no %s", name);
}

static struct gpt *open_table(void)
{
	struct gpt *gpt = NULL;

	EXPECT_EQ(gpt_open(&sim->disk, &gpt), 0);
	return gpt;
}

/* From here on a guest may have all of it: none of that is to be wiped again. */
static void check_wiped(void)
{
	struct gpt *gpt = open_table();
	const struct gpt_part *part = gpt_find(gpt, NAME);

	EXPECT(part && !part->options.unwiped);
	EXPECT(part && part->nr_lbas >= kernel.nr_lbas);
	gpt_close(gpt);
}

int __wrap_ipc_volume_set(const struct volume *volume, unsigned int fields)
{
	if (!kernel.nr_lbas)
		return err_set(ENOENT, "name", "no %s", volume->name);
	if (fields & VOLUME_NR_LBAS)
		kernel.nr_lbas = volume->nr_lbas;
	if (kernel.wiped_lbas > kernel.nr_lbas)
		kernel.wiped_lbas = kernel.nr_lbas;
	if (fields & VOLUME_WIPED)
		kernel.wiped_lbas = volume->wiped_lbas;
	if (kernel.wiped_lbas == kernel.nr_lbas)
		check_wiped();
	return 0;
}

int __wrap_ipc_volume_new(const struct volume *volume, unsigned int fields)
{
	EXPECT(!kernel.nr_lbas);
	kernel = *volume;
	if (kernel.wiped_lbas == kernel.nr_lbas)
		check_wiped();
	return 0;
}

int __wrap_ipc_volume_del(const char *ctrl, const char *name)
{
	if (!kernel.nr_lbas)
		return err_set(ENOENT, "name", "no %s", name);
	kernel.nr_lbas = 0;
	return 0;
}

static void begin(struct store *store)
{
	err_clear();
	memset(&kernel, 0, sizeof(kernel));
	sim = sim_new(512, DISK_BYTES);
	memset(store, 0, sizeof(*store));
	store->disk = &sim->disk;
	store->ns.nsid = 1;
	store->ns.granularity_lbas = 8;
	store->ns.lba_size_bytes = 512;
	EXPECT_EQ(gpt_create(&sim->disk), 0);
	store->gpt = open_table();
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
	store_volume(store, part, &kernel);
	kernel.wiped_lbas = wiped_lbas;
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
	kernel.nr_lbas = nr_lbas + growth_lbas;
	kernel.wiped_lbas = wiped_lbas;
}

static void end(struct store *store)
{
	EXPECT(!err_get()->err);
	EXPECT_EQ(kernel.wiped_lbas, kernel.nr_lbas);
	check_wiped();
	EXPECT_EQ(gpt_find(store->gpt, NAME)->nr_lbas, kernel.nr_lbas);
	EXPECT_EQ(gpt_find(store->gpt, NAME)->growth_lbas, 0);
	gpt_close(store->gpt);
	disk_close(&sim->disk);
}

TEST(store, a_shorter_volume_is_wiped_anew)
{
	struct store store;

	begin_wipe(&store, LBAS(8), LBAS(6));
	EXPECT_EQ(store_resize(&store, NAME, LBAS(4), false), 0);
	EXPECT_EQ(kernel.nr_lbas, LBAS(4));
	EXPECT_EQ(kernel.wiped_lbas, 0);
	EXPECT_EQ(store_wipe(&store, NAME), 0);
	end(&store);
}

TEST(store, a_shorter_growth_is_wiped_anew)
{
	struct store store;
	uint64_t end_bytes;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(7));
	end_bytes = (kernel.start_lba + LBAS(2)) * 512;
	*sim_byte(sim, end_bytes - 1) = 1;
	*sim_byte(sim, end_bytes) = 1;
	EXPECT_EQ(store_resize(&store, NAME, LBAS(5), false), 0);
	EXPECT_EQ(kernel.nr_lbas, LBAS(5));
	EXPECT_EQ(*sim_byte(sim, end_bytes - 1), 1);
	EXPECT_EQ(*sim_byte(sim, end_bytes), 0);
	end(&store);
}

TEST(store, a_growth_goes_on_where_it_was)
{
	struct store store;
	uint64_t here;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(7));
	here = (kernel.start_lba + LBAS(7)) * 512;
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
	EXPECT_EQ(kernel.nr_lbas, LBAS(2));
	end(&store);
}

/* As after a growth that was killed before the kernel was told. */
TEST(store, a_wipe_needs_the_range_that_the_kernel_has)
{
	struct store store;

	begin_growth(&store, LBAS(2), LBAS(6), LBAS(2));
	kernel.nr_lbas = LBAS(2);
	EXPECT_EQ(store_wipe(&store, NAME), -ESTALE);
	EXPECT(strstr(err_get()->message, "ctrl attach"));
	err_clear();
	EXPECT_EQ(store_resize(&store, NAME, LBAS(8), false), 0);
	end(&store);
}

/* Of two that the kernel does not know, none is taken for the other. */
TEST(store, a_name_on_two_disks)
{
	static const char two[] = "pci/0000:02:00.0";
	struct store store, *found = NULL;

	begin_wipe(&store, LBAS(2), 0);
	owner = NULL;
	EXPECT_EQ(store_find(NULL, NAME, &found), -ENOTUNIQ);
	EXPECT(!found && strstr(err_get()->message, two));
	err_clear();
	EXPECT_EQ(store_find(two, NAME, &found), 0);
	EXPECT(found && !strcmp(found->ns.ctrl, two));
	store_close(found);
	owner = two;
	EXPECT_EQ(store_find(NULL, NAME, &found), 0);
	EXPECT(found && !strcmp(found->ns.ctrl, two));
	store_close(found);
	EXPECT_EQ(store_find(NULL, "other", &found), -ENOENT);
	EXPECT(strstr(err_get()->message, "has a volume other"));
	err_clear();
	gpt_close(store.gpt);
	disk_close(&sim->disk);
}
