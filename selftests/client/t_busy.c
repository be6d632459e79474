// SPDX-License-Identifier: GPL-2.0
/*
 * A guest whose queue is never empty, and whoever else wants to work on the CPU that it
 * kicks from. Its requests end where they are taken, without the disk, so a pass that had
 * no limit would not end as long as another CPU offers more.
 */
#include "client.h"

#include <unistd.h>

#include "vandal.h"

/*
 * Requests, a descriptor of the ring each. They have so many empty descriptors that all
 * of them last for longer than the guest's other CPU may be away, for an interrupt.
 */
#define NUM 256
#define EMPTY 200
#define BUSY_MS 1000

FIXTURE(busy)
{
	struct blk b;
	struct ring *r;
	struct virtio_blk_outhdr *hdr;
	__u8 *status[NUM];
	__u64 end;

	/* Of the guest's other CPU. */
	pthread_t refiller;
	unsigned int next;
	__u64 refilled;

	/* Of the other work. */
	pthread_t other;
	__u64 gap_ms;			/* the longest that it stood still */
};

/* What the requests are. */
FIXTURE_VARIANT(busy)
{
	__u32 type;
};

FIXTURE_VARIANT_ADD(busy, ids) {
	.type = VIRTIO_BLK_T_GET_ID,
};

FIXTURE_VARIANT_ADD(busy, refusals) {
	.type = 99,
};

static void build(FIXTURE_DATA(busy) *self, unsigned int i,
		  struct vring_desc *t, __u8 *id)
{
	unsigned int n = 0;

	self->r->desc[i] = (struct vring_desc){ blk_iova(&self->b, t),
						(EMPTY + 3) * sizeof(*t),
						VRING_DESC_F_INDIRECT, 0 };
	t[n++] = (struct vring_desc){ blk_iova(&self->b, self->hdr),
				      sizeof(*self->hdr), VRING_DESC_F_NEXT, 1 };
	for (; n <= EMPTY; n++)
		t[n] = (struct vring_desc){ blk_iova(&self->b, id), 0,
					    VRING_DESC_F_NEXT, n + 1 };
	t[n] = (struct vring_desc){ blk_iova(&self->b, id), VIRTIO_BLK_ID_BYTES,
				    VRING_DESC_F_NEXT | VRING_DESC_F_WRITE,
				    n + 1 };
	t[n + 1] = (struct vring_desc){ blk_iova(&self->b, self->status[i]), 1,
					VRING_DESC_F_WRITE, 0 };
	*self->status[i] = REQ_UNTOUCHED;
}

FIXTURE_SETUP(busy)
{
	struct blk_options o = { .num = NUM };
	struct vring_desc *t;
	unsigned int i;
	__u8 *id;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	self->r = &self->b.ring[0];
	self->hdr = blk_take(&self->b, sizeof(*self->hdr), 16);
	id = blk_take(&self->b, VIRTIO_BLK_ID_BYTES, 16);
	ASSERT_NE(NULL, id);
	self->hdr->type = variant->type;
	for (i = 0; i < NUM; i++) {
		self->status[i] = blk_take(&self->b, 1, 1);
		t = blk_take(&self->b, (EMPTY + 3) * sizeof(*t), 16);
		ASSERT_NE(NULL, self->status[i]);
		ASSERT_NE(NULL, t);
		build(self, i, t, id);
	}
}

FIXTURE_TEARDOWN(busy)
{
	blk_close(&self->b);
}

/*
 * Offers each request again as soon as its status is there, which is before the pass that
 * it is in is over. The used ring tells of it later.
 */
static void *refiller_thread(void *arg)
{
	FIXTURE_DATA(busy) *self = arg;
	unsigned int i;

	vandal_pin(1);
	while (env_now_ms() < self->end) {
		for (i = 0; i < NUM; i++) {
			if (__atomic_load_n(self->status[self->next],
					    __ATOMIC_ACQUIRE) == REQ_UNTOUCHED)
				continue;
			__atomic_store_n(self->status[self->next],
					 REQ_UNTOUCHED, __ATOMIC_RELAXED);
			ring_offer(self->r, self->next);
			ring_publish(self->r);
			self->next = (self->next + 1) % NUM;
			self->refilled++;
		}
	}
	return NULL;
}

static void *other_thread(void *arg)
{
	FIXTURE_DATA(busy) *self = arg;
	__u64 now, before = env_now_ms();

	vandal_pin(0);
	do {
		now = env_now_ms();
		if (now - before > self->gap_ms)
			self->gap_ms = now - before;
		before = now;
	} while (now < self->end);
	return NULL;
}

TEST_F_TIMEOUT(busy, leaves_the_cpu_to_others, 60)
{
	__u64 kicks = 0;
	unsigned int i;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP(return, "it needs two CPUs");
	vandal_pin(0);
	for (i = 0; i < NUM; i++)
		ring_offer(self->r, i);
	ring_publish(self->r);
	self->end = env_now_ms() + BUSY_MS;
	ASSERT_EQ(0, pthread_create(&self->other, NULL, other_thread, self));
	ASSERT_EQ(0, pthread_create(&self->refiller, NULL, refiller_thread,
				    self));
	while (env_now_ms() < self->end) {
		ring_kick(self->r);
		kicks++;
	}
	pthread_join(self->other, NULL);
	pthread_join(self->refiller, NULL);

	TH_LOG("%llu kicks, %llu requests offered again, longest wait %llu ms",
	       kicks, self->refilled, self->gap_ms);
	/* It was busy: there was always more than a pass takes. */
	EXPECT_LT(NUM, self->refilled);
	EXPECT_GT(BUSY_MS / 2, self->gap_ms);
	ASSERT_EQ(0, blk_recover(&self->b));
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
