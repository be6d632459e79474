// SPDX-License-Identifier: GPL-2.0
/*
 * The table of guest memory: look-up and copies against a search byte for byte, the
 * comparison of two tables against one of each with each.
 */
#include "guest.h"

#define MAX		24
#define MEMORY_BYTES	4096

struct table {
	struct nvdpa_memtable t;
	struct nvdpa_mem_chunk chunks[MAX];
};

static u8 memory[MEMORY_BYTES], before[MEMORY_BYTES];

/* Sorted, apart, of any place and size; the last may end at 2^64. */
static void table_make(struct table *table)
{
	u32 nr = in_below(MAX + 1);
	u64 at = in_below(2) ? in_u8() : 0;

	table->t.nr = 0;
	table->t.premapped = in_below(8);
	for (u32 i = 0; i < nr; i++) {
		struct nvdpa_mem_chunk *chunk = &table->chunks[table->t.nr];
		u64 gap = in_below(4) ? in_below(3) : in_u64() >> in_below(64);
		u64 room;

		if (at + gap < at)
			break;
		at += gap;
		room = -at;
		chunk->iova = at;
		chunk->size = in_below(8) ? 1 + in_below(20) :
					    in_u64() >> in_below(64);
		if (!chunk->size || (at && chunk->size > room))
			chunk->size = at ? room : 1;
		chunk->kva = memory + in_below(MEMORY_BYTES / 2);
		chunk->dma = in_u8();
		chunk->perm = in_below(4);
		chunk->adopted = false;
		table->t.nr++;
		at += chunk->size;
		if (!at)
			break;
	}
}

/* Nobody has memory for a huge run: of one, only the beginning is looked at. */
static bool table_reaches(const struct table *table, u64 iova, size_t len)
{
	for (u64 i = 0; i < len; i++) {
		const struct nvdpa_mem_chunk *chunk =
			guest_find(&table->t, iova + i);

		if (chunk && iova + i - chunk->iova >= MEMORY_BYTES / 2)
			return false;
	}
	return true;
}

static u64 address(const struct table *table)
{
	const struct nvdpa_mem_chunk *chunk;

	if (!table->t.nr || in_rarely(8))
		return in_u64();
	chunk = &table->chunks[in_below(table->t.nr)];
	return (in_below(2) ? chunk->iova : chunk->iova + chunk->size) +
	       in_below(16) - 8;
}

static u32 hint_any(const struct table *table)
{
	return in_below(2) ? in_below(MAX) : in_u32();
}

static void try_find(const struct table *table)
{
	u64 iova = address(table);
	u32 hint = hint_any(table), was = hint;
	const struct nvdpa_mem_chunk *want = guest_find(&table->t, iova);

	CHECK(nvdpa_memtable_find(&table->t, &hint, iova) == want);
	CHECK_EQ(hint, want ? want - table->chunks : was);
}

/* How many bytes can be copied, one after the other. */
static size_t reach(const struct table *table, u64 iova, size_t len, u32 perm)
{
	const struct nvdpa_mem_chunk *chunk;
	size_t n;

	for (n = 0; n < len; n++) {
		chunk = guest_find(&table->t, iova + n);
		if (!chunk || !(chunk->perm & perm))
			break;
	}
	return n;
}

static u8 *at_byte(const struct table *table, u8 *base, u64 iova)
{
	const struct nvdpa_mem_chunk *chunk = guest_find(&table->t, iova);

	return base + (chunk->kva - memory) + (iova - chunk->iova);
}

static void try_copy(const struct table *table, bool write)
{
	u64 iova = address(table);
	size_t len = in_below(64), can;
	u32 hint = hint_any(table);
	u8 *buffer;
	int err;

	/* The caller's part: the range does not wrap. */
	if (!table_reaches(table, iova, len) || iova + len < iova)
		return;
	buffer = malloc(len);
	for (size_t i = 0; i < len; i++)
		buffer[i] = write ? i * 7 + iova : 0;
	can = reach(table, iova, len, write ? NVDPA_MEM_WRITE : NVDPA_MEM_READ);
	memcpy(before, memory, sizeof(memory));
	if (write)
		err = nvdpa_memtable_write(&table->t, &hint, iova, buffer, len);
	else
		err = nvdpa_memtable_read(&table->t, &hint, iova, buffer, len);
	CHECK_EQ(err, can == len ? 0 : -EFAULT);
	for (size_t i = 0; i < can && write; i++)
		*at_byte(table, before, iova + i) = buffer[i];
	for (size_t i = 0; i < can && !write && !err; i++)
		CHECK_EQ(buffer[i], *at_byte(table, memory, iova + i));
	/* Nothing but the range was written, and nothing at all by a read. */
	CHECK(!memcmp(before, memory, sizeof(memory)));
	free(buffer);
}

static void try_bytes(const struct table *table)
{
	unsigned __int128 sum = 0;

	for (u32 i = 0; i < table->t.nr; i++)
		sum += table->chunks[i].size;
	CHECK_EQ(nvdpa_memtable_bytes(&table->t),
		 sum > U64_MAX ? U64_MAX : (u64)sum);
}

static bool same(const struct nvdpa_mem_chunk *a,
		 const struct nvdpa_mem_chunk *b)
{
	return a->iova == b->iova && a->size == b->size && a->kva == b->kva &&
	       a->perm == b->perm;
}

/* A second table that is the first one with runs lost, changed and added. */
static void table_vary(struct table *to, const struct table *from)
{
	u32 edits = in_below(4);

	*to = *from;
	while (edits-- && to->t.nr) {
		u32 i = in_below(to->t.nr);

		switch (in_below(5)) {
		case 0:
			to->t.nr--;
			memmove(&to->chunks[i], &to->chunks[i + 1],
				(to->t.nr - i) * sizeof(to->chunks[0]));
			break;
		case 1:
			to->chunks[i].perm ^= 1 + in_below(3);
			break;
		case 2:
			to->chunks[i].kva = memory + in_below(16);
			break;
		case 3:
			if (to->chunks[i].size > 1)
				to->chunks[i].size--;
			break;
		case 4:
			if (to->chunks[i].size > 1) {
				to->chunks[i].size--;
				to->chunks[i].iova++;
			}
			break;
		}
	}
	to->t.premapped ^= in_rarely(8);
}

static void try_adopt(struct table *old)
{
	static struct table new;
	unsigned long *kept;
	u32 adopted = 0;

	if (in_below(4))
		table_vary(&new, old);
	else
		table_make(&new);
	for (u32 i = 0; i < new.t.nr; i++)
		new.chunks[i].dma = ~0ull - i;
	kept = malloc(BITS_TO_LONGS(new.t.nr) * sizeof(long));
	memset(kept, 0xff, BITS_TO_LONGS(new.t.nr) * sizeof(long));
	adopted = nvdpa_memtable_adopt(&old->t, &new.t, kept);

	for (u32 i = 0; i < new.t.nr; i++) {
		bool want = false;

		for (u32 j = 0; j < old->t.nr; j++) {
			if (old->t.premapped != new.t.premapped ||
			    !same(&old->chunks[j], &new.chunks[i]))
				continue;
			want = true;
			CHECK(old->chunks[j].adopted);
			CHECK_EQ(new.chunks[i].dma, old->chunks[j].dma);
			adopted--;
		}
		CHECK_EQ(test_bit(i, kept), want);
		CHECK(!new.chunks[i].adopted);
		if (!want)
			CHECK_EQ(new.chunks[i].dma, ~0ull - i);
	}
	CHECK_EQ(adopted, 0);
	for (u32 j = 0; j < old->t.nr; j++) {
		bool found = false;

		for (u32 i = 0; i < new.t.nr; i++)
			found |= test_bit(i, kept) &&
				 same(&old->chunks[j], &new.chunks[i]);
		CHECK_EQ(old->chunks[j].adopted, found);
		old->chunks[j].adopted = false;
	}
	free(kept);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct table table;

	in_init(data, size);
	memset(memory, 0x5a, sizeof(memory));
	table_make(&table);
	try_bytes(&table);
	while (in_left()) {
		switch (in_below(4)) {
		case 0:
			try_find(&table);
			break;
		case 1:
			try_copy(&table, false);
			break;
		case 2:
			try_copy(&table, true);
			break;
		default:
			try_adopt(&table);
		}
	}
	return 0;
}
