// SPDX-License-Identifier: GPL-2.0
/* Another guest: works, and compares what it reads, until the caller says a word. */
#include "client.h"

#include <stdio.h>

FIXTURE(neighbour)
{
	struct blk b;
	struct load l;
};

FIXTURE_SETUP(neighbour)
{
	ASSERT_EQ(0, blk_open(&self->b, NULL));
	ASSERT_EQ(0, load_create(&self->l, &self->b, &self->b.ring[0], 16, 16384,
				 0));
}

FIXTURE_TEARDOWN(neighbour)
{
	blk_close(&self->b);
}

TEST_F_TIMEOUT(neighbour, is_not_disturbed, 1000)
{
	ASSERT_EQ(0, load_spawn(&self->l));
	printf("# at work\n");
	fflush(stdout);
	getchar();
	ASSERT_EQ(0, load_join(&self->l));
	TH_LOG("%llu requests", self->l.completed);
	ASSERT_EQ(0, load_verify(&self->l));
	EXPECT_EQ(0, vdev_status(&self->b.vdev) & VIRTIO_CONFIG_S_NEEDS_RESET);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
