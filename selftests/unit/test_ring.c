// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/ring.c. */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

#include "ring.h"
#include "tap.h"

/* The driver's side: separate areas of the exact size that 2.7 gives. */
struct driver {
	u16 num;
	struct vring_desc *desc;
	u16 *avail;	/* flags, idx, ring[num], used_event */
	u8 *used;	/* flags, idx, {id, len}[num], avail_event */
	struct nvdpa_ring ring;
};

static void driver_init(struct driver *driver, u16 num, u16 idx, bool event_idx)
{
	driver->num = num;
	driver->desc = tap_alloc(16 * num);
	driver->avail = tap_alloc(6 + 2 * num);
	driver->used = tap_alloc(6 + 8 * num);
	driver->avail[1] = htole16(idx);
	nvdpa_ring_init(&driver->ring, driver->desc, driver->avail,
			driver->used, num, idx, event_idx);
}

static void driver_free(struct driver *driver)
{
	free(driver->desc);
	free(driver->avail);
	free(driver->used);
}

static void driver_add(struct driver *driver, u16 head)
{
	u16 idx = le16toh(driver->avail[1]);

	driver->avail[2 + idx % driver->num] = htole16(head);
	driver->avail[1] = htole16(idx + 1);
}

static void driver_set_used_event(struct driver *driver, u16 value)
{
	driver->avail[2 + driver->num] = htole16(value);
}

static u16 driver_used16(const struct driver *driver, size_t offset)
{
	return driver->used[offset] | driver->used[offset + 1] << 8;
}

static u32 driver_used32(const struct driver *driver, size_t offset)
{
	return driver_used16(driver, offset) |
	       (u32)driver_used16(driver, offset + 2) << 16;
}

static u16 driver_used_idx(const struct driver *driver)
{
	return driver_used16(driver, 2);
}

static u16 driver_avail_event(const struct driver *driver)
{
	return driver_used16(driver, 4 + 8 * driver->num);
}

static const u16 sizes[] = { 1, 2, 4, 256, 1024, 32768 };

TEST(ring, areas_have_the_sizes_of_2_7)
{
	EXPECT_EQ(NVDPA_RING_DESC_BYTES(256), 16 * 256);
	EXPECT_EQ(NVDPA_RING_AVAIL_BYTES(256), 6 + 2 * 256);
	EXPECT_EQ(NVDPA_RING_USED_BYTES(256), 6 + 8 * 256);
	EXPECT_EQ(NVDPA_RING_DESC_BYTES(32768), 524288);
	EXPECT_EQ(NVDPA_RING_USED_BYTES(32768), 262150);
}

TEST(ring, init_writes_everything)
{
	struct nvdpa_ring ring;
	u64 desc[2] = { 0 }, avail = 0, used[2] = { 1, 2 };

	memset(&ring, 0xa5, sizeof(ring));
	nvdpa_ring_init(&ring, desc, &avail, used, 1, 65535, true);
	EXPECT((const void *)ring.desc == desc);
	EXPECT((const void *)ring.avail == &avail);
	EXPECT((void *)ring.used == used);
	EXPECT_EQ(ring.num, 1);
	EXPECT_EQ(ring.last_avail, 65535);
	EXPECT_EQ(ring.used_idx, 65535);
	EXPECT_EQ(ring.signalled, 65535);
	EXPECT_EQ(ring.event_idx, true);
	EXPECT_EQ(used[0], 1);
	EXPECT_EQ(used[1], 2);
}

TEST(ring, pop_takes_in_order_across_the_wrap)
{
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct driver d;
		u16 head;

		driver_init(&d, sizes[s], 65530, false);
		for (u32 i = 0; i < 12; i++) {
			u16 want = i % sizes[s];

			EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 0);
			driver_add(&d, want);
			head = 0xffff;
			EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 1);
			EXPECT_EQ(head, want);
			EXPECT_EQ(d.ring.last_avail, (u16)(65531 + i));
		}
		driver_free(&d);
	}
}

TEST(ring, pop_takes_a_full_ring)
{
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct driver d;
		u16 head;

		driver_init(&d, sizes[s], 65500, false);
		for (u32 i = 0; i < sizes[s]; i++)
			driver_add(&d, sizes[s] - 1 - i);
		for (u32 i = 0; i < sizes[s]; i++) {
			EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 1);
			EXPECT_EQ(head, sizes[s] - 1 - i);
		}
		EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 0);
		driver_free(&d);
	}
}

/* Every distance that a driver can claim, from both sides of the wrap. */
TEST(ring, pop_refuses_an_index_too_far_ahead)
{
	static const u16 from[] = { 0, 3, 65534 };

	for (size_t f = 0; f < ARRAY_SIZE(from); f++) {
		struct driver d;
		u16 head;

		driver_init(&d, 8, from[f], false);
		for (u32 ahead = 0; ahead < 65536; ahead++) {
			int want = ahead > 8 ? -EPIPE : ahead > 0;

			d.ring.last_avail = from[f];
			d.avail[1] = htole16(from[f] + ahead);
			EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), want);
			EXPECT_EQ(d.ring.last_avail,
				  (u16)(from[f] + (want == 1)));
		}
		driver_free(&d);
	}
}

TEST(ring, pop_refuses_a_head_out_of_range)
{
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct driver d;
		u16 head;

		driver_init(&d, sizes[s], 0, false);
		for (u32 claimed = 0; claimed < 65536; claimed++) {
			bool good = claimed < sizes[s];

			d.avail[1] = 0;
			d.ring.last_avail = 0;
			driver_add(&d, claimed);
			head = 0;
			EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head),
				  good ? 1 : -EPIPE);
			EXPECT_EQ(head, good ? claimed : 0);
		}
		driver_free(&d);
	}
}

TEST(ring, desc_converts_each_field)
{
	static const u8 raw[16] = {
		0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
		0x10, 0x32, 0x54, 0x76, 0x05, 0x80, 0xfe, 0x7f,
	};
	struct nvdpa_desc desc;

	nvdpa_ring_desc((const void *)raw, &desc);
	EXPECT_EQ(desc.addr, 0xefcdab8967452301);
	EXPECT_EQ(desc.len, 0x76543210);
	EXPECT_EQ(desc.flags, 0x8005);
	EXPECT_EQ(desc.next, 0x7ffe);
}

TEST(ring, push_is_invisible_until_publish)
{
	struct driver d;

	driver_init(&d, 4, 65534, true);
	nvdpa_ring_push(&d.ring, 3, 0x12345678);
	nvdpa_ring_push(&d.ring, 1, 1);
	nvdpa_ring_push(&d.ring, 0, 2);
	EXPECT_EQ(driver_used_idx(&d), 0);
	nvdpa_ring_publish(&d.ring);
	EXPECT_EQ(driver_used_idx(&d), 1);

	/* 65534 and 65535 are slots 2 and 3, the third entry is in slot 0. */
	EXPECT_EQ(driver_used32(&d, 4 + 8 * 2), 3);
	EXPECT_EQ(driver_used32(&d, 8 + 8 * 2), 0x12345678);
	EXPECT_EQ(driver_used32(&d, 4 + 8 * 3), 1);
	EXPECT_EQ(driver_used32(&d, 8 + 8 * 3), 1);
	EXPECT_EQ(driver_used32(&d, 4), 0);
	EXPECT_EQ(driver_used32(&d, 8), 2);
	/* Nothing else was written: flags, slot 1, avail_event. */
	EXPECT_EQ(driver_used16(&d, 0), 0);
	EXPECT_EQ(driver_used32(&d, 4 + 8), 0);
	EXPECT_EQ(driver_used32(&d, 8 + 8), 0);
	EXPECT_EQ(driver_avail_event(&d), 0);
	driver_free(&d);
}

TEST(ring, push_uses_every_slot)
{
	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
		struct driver d;

		driver_init(&d, sizes[s], 0, false);
		for (u32 i = 0; i < sizes[s]; i++)
			nvdpa_ring_push(&d.ring, i, i + 7);
		nvdpa_ring_publish(&d.ring);
		EXPECT_EQ(driver_used_idx(&d), sizes[s]);
		for (u32 i = 0; i < sizes[s]; i++) {
			EXPECT_EQ(driver_used32(&d, 4 + 8 * i), i);
			EXPECT_EQ(driver_used32(&d, 8 + 8 * i), i + 7);
		}
		driver_free(&d);
	}
}

/*
 * 2.7.7.2: notify when the entry whose index is used_event was published.
 * Every used_event against every small number of new entries.
 */
TEST(ring, notify_decides_as_the_event_index_says)
{
	static const u16 from[] = { 0, 100, 65533, 65535 };

	for (size_t f = 0; f < ARRAY_SIZE(from); f++) {
		struct driver d;

		driver_init(&d, 16, from[f], true);
		/* The flag means nothing with the event index. */
		d.avail[0] = htole16(VRING_AVAIL_F_NO_INTERRUPT);
		for (u32 event = 0; event < 65536; event++) {
			driver_set_used_event(&d, event);
			for (u16 n = 0; n <= 16; n++) {
				bool want = false;

				for (u16 i = 0; i < n; i++)
					want |= (u16)(from[f] + i) == event;
				d.ring.signalled = from[f];
				d.ring.used_idx = from[f] + n;
				EXPECT_EQ(nvdpa_ring_need_notify(&d.ring),
					  want);
			}
		}
		driver_free(&d);
	}
}

TEST(ring, notify_decides_each_entry_once)
{
	static const u16 from[] = { 0, 5, 65535 };

	for (size_t f = 0; f < ARRAY_SIZE(from); f++) {
		struct driver d;

		driver_init(&d, 4, from[f], true);
		driver_set_used_event(&d, from[f]);
		EXPECT(!nvdpa_ring_need_notify(&d.ring));

		/* The very first entry is the one that is waited for. */
		nvdpa_ring_push(&d.ring, 0, 1);
		nvdpa_ring_publish(&d.ring);
		EXPECT(nvdpa_ring_need_notify(&d.ring));
		EXPECT(!nvdpa_ring_need_notify(&d.ring));

		nvdpa_ring_push(&d.ring, 0, 1);
		nvdpa_ring_publish(&d.ring);
		EXPECT(!nvdpa_ring_need_notify(&d.ring));

		driver_set_used_event(&d, from[f] + 3);
		nvdpa_ring_push(&d.ring, 0, 1);
		nvdpa_ring_publish(&d.ring);
		EXPECT(!nvdpa_ring_need_notify(&d.ring));
		nvdpa_ring_push(&d.ring, 0, 1);
		nvdpa_ring_push(&d.ring, 0, 1);
		nvdpa_ring_publish(&d.ring);
		EXPECT(nvdpa_ring_need_notify(&d.ring));
		driver_free(&d);
	}
}

TEST(ring, notify_obeys_the_flag_without_event_index)
{
	struct driver d;

	driver_init(&d, 4, 65535, false);
	EXPECT(!nvdpa_ring_need_notify(&d.ring));
	/* A used_event that says the contrary means nothing here. */
	driver_set_used_event(&d, 1000);
	nvdpa_ring_push(&d.ring, 0, 1);
	nvdpa_ring_publish(&d.ring);
	EXPECT(nvdpa_ring_need_notify(&d.ring));
	EXPECT(!nvdpa_ring_need_notify(&d.ring));

	d.avail[0] = htole16(VRING_AVAIL_F_NO_INTERRUPT);
	driver_set_used_event(&d, 0);
	nvdpa_ring_push(&d.ring, 0, 1);
	nvdpa_ring_publish(&d.ring);
	EXPECT(!nvdpa_ring_need_notify(&d.ring));

	/* Bits that have no meaning yet. */
	d.avail[0] = htole16(0xfffe);
	nvdpa_ring_push(&d.ring, 0, 1);
	nvdpa_ring_publish(&d.ring);
	EXPECT(nvdpa_ring_need_notify(&d.ring));
	driver_free(&d);
}

TEST(ring, kicks_by_flag)
{
	struct driver d;
	u16 head;

	driver_init(&d, 4, 7, false);
	nvdpa_ring_disable_kicks(&d.ring);
	EXPECT_EQ(driver_used16(&d, 0), VRING_USED_F_NO_NOTIFY);
	EXPECT(!nvdpa_ring_enable_kicks(&d.ring));
	EXPECT_EQ(driver_used16(&d, 0), 0);
	EXPECT_EQ(driver_avail_event(&d), 0);

	nvdpa_ring_disable_kicks(&d.ring);
	driver_add(&d, 2);
	EXPECT(nvdpa_ring_enable_kicks(&d.ring));
	EXPECT_EQ(driver_used16(&d, 0), 0);
	EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 1);
	EXPECT(!nvdpa_ring_enable_kicks(&d.ring));
	driver_free(&d);
}

TEST(ring, kicks_by_event_index)
{
	struct driver d;
	u16 head;

	driver_init(&d, 4, 65535, true);
	EXPECT(!nvdpa_ring_enable_kicks(&d.ring));
	EXPECT_EQ(driver_avail_event(&d), 65535);
	driver_add(&d, 2);
	EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 1);
	nvdpa_ring_disable_kicks(&d.ring);
	EXPECT_EQ(driver_avail_event(&d), 65535);
	EXPECT_EQ(driver_used16(&d, 0), 0);
	driver_add(&d, 3);
	EXPECT(nvdpa_ring_enable_kicks(&d.ring));
	EXPECT_EQ(driver_avail_event(&d), 0);
	EXPECT_EQ(nvdpa_ring_pop(&d.ring, &head), 1);
	EXPECT(!nvdpa_ring_enable_kicks(&d.ring));
	EXPECT_EQ(driver_avail_event(&d), 1);
	EXPECT_EQ(driver_used16(&d, 0), 0);
	driver_free(&d);
}

/*
 * Two threads that sleep whenever the other side says that it need not be
 * woken. A lost wakeup, which is what a missing barrier gives, is noticed as
 * both sides asleep. That is a chance, no proof; the proof is test_barrier.c.
 */
#define RACE_TRIPS	40000
/* On a busy machine, fewer. */
#define RACE_SECONDS	1

struct race {
	struct driver d;
	int kicks;
	int calls;
	bool stop;
};

/* Far longer than a busy machine keeps the other thread from running. */
#define LOST_SECONDS	10

/* False when the other side is done, or was not heard of for too long. */
static bool race_wait(struct race *race, int *signal)
{
	time_t end = time(NULL) + LOST_SECONDS;
	u32 spins = 0;

	while (!__atomic_exchange_n(signal, 0, __ATOMIC_SEQ_CST)) {
		if (__atomic_load_n(&race->stop, __ATOMIC_RELAXED))
			return false;
		if (++spins % 64)
			continue;
		sched_yield();
		if (time(NULL) > end)
			return false;
	}
	return true;
}

static void *race_device(void *arg)
{
	struct race *race = arg;
	struct nvdpa_ring *ring = &race->d.ring;
	u16 head;

	while (race_wait(race, &race->kicks)) {
		do {
			nvdpa_ring_disable_kicks(ring);
			while (nvdpa_ring_pop(ring, &head) == 1) {
				nvdpa_ring_push(ring, head, head + 1);
				nvdpa_ring_publish(ring);
				if (nvdpa_ring_need_notify(ring))
					__atomic_store_n(&race->calls, 1,
							 __ATOMIC_SEQ_CST);
			}
		} while (nvdpa_ring_enable_kicks(ring));
	}
	return NULL;
}

/* The driver's half of 2.7.13.4 and of 2.7.7.1. */
static void race_add(struct race *race, u16 idx)
{
	struct driver *d = &race->d;
	u16 *avail_event = (u16 *)(d->used + 4 + 8 * d->num);
	bool kick;

	d->avail[2 + idx % d->num] = htole16(idx % d->num);
	__atomic_store_n(&d->avail[1], htole16(idx + 1), __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (d->ring.event_idx)
		kick = READ_ONCE(*avail_event) == htole16(idx);
	else
		kick = !READ_ONCE(d->used[0]);
	if (kick)
		__atomic_store_n(&race->kicks, 1, __ATOMIC_SEQ_CST);
}

static bool race_get(struct race *race, u16 idx)
{
	struct driver *d = &race->d;
	u16 *wish = &d->avail[d->ring.event_idx ? 2 + d->num : 0];
	u16 *used_idx = (u16 *)(d->used + 2);

	WRITE_ONCE(*wish, htole16(d->ring.event_idx ? idx : 0));
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	while (__atomic_load_n(used_idx, __ATOMIC_ACQUIRE) == htole16(idx)) {
		if (!race_wait(race, &race->calls))
			return false;
	}
	if (!d->ring.event_idx)
		WRITE_ONCE(*wish, htole16(VRING_AVAIL_F_NO_INTERRUPT));
	EXPECT_EQ(driver_used_idx(d), (u16)(idx + 1));
	EXPECT_EQ(driver_used32(d, 4 + 8 * (idx % d->num)), idx % d->num);
	return true;
}

/* Queue depth 1, so that each trip is a chance for both wakeups to be lost. */
static bool race_drive(struct race *race)
{
	time_t end = time(NULL) + RACE_SECONDS;

	for (u32 trip = 0; trip < RACE_TRIPS && time(NULL) < end; trip++) {
		race_add(race, trip);
		/* Ask for a call at the time when the device decides. */
		for (u32 spins = tap_below(256); spins; spins--)
			barrier();
		if (!race_get(race, trip))
			return false;
	}
	return true;
}

static void race_run(bool event_idx)
{
	struct race race = { 0 };
	pthread_t device;

	driver_init(&race.d, 8, 0, event_idx);
	nvdpa_ring_enable_kicks(&race.d.ring);
	if (pthread_create(&device, NULL, race_device, &race))
		abort();
	EXPECT(race_drive(&race));
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	pthread_join(device, NULL);
	driver_free(&race.d);
}

TEST(ring, no_wakeup_is_lost_with_event_index)
{
	race_run(true);
}

TEST(ring, no_wakeup_is_lost_with_flags)
{
	race_run(false);
}
