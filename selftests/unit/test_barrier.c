// SPDX-License-Identifier: GPL-2.0
/*
 * Pins the barriers of drivers/vdpa/nvme/pure/ring.c: a second copy of it, in
 * which the driver's half happens at the moment of the barrier. What we have to
 * store before it must be there, what we load after it must be what the driver
 * has just stored. So a barrier that is missing or in the wrong place is found
 * on any machine, not only on one that reorders.
 */
#include "kdep.h"
#include "tap.h"

static void at_barrier(char kind, bool weak);

#define virtio_mb(weak)			at_barrier('m', weak)
#define virtio_rmb(weak)		at_barrier('r', weak)
#define virtio_wmb(weak)		at_barrier('w', weak)
#define nvdpa_ring_init			barrier_ring_init
#define nvdpa_ring_pop			barrier_ring_pop
#define nvdpa_ring_desc			barrier_ring_desc
#define nvdpa_ring_push			barrier_ring_push
#define nvdpa_ring_publish		barrier_ring_publish
#define nvdpa_ring_need_notify		barrier_ring_need_notify
#define nvdpa_ring_disable_kicks	barrier_ring_disable_kicks
#define nvdpa_ring_enable_kicks		barrier_ring_enable_kicks
#include "ring.c"

#define NUM 4

static struct {
	struct vring_desc desc[NUM];
	__le16 used[3 + 4 * NUM];	/* flags, idx, ring, avail_event */
	__le16 avail[3 + NUM];		/* flags, idx, ring, used_event */
	struct nvdpa_ring ring;
	void (*driver)(void);
	char seen[8];
	u32 nr_seen;
} b;

static void at_barrier(char kind, bool weak)
{
	EXPECT(weak);
	if (b.nr_seen < sizeof(b.seen) - 1)
		b.seen[b.nr_seen++] = kind;
	if (b.driver)
		b.driver();
}

static void barrier_setup(bool event_idx, void (*driver)(void))
{
	memset(&b, 0, sizeof(b));
	b.driver = driver;
	nvdpa_ring_init(&b.ring, b.desc, b.avail, b.used, NUM, 0, event_idx);
}

/* virtqueue_add_split(): the entry is only there once the index is. */
static void driver_stores_entry(void)
{
	b.avail[2] = cpu_to_le16(3);
}

TEST(barrier, pop_loads_the_entry_after_the_index)
{
	u16 head = 0;

	barrier_setup(false, driver_stores_entry);
	EXPECT_EQ(nvdpa_ring_pop(&b.ring, &head), 0);
	b.avail[1] = cpu_to_le16(1);
	EXPECT_EQ(nvdpa_ring_pop(&b.ring, &head), 1);
	EXPECT_EQ(head, 3);
	EXPECT(!strcmp(b.seen, "r"));
}

static void driver_loads_used(void)
{
	/* The entry, but not yet the index. */
	EXPECT_EQ(le16_to_cpu(b.used[2]), 2);
	EXPECT_EQ(le16_to_cpu(b.used[4]), 77);
	EXPECT_EQ(le16_to_cpu(b.used[1]), 0);
}

TEST(barrier, publish_stores_the_index_after_the_entry)
{
	barrier_setup(false, driver_loads_used);
	nvdpa_ring_push(&b.ring, 2, 77);
	nvdpa_ring_publish(&b.ring);
	EXPECT_EQ(le16_to_cpu(b.used[1]), 1);
	EXPECT(!strcmp(b.seen, "w"));
}

/* virtqueue_enable_cb_split(): its wish, then a look at the used index. */
static void driver_wants_a_call(void)
{
	EXPECT_EQ(le16_to_cpu(b.used[1]), 1);
	if (b.ring.event_idx)
		b.avail[2 + NUM] = cpu_to_le16(0);
	else
		b.avail[0] = cpu_to_le16(0);
}

TEST(barrier, notify_loads_the_wish_after_the_used_index_is_stored)
{
	for (u32 event_idx = 0; event_idx < 2; event_idx++) {
		barrier_setup(event_idx, NULL);
		nvdpa_ring_push(&b.ring, 2, 77);
		nvdpa_ring_publish(&b.ring);
		b.avail[0] = cpu_to_le16(VRING_AVAIL_F_NO_INTERRUPT);
		b.avail[2 + NUM] = cpu_to_le16(1000);
		b.driver = driver_wants_a_call;
		EXPECT(nvdpa_ring_need_notify(&b.ring));
		EXPECT(!strcmp(b.seen, "wm"));
	}
}

/* virtqueue_kick_prepare_split(): its index, then a look at our wish. */
static void driver_adds_without_a_kick(void)
{
	EXPECT_EQ(le16_to_cpu(b.used[0]), 0);
	EXPECT_EQ(le16_to_cpu(b.used[2 + 4 * NUM]), b.ring.event_idx ? 1 : 0);
	b.avail[1] = cpu_to_le16(2);
}

TEST(barrier, kicks_are_wanted_before_the_last_look)
{
	u16 head;

	for (u32 event_idx = 0; event_idx < 2; event_idx++) {
		barrier_setup(event_idx, NULL);
		b.avail[1] = cpu_to_le16(1);
		nvdpa_ring_disable_kicks(&b.ring);
		EXPECT_EQ(nvdpa_ring_pop(&b.ring, &head), 1);
		b.driver = driver_adds_without_a_kick;
		EXPECT(nvdpa_ring_enable_kicks(&b.ring));
		EXPECT(!strcmp(b.seen, "rm"));
	}
}
