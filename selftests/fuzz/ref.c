// SPDX-License-Identifier: GPL-2.0
#include "guest.h"
#include "ref.h"

#define F_NEXT		1
#define F_WRITE		2
#define F_INDIRECT	4

struct ref_desc {
	u64 addr;
	u32 len;
	u32 flags;
	u32 next;
};

/* Everything that a descriptor table or a header says comes through here. */
static bool ref_number(u64 addr, unsigned int bytes, u64 *value)
{
	u8 byte;

	*value = 0;
	for (unsigned int i = 0; i < bytes; i++) {
		if (!guest_see(addr + i, &byte))
			return false;
		*value |= (u64)byte << 8 * i;
	}
	return true;
}

static bool ref_desc(u64 addr, struct ref_desc *desc)
{
	u64 a, len, flags, next;

	if (!ref_number(addr, 8, &a) || !ref_number(addr + 8, 4, &len) ||
	    !ref_number(addr + 12, 2, &flags) ||
	    !ref_number(addr + 14, 2, &next))
		return false;
	*desc = (struct ref_desc) { a, len, flags, next };
	return true;
}

/* First the descriptors, in order, and how that ended. */
static enum nvdpa_req_verdict ref_walk(struct ref_desc *list, u32 *nr,
				       u64 table, u32 num, u32 head)
{
	bool indirect = false;
	u64 entries = num, i = head;
	struct ref_desc desc;

	*nr = 0;
	for (u32 seen = 0;;) {
		/* Longer than the ring: a loop. Longer than we take: too long. */
		if (!indirect && seen == num)
			return NVDPA_REQ_BROKEN;
		if (seen == NVDPA_CHAIN_MAX || (indirect && seen == entries))
			return NVDPA_REQ_REFUSED;
		if (!ref_desc(table + 16 * i, &desc))
			return NVDPA_REQ_UNMAPPED;
		seen++;
		if (desc.flags & F_INDIRECT) {
			if (indirect || desc.flags & F_NEXT)
				return NVDPA_REQ_REFUSED;
			if (!desc.len || desc.len % 16)
				return NVDPA_REQ_REFUSED;
			if ((u128)desc.addr + desc.len > (u128)1 << 64)
				return NVDPA_REQ_UNMAPPED;
			/* Each entry of it counts once, on top of what was seen. */
			indirect = true;
			table = desc.addr;
			entries = desc.len / 16 + seen;
			num = desc.len / 16;
			i = 0;
			continue;
		}
		list[(*nr)++] = desc;
		if (!(desc.flags & F_NEXT))
			return NVDPA_REQ_OK;
		if (desc.next >= num)
			return indirect ? NVDPA_REQ_REFUSED : NVDPA_REQ_BROKEN;
		i = desc.next;
	}
}

/* Then what they say together: false if it is no request at all. */
static bool ref_shape(struct ref_req *ref, const struct ref_desc *list, u32 nr,
		      u64 *readable, u64 *writable)
{
	bool good = true;
	u32 used = 0;

	*readable = 0;
	*writable = 0;
	for (u32 i = 0; i < nr; i++) {
		bool wraps = (u128)list[i].addr + list[i].len > (u128)1 << 64;

		if (!list[i].len)
			continue;
		if (list[i].flags & F_WRITE) {
			ref->has_status = !wraps;
			ref->status_addr = list[i].addr + list[i].len - 1;
		}
		if (wraps || used == NVDPA_REQ_SEGS ||
		    (!(list[i].flags & F_WRITE) && *writable)) {
			good = false;
			continue;
		}
		used++;
		*(list[i].flags & F_WRITE ? writable : readable) += list[i].len;
	}
	return good && *readable >= 16 && *writable;
}

/* The data: what is left of one kind behind @skip bytes and without the last @drop. */
static void ref_collect(struct ref_req *ref, const struct ref_desc *list,
			u32 nr, bool write, u64 skip, u64 bytes)
{
	ref->nr = 0;
	ref->data_bytes = bytes;
	for (u32 i = 0; i < nr && bytes; i++) {
		u64 addr = list[i].addr, len = list[i].len;
		u64 n = len < skip ? len : skip;

		if (!(list[i].flags & F_WRITE) != !write)
			continue;
		addr += n;
		len -= n;
		skip -= n;
		if (len > bytes)
			len = bytes;
		bytes -= len;
		if (len)
			ref->piece[ref->nr++] = (struct ref_piece) { addr, len };
	}
}

/* The header, byte after byte from wherever the descriptors say. */
static bool ref_header(struct ref_req *ref, const struct ref_desc *list, u32 nr)
{
	u8 header[16];
	u32 n = 0;

	for (u32 i = 0; i < nr && n < 16; i++)
		for (u64 at = 0; at < list[i].len && n < 16; at++)
			if (!guest_see(list[i].addr + at, &header[n++]))
				return false;
	ref->type = header[0] | header[1] << 8 | header[2] << 16 |
		    (u32)header[3] << 24;
	ref->sector = 0;
	for (u32 i = 0; i < 8; i++)
		ref->sector |= (u64)header[8 + i] << 8 * i;
	return true;
}

void ref_parse(struct ref_req *ref, u64 table, u32 num, u32 head)
{
	static struct ref_desc list[REF_DESCS];
	u64 readable, writable;
	u32 nr;

	memset(ref, 0, offsetof(struct ref_req, piece));
	ref->verdict = ref_walk(list, &nr, table, num, head);
	if (ref->verdict != NVDPA_REQ_OK)
		return;
	if (!ref_shape(ref, list, nr, &readable, &writable)) {
		ref->verdict = NVDPA_REQ_REFUSED;
		return;
	}
	if (!ref_header(ref, list, nr)) {
		ref->verdict = NVDPA_REQ_NO_HEADER;
		return;
	}
	switch (ref->type) {
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_GET_ID:
		if (readable > 16)
			ref->verdict = NVDPA_REQ_REFUSED;
		ref_collect(ref, list, nr, true, 0, writable - 1);
		break;
	case VIRTIO_BLK_T_OUT:
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		if (writable > 1)
			ref->verdict = NVDPA_REQ_REFUSED;
		ref_collect(ref, list, nr, false, 16, readable - 16);
		break;
	}
}

static u8 ref_check_ranges(const struct ref_req *ref,
			   const struct nvdpa_range_limits *lim)
{
	if (!lim->max_sectors)
		return VIRTIO_BLK_S_UNSUPP;
	if (!ref->data_bytes || ref->data_bytes % 16 ||
	    ref->data_bytes / 16 > lim->max_ranges)
		return VIRTIO_BLK_S_IOERR;
	return 255;
}

u8 ref_check(const struct ref_req *ref, u64 capacity_sectors,
	     const struct nvdpa_req_limits *lim)
{
	bool changes = ref->type == VIRTIO_BLK_T_OUT ||
		       ref->type == VIRTIO_BLK_T_DISCARD ||
		       ref->type == VIRTIO_BLK_T_WRITE_ZEROES;

	if (changes && lim->read_only)
		return VIRTIO_BLK_S_IOERR;
	switch (ref->type) {
	case VIRTIO_BLK_T_FLUSH:
	case VIRTIO_BLK_T_GET_ID:
		return VIRTIO_BLK_S_OK;
	case VIRTIO_BLK_T_DISCARD:
		return ref_check_ranges(ref, &lim->discard);
	case VIRTIO_BLK_T_WRITE_ZEROES:
		return ref_check_ranges(ref, &lim->zeroes);
	case VIRTIO_BLK_T_IN:
	case VIRTIO_BLK_T_OUT:
		break;
	default:
		return VIRTIO_BLK_S_UNSUPP;
	}
	if (ref->data_bytes % lim->lba_bytes ||
	    (u128)ref->sector * 512 % lim->lba_bytes)
		return VIRTIO_BLK_S_IOERR;
	/* A request without data has a place, too. */
	if (ref->sector >= capacity_sectors ||
	    (u128)ref->sector * 512 + ref->data_bytes >
	    (u128)capacity_sectors * 512)
		return VIRTIO_BLK_S_IOERR;
	return VIRTIO_BLK_S_OK;
}

u8 ref_range(u32 type, u64 sector, u32 nr_sectors, u32 flags,
	     u64 capacity_sectors, const struct nvdpa_req_limits *lim,
	     u64 *first, u64 *sectors)
{
	bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
	u32 max = zeroes ? lim->zeroes.max_sectors : lim->discard.max_sectors;
	u32 block = lim->lba_bytes / 512;
	u128 end = (u128)sector + nr_sectors;

	*first = sector;
	*sectors = nr_sectors;
	if (flags > (zeroes ? 1 : 0))
		return VIRTIO_BLK_S_UNSUPP;
	if (!nr_sectors || nr_sectors > max || end > capacity_sectors)
		return VIRTIO_BLK_S_IOERR;
	if (zeroes)
		return sector % block || nr_sectors % block ?
		       VIRTIO_BLK_S_IOERR : VIRTIO_BLK_S_OK;
	/* Advice: the whole blocks of it, if there are any. */
	while (*sectors && *first % block) {
		++*first;
		--*sectors;
	}
	*sectors -= *sectors % block;
	return VIRTIO_BLK_S_OK;
}

u64 ref_data(const struct ref_req *ref, u64 i)
{
	u32 n = 0;

	CHECK(i < ref->data_bytes);
	while (i >= ref->piece[n].len)
		i -= ref->piece[n++].len;
	return ref->piece[n].addr + i;
}
