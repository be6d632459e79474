// SPDX-License-Identifier: GPL-2.0
#include "wipe.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#include "disk.h"
#include "err.h"

#define WIPE_TELL_MS 200

static const int wipe_signals[] = { SIGINT, SIGTERM, SIGHUP };

#define WIPE_SIGNALS (sizeof(wipe_signals) / sizeof(*wipe_signals))

static volatile sig_atomic_t wipe_stop;

/* What was there before comes back. */
struct wipe_handlers {
	struct sigaction before[WIPE_SIGNALS];
};

static void wipe_on_signal(int number)
{
	(void)number;
	wipe_stop = 1;
}

/* What nohup ignores stays so; a SIGINT that a script's shell ignores is meant for us. */
static void wipe_catch(struct wipe_handlers *handlers)
{
	struct sigaction action = { .sa_handler = wipe_on_signal };
	size_t i;

	wipe_stop = 0;
	for (i = 0; i < WIPE_SIGNALS; i++) {
		sigaction(wipe_signals[i], NULL, &handlers->before[i]);
		if (wipe_signals[i] != SIGHUP ||
		    handlers->before[i].sa_handler != SIG_IGN)
			sigaction(wipe_signals[i], &action, NULL);
	}
}

static void wipe_release(const struct wipe_handlers *handlers)
{
	size_t i;

	for (i = 0; i < WIPE_SIGNALS; i++)
		sigaction(wipe_signals[i], &handlers->before[i], NULL);
}

/**
 * struct wipe - a wipe that runs
 * @disk: where
 * @zeroes: memory to write, where the disk cannot do without
 * @told_ms: when somebody was told last
 */
struct wipe {
	struct disk *disk;
	void *zeroes;
	uint64_t told_ms;
};

static uint64_t wipe_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static int wipe_write(struct wipe *wipe, uint64_t lba, uint64_t *nr_lbas)
{
	if (!wipe->zeroes)
		wipe->zeroes = calloc(1, DISK_CHUNK_BYTES);
	if (!wipe->zeroes)
		return err_set(ENOMEM, NULL, "out of memory");
	*nr_lbas = disk_chunk(wipe->disk, *nr_lbas);
	return disk_write(wipe->disk, lba, *nr_lbas, wipe->zeroes);
}

/* @nr_lbas becomes what one command can do. */
static int wipe_step(struct wipe *wipe, uint64_t lba, uint64_t *nr_lbas)
{
	struct disk *disk = wipe->disk;
	int err = -EOPNOTSUPP;

	if (!wipe->zeroes && disk->ops->zero && disk->zero_lbas) {
		if (*nr_lbas > disk->zero_lbas)
			*nr_lbas = disk->zero_lbas;
		err = disk->ops->zero(disk, lba, (uint32_t)*nr_lbas);
	}
	return err == -EOPNOTSUPP ? wipe_write(wipe, lba, nr_lbas) : err;
}

static bool wipe_shall_tell(struct wipe *wipe)
{
	uint64_t now = wipe_now_ms();

	if (now - wipe->told_ms < WIPE_TELL_MS)
		return false;
	wipe->told_ms = now;
	return true;
}

int wipe_run(struct disk *disk, uint64_t start_lba, uint64_t nr_lbas,
	     int (*progress)(uint64_t done_lbas, void *data), void *data)
{
	struct wipe wipe = { .disk = disk, .told_ms = wipe_now_ms() };
	struct wipe_handlers handlers;
	uint64_t done = 0, step;
	int err = 0;

	wipe_catch(&handlers);
	while (!err && !wipe_stop && done < nr_lbas) {
		step = nr_lbas - done;
		err = wipe_step(&wipe, start_lba + done, &step);
		if (err)
			break;
		done += step;
		if (done < nr_lbas && wipe_shall_tell(&wipe))
			err = progress(done, data);
	}
	if (!err)
		err = disk_flush(disk);
	if (!err)
		err = progress(done, data);
	if (!err && done < nr_lbas)
		err = -EINTR;
	wipe_release(&handlers);
	free(wipe.zeroes);
	return err;
}
