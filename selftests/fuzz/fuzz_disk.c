// SPDX-License-Identifier: GPL-2.0
/*
 * Whole requests, several at a time, against a model of a disk: what the driver is told,
 * and every byte of disk and guest memory afterwards. The requests in flight never
 * touch the same bytes, so that there is one right outcome; commands end in any order,
 * and some fail.
 */
#include "model.h"

#define SLOT_BYTES	512	/* of chunk 1 for each head: header, status, table */
#define SLOT_STATUS	32
#define SLOT_TABLE	48
#define ENTRIES		((SLOT_BYTES - SLOT_TABLE) / 16)

struct entry {
	u64 addr;
	u32 len;
	bool write;
};

static struct request requests[HEADS];
static struct request trial;
static bool desc_used[HEADS];
static u32 nr_busy;
static u16 offered, seen;	/* available and used index, of the driver */
static u16 kicked;		/* available index at the last kick */
static bool doomed;		/* a chain was offered that breaks the ring */
static u64 calls_before;	/* when notifications were asked for */
static bool wants_calls;

static u64 chunk0(u32 off)
{
	return guest.table->chunks[0].iova + off;
}

static u64 slot(u32 head, u32 off)
{
	return guest.table->chunks[1].iova + head * SLOT_BYTES + off;
}

/* Making requests. */

/* Ring, headers and tables are no place for data here, nor is the end of addresses. */
static bool is_ours(u64 addr, u64 len)
{
	if ((u128)addr + len > (u128)1 << 64)
		return true;
	for (u32 i = 0; i < 2; i++) {
		const struct nvdpa_mem_chunk *chunk = &guest.table->chunks[i];

		if (cross(addr, len, chunk->iova, chunk->size))
			return true;
	}
	return false;
}

static bool data_is_ours(const struct ref_req *ref, u32 head)
{
	if (ref->status_addr != slot(head, SLOT_STATUS) &&
	    is_ours(ref->status_addr, 1))
		return true;
	for (u32 i = 0; i < ref->nr; i++)
		if (is_ours(ref->piece[i].addr, ref->piece[i].len))
			return true;
	return false;
}

static u64 data_addr(void)
{
	const struct nvdpa_mem_chunk *chunk;
	u32 i = 2 + in_below(guest.table->nr - 2);

	if (in_rarely(32))
		return guest_address();
	chunk = &guest.table->chunks[i];
	return chunk->iova + in_below(chunk->size / 512) * 512 +
	       (in_rarely(3) ? in_below(512) : 0);
}

static u64 a_sector(void)
{
	u32 block = lba_bytes() / 512;

	if (in_rarely(16))
		return in_below(2) ? in_u64() : capacity() - in_below(4);
	return in_below(drive.disk.extent.nr_lbas) * block;
}

static u32 data_entries(struct entry *list, bool write)
{
	u32 n = in_rarely(8) ? in_below(ENTRIES - 8) : in_below(5);
	u32 sum = 0, total = in_below(in_rarely(4) ? 128 : 16) * lba_bytes();

	for (u32 i = 0; i < n; i++) {
		u32 len = in_below(2) ? 512 * in_below(32) : in_below(4096);

		if (i == n - 1 && sum < total && in_below(16))
			len = total - sum;
		if (sum + len > total && in_below(16))
			len = total - sum;
		list[i] = (struct entry) { data_addr(), len, write };
		/* Often right behind the one before. */
		if (i && in_rarely(4))
			list[i].addr = list[i - 1].addr + list[i - 1].len;
		sum += len;
	}
	return n;
}

static void drain(void);

/* A driver leaves alone what it gave away: first that comes back. */
static void take_back(u64 addr, u64 len)
{
	bool given = false;

	for (u32 i = 0; i < world.num; i++) {
		const struct ref_req *ref = &requests[i].ref;

		if (!requests[i].busy)
			continue;
		given |= ref->status_addr - addr < len;
		for (u32 j = 0; j < ref->nr; j++)
			given |= cross(addr, len, ref->piece[j].addr,
				       ref->piece[j].len);
	}
	if (given)
		drain();
}

static u32 range_entries(struct entry *list)
{
	u64 addr = data_addr();
	u32 n = in_rarely(8) ? in_below(70) : 1 + in_below(3);

	take_back(addr, 16 * n);
	for (u32 i = 0; i < n && !is_ours(addr, 16 * n); i++) {
		guest_put(addr + 16 * i, a_sector(), 8);
		guest_put(addr + 16 * i + 8, in_rarely(16) ? in_u32() :
			  in_rarely(8) ? in_below(16) :
			  in_below(in_rarely(4) ? 256 : 64) *
			  (lba_bytes() / 512), 4);
		guest_put(addr + 16 * i + 12, in_rarely(8) ? in_u8() :
			  in_below(2), 4);
	}
	if (n > 1 && in_below(2)) {
		u32 cut = in_below(16 * n);

		list[0] = (struct entry) { addr, cut, false };
		list[1] = (struct entry) { addr + cut, 16 * n - cut, false };
		return 2;
	}
	list[0] = (struct entry) { addr, 16 * n, false };
	return 1;
}

static u32 header_entries(struct entry *list, u32 head, u32 type)
{
	u64 nowhere = (u64)in_u8() << 32;
	u32 n = 0, at = 0;

	guest_put(slot(head, 0), type, 4);
	guest_put(slot(head, 4), in_u8(), 4);
	guest_put(slot(head, 8), a_sector(), 8);
	while (at < 16) {
		u32 len = in_rarely(8) && n < 3 ? in_below(17 - at) : 16 - at;

		list[n++] = (struct entry) { slot(head, at), len, false };
		/* Nowhere: what others may write to is no place for it. */
		if (in_rarely(128) && !guest_find(guest.table, nowhere))
			list[n - 1].addr = nowhere;
		at += len;
	}
	return n;
}

static u32 make_entries(struct entry *list, u32 head)
{
	static const u32 types[] = {
		VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_IN,
		VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_FLUSH, VIRTIO_BLK_T_GET_ID,
		VIRTIO_BLK_T_DISCARD, VIRTIO_BLK_T_WRITE_ZEROES,
	};
	u32 type = in_rarely(32) ? in_u32() : types[in_below(ARRAY_SIZE(types))];
	u32 n = header_entries(list, head, type);

	switch (type) {
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		n += range_entries(list + n);
		break;
	case VIRTIO_BLK_T_FLUSH:
		break;
	default:
		n += data_entries(list + n, type == VIRTIO_BLK_T_OUT ?
				  in_rarely(32) : !in_rarely(32));
	}
	guest_put(slot(head, SLOT_STATUS), 0xaa, 1);
	if (in_rarely(8) && list[n - 1].write)
		list[n - 1].len++;
	else if (!in_rarely(32))
		list[n++] = (struct entry) { slot(head, SLOT_STATUS),
					     in_rarely(32) ? 0 : 1, true };
	return n;
}

static void put_desc(u64 at, const struct entry *entry, u32 flags, u32 next)
{
	guest_put(at, entry->addr, 8);
	guest_put(at + 8, entry->len, 4);
	guest_put(at + 12, flags | (entry->write ? 2 : 0), 2);
	guest_put(at + 14, next, 2);
}

static u32 free_descs(void)
{
	u32 n = 0;

	for (u32 i = 0; i < world.num; i++)
		n += !desc_used[i];
	return n;
}

static u16 take_desc(struct request *rq)
{
	u16 i = 0;

	while (desc_used[i])
		i++;
	desc_used[i] = true;
	rq->descs[rq->nr_descs++] = i;
	return i;
}

static void give_descs(struct request *rq)
{
	while (rq->nr_descs)
		desc_used[rq->descs[--rq->nr_descs]] = false;
}

/* In the ring's table, the rest of it or all of it in a table of its own. */
static void put_chain(struct request *rq, u16 head, const struct entry *list,
		      u32 n)
{
	u32 direct = min(n, free_descs() + 1), i;
	u16 at = head;

	/* The head is taken already. */
	if (direct < n || in_below(2))
		direct = in_below(direct);
	for (i = 0; i < direct; i++) {
		bool last = i == n - 1;
		u16 next = last ? in_u8() : take_desc(rq);

		put_desc(chunk0(16 * at), &list[i], last ? 0 : 1, next);
		at = next;
	}
	if (direct == n)
		return;
	put_desc(chunk0(16 * at), &(struct entry) {
			slot(head, SLOT_TABLE), 16 * (n - direct), in_rarely(16) },
		 4, in_u8());
	for (; i < n; i++)
		put_desc(slot(head, SLOT_TABLE + 16 * (i - direct)), &list[i],
			 i < n - 1, i - direct + 1);
}

static void offer(void)
{
	struct entry list[ENTRIES + 8];
	u16 head;

	if (!free_descs() || doomed)
		return;
	memset(&trial, 0, offsetof(struct request, ref));
	head = take_desc(&trial);
	put_chain(&trial, head, list,
		  min(make_entries(list, head), (u32)ENTRIES));
	ref_parse(&trial.ref, chunk0(0), world.num, head);
	model_expect(&trial);

	/* An overlap with itself cannot be told, one with others ends by waiting. */
	if (model_clash(&trial, &trial) ||
	    data_is_ours(&trial.ref, head)) {
		give_descs(&trial);
		return;
	}
	for (u32 i = 0; i < world.num; i++)
		if (requests[i].busy && model_clash(&trial, &requests[i])) {
			drain();
			break;
		}
	/* What was waited for may have changed the ranges of a discard. */
	ref_parse(&trial.ref, chunk0(0), world.num, head);
	model_expect(&trial);
	if (model_breaks(&trial.ref))
		doomed = true;
	trial.busy = true;
	requests[head] = trial;
	drive_forget(head);
	nr_busy++;
	guest_put(chunk0(WORLD_AVAIL + 4 + 2 * (offered % world.num)), head, 2);
	guest_put(chunk0(WORLD_AVAIL + 2), ++offered, 2);
}

/* The driver kicks if it has to (2.7.7, 2.7.10), now and then without need. */
static void kick(bool spurious)
{
	u16 event = world_load16(WORLD_USED + 4 + 8 * world.num);
	bool needed;

	if (world.event_idx)
		needed = (u16)(offered - event - 1) < (u16)(offered - kicked);
	else
		needed = !(world_load16(WORLD_USED) & 1) && offered != kicked;
	if (needed || spurious)
		world_kick();
	kicked = offered;
}

static u64 used_len(const struct request *rq, u8 status)
{
	if (rq->expect == NO_STATUS)
		return 0;
	if (status)
		return 1;
	if (is_read(&rq->ref))
		return rq->ref.data_bytes + 1;
	if (rq->ref.type == VIRTIO_BLK_T_GET_ID)
		return min(rq->ref.data_bytes, (u64)NVDPA_SERIAL_BYTES) + 1;
	return 1;
}

static void consume_one(u16 head, u32 len)
{
	struct request *rq = &requests[head];
	u8 status = NO_STATUS;

	CHECK(head < world.num && rq->busy);
	CHECK(!model_breaks(&rq->ref));
	if (rq->expect != NO_STATUS) {
		status = *guest_byte(rq->ref.status_addr, NVDPA_MEM_WRITE);
		guest_expect(rq->ref.status_addr, status);
	}
	CHECK_EQ(len, used_len(rq, status));
	model_check(rq, head, status);
	rq->busy = false;
	nr_busy--;
	give_descs(rq);
}

static void consume(void)
{
	u16 shown = world_load16(WORLD_USED + 2);

	CHECK((u16)(shown - seen) <= nr_busy);
	/* With event index it was the next entry that was asked for. */
	if (shown != seen)
		wants_calls = false;
	for (; seen != shown; seen++) {
		u32 at = WORLD_USED + 4 + 8 * (seen % world.num);

		CHECK_EQ(world_load16(at + 2), 0);
		consume_one(world_load16(at),
			    world_load16(at + 4) |
			    world_load16(at + 6) << 16);
	}
}

/* Asks for a notification of the next entry, or for none. */
static void ask(bool wants)
{
	/* What came before is not told of. */
	if (wants)
		consume();
	guest_put(chunk0(WORLD_AVAIL + 4 + 2 * world.num),
		  wants ? seen : seen - 1, 2);
	guest_put(chunk0(WORLD_AVAIL), wants ? 0 : 1, 2);
	wants_calls = wants;
	calls_before = world.calls;
}

/* All that was offered ends, and a driver that sleeps is woken for it. */
static void drain(void)
{
	if (!wants_calls)
		ask(true);
	kick(false);
	world_settle();
	if (seen != world_load16(WORLD_USED + 2))
		CHECK(world.calls > calls_before);
	consume();
	CHECK_EQ(nr_busy, doomed);
	CHECK_EQ(world.broken, doomed);
}

/* Suspend, reset, a drive that does nothing any more; then the queue goes on. */
static void restart(void)
{
	bool aborts = in_below(2);

	drive.stuck = in_rarely(4);
	for (u32 i = 0; i < world.num; i++)
		requests[i].unsure |= aborts || drive.stuck;
	nvdpa_queue_stop(world.q, aborts);
	drive.stuck = false;
	consume();
	CHECK_EQ(nvdpa_queue_index(world.q), seen);
	/* A ring that was broken stays so. */
	if (!world.broken)
		world_start(seen);
}

static void grow(void)
{
	struct nvdpa_extent *ext = &drive.disk.extent;
	u64 room = DRIVE_BYTES / lba_bytes() - ext->first_lba - ext->nr_lbas;

	if (!nr_busy && room)
		ext->nr_lbas += in_below(room + 1);
}

/* The same memory in another table, as when some elsewhere was taken away. */
static void change_mem(void)
{
	nvdpa_queue_set_mem(world.q, guest.table, true);
	nvdpa_queue_drain_mem(world.q);
}

static void step(void)
{
	switch (in_below(16)) {
	case 0 ... 5:
		offer();
		if (in_below(2))
			kick(false);
		break;
	case 6:
		kick(true);
		break;
	case 7 ... 9:
		drive_end_some();
		break;
	case 10:
		/* So often that everything fills up. */
		for (u32 n = 1 + in_below(16); n; n--)
			shim_run_work(&world.q->work);
		break;
	case 11:
		consume();
		break;
	case 12:
		ask(in_below(2));
		break;
	case 13:
		drain();
		break;
	case 14:
		if (in_below(2))
			restart();
		else
			change_mem();
		break;
	default:
		grow();
	}
}

static void init(void)
{
	u16 idx;

	guest_init(3 + in_below(GUEST_CHUNKS - 2), 2);
	world.num = 1u << in_below(6);
	idx = in_below(2) ? 0 : in_u16();
	memset(guest.kva[0], 0, 0x4000);
	guest_copy();
	guest_put(chunk0(WORLD_AVAIL + 2), idx, 2);
	guest_put(chunk0(WORLD_USED + 2), idx, 2);
	offered = idx;
	seen = idx;
	kicked = idx;
	memset(requests, 0, sizeof(requests));
	memset(desc_used, 0, sizeof(desc_used));
	nr_busy = 0;
	doomed = false;
	wants_calls = false;
	world_init(world.num, idx);
	model_init();
	/* What is shown must be there, whoever looks when; nothing of the input is spent. */
	guest.look = idx & 1 ? consume : NULL;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	in_init(data, size);
	init();
	while (in_left())
		step();
	drain();
	world_exit();
	consume();

	/* Not a byte that nobody asked for, on disk or in memory. */
	CHECK(!memcmp(model.data, drive.data, sizeof(model.data)));
	for (u32 off = WORLD_USED; off < WORLD_USED + 0x1000; off++)
		guest_expect(chunk0(off), guest.kva[0][off]);
	guest_compare();
	return 0;
}
