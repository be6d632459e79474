// SPDX-License-Identifier: GPL-2.0
/* Pins drivers/vdpa/nvme/pure/memtable.c. */
#include <stdlib.h>

#include "memtable.h"
#include "tap.h"

#define MAX_CHUNKS 12

static struct nvdpa_memtable *table_alloc(u32 nr)
{
	struct nvdpa_memtable *table;

	table = tap_alloc(sizeof(*table) + nr * sizeof(table->chunks[0]));
	table->nr = nr;
	table->premapped = true;
	return table;
}

/* Small runs with small gaps, sometimes none; half of them end at 2^64. */
static struct nvdpa_memtable *table_random(void)
{
	u32 nr = tap_below(MAX_CHUNKS + 1);
	struct nvdpa_memtable *table = table_alloc(nr);
	u64 iova = tap_below(2) ? tap_below(20) : tap_random() >> 8;
	u64 end = iova;

	for (u32 i = 0; i < nr; i++) {
		struct nvdpa_mem_chunk *chunk = &table->chunks[i];

		chunk->iova = end + (tap_below(2) ? tap_below(8) : 0);
		chunk->size = 1 + tap_below(16);
		chunk->perm = tap_below(4) ? 3 : tap_below(4);
		chunk->dma = tap_random();
		end = chunk->iova + chunk->size;
	}
	if (tap_below(2)) {
		for (u32 i = 0; i < nr; i++)
			table->chunks[i].iova -= end;
	}
	return table;
}

static void table_give_memory(struct nvdpa_memtable *table)
{
	for (u32 i = 0; i < table->nr; i++) {
		table->chunks[i].kva = tap_alloc(table->chunks[i].size);
		for (u32 j = 0; j < table->chunks[i].size; j++)
			table->chunks[i].kva[j] = tap_random();
	}
}

static void table_free(struct nvdpa_memtable *table)
{
	for (u32 i = 0; i < table->nr; i++)
		free(table->chunks[i].kva);
	free(table);
}

/* Byte by byte, with the end included so that 2^64 is never needed. */
static const struct nvdpa_mem_chunk *
naive_find(const struct nvdpa_memtable *table, u64 iova)
{
	for (u32 i = 0; i < table->nr; i++) {
		const struct nvdpa_mem_chunk *chunk = &table->chunks[i];
		u64 last = chunk->iova + chunk->size - 1;

		if (iova >= chunk->iova && iova <= last)
			return chunk;
	}
	return NULL;
}

static u8 *naive_byte(const struct nvdpa_memtable *table, u64 iova, u32 perm)
{
	const struct nvdpa_mem_chunk *chunk = naive_find(table, iova);

	if (!chunk || (chunk->perm & perm) != perm)
		return NULL;
	return &chunk->kva[iova - chunk->iova];
}

/* Somewhere in, between or around the runs. */
static u64 address_near(const struct nvdpa_memtable *table)
{
	if (!table->nr || !tap_below(16))
		return tap_random();
	return table->chunks[tap_below(table->nr)].iova + tap_below(40) - 20;
}

TEST(memtable, find_agrees_with_a_linear_search)
{
	for (u32 round = 0; round < 3000 && !tap_failures(); round++) {
		struct nvdpa_memtable *table = table_random();
		u32 hint = 0;

		for (u32 i = 0; i < 100; i++) {
			u64 iova = address_near(table);
			const struct nvdpa_mem_chunk *want, *got;

			if (!tap_below(4))
				hint = tap_below(2) ? tap_random() :
						      tap_below(MAX_CHUNKS);
			want = naive_find(table, iova);
			got = nvdpa_memtable_find(table, &hint, iova);
			EXPECT(got == want);
			if (want)
				EXPECT_EQ(hint, want - table->chunks);
		}
		table_free(table);
	}
}

/* Any hint, as a table that is not there any more may have left it. */
TEST(memtable, bytes_are_in_place_only_in_one_run_that_allows_it)
{
	for (u32 round = 0; round < 3000 && !tap_failures(); round++) {
		struct nvdpa_memtable *table = table_random();

		table_give_memory(table);
		for (u32 i = 0; i < 100; i++) {
			u32 hint = tap_below(2) ? tap_random() :
						  tap_below(MAX_CHUNKS);
			u32 perm = tap_below(2) ? NVDPA_MEM_READ :
						  NVDPA_MEM_WRITE;
			const struct nvdpa_mem_chunk *chunk;
			u64 iova = address_near(table);
			u64 len = 1 + tap_below(20);
			u8 *at = NULL;
			bool want;

			chunk = naive_find(table, iova);
			want = chunk && chunk->perm & perm &&
			       len <= chunk->size - (iova - chunk->iova);
			EXPECT_EQ(nvdpa_memtable_at(table, &hint, iova, len,
						    perm, &at), want);
			if (want)
				EXPECT(at == chunk->kva + (iova - chunk->iova));
		}
		table_free(table);
	}
}

TEST(memtable, find_in_large_runs)
{
	struct nvdpa_memtable *table = table_alloc(3);
	static const u64 found[][2] = {
		{ 0, 0 }, { (1ULL << 62) - 1, 0 }, { 1ULL << 63, 1 },
		{ (1ULL << 63) + 4095, 1 }, { (1ULL << 63) + 4097, 2 },
		{ U64_MAX, 2 },
	};
	static const u64 missed[] = {
		1ULL << 62, (1ULL << 63) - 1, (1ULL << 63) + 4096,
	};
	u32 hint;

	table->chunks[0].size = 1ULL << 62;
	table->chunks[1].iova = 1ULL << 63;
	table->chunks[1].size = 4096;
	table->chunks[2].iova = (1ULL << 63) + 4097;
	table->chunks[2].size = -table->chunks[2].iova;

	for (u32 start = 0; start < 4; start++) {
		for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
			hint = start;
			EXPECT(nvdpa_memtable_find(table, &hint, found[i][0]) ==
			       &table->chunks[found[i][1]]);
		}
		for (size_t i = 0; i < ARRAY_SIZE(missed); i++) {
			hint = start;
			EXPECT(!nvdpa_memtable_find(table, &hint, missed[i]));
			EXPECT_EQ(hint, start);
		}
	}
	table_free(table);
}

TEST(memtable, find_in_the_whole_address_space_but_one_byte)
{
	struct nvdpa_memtable *table = table_alloc(1);
	u32 hint = 0;

	table->chunks[0].iova = 1;
	table->chunks[0].size = U64_MAX;
	EXPECT(!nvdpa_memtable_find(table, &hint, 0));
	EXPECT(nvdpa_memtable_find(table, &hint, 1) == &table->chunks[0]);
	EXPECT(nvdpa_memtable_find(table, &hint, U64_MAX) == &table->chunks[0]);
	table_free(table);
}

TEST(memtable, find_in_an_empty_table)
{
	struct nvdpa_memtable *table = table_alloc(0);
	u32 hint = 0;
	u8 byte = 0;

	EXPECT(!nvdpa_memtable_find(table, &hint, 0));
	EXPECT_EQ(nvdpa_memtable_read(table, &hint, 0, &byte, 0), 0);
	EXPECT_EQ(nvdpa_memtable_read(table, &hint, 0, &byte, 1), -EFAULT);
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 0, &byte, 1), -EFAULT);
	table_free(table);
}

static u32 random_length(u64 iova)
{
	u32 len = tap_below(40);

	/* The contract: up to 2^64, but not beyond. */
	if (len > 1 && iova + len - 1 < iova)
		len = -iova;
	return len;
}

TEST(memtable, read_copies_what_a_byte_loop_copies)
{
	for (u32 round = 0; round < 5000 && !tap_failures(); round++) {
		struct nvdpa_memtable *table = table_random();
		u32 hint = tap_below(MAX_CHUNKS);

		table_give_memory(table);
		for (u32 i = 0; i < 30; i++) {
			u64 iova = address_near(table);
			u32 len = random_length(iova);
			u8 *got = tap_alloc(len + 1);
			int want = 0;
			int err;

			got[len] = 0xa5;
			err = nvdpa_memtable_read(table, &hint, iova, got, len);
			for (u32 j = 0; j < len; j++) {
				u8 *byte = naive_byte(table, iova + j,
						      NVDPA_MEM_READ);

				if (!byte)
					want = -EFAULT;
				else if (!err)
					EXPECT_EQ(got[j], *byte);
			}
			EXPECT_EQ(err, want);
			EXPECT_EQ(got[len], 0xa5);
			free(got);
		}
		table_free(table);
	}
}

TEST(memtable, write_writes_what_a_byte_loop_writes)
{
	for (u32 round = 0; round < 5000 && !tap_failures(); round++) {
		struct nvdpa_memtable *table = table_random();
		u32 hint = tap_below(MAX_CHUNKS);

		table_give_memory(table);
		for (u32 i = 0; i < 30; i++) {
			u64 iova = address_near(table);
			u32 len = random_length(iova);
			u8 *src = tap_alloc(len + 1);
			int want = 0;
			int err;

			for (u32 j = 0; j < len; j++)
				src[j] = tap_random();
			err = nvdpa_memtable_write(table, &hint, iova, src,
						   len);
			for (u32 j = 0; j < len; j++) {
				u8 *byte = naive_byte(table, iova + j,
						      NVDPA_MEM_WRITE);

				if (!byte)
					want = -EFAULT;
				else if (!err)
					EXPECT_EQ(*byte, src[j]);
			}
			EXPECT_EQ(err, want);
			free(src);
		}
		table_free(table);
	}
}

/* A write may only touch what the device may write, even when it fails. */
TEST(memtable, write_respects_permission)
{
	struct nvdpa_memtable *table = table_alloc(3);
	u8 src[12];
	u32 hint = 0;

	memset(src, 0x5a, sizeof(src));
	for (u32 i = 0; i < 3; i++) {
		table->chunks[i].iova = 100 + 4 * i;
		table->chunks[i].size = 4;
		table->chunks[i].kva = tap_alloc(4);
		table->chunks[i].perm = NVDPA_MEM_READ | NVDPA_MEM_WRITE;
	}
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 100, src, 12), 0);

	table->chunks[1].perm = NVDPA_MEM_READ;
	memset(table->chunks[1].kva, 0, 4);
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 100, src, 12), -EFAULT);
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 104, src, 1), -EFAULT);
	for (u32 i = 0; i < 4; i++)
		EXPECT_EQ(table->chunks[1].kva[i], 0);
	EXPECT_EQ(nvdpa_memtable_read(table, &hint, 100, src, 12), 0);

	table->chunks[1].perm = NVDPA_MEM_WRITE;
	EXPECT_EQ(nvdpa_memtable_read(table, &hint, 100, src, 12), -EFAULT);
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 100, src, 12), 0);
	table->chunks[1].perm = 0;
	EXPECT_EQ(nvdpa_memtable_write(table, &hint, 100, src, 12), -EFAULT);
	EXPECT_EQ(nvdpa_memtable_read(table, &hint, 100, src, 12), -EFAULT);
	table_free(table);
}

/* The same table with some runs changed, dropped or added. */
static struct nvdpa_memtable *table_successor(const struct nvdpa_memtable *old)
{
	struct nvdpa_memtable *new = table_alloc(2 * old->nr + 1);

	new->nr = 0;
	for (u32 i = 0; i < old->nr; i++) {
		struct nvdpa_mem_chunk *chunk = &new->chunks[new->nr];
		u64 size = old->chunks[i].size;

		*chunk = old->chunks[i];
		chunk->dma = 77;
		chunk->adopted = false;
		new->nr++;
		switch (tap_below(12)) {
		case 0:
			chunk->size = 1 + tap_below(size);
			break;
		case 1:
			chunk->kva++;
			break;
		case 2:
			chunk->perm ^= NVDPA_MEM_WRITE;
			break;
		case 3:
			new->nr--;
			break;
		case 4:
			if (size == 1)
				break;
			chunk->size = 1 + tap_below(size - 1);
			chunk[1] = chunk[0];
			chunk[1].iova += chunk[0].size;
			chunk[1].size = size - chunk[0].size;
			new->nr++;
			break;
		case 5:
			if (size == 1)
				break;
			chunk->iova++;
			chunk->size--;
			break;
		}
	}
	return new;
}

TEST(memtable, adopt_agrees_with_comparing_all_pairs)
{
	for (u32 round = 0; round < 20000 && !tap_failures(); round++) {
		struct nvdpa_memtable *old = table_random(), *new;
		unsigned long kept = tap_random();
		u64 want_kept = 0, want_old = 0;
		u32 want = 0;

		for (u32 i = 0; i < old->nr; i++)
			old->chunks[i].kva = (u8 *)(4096UL * (i + 1));
		new = tap_below(8) ? table_successor(old) : table_random();
		for (u32 i = 0; i < new->nr; i++) {
			new->chunks[i].dma = 77;
			for (u32 j = 0; j < old->nr; j++) {
				struct nvdpa_mem_chunk *a = &new->chunks[i];
				struct nvdpa_mem_chunk *b = &old->chunks[j];

				if (a->iova != b->iova || a->size != b->size ||
				    a->kva != b->kva || a->perm != b->perm)
					continue;
				want_kept |= 1ULL << i;
				want_old |= 1ULL << j;
				want++;
			}
		}

		EXPECT_EQ(nvdpa_memtable_adopt(old, new, &kept), want);
		for (u32 i = 0; i < new->nr; i++) {
			bool was = want_kept >> i & 1;
			u64 dma = new->chunks[i].dma;

			EXPECT_EQ(test_bit(i, &kept), was);
			EXPECT_EQ(new->chunks[i].adopted, false);
			if (!was)
				EXPECT_EQ(dma, 77);
			for (u32 j = 0; was && j < old->nr; j++) {
				if (old->chunks[j].iova == new->chunks[i].iova)
					EXPECT_EQ(dma, old->chunks[j].dma);
			}
		}
		for (u32 j = 0; j < old->nr; j++)
			EXPECT_EQ(old->chunks[j].adopted, want_old >> j & 1);
		free(old);
		free(new);
	}
}

TEST(memtable, adopt_writes_a_bitmap_of_many_words)
{
	struct nvdpa_memtable *old = table_alloc(200), *new = table_alloc(200);
	unsigned long *kept = tap_alloc(BITS_TO_LONGS(200) * sizeof(long));

	memset(kept, 0xff, BITS_TO_LONGS(200) * sizeof(long));
	for (u32 i = 0; i < 200; i++) {
		old->chunks[i].iova = 4096 * i;
		old->chunks[i].size = 4096;
		new->chunks[i] = old->chunks[i];
		if (i % 3)
			new->chunks[i].size--;
	}
	EXPECT_EQ(nvdpa_memtable_adopt(old, new, kept), 67);
	for (u32 i = 0; i < 200; i++)
		EXPECT_EQ(test_bit(i, kept), i % 3 == 0);
	free(old);
	free(new);
	free(kept);
}

TEST(memtable, adopt_nothing_of_another_kind)
{
	struct nvdpa_memtable *old = table_alloc(1), *new = table_alloc(1);
	unsigned long kept = U64_MAX;

	old->chunks[0].size = 1;
	new->chunks[0].size = 1;
	new->premapped = false;
	EXPECT_EQ(nvdpa_memtable_adopt(old, new, &kept), 0);
	EXPECT(!test_bit(0, &kept));
	EXPECT(!old->chunks[0].adopted);
	old->premapped = false;
	EXPECT_EQ(nvdpa_memtable_adopt(old, new, &kept), 1);
	EXPECT(test_bit(0, &kept));
	free(old);
	free(new);
}

TEST(memtable, bytes_add_up_and_saturate)
{
	struct nvdpa_memtable *table = table_alloc(3);

	table->chunks[0].size = 5;
	table->chunks[1].size = 7;
	table->chunks[2].size = 1ULL << 40;
	EXPECT_EQ(nvdpa_memtable_bytes(table), (1ULL << 40) + 12);
	table->chunks[2].size = U64_MAX - 12;
	EXPECT_EQ(nvdpa_memtable_bytes(table), U64_MAX);
	table->chunks[2].size = U64_MAX - 11;
	EXPECT_EQ(nvdpa_memtable_bytes(table), U64_MAX);
	table->nr = 0;
	EXPECT_EQ(nvdpa_memtable_bytes(table), 0);
	free(table);
}
