// SPDX-License-Identifier: GPL-2.0
/*
 * Whole requests, several at a time, against a model of a disk: what the driver is told,
 * and every byte of disk and guest memory afterwards. The requests in flight never
 * touch the same bytes, so that there is one right outcome; commands end in any order,
 * and some fail.
 */
#include "ref.h"
#include "world.h"

#define HEADS		32
#define SLOT_BYTES	512	/* of chunk 1 for each head: header, status, table */
#define SLOT_STATUS	32
#define SLOT_TABLE	48
#define ENTRIES		((SLOT_BYTES - SLOT_TABLE) / 16)
#define NO_STATUS	254

struct entry {
	u64 addr;
	u32 len;
	bool write;
};

struct request {
	bool busy;
	bool unsure;		/* it may also end with an error, by a reset */
	bool started;		/* commands of it may have been posted */
	u8 expect;		/* status, or NO_STATUS */
	u32 nr_descs;
	u16 descs[HEADS];
	struct ref_req ref;
	u32 nr_ranges;
	struct {
		u64 sector;
		u64 sectors;
	} range[NVDPA_REQ_RANGES];
	u32 acked[DRIVE_LBAS];	/* of a flush: what must be stable */
};

static struct request requests[HEADS];
static struct request trial;
static u8 model[DRIVE_BYTES];
static u32 acked[DRIVE_LBAS];
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

static u32 lba_bytes(void)
{
	return drive.disk.lim.lba_bytes;
}

static u64 capacity(void)
{
	return drive.disk.extent.nr_lbas * (lba_bytes() / 512);
}

/* Byte of the namespace where a sector of the disk begins. */
static u64 place(u64 sector)
{
	return drive.disk.extent.first_lba * lba_bytes() + sector * 512;
}

/* What a request is about. */

static bool is_write(const struct ref_req *ref)
{
	return ref->type == VIRTIO_BLK_T_OUT;
}

static bool is_read(const struct ref_req *ref)
{
	return ref->type == VIRTIO_BLK_T_IN;
}

static bool reaches(const struct ref_req *ref, u64 bytes, u32 perm)
{
	for (u32 n = 0; n < ref->nr && bytes; n++) {
		const struct ref_piece *piece = &ref->piece[n];
		const struct nvdpa_mem_chunk *chunk =
			guest_find(guest.table, piece->addr);
		u32 len = min((u64)piece->len, bytes);

		for (u32 i = 0; i < len; i++)
			if (!guest_byte(piece->addr + i, perm))
				return false;
		/* Mapped as a whole, where it is not mapped beforehand. */
		if (!guest.table->premapped && (is_read(ref) || is_write(ref)) &&
		    piece->len > chunk->size - (piece->addr - chunk->iova))
			return false;
		bytes -= len;
	}
	return true;
}

static u64 data_number(const struct ref_req *ref, u64 at, u32 bytes)
{
	u64 value = 0;

	for (u32 i = 0; i < bytes; i++)
		value |= (u64)guest_expected(ref_data(ref, at + i)) << 8 * i;
	return value;
}

static u8 expect_ranges(struct request *rq)
{
	const struct ref_req *ref = &rq->ref;
	u64 first, sectors;
	u8 status;

	for (u64 at = 0; at < ref->data_bytes; at += 16) {
		for (u32 i = 0; i < 16; i++)
			if (!guest_byte(ref_data(ref, at + i), NVDPA_MEM_READ))
				return VIRTIO_BLK_S_IOERR;
		status = ref_range(ref->type, data_number(ref, at, 8),
				   data_number(ref, at + 8, 4),
				   data_number(ref, at + 12, 4), capacity(),
				   &drive.disk.req_lim, &first, &sectors);
		if (status)
			return status;
		rq->range[rq->nr_ranges].sector = first;
		rq->range[rq->nr_ranges++].sectors = sectors;
	}
	return VIRTIO_BLK_S_OK;
}

static u8 expect_status(struct request *rq)
{
	const struct ref_req *ref = &rq->ref;
	u8 status;

	rq->nr_ranges = 0;
	rq->started = false;
	if (!ref->has_status)
		return NO_STATUS;
	if (ref->verdict != NVDPA_REQ_OK)
		return VIRTIO_BLK_S_IOERR;
	status = ref_check(ref, capacity(), &drive.disk.req_lim);
	if (status == 255)
		status = expect_ranges(rq);
	if (status)
		return status;
	if (ref->type == VIRTIO_BLK_T_GET_ID)
		return reaches(ref, NVDPA_SERIAL_BYTES, NVDPA_MEM_WRITE) ?
		       VIRTIO_BLK_S_OK : VIRTIO_BLK_S_IOERR;
	rq->started = true;
	if ((is_read(ref) && !reaches(ref, U64_MAX, NVDPA_MEM_WRITE)) ||
	    (is_write(ref) && !reaches(ref, U64_MAX, NVDPA_MEM_READ)))
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

static bool breaks(const struct ref_req *ref)
{
	return ref->verdict == NVDPA_REQ_BROKEN ||
	       ref->verdict == NVDPA_REQ_UNMAPPED ||
	       (ref->has_status &&
		!guest_byte(ref->status_addr, NVDPA_MEM_WRITE));
}

/* Two requests that touch the same bytes have no outcome that could be told. */

static bool cross(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return (u128)a < (u128)b + b_len && (u128)b < (u128)a + a_len;
}

static bool writes_guest(const struct ref_req *ref)
{
	return is_read(ref) || ref->type == VIRTIO_BLK_T_GET_ID;
}

static bool pieces_clash(const struct ref_req *a, const struct ref_req *b)
{
	if (!writes_guest(a) && !writes_guest(b))
		return false;
	for (u32 i = 0; i < a->nr; i++)
		for (u32 j = a == b ? i + 1 : 0; j < b->nr; j++)
			if (cross(a->piece[i].addr, a->piece[i].len,
				  b->piece[j].addr, b->piece[j].len))
				return true;
	return false;
}

static bool touches(const struct ref_req *ref, u64 addr)
{
	for (u32 i = 0; i < ref->nr; i++)
		if (addr - ref->piece[i].addr < ref->piece[i].len)
			return true;
	return false;
}

static u32 areas(const struct request *rq, u32 i, u64 *sector, u64 *sectors)
{
	if (is_read(&rq->ref) || is_write(&rq->ref)) {
		*sector = rq->ref.sector;
		*sectors = rq->ref.data_bytes / 512;
		return rq->started;
	}
	*sector = rq->range[i].sector;
	*sectors = rq->range[i].sectors;
	return rq->nr_ranges;
}

static bool areas_clash(const struct request *a, const struct request *b)
{
	u64 s, n, t, m;

	if (is_read(&a->ref) && is_read(&b->ref))
		return false;
	for (u32 i = 0; i < areas(a, i, &s, &n); i++)
		for (u32 j = a == b ? i + 1 : 0; j < areas(b, j, &t, &m); j++)
			if (n && m && cross(s, n, t, m))
				return true;
	return false;
}

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

static bool clash(const struct request *a, const struct request *b)
{
	return areas_clash(a, b) || pieces_clash(&a->ref, &b->ref) ||
	       touches(&a->ref, b->ref.status_addr) ||
	       (a != b && touches(&b->ref, a->ref.status_addr)) ||
	       (a != b && a->ref.has_status && b->ref.has_status &&
		a->ref.status_addr == b->ref.status_addr);
}

/* Making requests. */

static u64 data_addr(void)
{
	const struct nvdpa_mem_chunk *chunk;
	u32 i = 2 + in_below(guest.table->nr - 2);

	if (in_rarely(32))
		return guest_address();
	chunk = &guest.table->chunks[i];
	return chunk->iova + in_below(chunk->size / 512) * 512 +
	       (in_rarely(4) ? in_below(512) : 0);
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
	u32 sum = 0, total = in_below(16) * lba_bytes();

	for (u32 i = 0; i < n; i++) {
		u32 len = in_below(2) ? 512 * in_below(16) : in_below(4096);

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
			  in_below(64) * (lba_bytes() / 512), 4);
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
	trial.expect = expect_status(&trial);

	/* An overlap with itself cannot be told, one with others ends by waiting. */
	if (clash(&trial, &trial) ||
	    data_is_ours(&trial.ref, head)) {
		give_descs(&trial);
		return;
	}
	for (u32 i = 0; i < world.num; i++)
		if (requests[i].busy && clash(&trial, &requests[i])) {
			drain();
			break;
		}
	/* What was waited for may have changed the ranges of a discard. */
	ref_parse(&trial.ref, chunk0(0), world.num, head);
	trial.expect = expect_status(&trial);
	if (breaks(&trial.ref))
		doomed = true;
	trial.busy = true;
	memcpy(trial.acked, acked, sizeof(acked));
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

/* What came of a request. */

static void check_write(const struct request *rq, bool ok)
{
	const struct ref_req *ref = &rq->ref;
	u8 *old = model + place(ref->sector);
	const u8 *now = drive.data + place(ref->sector);

	for (u64 i = 0; i < ref->data_bytes; i++) {
		u8 new = guest_expected(ref_data(ref, i));

		CHECK(now[i] == new || (!ok && now[i] == old[i]));
		old[i] = now[i];
	}
}

static void check_read(const struct request *rq, bool ok)
{
	const struct ref_req *ref = &rq->ref;
	const u8 *disk = model + place(ref->sector);

	for (u64 i = 0; i < ref->data_bytes; i++) {
		u64 iova = ref_data(ref, i);
		const u8 *now = guest_byte(iova, NVDPA_MEM_WRITE);

		if (ok)
			CHECK(now && *now == disk[i]);
		if (!now)
			continue;
		CHECK(*now == disk[i] || *now == guest_expected(iova));
		guest_expect(iova, *now);
	}
}

static void check_id(const struct request *rq, bool ok)
{
	u64 n = min(rq->ref.data_bytes, (u64)NVDPA_SERIAL_BYTES);

	for (u64 i = 0; i < n; i++) {
		u64 iova = ref_data(&rq->ref, i);
		const u8 *now = guest_byte(iova, NVDPA_MEM_WRITE);

		if (ok)
			CHECK(now && *now == 'a' + i);
		if (now)
			guest_expect(iova, *now);
	}
}

static void check_ranges(const struct request *rq, bool ok)
{
	bool zeroes = rq->ref.type == VIRTIO_BLK_T_WRITE_ZEROES;

	for (u32 n = 0; n < rq->nr_ranges; n++) {
		u64 at = place(rq->range[n].sector);
		u64 bytes = rq->range[n].sectors * 512;

		for (u64 i = 0; i < bytes; i++, at++) {
			CHECK(!drive.data[at] ||
			      (drive.data[at] == model[at] && !(zeroes && ok)));
			model[at] = drive.data[at];
		}
	}
}

/* What was answered before a flush was asked for survives the flush. */
static void check_flush(const struct request *rq)
{
	for (u32 i = 0; i < DRIVE_LBAS; i++)
		CHECK(drive.stable[i] >= rq->acked[i]);
}

/* Of a write that was answered well. Without flush it must be stable by now. */
static void acknowledge(u64 sector, u64 sectors)
{
	u64 first = place(sector) / lba_bytes();
	u64 n = sectors / (lba_bytes() / 512);

	for (u64 i = first; i < first + n; i++) {
		acked[i] = drive.written[i];
		if (world.q->fua)
			CHECK_EQ(drive.stable[i], acked[i]);
	}
}

static void check_effect(const struct request *rq, bool ok)
{
	switch (rq->ref.type) {
	case VIRTIO_BLK_T_IN:
		check_read(rq, ok);
		break;
	case VIRTIO_BLK_T_OUT:
		check_write(rq, ok);
		if (ok)
			acknowledge(rq->ref.sector, rq->ref.data_bytes / 512);
		break;
	case VIRTIO_BLK_T_FLUSH:
		if (ok)
			check_flush(rq);
		break;
	default:
		check_ranges(rq, ok);
		if (ok && rq->ref.type == VIRTIO_BLK_T_WRITE_ZEROES)
			acknowledge(rq->range[0].sector, rq->range[0].sectors);
	}
}

static void check_status(const struct request *rq, u16 head, u8 status)
{
	bool failed = drive.failed[head], opcode = drive.failed_opcode[head];

	/* Nobody says which of several reasons is told. */
	if (rq->started && status == VIRTIO_BLK_S_UNSUPP && opcode)
		return;
	if (rq->expect == VIRTIO_BLK_S_OK && status == VIRTIO_BLK_S_IOERR &&
	    (failed || rq->unsure || (rq->started && drive.maps_failed)))
		return;
	CHECK_EQ(status, rq->expect);
	if (status == VIRTIO_BLK_S_OK)
		CHECK(!failed && !opcode);
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
	CHECK(!breaks(&rq->ref));
	if (rq->expect != NO_STATUS) {
		status = *guest_byte(rq->ref.status_addr, NVDPA_MEM_WRITE);
		guest_expect(rq->ref.status_addr, status);
		check_status(rq, head, status);
	}
	CHECK_EQ(len, used_len(rq, status));
	if (rq->started)
		check_effect(rq, status == VIRTIO_BLK_S_OK);
	else if (rq->ref.type == VIRTIO_BLK_T_GET_ID &&
		 rq->ref.verdict == NVDPA_REQ_OK)
		check_id(rq, status == VIRTIO_BLK_S_OK);
	rq->busy = false;
	nr_busy--;
	give_descs(rq);
}

static void consume(void)
{
	u16 shown = world_load16(WORLD_USED + 2);

	CHECK((u16)(shown - seen) <= nr_busy);
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
	guest_put(chunk0(WORLD_AVAIL + 4 + 2 * world.num),
		  wants ? seen : seen - 1, 2);
	guest_put(chunk0(WORLD_AVAIL), wants ? 0 : 1, 2);
	wants_calls = wants;
	calls_before = world.calls;
}

/* All that was offered ends, and a driver that sleeps is woken for it. */
static void drain(void)
{
	kick(false);
	consume();
	ask(true);
	consume();
	if (seen != world_load16(WORLD_USED + 2))
		ask(true);
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
	memset(acked, 0, sizeof(acked));
	nr_busy = 0;
	doomed = false;
	world_init(world.num, idx);
	memcpy(model, drive.data, sizeof(model));
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
	CHECK(!memcmp(model, drive.data, sizeof(model)));
	for (u32 off = WORLD_USED; off < WORLD_USED + 0x1000; off++)
		guest_expect(chunk0(off), guest.kva[0][off]);
	guest_compare();
	return 0;
}
