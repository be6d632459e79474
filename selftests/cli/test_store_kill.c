// SPDX-License-Identifier: GPL-2.0
/*
 * The tool killed anywhere between a table and the kernel: at each question, each
 * change and each write, by SIGKILL. What it leaves is repaired by `volume wipe`, by
 * `volume del` and by `ctrl attach`; nobody gets a volume with something in it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"
#include "fake_store.h"
#include "gpt.h"
#include "sim.h"
#include "store.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (8 * MIB)
#define LBAS(mib) ((mib) * MIB / 512)
#define NAME "vm"
#define SECRET 0x5a
/* What the owner of a volume has written. */
#define OWN 0x77

/* What it holds outlives the process, as that of a disk would. */
static uint8_t *image;

static uint8_t *image_at(uint64_t lba)
{
	return image + lba * 512;
}

/* A disk that counts what is done to it. */
static int image_read(struct disk *disk, uint64_t lba, uint32_t nr_lbas, void *data)
{
	memcpy(data, image_at(lba), nr_lbas * 512);
	return 0;
}

static int image_write(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		       const void *data)
{
	fake_step();
	memcpy(image_at(lba), data, nr_lbas * 512);
	return 0;
}

static int image_flush(struct disk *disk)
{
	fake_step();
	return 0;
}

static void image_close(struct disk *disk)
{
	free(disk);
}

static const struct disk_ops image_ops = {
	.read	= image_read,
	.write	= image_write,
	.flush	= image_flush,
	.close	= image_close,
};

/* The other controller's is blank. */
static struct disk *image_open(const char *ctrl)
{
	struct disk *disk;

	if (!strcmp(ctrl, FAKE_TWO))
		return &sim_new(512, DISK_BYTES)->disk;
	disk = calloc(1, sizeof(*disk));
	disk->ops = &image_ops;
	disk->lba_size = 512;
	disk->nr_lbas = DISK_BYTES / 512;
	strcpy(disk->name, "the disk");
	return disk;
}

static void image_fill(uint64_t lba, uint64_t nr_lbas, int byte)
{
	memset(image_at(lba), byte, nr_lbas * 512);
}

/* Blocks from @from to @to of what the kernel has. */
static bool is_filled(uint64_t from_lba, uint64_t to_lba, int byte)
{
	const uint8_t *at = image_at(fake->volume.start_lba + from_lba);
	size_t bytes = (to_lba - from_lba) * 512;

	return !bytes || (*at == byte && !memcmp(at, at + 1, bytes - 1));
}

/* What becomes of a volume of LBAS(2), or of none. */
struct change {
	const char *what;
	bool is_there;
	int (*run)(struct store *store);
	/* Blocks from the first one on that are its owner's. */
	uint64_t own_lbas;
};

static int run_add(struct store *store)
{
	const struct gpt_wish wish = {
		.name = NAME,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = LBAS(2),
		.granularity_lbas = 8,
		.options.unwiped = true,
	};

	return store_add(store, &wish);
}

static int run_del(struct store *store)
{
	return store_del(store, NAME);
}

static int run_grow(struct store *store)
{
	return store_resize(store, NAME, LBAS(3), false);
}

static int run_shrink(struct store *store)
{
	return store_resize(store, NAME, LBAS(1), false);
}

static int run_set(struct store *store)
{
	return store_set(store, NAME, &(struct gpt_options){ .nr_queues = 3 });
}

static const struct change changes[] = {
	{ "add", false, run_add, 0 },
	{ "del", true, run_del, LBAS(2) },
	{ "grow", true, run_grow, LBAS(2) },
	{ "shrink", true, run_shrink, LBAS(1) },
	{ "set", true, run_set, LBAS(2) },
};

/* The length that the table says, and 0 for no volume. */
static uint64_t table_lbas(void)
{
	struct gpt *gpt = fake_table();
	const struct gpt_part *part = gpt_find(gpt, NAME);
	uint64_t nr_lbas = part ? part->nr_lbas + part->growth_lbas : 0;

	gpt_close(gpt);
	return nr_lbas;
}

/* From here on it is as if nobody had been killed: or there is no volume. */
static void check_whole(const struct change *change)
{
	const struct volume *volume = &fake->volume;
	const struct gpt_part *part;
	struct gpt *gpt;

	gpt = fake_table();
	part = gpt_find(gpt, NAME);
	EXPECT_EQ(!!part, !!volume->nr_lbas);
	EXPECT(!part || (!part->options.unwiped && !part->growth_lbas));
	EXPECT(!part || part->start_lba == volume->start_lba);
	EXPECT(!part || part->nr_lbas == volume->nr_lbas);
	EXPECT(!part || part->options.nr_queues == volume->nr_queues);
	EXPECT_EQ(volume->wiped_lbas, volume->nr_lbas);
	gpt_close(gpt);
	if (!volume->nr_lbas)
		return;
	EXPECT(is_filled(0, change->own_lbas, OWN));
	if (volume->nr_lbas > LBAS(2) || !change->is_there)
		EXPECT(is_filled(change->own_lbas, volume->nr_lbas, 0));
}

static void repair_by_wipe(const struct change *change)
{
	uint64_t nr_lbas = table_lbas();
	struct store *store;
	int err;

	err = store_find(NULL, NAME, &store);
	if (!err)
		err = store_wipe(store, NAME);
	/* Nothing had been written. */
	EXPECT(!err || (err == -ENOENT && (!change->is_there || change->run == run_del)));
	store_close(store);
	err_clear();
	EXPECT_EQ(fake->volume.nr_lbas, nr_lbas);
	/* Options, this does not look at. */
	if (change->run != run_set)
		check_whole(change);
}

static void repair_by_del(const struct change *change)
{
	struct store *store;
	int err;

	err = store_find(NULL, NAME, &store);
	if (!err)
		err = store_del(store, NAME);
	EXPECT(!err || (err == -ENOENT && (!change->is_there || change->run == run_del)));
	store_close(store);
	err_clear();
	EXPECT_EQ(fake->volume.nr_lbas, 0);
	check_whole(change);
}

static void repair_by_attach(const struct change *change)
{
	uint64_t nr_lbas = table_lbas();
	struct store_tally tally;
	struct store *store;

	EXPECT_EQ(store_register(FAKE_ONE, false, false, &tally), 0);
	EXPECT_EQ(tally.refused, 0);
	EXPECT_EQ(tally.volumes, !!nr_lbas);
	if (tally.unwiped) {
		EXPECT_EQ(store_open(FAKE_ONE, 1, &store), 0);
		EXPECT_EQ(store_wipe(store, NAME), 0);
		store_close(store);
	}
	EXPECT(!err_get()->err);
	err_clear();
	EXPECT_EQ(fake->volume.nr_lbas, nr_lbas);
	check_whole(change);
}

/* What the table says is the owner's stays so, whatever the kernel was told. */
static void repair_by_growth(const struct change *change)
{
	uint64_t nr_lbas = table_lbas();
	struct change left = *change;
	struct store *store;
	int err;

	err = store_find(NULL, NAME, &store);
	if (!err)
		err = store_resize(store, NAME, LBAS(4), false);
	EXPECT(!err || (err == -ENOENT && (!change->is_there || change->run == run_del)));
	store_close(store);
	err_clear();
	EXPECT_EQ(fake->volume.nr_lbas, nr_lbas ? LBAS(4) : 0);
	if (change->run == run_shrink)
		left.own_lbas = nr_lbas;
	if (change->run != run_set)
		check_whole(&left);
}

static void (*const repairs[])(const struct change *change) = {
	repair_by_wipe, repair_by_del, repair_by_attach, repair_by_growth,
};

/* A disk full of secrets, and a volume of whoever owns it, if there is to be one. */
static void begin(const struct change *change)
{
	struct store store;

	if (!image)
		image = mmap(NULL, DISK_BYTES, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(image, 0, DISK_BYTES);
	fake_begin(image_open(FAKE_ONE));
	fake_open = image_open;
	EXPECT_EQ(gpt_create(fake_disk), 0);
	image_fill(LBAS(1), DISK_BYTES / 512 - 2 * LBAS(1), SECRET);
	if (!change->is_there)
		return;
	fake_store_begin(&store);
	EXPECT_EQ(run_add(&store), 0);
	gpt_close(store.gpt);
	image_fill(fake->volume.start_lba, LBAS(2), OWN);
}

static void end(void)
{
	disk_close(fake_disk);
}

/* In a process of its own, killed at step @at: false: it came to its end before. */
static bool kill_at(const struct change *change, unsigned int at)
{
	struct store store;
	int status;
	pid_t pid;

	fflush(stdout);
	fake->steps = 0;
	fake->kill_at = at;
	pid = fork();
	if (!pid) {
		fake_store_begin(&store);
		EXPECT_EQ(change->run(&store), 0);
		fflush(stdout);
		_exit(tap_failures());
	}
	EXPECT(pid > 0 && waitpid(pid, &status, 0) == pid);
	fake->kill_at = 0;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	EXPECT_EQ(status, 0);
	return false;
}

/* Each from what the killed one has left. */
static void repair_all(const struct change *change)
{
	const struct fake_store left = *fake;
	uint8_t *copy = malloc(DISK_BYTES);
	size_t i;

	memcpy(copy, image, DISK_BYTES);
	for (i = 0; i < ARRAY_SIZE(repairs); i++) {
		memcpy(image, copy, DISK_BYTES);
		*fake = left;
		repairs[i](change);
	}
	free(copy);
}

static void kill_anywhere(const struct change *change)
{
	bool killed = true;
	unsigned int at;

	for (at = 1; killed && !tap_failures(); at++) {
		begin(change);
		killed = kill_at(change, at);
		repair_all(change);
		end();
		if (tap_failures())
			printf("# %s, killed at step %u\n", change->what, at);
	}
	/* A table, and telling the kernel. */
	EXPECT(at > 7);
}

TEST(store_kill, anywhere)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(changes); i++)
		kill_anywhere(&changes[i]);
}
