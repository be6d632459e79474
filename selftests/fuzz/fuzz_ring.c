// SPDX-License-Identifier: GPL-2.0
/*
 * The device side of a ring, beside a driver that does what it likes: each call
 * against virtio 1.2, 2.7, in numbers that do not wrap.
 */
#include "guest.h"
#include "ring.h"

#define RING_MAX	64

/* What the driver sees, byte for byte as the specification lays it out. */
static u8 *avail, *used;
static u32 num;
static bool event_idx;

/* Never wrap: entries taken and given back so far, and when last decided. */
static u64 taken, given, shown, decided;
static struct {
	u32 id;
	u32 len;
} want[RING_MAX];

static u32 load(const u8 *p, u32 bytes)
{
	u32 value = 0;

	for (u32 i = 0; i < bytes; i++)
		value |= (u32)p[i] << 8 * i;
	return value;
}

static void store16(u8 *p, u32 value)
{
	p[0] = value;
	p[1] = value >> 8;
}

/* The copy of guest memory, which is read once like the driver's. */
static u32 see16(const u8 *p)
{
	u8 low = 0, high = 0;
	u64 iova = guest.table->chunks[0].iova + (p - guest.kva[0]);

	CHECK(guest_see(iova, &low) && guest_see(iova + 1, &high));
	return low | high << 8;
}

static void try_pop(struct nvdpa_ring *ring)
{
	u32 ahead, entry = 0;
	u16 head = 0xdead;
	int result = 0;

	guest_copy();
	ahead = (see16(avail + 2) - taken) & 0xffff;
	if (ahead > num)
		result = -EPIPE;
	if (ahead && ahead <= num) {
		entry = see16(avail + 4 + 2 * (taken % num));
		result = entry < num ? 1 : -EPIPE;
	}
	CHECK_EQ(nvdpa_ring_pop(ring, &head), result);
	CHECK_EQ(head, result > 0 ? entry : 0xdead);
	taken += result > 0;
}

static void try_push(struct nvdpa_ring *ring)
{
	u32 i = given % num;

	want[i].id = in_below(num);
	want[i].len = in_u32();
	nvdpa_ring_push(ring, want[i].id, want[i].len);
	given++;
	/* Not visible yet. */
	CHECK_EQ(load(used + 2, 2), shown & 0xffff);
}

static void try_publish(struct nvdpa_ring *ring)
{
	nvdpa_ring_publish(ring);
	CHECK_EQ(load(used + 2, 2), given & 0xffff);
	for (; shown < given; shown++) {
		u32 i = shown % num;

		CHECK_EQ(load(used + 4 + 8 * i, 4), want[i].id);
		CHECK_EQ(load(used + 8 + 8 * i, 4), want[i].len);
	}
}

/* 2.7.7.2: of the entries that are new since the last time, is used_event one? */
static bool event_passed(u32 event)
{
	for (u64 n = decided; n < given; n++)
		if ((n & 0xffff) == event)
			return true;
	return false;
}

static void try_notify(struct nvdpa_ring *ring)
{
	bool notify = false;

	guest_copy();
	if (given != decided) {
		if (event_idx)
			notify = event_passed(see16(avail + 4 + 2 * num));
		else
			notify = !(see16(avail) & 1);
	}
	CHECK_EQ(nvdpa_ring_need_notify(ring), notify);
	decided = given;
}

static void try_kicks(struct nvdpa_ring *ring)
{
	u32 flags = load(used, 2), event = load(used + 4 + 8 * num, 2);

	guest_copy();
	if (in_below(2)) {
		nvdpa_ring_disable_kicks(ring);
		CHECK_EQ(load(used, 2), event_idx ? flags : 1);
		CHECK_EQ(load(used + 4 + 8 * num, 2), event);
		return;
	}
	CHECK_EQ(nvdpa_ring_enable_kicks(ring),
		 see16(avail + 2) != (taken & 0xffff));
	CHECK_EQ(load(used, 2), event_idx ? flags : 0);
	CHECK_EQ(load(used + 4 + 8 * num, 2), event_idx ? taken & 0xffff : event);
}

static void try_desc(void)
{
	const struct vring_desc *desc = (void *)(guest.kva[0] + 16 * in_below(4));
	struct nvdpa_desc out;
	u8 raw[16];

	memcpy(raw, desc, sizeof(raw));
	nvdpa_ring_desc(desc, &out);
	CHECK_EQ(out.addr, load(raw, 4) | (u64)load(raw + 4, 4) << 32);
	CHECK_EQ(out.len, load(raw + 8, 4));
	CHECK_EQ(out.flags, load(raw + 12, 2));
	CHECK_EQ(out.next, load(raw + 14, 2));
}

/* The driver's turn: in order or not. */
static void driver(void)
{
	switch (in_below(5)) {
	case 0:
		store16(avail + 2, load(avail + 2, 2) + 1);
		break;
	case 1:
		store16(avail + 4 + 2 * in_below(num),
			in_below(4) ? in_below(num) : in_u16());
		break;
	case 2:
		store16(avail, in_below(4) ? in_below(2) : in_u16());
		break;
	case 3:
		store16(avail + 4 + 2 * num,
			in_below(4) ? given + in_below(8) - 4 : in_u16());
		break;
	default:
		store16(avail + 2, in_below(2) ? taken + in_below(num + 2) :
						 in_u16());
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct nvdpa_ring ring;
	u16 idx;

	in_init(data, size);
	guest_init(1, 1);
	num = 1u << in_below(7);
	event_idx = in_below(2);
	idx = in_below(2) ? in_u16() : 0 - in_below(4);
	guest.key = in_u16();
	avail = guest.kva[0] + 0x1000;
	used = guest.kva[0] + 0x2000;
	memset(avail, 0, 0x2000);
	store16(avail + 2, idx);
	store16(used + 2, idx);
	nvdpa_ring_init(&ring, guest.kva[0], avail, used, num, idx, event_idx);
	CHECK_EQ(ring.used_idx, idx);
	/* Well above 0, so that nothing here ever wraps. */
	taken = given = shown = decided = 0x10000ull * 16 + idx;
	memset(want, 0, sizeof(want));
	guest.mood = in_below(2) ? GUEST_SPOILS : GUEST_CALM;

	while (in_left()) {
		switch (in_below(8)) {
		case 0:
		case 1:
			try_pop(&ring);
			break;
		case 2:
			/* Our part: entries given back are at most those taken. */
			if (given - shown < num)
				try_push(&ring);
			break;
		case 3:
			try_publish(&ring);
			break;
		case 4:
			try_notify(&ring);
			break;
		case 5:
			try_kicks(&ring);
			break;
		case 6:
			try_desc();
			break;
		default:
			driver();
		}
		guest_settle();
	}
	return 0;
}
