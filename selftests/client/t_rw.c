// SPDX-License-Identifier: GPL-2.0
/* Every request type, every border of the disk. */
#include "client.h"

FIXTURE(rw)
{
	struct blk b;
	struct ring *r;
	struct req *q;
	__u8 *buf;
};

#define BUF (1 * MIB)

FIXTURE_SETUP(rw)
{
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	self->r = &self->b.ring[0];
	self->q = req_create(&self->b, self->r);
	self->buf = blk_take(&self->b, BUF, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(rw)
{
	blk_close(&self->b);
}

/* One request through the buffer, to an expected status. */
static void run(struct __test_metadata *_metadata, struct req *q, __u32 type,
		__u64 sector, void *p, __u32 len, __u8 status)
{
	req_simple(q, type, sector, p, len);
	ASSERT_EQ(0, req_run(q));
	ASSERT_EQ(0, req_check(q, status))
		TH_LOG("type %u sector 0x%llx length %u", type, sector, len);
}

/* Whatever was refused, the queue goes on. */
static void expect_alive(struct __test_metadata *_metadata, struct blk *b)
{
	static __u64 seed = 1000;

	seed++;
	ASSERT_EQ(0, blk_write_pattern(b, 0, b->lba, seed));
	ASSERT_EQ(0, blk_read_pattern(b, 0, b->lba, seed));
	EXPECT_EQ(0, vdev_status(&b->vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

TEST_F(rw, write_and_read_one_block)
{
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, self->b.lba, 1));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->b.lba, 1));
}

TEST_F(rw, write_changes_only_its_blocks)
{
	struct blk *b = &self->b;
	unsigned int n = b->lba_sectors;

	ASSERT_EQ(0, blk_write_pattern(b, 0, 8 * b->lba, 1));
	ASSERT_EQ(0, blk_write_pattern(b, 3 * n, 2 * b->lba, 2));
	ASSERT_EQ(0, blk_read_pattern(b, 0, 3 * b->lba, 1));
	ASSERT_EQ(0, blk_read_pattern(b, 3 * n, 2 * b->lba, 2));
	ASSERT_EQ(0, blk_read_pattern(b, 5 * n, 3 * b->lba, 1));
}

TEST_F(rw, sizes_up_to_a_mebibyte)
{
	__u32 len;

	for (len = self->b.lba; len <= BUF; len *= 2) {
		pattern_fill(self->buf, len, len, len);
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, len / BLK_SECTOR,
		    self->buf, len, VIRTIO_BLK_S_OK);
		memset(self->buf, 0, len);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, len / BLK_SECTOR,
		    self->buf, len, VIRTIO_BLK_S_OK);
		ASSERT_EQ(0, pattern_check(self->buf, len, len, len));
	}
}

/* A read writes what was asked for and not a byte around it. */
TEST_F(rw, read_stays_inside_its_buffer)
{
	__u32 lba = self->b.lba;

	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 4 * lba, 3));
	memset(self->buf, 0x77, 6 * lba);
	run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf + lba, 4 * lba,
	    VIRTIO_BLK_S_OK);
	EXPECT_EQ(0, pattern_check_byte(self->buf, lba, 0x77));
	EXPECT_EQ(0, pattern_check(self->buf + lba, 4 * lba, 0, 3));
	EXPECT_EQ(0, pattern_check_byte(self->buf + 5 * lba, lba, 0x77));
}

TEST_F(rw, flush)
{
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, self->b.lba, 4));
	run(_metadata, self->q, VIRTIO_BLK_T_FLUSH, 0, NULL, 0,
	    VIRTIO_BLK_S_OK);
	EXPECT_EQ(1, self->q->len);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->b.lba, 4));
}

TEST_F(rw, flush_of_a_busy_disk)
{
	struct req *w[16];
	unsigned int i;

	for (i = 0; i < 16; i++) {
		w[i] = req_create(&self->b, self->r);
		ASSERT_NE(NULL, w[i]);
		pattern_fill(self->buf + i * 4096, 4096, i * 4096, 5);
		req_simple(w[i], VIRTIO_BLK_T_OUT, i * 8, self->buf + i * 4096,
			   4096);
		ASSERT_EQ(0, req_submit(w[i]));
	}
	run(_metadata, self->q, VIRTIO_BLK_T_FLUSH, 0, NULL, 0,
	    VIRTIO_BLK_S_OK);
	for (i = 0; i < 16; i++) {
		ASSERT_EQ(0, req_wait(w[i]));
		ASSERT_EQ(0, req_check(w[i], VIRTIO_BLK_S_OK));
	}
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 16 * 4096, 5));
}

TEST_F(rw, get_id)
{
	__u8 *id = self->buf;
	unsigned int n, i;

	memset(id, 0x77, 32);
	run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES,
	    VIRTIO_BLK_S_OK);
	EXPECT_EQ(VIRTIO_BLK_ID_BYTES + 1, self->q->len);
	for (n = 0; n < VIRTIO_BLK_ID_BYTES && id[n]; n++) {
		EXPECT_TRUE(id[n] >= 0x20 && id[n] < 0x7f);
	}
	EXPECT_LT(0, n);
	for (i = n; i < VIRTIO_BLK_ID_BYTES; i++) {
		EXPECT_EQ(0, id[i]);
	}
	EXPECT_EQ(0, pattern_check_byte(id + VIRTIO_BLK_ID_BYTES, 12, 0x77));
}

TEST_F(rw, get_id_into_a_short_buffer)
{
	__u8 *id = self->buf, *part = id + 64;
	__u32 len;

	run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES,
	    VIRTIO_BLK_S_OK);
	for (len = 1; len < VIRTIO_BLK_ID_BYTES; len += 3) {
		memset(part, 0x77, 32);
		run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, part, len,
		    VIRTIO_BLK_S_OK);
		EXPECT_EQ(len + 1, self->q->len);
		EXPECT_EQ(0, memcmp(id, part, len));
		EXPECT_EQ(0, pattern_check_byte(part + len, 32 - len, 0x77));
	}
}

/*
 * The bytes after the ID are NUL when used.len counts them, else untouched.
 */
TEST_F(rw, get_id_into_a_long_buffer)
{
	__u8 *id = self->buf, *part = id + 64;

	run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES,
	    VIRTIO_BLK_S_OK);
	memset(part, 0x77, 128);
	req_simple(self->q, VIRTIO_BLK_T_GET_ID, 0, part, 64);
	ASSERT_EQ(0, req_run(self->q));
	EXPECT_EQ(VIRTIO_BLK_S_OK, *self->q->status);
	EXPECT_EQ(0, memcmp(id, part, VIRTIO_BLK_ID_BYTES));
	EXPECT_EQ(21, self->q->len);
	EXPECT_EQ(0, pattern_check_byte(part + 20, 108, 0x77));
}

TEST_F(rw, get_id_in_pieces)
{
	__u8 *id = self->buf, *part = id + 64;
	unsigned int i;

	run(_metadata, self->q, VIRTIO_BLK_T_GET_ID, 0, id, VIRTIO_BLK_ID_BYTES,
	    VIRTIO_BLK_S_OK);
	memset(part, 0x77, 128);
	req_init(self->q, VIRTIO_BLK_T_GET_ID, 0);
	req_header(self->q);
	for (i = 0; i < 5; i++)
		req_data(self->q, part + i * 16, 4);
	req_end(self->q);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	for (i = 0; i < 5; i++) {
		EXPECT_EQ(0, memcmp(id + i * 4, part + i * 16, 4));
		EXPECT_EQ(0, pattern_check_byte(part + i * 16 + 4, 12, 0x77));
	}
}

TEST_F(rw, unknown_types_are_unsupported)
{
	static const __u32 types[] = {
		2, 3, 5, 6, 7, 9, 10, 12, VIRTIO_BLK_T_SECURE_ERASE, 15, 16, 18,
		20, 22, 24, 26, 100, 0x10000, 0x80000000, 0xffffffff,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		memset(self->buf, 0x77, 512);
		req_init(self->q, types[i], 0);
		req_header(self->q);
		req_seg(self->q, self->buf, 512, true);
		req_end(self->q);
		ASSERT_EQ(0, req_run(self->q));
		ASSERT_EQ(VIRTIO_BLK_S_UNSUPP, *self->q->status)
			TH_LOG("type 0x%x", types[i]);
		EXPECT_EQ(0, pattern_check_byte(self->buf, 512, 0x77));
		EXPECT_LE(1, self->q->len);
	}
	expect_alive(_metadata, &self->b);
}

TEST_F(rw, last_block)
{
	struct blk *b = &self->b;
	__u64 last = b->sectors - b->lba_sectors;

	ASSERT_EQ(0, blk_write_pattern(b, last, b->lba, 7));
	ASSERT_EQ(0, blk_read_pattern(b, last, b->lba, 7));
	ASSERT_EQ(0, blk_write_pattern(b, last - 15 * b->lba_sectors,
				       16 * b->lba, 8));
	ASSERT_EQ(0, blk_read_pattern(b, last - 15 * b->lba_sectors,
				      16 * b->lba, 8));
}

/* Reads and writes that leave the disk, at each width that could overflow. */
TEST_F(rw, past_the_end_is_an_error)
{
	struct blk *b = &self->b;
	const __u64 end = b->sectors;
	const struct { __u64 sector; __u32 len; } bad[] = {
		{ end, b->lba },
		{ end - b->lba_sectors, 2 * b->lba },
		{ end - b->lba_sectors, 1 * MIB },
		{ end + 8, b->lba },
		{ end + (1ULL << 32), b->lba },
		{ 1ULL << 32, b->lba },
		{ 1ULL << 40, b->lba },
		{ 1ULL << 55, b->lba },
		{ 1ULL << 61, b->lba },
		{ 1ULL << 63, b->lba },
		{ (1ULL << 55) - 8, 16 * b->lba },
		{ (1ULL << 63) - 8, 16 * b->lba },
		{ 0 - 8ULL, 16 * b->lba },
		{ 0 - 8ULL, 8 * BLK_SECTOR },
		{ 0 - (__u64)b->lba_sectors, b->lba },
		{ ~0ULL, BLK_SECTOR },
	};
	__u64 last = end - b->lba_sectors;
	unsigned int i;

	ASSERT_EQ(0, blk_write_pattern(b, 0, b->lba, 9));
	ASSERT_EQ(0, blk_write_pattern(b, last, b->lba, 9));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(self->buf, 0x77, bad[i].len);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, bad[i].sector,
		    self->buf, bad[i].len, VIRTIO_BLK_S_IOERR);
		EXPECT_EQ(0, pattern_check_byte(self->buf, bad[i].len, 0x77));
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, bad[i].sector,
		    self->buf, bad[i].len, VIRTIO_BLK_S_IOERR);
	}
	ASSERT_EQ(0, blk_read_pattern(b, 0, b->lba, 9));
	ASSERT_EQ(0, blk_read_pattern(b, last, b->lba, 9));
}

/* Nothing to do, but not outside of the disk. */
TEST_F(rw, no_data)
{
	run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, NULL, 0, VIRTIO_BLK_S_OK);
	EXPECT_EQ(1, self->q->len);
	run(_metadata, self->q, VIRTIO_BLK_T_OUT, 0, NULL, 0, VIRTIO_BLK_S_OK);
	run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf, 0,
	    VIRTIO_BLK_S_OK);
	run(_metadata, self->q, VIRTIO_BLK_T_IN, self->b.sectors, NULL, 0,
	    VIRTIO_BLK_S_IOERR);
	expect_alive(_metadata, &self->b);
}

TEST_F(rw, part_of_a_block_is_an_error)
{
	static const __u32 lens[] = { 1, 2, 511, 513, 1023, 4095, 4097, 65537 };
	__u32 lba = self->b.lba;
	unsigned int i;

	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, 2 * lba, 10));
	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		memset(self->buf, 0x77, 128 * KIB);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf, lens[i],
		    VIRTIO_BLK_S_IOERR);
		EXPECT_EQ(0, pattern_check_byte(self->buf, 128 * KIB, 0x77));
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, 0, self->buf, lens[i],
		    VIRTIO_BLK_S_IOERR);
	}
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, 2 * lba, 10));
}

/* On a disk of 4096-byte blocks, sectors are still of 512. */
TEST_F(rw, part_of_a_4k_block_is_an_error)
{
	struct blk *b = &self->b;
	__u32 len;

	if (b->lba == BLK_SECTOR) {
		/* Nothing smaller exists: the whole test is one good sector. */
		ASSERT_EQ(0, blk_write_pattern(b, 1, BLK_SECTOR, 11));
		ASSERT_EQ(0, blk_read_pattern(b, 1, BLK_SECTOR, 11));
		return;
	}
	ASSERT_EQ(0, blk_write_pattern(b, 0, 2 * b->lba, 11));
	for (len = BLK_SECTOR; len < b->lba; len += BLK_SECTOR) {
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, 0, self->buf, len,
		    VIRTIO_BLK_S_IOERR);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, 0, self->buf, len,
		    VIRTIO_BLK_S_IOERR);
		run(_metadata, self->q, VIRTIO_BLK_T_OUT, len / BLK_SECTOR,
		    self->buf, b->lba, VIRTIO_BLK_S_IOERR);
		run(_metadata, self->q, VIRTIO_BLK_T_IN, len / BLK_SECTOR,
		    self->buf, b->lba, VIRTIO_BLK_S_IOERR);
	}
	ASSERT_EQ(0, blk_read_pattern(b, 0, 2 * b->lba, 11));
}

/* Of the whole header only type and sector count. */
TEST_F(rw, priority_is_ignored)
{
	__u32 lba = self->b.lba;

	pattern_fill(self->buf, lba, 0, 12);
	req_simple(self->q, VIRTIO_BLK_T_OUT, 0, self->buf, lba);
	self->q->hdr->ioprio = 0xffffffff;
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, lba, 12));
}

FIXTURE(rw_features)
{
	struct blk b;
};

FIXTURE_VARIANT(rw_features)
{
	__u64 without;
};

FIXTURE_VARIANT_ADD(rw_features, no_flush) {
	.without = VDEV_FEATURE(BLK_F_FLUSH),
};

FIXTURE_VARIANT_ADD(rw_features, no_indirect) {
	.without = VDEV_FEATURE(RING_F_INDIRECT_DESC),
};

FIXTURE_VARIANT_ADD(rw_features, no_event_idx) {
	.without = VDEV_FEATURE(RING_F_EVENT_IDX),
};

FIXTURE_VARIANT_ADD(rw_features, no_mq) {
	.without = VDEV_FEATURE(BLK_F_MQ),
};

/* As firmware does: nothing but what must be. */
FIXTURE_VARIANT_ADD(rw_features, bare) {
	.without = ~(VDEV_FEATURE(F_VERSION_1) |
		     VDEV_FEATURE(F_ACCESS_PLATFORM)),
};

FIXTURE_SETUP(rw_features)
{
	struct blk_options o = { .without = variant->without };

	ASSERT_EQ(0, blk_open(&self->b, &o));
}

FIXTURE_TEARDOWN(rw_features)
{
	blk_close(&self->b);
}

TEST_F(rw_features, write_and_read)
{
	unsigned int i;

	for (i = 0; i < 8; i++) {
		ASSERT_EQ(0, blk_write_pattern(&self->b, i * 64, 128 * KIB, i));
		ASSERT_EQ(0, blk_read_pattern(&self->b, i * 64, 128 * KIB, i));
	}
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
