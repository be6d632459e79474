// SPDX-License-Identifier: GPL-2.0
/* Data at any address and of any segmentation: PRP, SGL, split, bounce. */
#include "client.h"

#define GUARD 0x77
#define GUARD_LEN 64
#define PIECES_MAX 100

struct piece {
	__u8 *p;
	__u32 len;
};

FIXTURE(align)
{
	struct blk b;
	struct req *q;
	__u8 *buf;
	__u32 size;
	struct piece piece[PIECES_MAX];
	unsigned int n;
	__u64 random;
};

FIXTURE_VARIANT(align)
{
	bool scattered;
};

FIXTURE_VARIANT_ADD(align, whole) {
	.scattered = false,
};

FIXTURE_VARIANT_ADD(align, scattered) {
	.scattered = true,
};

FIXTURE_SETUP(align)
{
	struct blk_options o = {
		.scattered = variant->scattered,
		.memory = 6 * MIB,
	};

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->size = 4 * MIB;
	self->buf = blk_take(&self->b, self->size, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
	memset(self->buf, GUARD, self->size);
}

FIXTURE_TEARDOWN(align)
{
	blk_close(&self->b);
}

/* ---- the segments of a request, as a list of pieces of memory ---- */

static void piece_add(FIXTURE_DATA(align) *self, __u32 offset, __u32 len)
{
	self->piece[self->n].p = self->buf + offset;
	self->piece[self->n++].len = len;
}

static void pieces_to_req(FIXTURE_DATA(align) *self, __u32 type, __u64 sector)
{
	unsigned int i;

	req_init(self->q, type, sector);
	self->q->indirect = true;
	req_header(self->q);
	for (i = 0; i < self->n; i++)
		req_data(self->q, self->piece[i].p, self->piece[i].len);
	req_end(self->q);
}

static __u32 pieces_len(FIXTURE_DATA(align) *self)
{
	__u32 len = 0;
	unsigned int i;

	for (i = 0; i < self->n; i++)
		len += self->piece[i].len;
	return len;
}

static void pieces_write(struct __test_metadata *_metadata,
			 FIXTURE_DATA(align) *self, __u64 sector, __u64 seed)
{
	__u64 at = sector * BLK_SECTOR;
	unsigned int i;

	for (i = 0; i < self->n; i++) {
		pattern_fill(self->piece[i].p, self->piece[i].len, at, seed);
		at += self->piece[i].len;
	}
	pieces_to_req(self, VIRTIO_BLK_T_OUT, sector);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(1, self->q->len);
}

/* Nothing but the pieces is written, for as far as the guards reach. */
static void pieces_read(struct __test_metadata *_metadata,
			FIXTURE_DATA(align) *self, __u64 sector, __u64 seed)
{
	__u64 at = sector * BLK_SECTOR;
	struct piece *s;

	for (s = self->piece; s < self->piece + self->n; s++)
		memset(s->p - GUARD_LEN, GUARD, s->len + 2 * GUARD_LEN);
	pieces_to_req(self, VIRTIO_BLK_T_IN, sector);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	for (s = self->piece; s < self->piece + self->n; s++) {
		ASSERT_EQ(0, pattern_check(s->p, s->len, at, seed))
			TH_LOG("segment %td of %u, length %u, at 0x%x of its page",
			       s - self->piece, self->n, s->len,
			       (__u32)((unsigned long)s->p % MEM_PAGE));
		ASSERT_EQ(0, pattern_check_byte(s->p - GUARD_LEN, GUARD_LEN,
						GUARD));
		ASSERT_EQ(0, pattern_check_byte(s->p + s->len, GUARD_LEN,
						GUARD));
		at += s->len;
	}
}

/* A list of pieces against a plain buffer, in both directions. */
static void pieces_run(struct __test_metadata *_metadata,
		       FIXTURE_DATA(align) *self, __u64 seed)
{
	__u32 len = pieces_len(self);

	ASSERT_EQ(0, len % self->b.lba);
	pieces_write(_metadata, self, 0, seed);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, len, seed));
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, len, seed + 1));
	pieces_read(_metadata, self, 0, seed + 1);
	self->n = 0;
}

static const __u32 offsets[] = {
	0, 1, 2, 3, 4, 5, 7, 8, 511, 512, 513, 2047, 2048, 4092, 4094, 4095,
};

TEST_F(align, one_segment_at_each_offset)
{
	const __u32 lens[] = {
		self->b.lba, 4096, 8192, 12288, 16384 + self->b.lba, 131072,
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		for (j = 0; j < ARRAY_SIZE(lens); j++) {
			piece_add(self, MEM_PAGE + offsets[i], lens[j]);
			pieces_run(_metadata, self, 1 + i * 16 + j * 2);
		}
	}
}

TEST_F(align, two_segments_at_each_pair_of_offsets)
{
	__u32 lba = self->b.lba;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i += 2) {
		for (j = 1; j < ARRAY_SIZE(offsets); j += 2) {
			piece_add(self, MEM_PAGE + offsets[i], lba);
			piece_add(self, 4 * MEM_PAGE + offsets[j], 4096);
			pieces_run(_metadata, self, 1000 + i * 16 + j);
		}
	}
}

/* As a guest does that reads into iovecs of one sector. */
TEST_F(align, sectors_at_odd_offsets)
{
	unsigned int i, step;

	for (step = 1; step < 4096; step = step * 3 + 2) {
		for (i = 0; i < 64; i++)
			piece_add(self, MEM_PAGE * (1 + 2 * i) + i * step % 4096,
				  BLK_SECTOR);
		pieces_run(_metadata, self, 2000 + step);
	}
}

/* Descending addresses, so that nothing can be merged by luck. */
TEST_F(align, sectors_in_descending_order)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		piece_add(self, 64 * 1024 - i * 640 + 1, BLK_SECTOR);
	pieces_run(_metadata, self, 3000);
}

TEST_F(align, pieces_smaller_than_a_block)
{
	unsigned int i;

	for (i = 0; i < 64; i++)
		piece_add(self, MEM_PAGE + i * 300 + i % 3, 64);
	pieces_run(_metadata, self, 3100);
	for (i = 0; i < 95; i++)
		piece_add(self, MEM_PAGE + i * 300, 1);
	piece_add(self, 20 * MEM_PAGE + 3, 4096 - 95);
	pieces_run(_metadata, self, 3102);
	for (i = 0; i < 8; i++)
		piece_add(self, MEM_PAGE * (2 + 2 * i) - 1, 511 + i % 2 * 2);
	pieces_run(_metadata, self, 3104);
}

/* Each shape leaves page boundaries where PRP entries cannot follow. */
TEST_F(align, gaps)
{
	static const struct { __u32 offset, len; } shape[][5] = {
		/* starts late, ends early */
		{ { 4096 + 512, 1024 }, { 16384, 2560 }, { 32768, 4608 } },
		/* a full page between two halves */
		{ { 4096 + 2048, 2048 }, { 16384, 4096 }, { 32768, 2048 } },
		/* the same, the middle one not at a page's start */
		{ { 4096 + 2048, 2048 }, { 16384 + 512, 4096 },
		  { 32768, 2048 } },
		/* the first ends early */
		{ { 4096, 2048 }, { 16384, 4096 }, { 32768, 2048 } },
		/* the last but one ends early */
		{ { 4096, 4096 }, { 16384, 3584 }, { 32768, 512 } },
		/* the second starts late */
		{ { 4096, 4096 }, { 16384 + 3584, 512 }, { 32768, 3584 } },
		/* long, shifted */
		{ { 4096 + 4, 65536 }, { 131072 + 8, 65536 } },
		/* conforming up to the last */
		{ { 4096, 65536 }, { 131072, 65536 }, { 262144 + 2, 4096 } },
		/* a dword, and the rest */
		{ { 4096 + 4092, 4 }, { 16384, 4096 }, { 32768, 4092 } },
		/* a byte, and the rest */
		{ { 4096 + 4095, 1 }, { 16384, 8192 }, { 32768, 4095 } },
	};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(shape); i++) {
		for (j = 0; j < 5 && shape[i][j].len; j++)
			piece_add(self, shape[i][j].offset, shape[i][j].len);
		pieces_run(_metadata, self, 4000 + i * 2);
	}
}

/* Random cuts of len bytes, laid out with random gaps from `place` on. */
static void pieces_random(FIXTURE_DATA(align) *self, __u32 len, __u32 place)
{
	__u64 *r = &self->random;
	__u32 size;

	self->n = 0;
	while (len) {
		size = 1 + random_below(r, random_below(r, 2) ? 70000 : 5000);
		if (random_below(r, 3) == 0)
			size = size / 512 * 512 + 512;
		if (size > len || self->n == PIECES_MAX - 1)
			size = len;
		if (random_below(r, 3) == 0)
			place = place / MEM_PAGE * MEM_PAGE + MEM_PAGE;
		place += GUARD_LEN * 2 + random_below(r, 5000);
		if (random_below(r, 2))
			place = place / 4 * 4;
		piece_add(self, place, size);
		place += size + GUARD_LEN;
		len -= size;
	}
}

TEST_F_TIMEOUT(align, random_segments, 120)
{
	__u32 lba = self->b.lba, len;
	__u64 sector;
	unsigned int i;

	self->random = 20240 + variant->scattered;
	for (i = 0; i < 300; i++) {
		len = lba * (1 + random_below(&self->random,
				random_below(&self->random, 4) ?
				65536 / lba : 1 * MIB / lba));
		sector = random_below(&self->random, 16 * MIB / lba) *
			 self->b.lba_sectors;
		pieces_random(self, len, MEM_PAGE);
		pieces_write(_metadata, self, sector, 5000 + i);
		pieces_random(self, len, MEM_PAGE);
		pieces_read(_metadata, self, sector, 5000 + i);
	}
}

/* Around every size where a transfer limit or a list page may end. */
TEST_F(align, sizes_around_powers_of_two)
{
	__u32 lba = self->b.lba, len;
	int d;

	for (len = 4096; len <= 2 * MIB; len *= 2) {
		for (d = -1; d <= 1; d++) {
			if (len + d * lba == 0)
				continue;
			piece_add(self, MEM_PAGE + (d ? 0 : 512),
				  len + d * (int)lba);
			pieces_write(_metadata, self, 0, 6000 + len + d);
			self->n = 0;
			piece_add(self, MEM_PAGE + (d ? 1536 : 0),
				  len + d * (int)lba);
			pieces_read(_metadata, self, 0, 6000 + len + d);
			self->n = 0;
		}
	}
}

/* Many large ones at once, each cut into several commands. */
TEST_F_TIMEOUT(align, large_requests_in_flight, 60)
{
	enum { N = 24, LEN = 128 * 1024 };
	struct req *q[N];
	unsigned int i, round;
	__u8 *p;

	for (i = 0; i < N; i++) {
		q[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, q[i]);
	}
	for (round = 0; round < 8; round++) {
		__u32 type = round % 2 ? VIRTIO_BLK_T_IN : VIRTIO_BLK_T_OUT;

		for (i = 0; i < N; i++) {
			p = self->buf + i * (LEN + 4096) + round / 2 * 7;
			if (type == VIRTIO_BLK_T_OUT)
				pattern_fill(p, LEN, i * LEN, 7000 + round);
			else
				memset(p, 0, LEN);
			req_simple(q[i], type, i * LEN / BLK_SECTOR, p, LEN);
			q[i]->indirect = true;
			ASSERT_EQ(0, req_queue(q[i]));
		}
		ring_publish(&self->b.ring[0]);
		ring_notify(&self->b.ring[0]);
		for (i = 0; i < N; i++) {
			ASSERT_EQ(0, req_wait(q[i]));
			ASSERT_EQ(0, req_check(q[i], VIRTIO_BLK_S_OK));
			if (type == VIRTIO_BLK_T_IN) {
				ASSERT_EQ(0, pattern_check(q[i]->data, LEN,
							   i * LEN,
							   7000 + round - 1));
			}
		}
	}
}

/* ---- more than one request can be expected to carry ---- */

FIXTURE(huge)
{
	struct blk b;
	struct req *q;
	__u8 *buf;
};

FIXTURE_SETUP(huge)
{
	struct blk_options o = { .memory = 20 * MIB };

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->buf = blk_take(&self->b, 17 * MIB, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(huge)
{
	blk_close(&self->b);
}

/* One descriptor; written and read back at another alignment. */
static void huge_run(struct __test_metadata *_metadata, FIXTURE_DATA(huge) *self,
		     __u32 len, __u32 out, __u32 in)
{
	const __u64 at = 8 * BLK_SECTOR;

	pattern_fill(self->buf + out, len, at, len + out);
	req_simple(self->q, VIRTIO_BLK_T_OUT, 8, self->buf + out, len);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	memset(self->buf, 0, 17 * MIB);
	req_simple(self->q, VIRTIO_BLK_T_IN, 8, self->buf + in, len);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(len + 1, self->q->len);
	ASSERT_EQ(0, pattern_check(self->buf + in, len, at, len + out));
}

TEST_F_TIMEOUT(huge, sixteen_mebibytes, 60)
{
	huge_run(_metadata, self, 16 * MIB, 0, 0);
}

TEST_F_TIMEOUT(huge, sixteen_mebibytes_at_odd_addresses, 60)
{
	huge_run(_metadata, self, 16 * MIB, 512, 3);
}

TEST_F_TIMEOUT(huge, five_mebibytes_and_a_block, 60)
{
	huge_run(_metadata, self, 5 * MIB + self->b.lba, 4096, 1024);
}

/* Small ones behind a large one come back too, and the large one is whole. */
TEST_F_TIMEOUT(huge, among_small_ones, 60)
{
	struct req *small[16];
	unsigned int i;

	for (i = 0; i < 16; i++) {
		small[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, small[i]);
		pattern_fill(self->buf + 16 * MIB + i * 4096, 4096, i * 4096, 9);
		req_simple(small[i], VIRTIO_BLK_T_OUT, i * 8,
			   self->buf + 16 * MIB + i * 4096, 4096);
	}
	pattern_fill(self->buf, 8 * MIB, 1 * MIB, 9);
	req_simple(self->q, VIRTIO_BLK_T_OUT, 2048, self->buf, 8 * MIB);
	ASSERT_EQ(0, req_submit(self->q));
	for (i = 0; i < 16; i++)
		ASSERT_EQ(0, req_submit(small[i]));
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, req_wait(small[i]));
		ASSERT_EQ(0, req_check(small[i], VIRTIO_BLK_S_OK));
	}
	ASSERT_EQ(0, req_wait(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 65536, 9));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 2048, 8 * MIB, 9));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
