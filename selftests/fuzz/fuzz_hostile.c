// SPDX-License-Identifier: GPL-2.0
/*
 * A guest without manners: descriptors, tables, headers and indices of any kind,
 * rewritten while they are read; rings that are also data; memory that is taken away
 * under load. What it gets is its own affair. But nothing outside of its memory and its
 * disk is touched, each chain that is taken comes back once at most, one kick costs
 * no more than it may, and the queue can be stopped in the end. The checks are in
 * drive.c, guest.c and world.c.
 */
#include "world.h"

static void put(u8 *p, u64 value, u32 bytes)
{
	for (u32 i = 0; i < bytes; i++)
		p[i] = value >> 8 * i;
}

/* Of each chunk there is at least a page, of chunk 0 there are four. */
static u8 *somewhere(u32 align)
{
	u32 i = in_below(guest.table->nr);
	u32 off = in_below(guest.table->chunks[i].size - 64) & -align;

	return guest.table->chunks[i].kva + off;
}

static void put_desc(u8 *p, u32 next)
{
	static const u32 lens[] = { 1, 16, 17, 512, 513, 4096, 8192, 65536 };

	put(p, guest_address() & (in_below(2) ? -512ull : ~0ull), 8);
	put(p + 8, in_below(8) ? lens[in_below(ARRAY_SIZE(lens))] : in_u32(), 4);
	put(p + 12, in_rarely(16) ? in_u16() : in_below(8), 2);
	put(p + 14, in_rarely(8) ? in_u16() : next, 2);
}

static void put_header(u8 *p)
{
	static const u32 types[] = { 0, 1, 4, 8, 11, 13 };

	put(p, in_rarely(16) ? in_u32() : types[in_below(ARRAY_SIZE(types))], 4);
	put(p + 8, in_rarely(16) ? in_u64() : in_u8(), 8);
}

/* A whole chain that may well be in order, of few bytes of input. */
static void put_chain(u32 head)
{
	const struct nvdpa_mem_chunk *c = guest.table->chunks;
	u32 data = in_below(guest.table->nr), n = 1 + in_below(3);
	u64 header = c[1].iova + 16 * in_below(64);
	u32 type = in_below(2);

	put(c[1].kva + (header - c[1].iova), type, 4);
	put(c[1].kva + (header - c[1].iova) + 8, in_u8(), 8);
	for (u32 i = 0; i < n + 2; i++) {
		u8 *p = c[0].kva + 16 * ((head + i) % world.num);
		bool write = i > n || (i && !type);

		put(p, i ? c[data].iova + 512 * in_below(8) : header, 8);
		put(p + 8, !i ? 16 : i > n ? 1 : 512 * (1 + in_below(8)), 4);
		put(p + 12, (write ? 2 : 0) | (i <= n), 2);
		put(p + 14, (head + i + 1) % world.num, 2);
	}
}

static void put_avail(u32 n)
{
	u8 *avail = guest.kva[0] + WORLD_AVAIL;
	u32 idx = world_load16(WORLD_AVAIL + 2);

	for (u32 i = 0; i < n; i++, idx++)
		put(avail + 4 + 2 * (idx % world.num),
		    in_rarely(64) ? in_u16() : in_below(world.num), 2);
	put(avail + 2, in_rarely(64) ? in_u16() : idx, 2);
}

static void write_memory(void)
{
	u8 *p;

	switch (in_below(8)) {
	case 0:
		put_chain(in_below(world.num));
		break;
	case 1:
		put_desc(guest.kva[0] + 16 * in_below(world.num),
			 in_below(world.num));
		break;
	case 2:
		put_header(somewhere(16));
		break;
	case 3:
		p = somewhere(16);
		for (u32 n = 1 + in_below(3), i = 0; i < n; i++, p += 16)
			put_desc(p, i + 1);
		break;
	case 4:
		put(somewhere(1), in_u64(), 8);
		break;
	case 5:
		put(guest.kva[0] + WORLD_AVAIL, in_u8(), 2);
		put(guest.kva[0] + WORLD_AVAIL + 4 + 2 * world.num, in_u16(), 2);
		break;
	default:
		put_avail(1 + in_below(in_rarely(8) ? 64 : 4));
	}
}

/* What was taken and is not back yet fits the ring. */
static void look(void)
{
	u16 shown = world.q->ring.used_idx;

	CHECK((u16)(world.q->ring.last_avail - shown) <= world.num);
}

static void restart(void)
{
	drive.stuck = in_rarely(4);
	nvdpa_queue_stop(world.q, in_below(2));
	drive.stuck = false;
	CHECK(!drive.nr_busy);
	CHECK(!world.q->inflight[0] && !world.q->inflight[1]);
	world.broken = false;
	world_start(in_below(4) ? world.q->ring.used_idx : in_u16());
}

/* A chunk goes: when the drain returns nobody uses it any more. */
static void unmap(void)
{
	static struct {
		struct nvdpa_memtable table;
		struct nvdpa_mem_chunk chunks[GUEST_CHUNKS];
	} next;
	u32 nr = guest.table->nr, gone = 2 + in_below(nr - 2);

	if (nr <= 2)
		return;
	memcpy(&next, guest.table, sizeof(next));
	memmove(&next.chunks[gone], &next.chunks[gone + 1],
		(nr - gone - 1) * sizeof(next.chunks[0]));
	next.table.nr--;
	nvdpa_queue_set_mem(world.q, &next.table, true);
	drive.stuck = in_rarely(4);
	nvdpa_queue_drain_mem(world.q);
	drive.stuck = false;
	guest_release(gone);
	nvdpa_queue_set_mem(world.q, guest.table, false);
}

static void step(void)
{
	switch (in_below(16)) {
	case 0 ... 7:
		write_memory();
		break;
	case 8 ... 10:
		world_kick();
		break;
	case 11 ... 12:
		drive_end_some();
		break;
	case 13:
		shim_run_work(&world.q->work);
		break;
	case 14:
		look();
		break;
	default:
		if (in_below(2))
			restart();
		else
			unmap();
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u16 idx;

	in_init(data, size);
	guest_init(2 + in_below(GUEST_CHUNKS - 1), 2);
	memset(guest.kva[0], 0, 0x4000);
	idx = in_below(2) ? 0 : in_u16();
	put(guest.kva[0] + WORLD_AVAIL + 2, idx, 2);
	put(guest.kva[0] + WORLD_USED + 2, idx, 2);
	world_init(1u << in_below(9), idx);
	guest.mood = in_below(4) ? GUEST_HOSTILE : GUEST_SPOILS;
	guest.key = in_u16();
	while (in_left())
		step();
	/* As long as the guest goes on, so does the queue. */
	guest.mood = GUEST_CALM;
	world_settle();
	world_exit();
	return 0;
}
