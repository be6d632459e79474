// SPDX-License-Identifier: GPL-2.0
/*
 * A disk that is read-only, and a driver that does not want to know: RO is not
 * negotiated, so nobody but the device refuses.
 */
#include "client.h"

#define BUF (64 * KIB)

FIXTURE(ro)
{
	struct blk b;
	struct req *q;
	__u8 *buf;
};

FIXTURE_SETUP(ro)
{
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	self->q = req_create(&self->b, &self->b.ring[0]);
	self->buf = blk_take(&self->b, BUF, MEM_PAGE);
	ASSERT_NE(NULL, self->q);
	ASSERT_NE(NULL, self->buf);
}

FIXTURE_TEARDOWN(ro)
{
	blk_close(&self->b);
}

TEST_F(ro, writes_are_refused)
{
	static const struct {
		__u32 type;
		__u32 len;
		__u8 status;
	} cases[] = {
		{ VIRTIO_BLK_T_OUT, 4096, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, BUF, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_OUT, 0, VIRTIO_BLK_S_IOERR },
		{ VIRTIO_BLK_T_IN, BUF, VIRTIO_BLK_S_OK },
		{ VIRTIO_BLK_T_FLUSH, 0, VIRTIO_BLK_S_OK },
	};
	unsigned int i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		pattern_fill(self->buf, BUF, 0, i);
		req_simple(self->q, cases[i].type, 0, self->buf, cases[i].len);
		ASSERT_EQ(0, req_run(self->q));
		ASSERT_EQ(0, req_check(self->q, cases[i].status))
			TH_LOG("type %u length %u", cases[i].type, cases[i].len);
	}
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
