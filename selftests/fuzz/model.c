// SPDX-License-Identifier: GPL-2.0
#include "model.h"

struct model model;



/* Byte of the namespace where a sector of the disk begins. */
static u64 place(u64 sector)
{
	return drive.disk.extent.first_lba * lba_bytes() + sector * 512;
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

static u8 model_status(struct request *rq)
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

bool model_breaks(const struct ref_req *ref)
{
	return ref->verdict == NVDPA_REQ_BROKEN ||
	       ref->verdict == NVDPA_REQ_UNMAPPED ||
	       (ref->has_status &&
		!guest_byte(ref->status_addr, NVDPA_MEM_WRITE));
}

/* Two requests that touch the same bytes have no outcome that could be told. */

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

bool model_clash(const struct request *a, const struct request *b)
{
	return areas_clash(a, b) || pieces_clash(&a->ref, &b->ref) ||
	       touches(&a->ref, b->ref.status_addr) ||
	       (a != b && touches(&b->ref, a->ref.status_addr)) ||
	       (a != b && a->ref.has_status && b->ref.has_status &&
		a->ref.status_addr == b->ref.status_addr);
}

/* What came of a request. */

static void check_write(const struct request *rq, bool ok)
{
	const struct ref_req *ref = &rq->ref;
	u8 *old = model.data + place(ref->sector);
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
	const u8 *disk = model.data + place(ref->sector);

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
			      (drive.data[at] == model.data[at] && !(zeroes && ok)));
			model.data[at] = drive.data[at];
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
		model.acked[i] = drive.written[i];
		if (world.q->fua)
			CHECK_EQ(drive.stable[i], model.acked[i]);
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

	/* The first reason is told, be it of a command or of its data. */
	if (rq->started && status == VIRTIO_BLK_S_UNSUPP && opcode)
		return;
	if (rq->expect == VIRTIO_BLK_S_OK && status == VIRTIO_BLK_S_IOERR &&
	    (failed || rq->unsure || (rq->started && drive.maps_failed)))
		return;
	CHECK_EQ(status, rq->expect);
	if (status == VIRTIO_BLK_S_OK)
		CHECK(!failed && !opcode);
}

void model_check(const struct request *rq, u16 head, u8 status)
{
	bool ok = status == VIRTIO_BLK_S_OK;

	if (rq->expect != NO_STATUS)
		check_status(rq, head, status);
	if (rq->started)
		check_effect(rq, ok);
	else if (rq->ref.type == VIRTIO_BLK_T_GET_ID &&
		 rq->ref.verdict == NVDPA_REQ_OK)
		check_id(rq, ok);
}

void model_init(void)
{
	memcpy(model.data, drive.data, sizeof(model.data));
	memset(model.acked, 0, sizeof(model.acked));
}

void model_expect(struct request *rq)
{
	rq->expect = model_status(rq);
	memcpy(rq->acked, model.acked, sizeof(rq->acked));
}
