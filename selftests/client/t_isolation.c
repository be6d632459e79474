// SPDX-License-Identifier: GPL-2.0
/*
 * A guest that tries to leave its volume. What is outside of it the client cannot
 * see: the caller compares the neighbours (functional/volume-isolation).
 *
 *   NVDPA_SWEEP   sectors on each side of an edge that are tried, default 18
 *   SEED          of the pattern that the volume is left with, default 1
 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>

/* Sectors at either end of the volume whose contents are known at any time. */
#define WINDOW 64U
#define SWEEP_MAX 31U

#define UNMAP VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP

typedef struct virtio_blk_discard_write_zeroes range_t;

static const struct kind {
	__u32 type;
	__u32 flags;
} kinds[] = {
	{ VIRTIO_BLK_T_IN, 0 },
	{ VIRTIO_BLK_T_OUT, 0 },
	{ VIRTIO_BLK_T_DISCARD, 0 },
	{ VIRTIO_BLK_T_WRITE_ZEROES, 0 },
	{ VIRTIO_BLK_T_WRITE_ZEROES, UNMAP },
};

struct edge {
	__u64 first;
	__u8 shadow[WINDOW * BLK_SECTOR];
};

FIXTURE(isolation)
{
	struct blk b;
	struct req *q;
	range_t *list;
	__u8 *buf;
	struct edge begin;
	struct edge end;
	__u32 sweep;
	__u64 seed;		/* of the last pattern that was written */
};

FIXTURE_SETUP(isolation)
{
	const char *sweep = getenv("NVDPA_SWEEP");

	ASSERT_EQ(0, blk_open(&self->b, NULL));
	ASSERT_EQ(env_bytes(), self->b.sectors * BLK_SECTOR);
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->list = blk_take(&self->b, MEM_PAGE, MEM_PAGE);
	self->buf = blk_take(&self->b, WINDOW * BLK_SECTOR, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->list);
	ASSERT_NE(NULL, self->buf);
	self->sweep = sweep ? atoi(sweep) : 18;
	ASSERT_GE(SWEEP_MAX, self->sweep);
	self->seed = 1000;
}

FIXTURE_TEARDOWN(isolation)
{
	blk_close(&self->b);
}

static bool is_rw(const struct kind *k)
{
	return k->type == VIRTIO_BLK_T_IN || k->type == VIRTIO_BLK_T_OUT;
}

/* What a device must say; discard alone is advice, and loses a part of a block. */
static __u8 right_status(const struct blk *b, const struct kind *k,
			 __u64 sector, __u32 sectors)
{
	if (sector >= b->sectors || sectors > b->sectors - sector)
		return VIRTIO_BLK_S_IOERR;
	if (k->type != VIRTIO_BLK_T_DISCARD &&
	    (sector % b->lba_sectors || sectors % b->lba_sectors))
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

/* Data goes from or to the buffer. */
static void run(struct __test_metadata *_metadata,
		FIXTURE_DATA(isolation) *self, const struct kind *k,
		__u64 sector, __u32 sectors)
{
	__u8 status = right_status(&self->b, k, sector, sectors);
	struct req *q = self->q;

	if (is_rw(k)) {
		req_simple(q, k->type, sector, self->buf, sectors * BLK_SECTOR);
	} else {
		self->list[0] = (range_t){ sector, sectors, k->flags };
		req_init(q, k->type, 0);
		req_header(q);
		req_seg(q, self->list, sizeof(range_t), false);
		req_end(q);
	}
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, status))
		TH_LOG("type %u flags %u: %u sectors from 0x%llx of 0x%llx",
		       k->type, k->flags, sectors, sector, self->b.sectors);
}

static void edge_read(struct __test_metadata *_metadata,
		      FIXTURE_DATA(isolation) *self, const struct edge *e)
{
	ASSERT_EQ(VIRTIO_BLK_S_OK,
		  blk_rw(&self->b, &self->b.ring[0], VIRTIO_BLK_T_IN, e->first,
			 self->buf, sizeof(e->shadow)));
}

static void edge_check(struct __test_metadata *_metadata,
		       FIXTURE_DATA(isolation) *self, const struct edge *e)
{
	unsigned int at;

	edge_read(_metadata, self, e);
	for (at = 0; at < sizeof(e->shadow); at += BLK_SECTOR) {
		ASSERT_EQ(0, memcmp(self->buf + at, e->shadow + at, BLK_SECTOR))
			TH_LOG("sector %llu", e->first + at / BLK_SECTOR);
	}
}

static void edge_fill(struct __test_metadata *_metadata,
		      FIXTURE_DATA(isolation) *self, struct edge *e, __u64 first)
{
	e->first = first;
	ASSERT_EQ(0, blk_write_pattern(&self->b, first, sizeof(e->shadow),
				       ++self->seed));
	pattern_fill(e->shadow, sizeof(e->shadow), first * BLK_SECTOR,
		     self->seed);
}

static void fill_edges(struct __test_metadata *_metadata,
		       FIXTURE_DATA(isolation) *self)
{
	ASSERT_LE(2 * WINDOW, self->b.sectors);
	edge_fill(_metadata, self, &self->begin, 0);
	edge_fill(_metadata, self, &self->end, self->b.sectors - WINDOW);
}

static void check_edges(struct __test_metadata *_metadata,
			FIXTURE_DATA(isolation) *self)
{
	edge_check(_metadata, self, &self->begin);
	edge_check(_metadata, self, &self->end);
}

/* After a discard: each sector of it is zeroes now, or as it was. */
static void edge_discarded(struct __test_metadata *_metadata,
			   FIXTURE_DATA(isolation) *self, struct edge *e,
			   __u64 sector, __u32 sectors)
{
	static const __u8 zeroes[BLK_SECTOR];
	__u32 at;

	edge_read(_metadata, self, e);
	for (at = sector - e->first; sectors--; at++)
		if (!memcmp(self->buf + at * BLK_SECTOR, zeroes, BLK_SECTOR))
			memset(e->shadow + at * BLK_SECTOR, 0, BLK_SECTOR);
	edge_check(_metadata, self, e);
}

/* One request near an edge, and what it did to what is known of the edge. */
static void edge_run(struct __test_metadata *_metadata,
		     FIXTURE_DATA(isolation) *self, struct edge *e,
		     const struct kind *k, __u64 sector, __u32 sectors)
{
	bool done = right_status(&self->b, k, sector, sectors) ==
		    VIRTIO_BLK_S_OK;
	__u32 at = (sector - e->first) * BLK_SECTOR;
	__u32 len = sectors * BLK_SECTOR;

	if (k->type == VIRTIO_BLK_T_IN)
		memset(self->buf, 0x77, len);
	else
		pattern_fill(self->buf, len, sector, ++self->seed);
	run(_metadata, self, k, sector, sectors);
	if (k->type == VIRTIO_BLK_T_IN && !done) {
		ASSERT_EQ(0, pattern_check_byte(self->buf, len, 0x77));
	} else if (k->type == VIRTIO_BLK_T_IN) {
		ASSERT_EQ(0, memcmp(self->buf, e->shadow + at, len));
	} else if (done && k->type == VIRTIO_BLK_T_OUT) {
		memcpy(e->shadow + at, self->buf, len);
	} else if (done && k->type == VIRTIO_BLK_T_WRITE_ZEROES) {
		memset(e->shadow + at, 0, len);
	} else if (done) {
		edge_discarded(_metadata, self, e, sector, sectors);
	}
}

/* Every begin from one sector to another, with every length. */
static void edge_sweep(struct __test_metadata *_metadata,
		       FIXTURE_DATA(isolation) *self, struct edge *e,
		       const struct kind *k, __u64 from, __u64 to)
{
	__u64 sector;
	__u32 sectors;

	for (sector = from; sector <= to; sector++) {
		for (sectors = 1; sectors <= self->sweep; sectors++)
			edge_run(_metadata, self, e, k, sector, sectors);
		edge_check(_metadata, self, e);
	}
}

static void sweep_edges(struct __test_metadata *_metadata,
			FIXTURE_DATA(isolation) *self)
{
	__u32 n = self->sweep;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		fill_edges(_metadata, self);
		edge_sweep(_metadata, self, &self->begin, &kinds[i], 0, n);
		edge_sweep(_metadata, self, &self->end, &kinds[i],
			   self->b.sectors - n, self->b.sectors + n);
	}
}

TEST_F_TIMEOUT(isolation, edges, 60)
{
	sweep_edges(_metadata, self);
}

/*
 * Over each boundary of two blocks from begin to end, and one block beyond, by each
 * kind of request in its turn.
 */
TEST_F_TIMEOUT(isolation, every_boundary, 60)
{
	const __u64 n = self->b.lba_sectors;
	unsigned int i = 0;
	__u64 at;

	pattern_fill(self->buf, 2 * n * BLK_SECTOR, 0, 7);
	for (at = n; at <= self->b.sectors; at += n)
		run(_metadata, self, &kinds[i++ % ARRAY_SIZE(kinds)], at - n, 2 * n);
}

/*
 * What would be a neighbour's if a sum or a shift dropped its high bits: sectors,
 * bytes and blocks that wrap just before the volume, and just behind it.
 */
TEST_F_TIMEOUT(isolation, ranges_that_wrap, 60)
{
	const __u64 end = self->b.sectors, n = self->b.lba_sectors;
	const __u64 wraps[] = { 0, 1ULL << 32, 1ULL << 52, 1ULL << 55,
				1ULL << 60, 1ULL << 63 };
	unsigned int i, t;
	__u32 len;
	__u64 at;

	fill_edges(_metadata, self);
	pattern_fill(self->buf, WINDOW * BLK_SECTOR, 0, 7);
	for (i = 0; i < ARRAY_SIZE(wraps); i++)
		for (t = 0; t < ARRAY_SIZE(kinds); t++)
			for (at = n; at <= 4 * n; at += n)
				for (len = n; len <= 5 * n; len += n) {
					run(_metadata, self, &kinds[t],
					    wraps[i] - at, len);
					run(_metadata, self, &kinds[t],
					    wraps[i] + end + at - n, len);
				}
	check_edges(_metadata, self);
}

/* The longest that a driver may ask for, from each side over the end. */
TEST_F(isolation, long_ranges)
{
	const struct virtio_blk_config *c = &self->b.vdev.config;
	const __u64 end = self->b.sectors, n = self->b.lba_sectors;
	const __u32 lens[] = { c->max_discard_sectors,
			       c->max_write_zeroes_sectors, 0 - n };
	unsigned int i, t;

	fill_edges(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		__u32 len = lens[i];

		for (t = 2; t < ARRAY_SIZE(kinds); t++) {
			run(_metadata, self, &kinds[t], end, len);
			run(_metadata, self, &kinds[t], 0 - (__u64)len, len);
			if (len >= end)
				run(_metadata, self, &kinds[t], end - n, len);
			else
				run(_metadata, self, &kinds[t], end - len + n,
				    len);
		}
	}
	check_edges(_metadata, self);
}

/* One range of a list leaves the volume: none is discarded. */
TEST_F(isolation, lists_with_one_range_outside)
{
	const __u64 end = self->b.sectors, n = self->b.lba_sectors;
	const range_t bad[] = {
		{ end, n }, { end - n, 2 * n }, { end + 8 * n, n },
		{ 0 - n, n }, { 0 - n, 2 * n }, { (1ULL << 55) - n, n },
		{ (1ULL << 63) + end - n, n },
	};
	const __u32 nr = self->b.vdev.config.max_discard_seg;
	const __u32 places[] = { 0, nr / 2, nr - 1 };
	struct req *q = self->q;
	unsigned int i, p, at;

	ASSERT_GE(MEM_PAGE / sizeof(range_t), nr);
	fill_edges(_metadata, self);
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		for (p = 0; p < ARRAY_SIZE(places); p++) {
			for (at = 0; at < nr; at++)
				self->list[at] = (range_t){
					at % 2 ? end - 8 : 0, 8, 0 };
			self->list[places[p]] = bad[i];
			req_init(q, VIRTIO_BLK_T_DISCARD, 0);
			req_header(q);
			req_seg(q, self->list, nr * sizeof(range_t), false);
			req_end(q);
			ASSERT_EQ(0, req_run(q));
			ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_IOERR))
				TH_LOG("bad range %u in place %u", i, places[p]);
		}
	}
	check_edges(_metadata, self);
}

static void whole_pattern(struct __test_metadata *_metadata,
			  FIXTURE_DATA(isolation) *self, bool write)
{
	__u64 sector, left, seed = env_seed(1);
	__u32 part;

	for (sector = 0; sector < self->b.sectors; sector += part) {
		left = self->b.sectors - sector;
		part = left < MIB ? left : MIB;
		ASSERT_EQ(0, write ? blk_write_pattern(&self->b, sector,
						       part * BLK_SECTOR, seed) :
				     blk_read_pattern(&self->b, sector,
						      part * BLK_SECTOR, seed));
	}
}

/* Wait for the config interrupt, and believe what the device says then. */
static void wait_grown(struct __test_metadata *_metadata, struct blk *b)
{
	struct virtio_blk_config *c = &b->vdev.config;
	__u64 before = b->sectors;

	ASSERT_EQ(0, eventfd_wait(b->vdev.config_fd, env_limit_ms()));
	ASSERT_EQ(0, vdev_config_read(&b->vdev, 0, c, sizeof(*c)));
	ASSERT_LT(before, c->capacity);
	b->sectors = c->capacity;
}

/* The caller makes the volume longer when it is told so. */
TEST_F_TIMEOUT(isolation, edges_of_a_grown_volume, 120)
{
	sweep_edges(_metadata, self);
	printf("# may grow\n");
	fflush(stdout);
	wait_grown(_metadata, &self->b);
	sweep_edges(_metadata, self);
	whole_pattern(_metadata, self, true);
	whole_pattern(_metadata, self, false);
}

/* All of it is the guest's, and stays when others are at work. */
TEST_F_TIMEOUT(isolation, every_byte, 120)
{
	whole_pattern(_metadata, self, true);
	whole_pattern(_metadata, self, false);
}

/* What the case before left, however long ago that was. */
TEST_F_TIMEOUT(isolation, every_byte_is_kept, 120)
{
	whole_pattern(_metadata, self, false);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
