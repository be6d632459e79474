// SPDX-License-Identifier: GPL-2.0
/*
 * Discard and write zeroes: what they change, and that they change nothing else.
 * The lab's drives read deallocated blocks as zeroes (DLFEAT 1).
 */
#include "client.h"

#define BUF (1 * MIB)
/* What the lab's drives deallocate at once; less may be left as it is. */
#define GRANULE 4096U
#define GRANULE_SECTORS (GRANULE / BLK_SECTOR)

#define UNMAP VIRTIO_BLK_WRITE_ZEROES_FLAG_UNMAP

typedef struct virtio_blk_discard_write_zeroes range_t;

static const __u32 both[] = { VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES };

FIXTURE(discard)
{
	struct blk b;
	struct req *q;
	range_t *list;
	__u8 *buf;
	__u32 max_seg;
	__u32 max_discard;
	__u32 max_zeroes;
};

FIXTURE_SETUP(discard)
{
	struct virtio_blk_config *c = &self->b.vdev.config;

	ASSERT_EQ(0, blk_open(&self->b, NULL));
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->list = blk_take(&self->b, MEM_PAGE, MEM_PAGE);
	self->buf = blk_take(&self->b, BUF, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->list);
	ASSERT_NE(NULL, self->buf);
	self->max_seg = c->max_discard_seg;
	self->max_discard = c->max_discard_sectors;
	self->max_zeroes = c->max_write_zeroes_sectors;
}

FIXTURE_TEARDOWN(discard)
{
	blk_close(&self->b);
}

/* One request with the first so many bytes of the list, to an expected status. */
static void run_list(struct __test_metadata *_metadata,
		     FIXTURE_DATA(discard) *self, __u32 type, __u32 bytes,
		     __u8 status)
{
	struct req *q = self->q;

	req_init(q, type, 0);
	req_header(q);
	if (bytes)
		req_seg(q, self->list, bytes, false);
	req_end(q);
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, status))
		TH_LOG("type %u, list of %u bytes, first range %llu +%u flags 0x%x",
		       type, bytes, self->list[0].sector,
		       self->list[0].num_sectors, self->list[0].flags);
}

static void run_range(struct __test_metadata *_metadata,
		      FIXTURE_DATA(discard) *self, __u32 type, __u64 sector,
		      __u32 sectors, __u32 flags, __u8 status)
{
	self->list[0] = (range_t){ sector, sectors, flags };
	run_list(_metadata, self, type, sizeof(range_t), status);
}

/* What the disk holds, of at most the buffer's size. */
static void read_back(struct __test_metadata *_metadata,
		      FIXTURE_DATA(discard) *self, __u64 sector, __u32 len)
{
	memset(self->buf, 0x77, len);
	ASSERT_EQ(VIRTIO_BLK_S_OK, blk_rw(&self->b, &self->b.ring[0],
					  VIRTIO_BLK_T_IN, sector, self->buf,
					  len));
}

static void expect_zeroes(struct __test_metadata *_metadata,
			  FIXTURE_DATA(discard) *self, __u64 sector, __u64 len)
{
	__u32 part;

	for (; len; len -= part, sector += part / BLK_SECTOR) {
		part = len < BUF ? len : BUF;
		read_back(_metadata, self, sector, part);
		ASSERT_EQ(0, pattern_check_byte(self->buf, part, 0))
			TH_LOG("from sector %llu", sector);
	}
}

TEST_F(discard, limits_make_sense)
{
	const struct virtio_blk_config *c = &self->b.vdev.config;
	__u32 n = self->b.lba_sectors;

	EXPECT_LT(0, c->max_discard_sectors);
	EXPECT_EQ(0, c->max_discard_sectors % n);
	EXPECT_LT(0, c->max_discard_seg);
	EXPECT_GE(256, c->max_discard_seg);
	EXPECT_LT(0, c->discard_sector_alignment);
	EXPECT_EQ(0, c->discard_sector_alignment % n);
	EXPECT_LE(c->discard_sector_alignment, c->max_discard_sectors);
	EXPECT_LT(0, c->max_write_zeroes_sectors);
	EXPECT_EQ(0, c->max_write_zeroes_sectors % n);
	EXPECT_EQ(1, c->max_write_zeroes_seg);
}

/* What is not offered is not done, and has no limits. */
TEST_F(discard, only_what_is_offered)
{
	const __u64 offered = self->b.vdev.offered;
	const struct { __u32 type; bool on; __u32 max; } types[] = {
		{ VIRTIO_BLK_T_DISCARD, offered & VDEV_FEATURE(BLK_F_DISCARD),
		  self->max_discard },
		{ VIRTIO_BLK_T_WRITE_ZEROES,
		  offered & VDEV_FEATURE(BLK_F_WRITE_ZEROES), self->max_zeroes },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 4 * GRANULE, 6));
		EXPECT_EQ(types[i].on, types[i].max > 0);
		run_range(_metadata, self, types[i].type, 0, GRANULE_SECTORS, 0,
			  types[i].on ? VIRTIO_BLK_S_OK : VIRTIO_BLK_S_UNSUPP);
		if (types[i].on) {
			expect_zeroes(_metadata, self, 0, GRANULE);
		} else {
			ASSERT_EQ(0, blk_read_pattern(&self->b, 0, GRANULE, 6));
		}
		ASSERT_EQ(0, blk_read_pattern(&self->b, GRANULE_SECTORS,
					      3 * GRANULE, 6));
	}
}

TEST_F(discard, zeroes_in_one_block)
{
	struct blk *b = &self->b;
	unsigned int n = b->lba_sectors;

	ASSERT_EQ(0, blk_write_pattern(b, 0, 8 * b->lba, 1));
	run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 3 * n, n, 0,
		  VIRTIO_BLK_S_OK);
	EXPECT_EQ(1, self->q->len);
	ASSERT_EQ(0, blk_read_pattern(b, 0, 3 * b->lba, 1));
	expect_zeroes(_metadata, self, 3 * n, b->lba);
	ASSERT_EQ(0, blk_read_pattern(b, 4 * n, 4 * b->lba, 1));
}

/* Every begin and every length: what is outside stays as it was. */
TEST_F_TIMEOUT(discard, zeroes_over_every_boundary, 60)
{
	struct blk *b = &self->b;
	const unsigned int n = b->lba_sectors, blocks = 20;
	unsigned int from, count;
	__u32 lba = b->lba;

	for (from = 1; from < 10; from++) {
		for (count = 1; count < 10; count++) {
			ASSERT_EQ(0, blk_write_pattern(b, 0, blocks * lba,
						       from * 16 + count));
			run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES,
				  from * n, count * n,
				  count % 2 ? UNMAP : 0, VIRTIO_BLK_S_OK);
			read_back(_metadata, self, 0, blocks * lba);
			ASSERT_EQ(0, pattern_check(self->buf, from * lba, 0,
						   from * 16 + count));
			ASSERT_EQ(0, pattern_check_byte(self->buf + from * lba,
							count * lba, 0));
			ASSERT_EQ(0, pattern_check(self->buf +
						   (from + count) * lba,
						   (blocks - from - count) * lba,
						   (from + count) * lba,
						   from * 16 + count));
		}
	}
}

/* The same for advice: inside may be either, outside may not. */
TEST_F_TIMEOUT(discard, discard_over_every_boundary, 60)
{
	struct blk *b = &self->b;
	const unsigned int sectors = 40;
	unsigned int from, count, at;

	for (from = 1; from < 18; from++) {
		for (count = 1; count < 18; count += 2) {
			ASSERT_EQ(0, blk_write_pattern(b, 0,
						       sectors * BLK_SECTOR,
						       from * 32 + count));
			run_range(_metadata, self, VIRTIO_BLK_T_DISCARD, from,
				  count, 0, VIRTIO_BLK_S_OK);
			read_back(_metadata, self, 0, sectors * BLK_SECTOR);
			for (at = 0; at < sectors; at++) {
				__u8 *p = self->buf + at * BLK_SECTOR;

				if (at >= from && at < from + count && !p[0] &&
				    !memcmp(p, p + 1, BLK_SECTOR - 1))
					continue;
				ASSERT_EQ(0, pattern_check(p, BLK_SECTOR,
							   at * BLK_SECTOR,
							   from * 32 + count))
					TH_LOG("%u sectors from %u: sector %u",
					       count, from, at);
			}
		}
	}
}

/* As long as the driver may ask for: several commands. */
TEST_F_TIMEOUT(discard, zeroes_of_the_longest_range, 60)
{
	struct blk *b = &self->b;
	__u64 size = (__u64)self->max_zeroes * BLK_SECTOR;
	unsigned int n = b->lba_sectors;

	ASSERT_GE(64ULL * MIB, size);
	ASSERT_EQ(0, blk_write_pattern(b, 0, size + 2 * b->lba, 2));
	run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, n,
		  self->max_zeroes, 0, VIRTIO_BLK_S_OK);
	ASSERT_EQ(0, blk_read_pattern(b, 0, b->lba, 2));
	expect_zeroes(_metadata, self, n, size);
	ASSERT_EQ(0, blk_read_pattern(b, n + self->max_zeroes, b->lba, 2));
}

/* Sizes around what one command carries. */
TEST_F(discard, zeroes_around_the_length_of_a_command)
{
	struct blk *b = &self->b;
	const __u32 n = b->lba_sectors, one = self->max_zeroes / 32;
	const __u32 lens[] = { one - n, one, one + n, 2 * one, 2 * one + n };
	unsigned int i;

	ASSERT_LT(n, one);
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		ASSERT_EQ(0, blk_write_pattern(b, 0, (lens[i] + 2 * n) *
						     BLK_SECTOR, i));
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, n,
			  lens[i], UNMAP, VIRTIO_BLK_S_OK);
		ASSERT_EQ(0, blk_read_pattern(b, 0, b->lba, i));
		expect_zeroes(_metadata, self, n, (__u64)lens[i] * BLK_SECTOR);
		ASSERT_EQ(0, blk_read_pattern(b, n + lens[i], b->lba, i));
	}
}

TEST_F(discard, longer_than_allowed_is_an_error)
{
	struct blk *b = &self->b;
	unsigned int n = b->lba_sectors;

	ASSERT_EQ(0, blk_write_pattern(b, 0, 8 * b->lba, 3));
	run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 0,
		  self->max_zeroes + n, 0, VIRTIO_BLK_S_IOERR);
	run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 0, 0 - n, 0,
		  VIRTIO_BLK_S_IOERR);
	if (self->max_discard < 0 - n)
		run_range(_metadata, self, VIRTIO_BLK_T_DISCARD, 0,
			  self->max_discard + n, 0, VIRTIO_BLK_S_IOERR);
	ASSERT_EQ(0, blk_read_pattern(b, 0, 8 * b->lba, 3));
}

TEST_F(discard, first_and_last_blocks)
{
	struct blk *b = &self->b;
	const __u64 ends[] = { 0, b->sectors - GRANULE_SECTORS };
	unsigned int i, t;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		for (t = 0; t < ARRAY_SIZE(both); t++) {
			ASSERT_EQ(0, blk_write_pattern(b, ends[i], GRANULE, 4));
			run_range(_metadata, self, both[t], ends[i],
				  GRANULE_SECTORS, 0, VIRTIO_BLK_S_OK);
			expect_zeroes(_metadata, self, ends[i], GRANULE);
		}
	}
}

/* Ranges that leave the disk, at each width that could overflow. */
TEST_F(discard, past_the_end_is_an_error)
{
	struct blk *b = &self->b;
	const __u64 end = b->sectors;
	const __u32 n = b->lba_sectors;
	const struct { __u64 sector; __u32 sectors; } bad[] = {
		{ end, n },
		{ end - n, 2 * n },
		{ end - n, self->max_zeroes },
		{ end + n, n },
		{ end + (1ULL << 32), n },
		{ 1ULL << 40, n },
		{ 1ULL << 55, n },
		{ 1ULL << 61, n },
		{ 1ULL << 63, n },
		{ (1ULL << 55) - 8, 16 * n },
		{ (1ULL << 63) - 8, 16 * n },
		{ 0 - 8ULL, 8 },
		{ 0 - 8ULL, 16 * n },
		{ 0 - (__u64)self->max_zeroes, self->max_zeroes },
		{ ~0ULL, 1 },
	};
	unsigned int i, t;

	ASSERT_EQ(0, blk_write_pattern(b, 0, 16 * b->lba, 9));
	ASSERT_EQ(0, blk_write_pattern(b, end - n, b->lba, 9));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		for (t = 0; t < ARRAY_SIZE(both); t++)
			run_range(_metadata, self, both[t], bad[i].sector,
				  bad[i].sectors, 0, VIRTIO_BLK_S_IOERR);
	ASSERT_EQ(0, blk_read_pattern(b, 0, 16 * b->lba, 9));
	ASSERT_EQ(0, blk_read_pattern(b, end - n, b->lba, 9));
}

TEST_F(discard, no_sectors_is_an_error)
{
	unsigned int t;

	for (t = 0; t < ARRAY_SIZE(both); t++) {
		run_range(_metadata, self, both[t], 0, 0, 0,
			  VIRTIO_BLK_S_IOERR);
		run_range(_metadata, self, both[t], self->b.sectors, 0, 0,
			  VIRTIO_BLK_S_IOERR);
	}
}

TEST_F(discard, flags_that_are_unsupported)
{
	__u32 bit;

	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, GRANULE, 5));
	for (bit = 0; bit < 32; bit++) {
		run_range(_metadata, self, VIRTIO_BLK_T_DISCARD, 0,
			  GRANULE_SECTORS, 1U << bit, VIRTIO_BLK_S_UNSUPP);
		if (1U << bit == UNMAP)
			continue;
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 0,
			  GRANULE_SECTORS, 1U << bit, VIRTIO_BLK_S_UNSUPP);
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 0,
			  GRANULE_SECTORS, 1U << bit | UNMAP,
			  VIRTIO_BLK_S_UNSUPP);
	}
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, GRANULE, 5));
}

TEST_F(discard, lists_of_a_bad_length)
{
	static const __u32 lens[] = { 0, 1, 8, 15, 17, 24, 31, 33, 4095 };
	unsigned int i, t;

	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, GRANULE, 6));
	for (i = 0; i < MEM_PAGE / sizeof(range_t); i++)
		self->list[i] = (range_t){ 0, GRANULE_SECTORS, 0 };
	for (i = 0; i < ARRAY_SIZE(lens); i++)
		for (t = 0; t < ARRAY_SIZE(both); t++)
			run_list(_metadata, self, both[t], lens[i],
				 VIRTIO_BLK_S_IOERR);
	ASSERT_GT(256, self->max_seg);
	run_list(_metadata, self, VIRTIO_BLK_T_DISCARD,
		 (self->max_seg + 1) * sizeof(range_t), VIRTIO_BLK_S_IOERR);
	run_list(_metadata, self, VIRTIO_BLK_T_DISCARD, MEM_PAGE,
		 VIRTIO_BLK_S_IOERR);
	run_list(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES,
		 2 * sizeof(range_t), VIRTIO_BLK_S_IOERR);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, GRANULE, 6));
}

TEST_F(discard, lists_in_the_wrong_direction_or_place)
{
	struct req *q = self->q;
	unsigned int t;

	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, GRANULE, 7));
	self->list[0] = (range_t){ 0, GRANULE_SECTORS, 0 };
	for (t = 0; t < ARRAY_SIZE(both); t++) {
		req_init(q, both[t], 0);
		req_header(q);
		req_seg(q, self->list, sizeof(range_t), true);
		req_end(q);
		ASSERT_EQ(0, req_run(q));
		ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_IOERR));

		req_init(q, both[t], 0);
		req_header(q);
		req_seg_iova(q, BLK_IOVA - 4096, sizeof(range_t), false);
		req_end(q);
		ASSERT_EQ(0, req_run(q));
		ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_IOERR));
	}
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, GRANULE, 7));
	ASSERT_EQ(0, blk_recover(&self->b));
}

/* Every second granule, up to the most that one request may name. */
TEST_F(discard, as_many_ranges_as_allowed)
{
	struct blk *b = &self->b;
	__u32 i, nr = self->max_seg;
	__u8 *p;

	ASSERT_GE(BUF, 2 * nr * GRANULE);
	ASSERT_EQ(0, blk_write_pattern(b, 0, 2 * nr * GRANULE, 8));
	for (i = 0; i < nr; i++)
		self->list[i] = (range_t){ 2 * i * GRANULE_SECTORS,
					   GRANULE_SECTORS, 0 };
	run_list(_metadata, self, VIRTIO_BLK_T_DISCARD, nr * sizeof(range_t),
		 VIRTIO_BLK_S_OK);
	EXPECT_EQ(1, self->q->len);
	read_back(_metadata, self, 0, 2 * nr * GRANULE);
	for (i = 0; i < nr; i++) {
		p = self->buf + 2 * i * GRANULE;
		ASSERT_EQ(0, pattern_check_byte(p, GRANULE, 0));
		ASSERT_EQ(0, pattern_check(p + GRANULE, GRANULE,
					   (2 * i + 1) * GRANULE, 8));
	}
}

/* The whole list is looked at before any of it is done. */
TEST_F(discard, one_bad_range_of_many)
{
	static const struct { range_t bad; __u8 status; } cases[] = {
		{ { 0, GRANULE_SECTORS, UNMAP }, VIRTIO_BLK_S_UNSUPP },
		{ { 0, 0, 0 }, VIRTIO_BLK_S_IOERR },
		{ { ~0ULL, 8, 0 }, VIRTIO_BLK_S_IOERR },
	};
	struct blk *b = &self->b;
	__u32 i, at, nr = self->max_seg;

	ASSERT_LE(3, nr);
	ASSERT_EQ(0, blk_write_pattern(b, 0, 128 * KIB, 9));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		for (at = 0; at < nr; at++)
			self->list[at] = (range_t){ at % 16 * GRANULE_SECTORS,
						    GRANULE_SECTORS, 0 };
		self->list[i == 0 ? 0 : i == 1 ? nr / 2 : nr - 1] = cases[i].bad;
		run_list(_metadata, self, VIRTIO_BLK_T_DISCARD,
			 nr * sizeof(range_t), cases[i].status);
	}
	ASSERT_EQ(0, blk_read_pattern(b, 0, 128 * KIB, 9));
}

/* Layout is free: pieces of one byte, and a range over several of them. */
TEST_F(discard, list_in_pieces)
{
	static const __u32 sizes[] = { 1, 3, 5, 16, 31 };
	struct blk *b = &self->b;
	struct req *q = self->q;
	__u32 i, at, part, len = 4 * sizeof(range_t);

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		ASSERT_EQ(0, blk_write_pattern(b, 0, 8 * GRANULE, 10));
		req_init(q, VIRTIO_BLK_T_DISCARD, 0);
		req_header(q);
		for (at = 0; at < 4; at++)
			self->list[at] = (range_t){ (1 + 2 * at) *
						    GRANULE_SECTORS,
						    GRANULE_SECTORS, 0 };
		for (at = 0; at < len; at += part) {
			part = sizes[i] < len - at ? sizes[i] : len - at;
			req_seg(q, (__u8 *)self->list + at, part, false);
		}
		req_end(q);
		ASSERT_EQ(0, req_run(q));
		ASSERT_EQ(0, req_check(q, VIRTIO_BLK_S_OK));
		for (at = 0; at < 4; at++) {
			ASSERT_EQ(0, blk_read_pattern(b, 2 * at *
						      GRANULE_SECTORS,
						      GRANULE, 10));
			expect_zeroes(_metadata, self,
				      (1 + 2 * at) * GRANULE_SECTORS, GRANULE);
		}
	}
}

/* On a disk of 4096-byte blocks, sectors are still of 512. */
TEST_F(discard, parts_of_a_4k_block)
{
	struct blk *b = &self->b;
	__u32 from;

	if (b->lba == BLK_SECTOR) {
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 1, 1, 0,
			  VIRTIO_BLK_S_OK);
		return;
	}
	ASSERT_EQ(0, blk_write_pattern(b, 0, 4 * GRANULE, 11));
	for (from = 1; from < 8; from++) {
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, from, 8,
			  0, VIRTIO_BLK_S_IOERR);
		run_range(_metadata, self, VIRTIO_BLK_T_WRITE_ZEROES, 0, from,
			  0, VIRTIO_BLK_S_IOERR);
		/* No whole block: there is nothing to do, which is no error. */
		run_range(_metadata, self, VIRTIO_BLK_T_DISCARD, from, 8, 0,
			  VIRTIO_BLK_S_OK);
	}
	ASSERT_EQ(0, blk_read_pattern(b, 0, 4 * GRANULE, 11));
	run_range(_metadata, self, VIRTIO_BLK_T_DISCARD, 1, 30, 0,
		  VIRTIO_BLK_S_OK);
	ASSERT_EQ(0, blk_read_pattern(b, 0, GRANULE, 11));
	expect_zeroes(_metadata, self, 8, 2 * GRANULE);
	ASSERT_EQ(0, blk_read_pattern(b, 24, GRANULE, 11));
}

/* More of both than a pass takes, between writes and reads of others. */
TEST_F_TIMEOUT(discard, many_at_once, 60)
{
	enum { NR = 60 };
	struct blk *b = &self->b;
	struct req *q[NR];
	range_t *list[NR];
	__u32 i, at, seg = self->max_seg;
	__u32 type;

	for (i = 0; i < NR; i++) {
		q[i] = req_create(b, &b->ring[0]);
		list[i] = blk_take(b, seg * sizeof(range_t), 16);
		ASSERT_NE(NULL, q[i]);
		ASSERT_NE(NULL, list[i]);
	}
	ASSERT_EQ(0, blk_write_pattern(b, 0, NR * 4 * GRANULE, 12));
	for (i = 0; i < NR; i++) {
		__u64 first = i * 4 * GRANULE_SECTORS;

		type = i % 3 == 0 ? VIRTIO_BLK_T_OUT : both[i % 3 - 1];
		req_init(q[i], type, first + GRANULE_SECTORS);
		req_header(q[i]);
		if (type == VIRTIO_BLK_T_OUT) {
			pattern_fill(self->buf + i * GRANULE, GRANULE,
				     (i * 4 + 1) * GRANULE, 13);
			req_seg(q[i], self->buf + i * GRANULE, GRANULE, false);
		} else {
			for (at = 0; at < seg; at++)
				list[i][at] = (range_t){ first + GRANULE_SECTORS,
							 GRANULE_SECTORS, 0 };
			req_seg(q[i], list[i],
				(type == VIRTIO_BLK_T_DISCARD ? seg : 1) *
				sizeof(range_t), false);
		}
		req_end(q[i]);
		ASSERT_EQ(0, req_queue(q[i]));
	}
	ring_publish(&b->ring[0]);
	ring_notify(&b->ring[0]);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, req_wait(q[i]));
		ASSERT_EQ(0, req_check(q[i], VIRTIO_BLK_S_OK));
	}
	for (i = 0; i < NR; i++) {
		__u64 first = i * 4 * GRANULE_SECTORS;

		ASSERT_EQ(0, blk_read_pattern(b, first, GRANULE, 12));
		if (i % 3 == 0) {
			ASSERT_EQ(0, blk_read_pattern(b, first + GRANULE_SECTORS,
						      GRANULE, 13));
		} else {
			expect_zeroes(_metadata, self, first + GRANULE_SECTORS,
				      GRANULE);
		}
		ASSERT_EQ(0, blk_read_pattern(b, first + 2 * GRANULE_SECTORS,
					      2 * GRANULE, 12));
	}
}

FIXTURE(discard_features)
{
	struct blk b;
	struct req *q;
	range_t *list;
};

FIXTURE_VARIANT(discard_features)
{
	__u64 without;
};

FIXTURE_VARIANT_ADD(discard_features, no_flush) {
	.without = VDEV_FEATURE(BLK_F_FLUSH),
};

FIXTURE_VARIANT_ADD(discard_features, no_indirect) {
	.without = VDEV_FEATURE(RING_F_INDIRECT_DESC),
};

FIXTURE_SETUP(discard_features)
{
	struct blk_options o = { .without = variant->without };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->list = blk_take(&self->b, sizeof(range_t), sizeof(range_t));
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->list);
}

FIXTURE_TEARDOWN(discard_features)
{
	blk_close(&self->b);
}

TEST_F(discard_features, zeroes)
{
	struct blk *b = &self->b;
	__u8 *buf = blk_take(b, GRANULE, MEM_PAGE);

	ASSERT_NE(NULL, buf);
	ASSERT_EQ(0, blk_write_pattern(b, 0, 2 * GRANULE, 14));
	*self->list = (range_t){ 0, GRANULE_SECTORS, 0 };
	req_init(self->q, VIRTIO_BLK_T_WRITE_ZEROES, 0);
	req_header(self->q);
	req_seg(self->q, self->list, sizeof(range_t), false);
	req_end(self->q);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(VIRTIO_BLK_S_OK, blk_rw(b, &b->ring[0], VIRTIO_BLK_T_IN, 0,
					  buf, GRANULE));
	ASSERT_EQ(0, pattern_check_byte(buf, GRANULE, 0));
	ASSERT_EQ(0, blk_read_pattern(b, GRANULE_SECTORS, GRANULE, 14));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
