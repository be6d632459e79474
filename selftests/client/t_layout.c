// SPDX-License-Identifier: GPL-2.0
/* Requests cut into descriptors in every legal way, and in some that are not. */
#include "client.h"

#define BUF (1 * MIB)
#define GUARD 0x77

FIXTURE(layout)
{
	struct blk b;
	struct ring *r;
	struct req *q;
	__u8 *buf;
	__u32 lba;
	__u64 seed;
};

FIXTURE_VARIANT(layout)
{
	bool indirect;
	bool scattered;
};

FIXTURE_VARIANT_ADD(layout, direct) {
	.indirect = false,
};

FIXTURE_VARIANT_ADD(layout, indirect) {
	.indirect = true,
};

FIXTURE_VARIANT_ADD(layout, scattered) {
	.indirect = true,
	.scattered = true,
};

FIXTURE_SETUP(layout)
{
	struct blk_options o = {
		.scattered = variant->scattered,
		.memory = 4 * MIB,
	};

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->q = req_create(&self->b, self->r);
	self->buf = blk_take(&self->b, BUF, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
	self->lba = self->b.lba;
	self->seed = 100;
	memset(self->buf, GUARD, BUF);
}

FIXTURE_TEARDOWN(layout)
{
	blk_close(&self->b);
}

static void begin(struct req *q, __u32 type, bool indirect)
{
	req_init(q, type, 0);
	q->indirect = indirect;
}

/* What was built is a good write: run it, and read it back plainly. */
static void finish_write(struct __test_metadata *_metadata,
			 FIXTURE_DATA(layout) *self, __u32 len)
{
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(1, self->q->len);
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, len, self->seed));
}

static void finish_read(struct __test_metadata *_metadata,
			FIXTURE_DATA(layout) *self, __u32 len)
{
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(len + 1, self->q->len);
}

static void prepare_read(struct __test_metadata *_metadata,
			 FIXTURE_DATA(layout) *self, __u32 len)
{
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, len, ++self->seed));
}

static void prepare_write(FIXTURE_DATA(layout) *self, void *p, __u32 len)
{
	pattern_fill(p, len, 0, ++self->seed);
}

/* It was refused, it was not the ring's end, and the queue goes on. */
static void expect_malformed(struct __test_metadata *_metadata,
			     FIXTURE_DATA(layout) *self)
{
	ASSERT_EQ(0, req_run_malformed(self->q));
	EXPECT_EQ(0, vdev_status(&self->b.vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
	self->seed++;
	ASSERT_EQ(0, blk_write_pattern(&self->b, 8, self->lba, self->seed));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 8, self->lba, self->seed));
}

TEST_F(layout, header_of_sixteen_descriptors)
{
	__u8 *hdr = (__u8 *)self->q->hdr;
	unsigned int i;

	prepare_write(self, self->buf, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	for (i = 0; i < 16; i++)
		req_seg(self->q, hdr + i, 1, false);
	req_data(self->q, self->buf, self->lba);
	req_end(self->q);
	finish_write(_metadata, self, self->lba);

	memset(self->buf, 0, self->lba);
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	for (i = 0; i < 16; i++)
		req_seg(self->q, hdr + i, 1, false);
	req_data(self->q, self->buf, self->lba);
	req_end(self->q);
	finish_read(_metadata, self, self->lba);
	EXPECT_EQ(0, pattern_check(self->buf, self->lba, 0, self->seed));
}

/* The bytes of the header lie in reverse order in memory. */
TEST_F(layout, header_bytes_from_anywhere)
{
	__u8 *hdr = (__u8 *)self->q->hdr;
	unsigned int i;

	prepare_write(self, self->buf, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	for (i = 0; i < 16; i++) {
		self->buf[BUF - 1 - i * 5000] = hdr[i];
		req_seg(self->q, &self->buf[BUF - 1 - i * 5000], 1, false);
	}
	req_data(self->q, self->buf, self->lba);
	req_end(self->q);
	memset(hdr, 0xff, 16);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->lba, self->seed));
}

TEST_F(layout, header_and_data_in_one_descriptor)
{
	static const __u32 starts[] = { 0, 16, 100, 4080, 4088, 4090, 4096 };
	unsigned int i;
	__u8 *p;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		p = self->buf + starts[i];
		begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
		memcpy(p, self->q->hdr, 16);
		prepare_write(self, p + 16, 2 * self->lba);
		req_seg(self->q, p, 16 + 2 * self->lba, false);
		req_end(self->q);
		finish_write(_metadata, self, 2 * self->lba);
	}
}

/* The header's end and the data's start share one, its start has its own. */
TEST_F(layout, header_ends_inside_the_data_descriptor)
{
	__u8 *hdr = (__u8 *)self->q->hdr, *p = self->buf + 4090;
	unsigned int cut;

	for (cut = 1; cut < 16; cut += 3) {
		begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
		memcpy(p, hdr + cut, 16 - cut);
		prepare_write(self, p + 16 - cut, self->lba);
		req_seg(self->q, hdr, cut, false);
		req_seg(self->q, p, 16 - cut + 100, false);
		req_seg(self->q, p + 16 - cut + 100, self->lba - 100, false);
		req_end(self->q);
		finish_write(_metadata, self, self->lba);
	}
}

TEST_F(layout, data_and_status_share_a_descriptor)
{
	static const __u32 starts[] = { 0, 1, 3584, 4095, 4096 };
	__u8 *own = self->q->status, *p;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		p = self->buf + starts[i];
		prepare_read(_metadata, self, self->lba);
		memset(p, GUARD, self->lba + 16);
		self->q->status = p + self->lba;
		begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
		req_header(self->q);
		req_seg(self->q, p, self->lba + 1, true);
		finish_read(_metadata, self, self->lba);
		EXPECT_EQ(0, pattern_check(p, self->lba, 0, self->seed));
		EXPECT_EQ(0, pattern_check_byte(p + self->lba + 1, 15, GUARD));
	}
	self->q->status = own;
}

TEST_F(layout, status_ends_the_last_of_several_data_descriptors)
{
	__u8 *own = self->q->status, *p = self->buf;

	prepare_read(_metadata, self, self->lba);
	self->q->status = p + 8192 + self->lba - 100;
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	req_seg(self->q, p, 100, true);
	req_seg(self->q, p + 8192, self->lba - 100 + 1, true);
	finish_read(_metadata, self, self->lba);
	EXPECT_EQ(0, pattern_check(p, 100, 0, self->seed));
	EXPECT_EQ(0, pattern_check(p + 8192, self->lba - 100, 100, self->seed));
	self->q->status = own;
}

TEST_F(layout, id_and_status_share_a_descriptor)
{
	__u8 *own = self->q->status;

	self->q->status = self->buf + VIRTIO_BLK_ID_BYTES;
	begin(self->q, VIRTIO_BLK_T_GET_ID, variant->indirect);
	req_header(self->q);
	req_seg(self->q, self->buf, VIRTIO_BLK_ID_BYTES + 1, true);
	finish_read(_metadata, self, VIRTIO_BLK_ID_BYTES);
	EXPECT_NE(GUARD, self->buf[0]);
	self->q->status = own;
}

TEST_F(layout, header_in_one_descriptor_and_nothing_but_a_status)
{
	begin(self->q, VIRTIO_BLK_T_FLUSH, variant->indirect);
	req_header(self->q);
	req_end(self->q);
	ASSERT_EQ(0, req_run(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	EXPECT_EQ(1, self->q->len);
}

TEST_F(layout, empty_descriptors_in_a_write)
{
	__u8 *hdr = (__u8 *)self->q->hdr;

	prepare_write(self, self->buf, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, hdr, 8, false);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, hdr + 8, 8, false);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, self->buf, 200, false);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, self->buf + 200, self->lba - 200, false);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, self->buf, 0, true);
	req_end(self->q);
	req_seg(self->q, self->buf, 0, true);
	req_seg(self->q, self->buf, 0, true);
	finish_write(_metadata, self, self->lba);
}

TEST_F(layout, empty_descriptors_in_a_read)
{
	prepare_read(_metadata, self, self->lba);
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_seg(self->q, self->buf, 0, false);
	req_header(self->q);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, self->buf, 0, true);
	req_seg(self->q, self->buf, 300, true);
	req_seg(self->q, self->buf, 0, true);
	req_seg(self->q, self->buf + 300, self->lba - 300, true);
	req_seg(self->q, self->buf, 0, true);
	req_end(self->q);
	req_seg(self->q, self->buf, 0, true);
	finish_read(_metadata, self, self->lba);
	EXPECT_EQ(0, pattern_check(self->buf, self->lba, 0, self->seed));
}

/* An empty descriptor's address means nothing, so it need not be mapped. */
TEST_F(layout, empty_descriptors_of_no_memory)
{
	prepare_write(self, self->buf, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_header(self->q);
	req_seg_iova(self->q, 0, 0, false);
	req_data(self->q, self->buf, self->lba);
	req_seg_iova(self->q, ~0ULL, 0, true);
	req_end(self->q);
	finish_write(_metadata, self, self->lba);
}

/* As many as we said that a driver may use, each one in its own place. */
TEST_F(layout, seg_max_segments)
{
	unsigned int n = self->b.vdev.config.seg_max, i;
	__u32 len = n * self->lba;

	for (i = 0; i < n; i++)
		pattern_fill(self->buf + (n - 1 - i) * self->lba, self->lba,
			     i * self->lba, self->seed);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_header(self->q);
	for (i = 0; i < n; i++)
		req_data(self->q, self->buf + (n - 1 - i) * self->lba,
			 self->lba);
	req_end(self->q);
	finish_write(_metadata, self, len);

	memset(self->buf, GUARD, len);
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	for (i = 0; i < n; i++)
		req_data(self->q, self->buf + i * self->lba, self->lba);
	req_end(self->q);
	finish_read(_metadata, self, len);
	EXPECT_EQ(0, pattern_check(self->buf, len, 0, self->seed));
}

/* Past seg_max a device may refuse, but it may not get lost. */
TEST_F(layout, more_than_seg_max_segments)
{
	unsigned int n = self->b.vdev.config.seg_max + 1, i;
	bool ok;

	for (; n <= 200; n += 36) {
		self->seed++;
		for (i = 0; i < n; i++)
			pattern_fill(self->buf + i * self->lba, self->lba,
				     i * self->lba, self->seed);
		begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
		req_header(self->q);
		for (i = 0; i < n; i++)
			req_data(self->q, self->buf + i * self->lba, self->lba);
		req_end(self->q);
		ASSERT_EQ(0, req_run(self->q));
		ok = *self->q->status == VIRTIO_BLK_S_OK;
		if (ok) {
			ASSERT_EQ(0, blk_read_pattern(&self->b, 0,
						      n * self->lba,
						      self->seed));
		} else if (self->q->len) {
			EXPECT_EQ(VIRTIO_BLK_S_IOERR, *self->q->status);
		}
	}
	ASSERT_EQ(0, blk_write_pattern(&self->b, 0, self->lba, 1));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->lba, 1));
}

TEST_F(layout, direct_descriptors_before_an_indirect_one)
{
	unsigned int direct;

	for (direct = 0; direct <= 4; direct++) {
		prepare_write(self, self->buf, self->lba);
		begin(self->q, VIRTIO_BLK_T_OUT, true);
		self->q->direct = direct;
		req_header(self->q);
		req_data(self->q, self->buf, 100);
		req_data(self->q, self->buf + 100, 12);
		req_data(self->q, self->buf + 112, self->lba - 112);
		req_end(self->q);
		finish_write(_metadata, self, self->lba);
	}
	for (direct = 0; direct <= 4; direct++) {
		prepare_read(_metadata, self, self->lba);
		memset(self->buf, 0, self->lba);
		begin(self->q, VIRTIO_BLK_T_IN, true);
		self->q->direct = direct;
		req_header(self->q);
		req_data(self->q, self->buf, 100);
		req_data(self->q, self->buf + 100, 12);
		req_data(self->q, self->buf + 112, self->lba - 112);
		req_end(self->q);
		finish_read(_metadata, self, self->lba);
		EXPECT_EQ(0, pattern_check(self->buf, self->lba, 0, self->seed));
	}
}

/* Entries of a table may come in any order: next says which follows. */
TEST_F(layout, indirect_table_in_reverse_order)
{
	struct vring_desc *t = self->q->table;
	int head;

	prepare_write(self, self->buf, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, true);
	req_header(self->q);
	req_data(self->q, self->buf, self->lba);
	req_end(self->q);
	head = ring_add(self->r, self->q->seg, 3, t,
			blk_iova(&self->b, t), 0, self->q);
	ASSERT_LE(0, head);
	/* 0: header -> 2: data -> 1: status */
	t[3] = t[1];
	t[1] = t[2];
	t[2] = t[3];
	t[0].next = 2;
	t[2].next = 1;
	ring_offer(self->r, head);
	ring_publish(self->r);
	ring_notify(self->r);
	ASSERT_EQ(0, req_wait(self->q));
	ASSERT_EQ(0, req_check(self->q, VIRTIO_BLK_S_OK));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->lba, self->seed));
}

/* A table across two pages, and one that starts at an odd place. */
TEST_F(layout, indirect_table_anywhere)
{
	static const __u32 places[] = { 16, 4080, 4064, 8 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		self->q->table = (void *)(self->buf + BUF / 2 + places[i]);
		prepare_write(self, self->buf, self->lba);
		begin(self->q, VIRTIO_BLK_T_OUT, true);
		req_header(self->q);
		req_data(self->q, self->buf, self->lba);
		req_end(self->q);
		finish_write(_metadata, self, self->lba);
	}
}

/* ---- not requests ---- */

TEST_F(layout, bad_status_only)
{
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_end(self->q);
	expect_malformed(_metadata, self);
}

TEST_F(layout, bad_only_readable)
{
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_header(self->q);
	req_data(self->q, self->buf, self->lba);
	expect_malformed(_metadata, self);
	EXPECT_EQ(0, self->q->len);
}

TEST_F(layout, bad_empty_status)
{
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_header(self->q);
	req_data(self->q, self->buf, self->lba);
	req_seg(self->q, self->q->status, 0, true);
	expect_malformed(_metadata, self);
	EXPECT_EQ(0, self->q->len);
}

TEST_F(layout, bad_all_empty)
{
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_seg(self->q, self->buf, 0, false);
	req_seg(self->q, self->buf, 0, true);
	expect_malformed(_metadata, self);
	EXPECT_EQ(0, self->q->len);
}

TEST_F(layout, bad_short_header)
{
	unsigned int len;

	for (len = 0; len < 16; len += 5) {
		begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
		req_seg(self->q, self->q->hdr, len, false);
		req_data(self->q, self->buf, self->lba);
		req_end(self->q);
		expect_malformed(_metadata, self);
		EXPECT_EQ(0, pattern_check_byte(self->buf, self->lba, GUARD));
	}
}

TEST_F(layout, bad_write_into_writable_memory)
{
	prepare_read(_metadata, self, self->lba);
	begin(self->q, VIRTIO_BLK_T_OUT, variant->indirect);
	req_header(self->q);
	req_seg(self->q, self->buf, self->lba, true);
	req_end(self->q);
	ASSERT_EQ(0, req_run(self->q));
	EXPECT_EQ(0, req_check(self->q, VIRTIO_BLK_S_IOERR));
	EXPECT_EQ(0, pattern_check_byte(self->buf, self->lba, GUARD));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 0, self->lba, self->seed));
}

/* Data to write, and a place to read into: it cannot be both. */
TEST_F(layout, bad_read_with_readable_data)
{
	prepare_read(_metadata, self, self->lba);
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	req_seg(self->q, self->buf, self->lba, false);
	req_end(self->q);
	ASSERT_EQ(0, req_run(self->q));
	EXPECT_EQ(0, req_check(self->q, VIRTIO_BLK_S_IOERR));
	EXPECT_EQ(0, pattern_check_byte(self->buf, self->lba, GUARD));
}

TEST_F(layout, bad_readable_after_writable)
{
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_end(self->q);
	req_header(self->q);
	expect_malformed(_metadata, self);

	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	req_data(self->q, self->buf, self->lba);
	req_seg(self->q, self->buf + 8192, 16, false);
	req_end(self->q);
	expect_malformed(_metadata, self);
	EXPECT_EQ(0, pattern_check_byte(self->buf, self->lba, GUARD));
}

/* Lengths whose sum leaves 32 bits. */
TEST_F(layout, bad_sum_of_lengths)
{
	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	req_seg(self->q, self->buf, 0x80000000, true);
	req_seg(self->q, self->buf, 0x80000000, true);
	req_seg(self->q, self->buf, self->lba, true);
	req_end(self->q);
	expect_malformed(_metadata, self);

	begin(self->q, VIRTIO_BLK_T_IN, variant->indirect);
	req_header(self->q);
	req_seg(self->q, self->buf, 0xffffffff, true);
	req_seg(self->q, self->buf, self->lba + 1, true);
	req_end(self->q);
	expect_malformed(_metadata, self);
}

/* A good request in the table, for what is then spoilt. */
static void fill_table(FIXTURE_DATA(layout) *self)
{
	struct vring_desc *t = self->q->table;
	struct blk *b = &self->b;

	req_init(self->q, VIRTIO_BLK_T_IN, 0);
	memset(t, 0, REQ_SEGS * sizeof(*t));
	t[0] = (struct vring_desc){ blk_iova(b, self->q->hdr), 16,
				    VRING_DESC_F_NEXT, 1 };
	t[1] = (struct vring_desc){ blk_iova(b, self->buf), self->lba,
				    VRING_DESC_F_NEXT | VRING_DESC_F_WRITE, 2 };
	t[2] = (struct vring_desc){ blk_iova(b, self->q->status), 1,
				    VRING_DESC_F_WRITE, 0 };
}

/*
 * An indirect descriptor made by hand, alone in its chain. The device may end
 * the request or ask for a reset; it works after either.
 */
static void expect_table_refused(struct __test_metadata *_metadata,
				 FIXTURE_DATA(layout) *self, __u64 iova,
				 __u32 len, __u16 flags)
{
	struct seg s = { iova, len, false };
	int head, r;

	head = ring_add(self->r, &s, 1, NULL, 0, 0, self->q);
	ASSERT_LE(0, head);
	self->r->desc[head].flags = VRING_DESC_F_INDIRECT | flags;
	ring_offer(self->r, head);
	ring_publish(self->r);
	ring_notify(self->r);
	r = req_wait_malformed(self->q);
	ASSERT_LE(0, r);
	EXPECT_EQ(0, pattern_check_byte(self->buf, self->lba, GUARD));
	if (r) {
		ASSERT_EQ(0, blk_recover(&self->b));
	}
	ASSERT_EQ(0, blk_write_pattern(&self->b, 8, self->lba, self->seed));
	ASSERT_EQ(0, blk_read_pattern(&self->b, 8, self->lba, self->seed));
}

static __u64 table_iova(FIXTURE_DATA(layout) *self)
{
	return blk_iova(&self->b, self->q->table);
}

TEST_F(layout, bad_table_length)
{
	static const __u32 lens[] = { 0, 1, 15, 17, 47, 49, 0xffffffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lens); i++) {
		fill_table(self);
		expect_table_refused(_metadata, self, table_iova(self),
				     lens[i], 0);
	}
}

TEST_F(layout, bad_table_in_no_memory)
{
	static const __u64 places[] = { 0, 1ULL << 46, ~0ULL - 47, ~0ULL - 7 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		fill_table(self);
		expect_table_refused(_metadata, self, places[i], 48, 0);
	}
	fill_table(self);
	expect_table_refused(_metadata, self,
			     self->b.mem.iova + self->b.mem.size - 16, 48, 0);
}

TEST_F(layout, bad_table_with_next)
{
	fill_table(self);
	expect_table_refused(_metadata, self, table_iova(self), 48,
			     VRING_DESC_F_NEXT);
}

TEST_F(layout, bad_table_in_a_table)
{
	struct vring_desc *t = self->q->table;

	fill_table(self);
	t[8] = (struct vring_desc){ table_iova(self), 48,
				    VRING_DESC_F_INDIRECT, 0 };
	expect_table_refused(_metadata, self, table_iova(self) + 8 * 16, 16, 0);
}

TEST_F(layout, bad_table_loop)
{
	struct vring_desc *t = self->q->table;

	fill_table(self);
	t[1].next = 1;
	expect_table_refused(_metadata, self, table_iova(self), 48, 0);
	fill_table(self);
	t[1].next = 0;
	expect_table_refused(_metadata, self, table_iova(self), 48, 0);
}

TEST_F(layout, bad_table_next_out_of_range)
{
	static const __u16 nexts[] = { 3, 4, 256, 0xffff };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(nexts); i++) {
		fill_table(self);
		self->q->table[1].next = nexts[i];
		expect_table_refused(_metadata, self, table_iova(self), 48, 0);
	}
}

/* 2^28 entries with no end in sight: walked by a bounded number of steps. */
TEST_F(layout, bad_table_without_end)
{
	struct vring_desc *t = (void *)(self->buf + BUF / 2);
	unsigned int i, n = BUF / 2 / sizeof(*t);

	req_init(self->q, VIRTIO_BLK_T_IN, 0);
	for (i = 0; i < n; i++)
		t[i] = (struct vring_desc){ blk_iova(&self->b, self->buf), 0,
					    VRING_DESC_F_NEXT,
					    (i + 1) % 0x7fff % n };
	expect_table_refused(_metadata, self, blk_iova(&self->b, t),
			     0xfffffff0, 0);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
