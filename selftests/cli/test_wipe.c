// SPDX-License-Identifier: GPL-2.0
/* Pins tools/nvdpa/wipe.c. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "err.h"
#include "sim.h"
#include "tap.h"
#include "wipe.h"

#define MIB (1ull << 20)
#define DISK_BYTES (4 * MIB)

struct seen {
	uint64_t done_lbas;
	unsigned int calls;
	int answer;
};

static int progress(uint64_t done_lbas, void *data)
{
	struct seen *seen = data;

	EXPECT(done_lbas >= seen->done_lbas);
	seen->done_lbas = done_lbas;
	seen->calls++;
	return seen->answer;
}

static struct sim *begin(int can_zero, uint32_t zero_lbas)
{
	struct sim *sim = sim_new(512, DISK_BYTES);
	uint64_t i;

	err_clear();
	for (i = 0; i < DISK_BYTES; i++)
		*sim_byte(sim, i) = 0xa5;
	sim->can_zero = can_zero;
	sim->disk.zero_lbas = zero_lbas;
	return sim;
}

static bool is_filled(struct sim *sim, uint64_t from, uint64_t to, uint8_t value)
{
	for (; from < to; from++)
		if (*sim_byte(sim, from) != value)
			return false;
	return true;
}

/* All of [2048, 2048 + 4001) and nothing else. */
static void check(struct sim *sim)
{
	struct seen seen = { };

	EXPECT_EQ(wipe_run(&sim->disk, 2048, 4001, progress, &seen), 0);
	EXPECT_EQ(seen.done_lbas, 4001);
	EXPECT_EQ(sim->flushes, 1);
	EXPECT(is_filled(sim, 0, MIB, 0xa5));
	EXPECT(is_filled(sim, MIB, MIB + 4001 * 512, 0));
	EXPECT(is_filled(sim, MIB + 4001 * 512, DISK_BYTES, 0xa5));
}

TEST(wipe, by_write_zeroes)
{
	struct sim *sim = begin(1, 1000);

	check(sim);
	EXPECT_EQ(sim->zeroed, 5);
	disk_close(&sim->disk);
}

TEST(wipe, by_writes)
{
	struct sim *sim = begin(1, 0);

	check(sim);
	EXPECT_EQ(sim->zeroed, 0);
	disk_close(&sim->disk);
}

TEST(wipe, by_writes_where_write_zeroes_is_refused)
{
	struct sim *sim = begin(-1, 1000);

	check(sim);
	EXPECT(!err_get()->err);
	disk_close(&sim->disk);
}

TEST(wipe, by_small_writes)
{
	struct sim *sim = begin(0, 0);

	sim->disk.max_lbas = 3;
	check(sim);
	disk_close(&sim->disk);
}

TEST(wipe, nothing_is_flushed_too)
{
	struct sim *sim = begin(1, 1000);
	struct seen seen = { };

	EXPECT_EQ(wipe_run(&sim->disk, 10, 0, progress, &seen), 0);
	EXPECT_EQ(sim->flushes, 1);
	EXPECT_EQ(seen.calls, 1);
	EXPECT(is_filled(sim, 0, DISK_BYTES, 0xa5));
	disk_close(&sim->disk);
}

TEST(wipe, a_fault_ends_it)
{
	struct sim *sim = begin(1, 1000);
	struct seen seen = { };

	sim->fail_after = 2;
	EXPECT_EQ(wipe_run(&sim->disk, 0, 4000, progress, &seen), -EIO);
	EXPECT(strstr(err_get()->message, "write fault"));
	err_clear();
	disk_close(&sim->disk);
}

TEST(wipe, who_is_told_can_end_it)
{
	struct sim *sim = begin(1, 1000);
	struct seen seen = { .answer = -ENODEV };

	EXPECT_EQ(wipe_run(&sim->disk, 0, 4000, progress, &seen), -ENODEV);
	disk_close(&sim->disk);
}

static struct sim *interrupted;
static int interrupting = SIGINT;

/* The signal comes while a command is under way. */
static int zero_and_interrupt(struct disk *disk, uint64_t lba, uint32_t nr_lbas)
{
	interrupted->zeroed++;
	if (interrupted->zeroed == 3)
		raise(interrupting);
	return 0;
}

TEST(wipe, a_signal_ends_it_between_two_commands)
{
	struct sim *sim = interrupted = begin(1, 1000);
	struct disk_ops ops = *sim->disk.ops;
	struct sigaction before, after;
	struct seen seen = { };

	ops.zero = zero_and_interrupt;
	sim->disk.ops = &ops;
	sigaction(SIGINT, NULL, &before);
	EXPECT_EQ(wipe_run(&sim->disk, 0, 8000, progress, &seen), -EINTR);
	sigaction(SIGINT, NULL, &after);
	EXPECT(before.sa_handler == after.sa_handler);
	EXPECT_EQ(sim->zeroed, 3);
	EXPECT_EQ(seen.done_lbas, 3000);
	EXPECT_EQ(sim->flushes, 1);
	EXPECT(!err_get()->err);
	/* The next one is not. */
	seen = (struct seen){ };
	EXPECT_EQ(wipe_run(&sim->disk, 3000, 5000, progress, &seen), 0);
	EXPECT_EQ(seen.done_lbas, 5000);
	disk_close(&sim->disk);
}

TEST(wipe, nohup_keeps_the_end_of_a_terminal_away)
{
	struct sim *sim = interrupted = begin(1, 1000);
	struct disk_ops ops = *sim->disk.ops;
	struct seen seen = { };

	ops.zero = zero_and_interrupt;
	sim->disk.ops = &ops;
	interrupting = SIGHUP;
	signal(SIGHUP, SIG_IGN);
	EXPECT_EQ(wipe_run(&sim->disk, 0, 8000, progress, &seen), 0);
	EXPECT(signal(SIGHUP, SIG_DFL) == SIG_IGN);
	interrupting = SIGINT;
	EXPECT_EQ(seen.done_lbas, 8000);
	disk_close(&sim->disk);
}
