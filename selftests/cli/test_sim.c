// SPDX-License-Identifier: GPL-2.0
/* The simulated disk of the other tests, and that it forgets what it should. */
#include "sim.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "tap.h"

static struct sim *sim_of(struct disk *disk)
{
	return (struct sim *)((char *)disk - offsetof(struct sim, disk));
}

static size_t sim_nr_chunks(const struct sim *sim)
{
	return sim->disk.nr_lbas * sim->disk.lba_size / SIM_CHUNK_BYTES;
}

uint8_t *sim_byte(struct sim *sim, uint64_t offset)
{
	uint8_t **chunk = &sim->chunks[offset / SIM_CHUNK_BYTES];

	if (!*chunk)
		*chunk = tap_alloc(SIM_CHUNK_BYTES);
	return *chunk + offset % SIM_CHUNK_BYTES;
}

void sim_clear(struct sim *sim, uint64_t offset, size_t bytes)
{
	while (bytes--)
		*sim_byte(sim, offset++) = 0;
}

static uint8_t *sim_at(struct sim *sim, uint64_t lba)
{
	return sim_byte(sim, lba * sim->disk.lba_size);
}

static bool sim_is_zero(const struct sim *sim, uint64_t lba)
{
	return !sim->chunks[lba * sim->disk.lba_size / SIM_CHUNK_BYTES];
}

static void sim_event(struct sim *sim, bool is_flush, uint64_t lba)
{
	struct sim_event *event;

	if (!sim->start)
		return;
	sim->events = realloc(sim->events,
			      (sim->nr_events + 1) * sizeof(*sim->events));
	event = &sim->events[sim->nr_events++];
	event->is_flush = is_flush;
	event->lba = lba;
	event->data = NULL;
	if (is_flush)
		return;
	event->data = malloc(sim->disk.lba_size);
	memcpy(event->data, sim_at(sim, lba), sim->disk.lba_size);
}

static int sim_read(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		    void *data)
{
	struct sim *sim = sim_of(disk);
	uint8_t *to = data;

	for (; nr_lbas--; lba++, to += disk->lba_size) {
		if (sim_is_zero(sim, lba))
			memset(to, 0, disk->lba_size);
		else
			memcpy(to, sim_at(sim, lba), disk->lba_size);
	}
	return 0;
}

static int sim_refused(struct sim *sim, uint64_t lba, uint32_t nr_lbas)
{
	if (sim->first_lba <= sim->last_lba && lba <= sim->last_lba &&
	    lba + nr_lbas > sim->first_lba) {
		tap_fail(__FILE__, __LINE__, "a write outside of the table");
		return err_set(EIO, NULL, "not there");
	}
	if (sim->fail_after >= 0 && !sim->fail_after--)
		return err_set(EIO, NULL, "simulated write fault");
	return 0;
}

static int sim_write(struct disk *disk, uint64_t lba, uint32_t nr_lbas,
		     const void *data)
{
	struct sim *sim = sim_of(disk);
	const uint8_t *from = data;
	int err = sim_refused(sim, lba, nr_lbas);

	for (; !err && nr_lbas--; lba++, from += disk->lba_size) {
		memcpy(sim_at(sim, lba), from, disk->lba_size);
		sim_event(sim, false, lba);
	}
	return err;
}

static int sim_flush(struct disk *disk)
{
	sim_of(disk)->flushes++;
	sim_event(sim_of(disk), true, 0);
	return 0;
}

static int sim_zero(struct disk *disk, uint64_t lba, uint32_t nr_lbas)
{
	struct sim *sim = sim_of(disk);
	int err;

	if (sim->can_zero < 0)
		return -EOPNOTSUPP;
	err = sim_refused(sim, lba, nr_lbas);
	if (err)
		return err;
	sim->zeroed++;
	for (; nr_lbas--; lba++)
		if (!sim_is_zero(sim, lba))
			memset(sim_at(sim, lba), 0, disk->lba_size);
	return 0;
}

static void sim_close(struct disk *disk)
{
	struct sim *sim = sim_of(disk);
	size_t i;

	while (sim->nr_events)
		free(sim->events[--sim->nr_events].data);
	free(sim->events);
	if (sim->start)
		sim_close(&sim->start->disk);
	for (i = 0; i < sim_nr_chunks(sim); i++)
		free(sim->chunks[i]);
	free(sim->chunks);
	free(sim);
}

static const struct disk_ops sim_ops = {
	.read	= sim_read,
	.write	= sim_write,
	.flush	= sim_flush,
	.zero	= sim_zero,
	.close	= sim_close,
};

struct sim *sim_new(uint32_t lba_size, uint64_t bytes)
{
	struct sim *sim = tap_alloc(sizeof(*sim));

	sim->disk.ops = &sim_ops;
	sim->disk.lba_size = lba_size;
	sim->disk.nr_lbas = bytes / lba_size;
	snprintf(sim->disk.name, sizeof(sim->disk.name), "the disk");
	sim->chunks = tap_alloc(sim_nr_chunks(sim) * sizeof(*sim->chunks));
	sim->first_lba = 1;
	sim->fail_after = -1;
	return sim;
}

struct sim *sim_copy(const struct sim *sim)
{
	struct sim *copy = sim_new(sim->disk.lba_size,
				   sim_nr_chunks(sim) * SIM_CHUNK_BYTES);
	size_t i;

	for (i = 0; i < sim_nr_chunks(sim); i++)
		if (sim->chunks[i])
			memcpy(sim_byte(copy, i * SIM_CHUNK_BYTES),
			       sim->chunks[i], SIM_CHUNK_BYTES);
	return copy;
}

void sim_record(struct sim *sim)
{
	if (sim->start)
		sim_close(&sim->start->disk);
	sim->start = sim_copy(sim);
	while (sim->nr_events)
		free(sim->events[--sim->nr_events].data);
}

/* Events before this one are on the medium. */
static size_t sim_durable(const struct sim *sim, size_t events)
{
	while (events && !sim->events[events - 1].is_flush)
		events--;
	return events;
}

size_t sim_unflushed(const struct sim *sim, size_t events)
{
	return events - sim_durable(sim, events);
}

struct sim *sim_cut(const struct sim *sim, size_t events,
		    bool (*kept)(size_t number, void *data), void *data)
{
	struct sim *cut = sim_copy(sim->start);
	size_t durable = sim_durable(sim, events), i;

	for (i = 0; i < events; i++)
		if (!sim->events[i].is_flush &&
		    (i < durable || kept(i - durable, data)))
			memcpy(sim_at(cut, sim->events[i].lba),
			       sim->events[i].data, sim->disk.lba_size);
	return cut;
}

static bool sim_kept_even(size_t number, void *data)
{
	return !(number & 1);
}

TEST(sim, a_cut_loses_what_was_not_flushed)
{
	struct sim *sim = sim_new(512, SIM_CHUNK_BYTES), *cut;
	char data[1024];

	memset(data, 'a', sizeof(data));
	EXPECT_EQ(disk_write(&sim->disk, 0, 1, data), 0);
	sim_record(sim);
	memset(data, 'b', sizeof(data));
	EXPECT_EQ(disk_write(&sim->disk, 1, 1, data), 0);
	EXPECT_EQ(disk_flush(&sim->disk), 0);
	EXPECT_EQ(disk_write(&sim->disk, 0, 2, data), 0);
	memset(data, 'c', sizeof(data));
	EXPECT_EQ(disk_write(&sim->disk, 2, 2, data), 0);
	EXPECT_EQ(sim->nr_events, 6);
	EXPECT_EQ(sim_unflushed(sim, 6), 4);
	EXPECT_EQ(sim_unflushed(sim, 2), 0);
	cut = sim_cut(sim, 6, sim_kept_even, NULL);
	EXPECT_EQ(*sim_byte(cut, 0), 'b');
	EXPECT_EQ(*sim_byte(cut, 512), 'b');
	EXPECT_EQ(*sim_byte(cut, 1024), 'c');
	EXPECT_EQ(*sim_byte(cut, 1536), 0);
	disk_close(&cut->disk);
	cut = sim_cut(sim, 1, sim_kept_even, NULL);
	EXPECT_EQ(*sim_byte(cut, 0), 'a');
	EXPECT_EQ(*sim_byte(cut, 512), 'b');
	disk_close(&cut->disk);
	disk_close(&sim->disk);
}
