// SPDX-License-Identifier: GPL-2.0
/* Lookup in, copies through and comparison of guest memory tables. */
#include "memtable.h"

const struct nvdpa_mem_chunk *
nvdpa_memtable_search(const struct nvdpa_memtable *table, u32 *hint, u64 iova)
{
	u32 low = 0, high = table->nr, mid;

	/* After the loop, low is the number of runs that begin at most here. */
	while (low < high) {
		mid = low + ((high - low) >> 1);
		if (table->chunks[mid].iova <= iova)
			low = mid + 1;
		else
			high = mid;
	}

	if (!low || !nvdpa_mem_chunk_holds(&table->chunks[low - 1], iova))
		return NULL;
	*hint = low - 1;
	return &table->chunks[low - 1];
}

/* Kernel address of @iova; @len is cut to what the run holds from there on. */
static u8 *memtable_span(const struct nvdpa_memtable *table, u32 *hint,
			 u64 iova, u32 perm, size_t *len)
{
	const struct nvdpa_mem_chunk *chunk;
	u64 offset;

	chunk = nvdpa_memtable_find(table, hint, iova);
	if (unlikely(!chunk || !(chunk->perm & perm)))
		return NULL;

	/* The guest chose iova: no speculation past the end of the run. */
	offset = array_index_nospec(iova - chunk->iova, chunk->size);
	*len = min_t(u64, *len, chunk->size - offset);
	return chunk->kva + offset;
}

int nvdpa_memtable_read(const struct nvdpa_memtable *table, u32 *hint,
			u64 iova, void *dst, size_t len)
{
	u8 *to = dst;

	while (len) {
		size_t n = len;
		const u8 *from = memtable_span(table, hint, iova,
					       NVDPA_MEM_READ, &n);

		if (unlikely(!from))
			return -EFAULT;
		memcpy(to, from, n);
		to += n;
		iova += n;
		len -= n;
	}

	/*
	 * The guest may write meanwhile: what is checked in @dst has to be what
	 * is used, so the compiler must not go back to the source.
	 */
	barrier();
	return 0;
}

int nvdpa_memtable_write(const struct nvdpa_memtable *table, u32 *hint,
			 u64 iova, const void *src, size_t len)
{
	const u8 *from = src;

	while (len) {
		size_t n = len;
		u8 *to = memtable_span(table, hint, iova, NVDPA_MEM_WRITE, &n);

		if (unlikely(!to))
			return -EFAULT;
		memcpy(to, from, n);
		from += n;
		iova += n;
		len -= n;
	}
	return 0;
}

static bool chunk_same(const struct nvdpa_mem_chunk *a,
		       const struct nvdpa_mem_chunk *b)
{
	return a->iova == b->iova && a->size == b->size && a->kva == b->kva &&
	       a->perm == b->perm;
}

u32 nvdpa_memtable_adopt(struct nvdpa_memtable *old, struct nvdpa_memtable *new,
			 unsigned long *kept)
{
	u32 from = 0, to = 0, adopted = 0;

	bitmap_zero(kept, new->nr);

	/* Only two tables of a kind have the same sort of bus mapping. */
	if (old->premapped != new->premapped)
		return 0;

	while (from < old->nr && to < new->nr) {
		struct nvdpa_mem_chunk *src = &old->chunks[from];
		struct nvdpa_mem_chunk *dst = &new->chunks[to];

		if (chunk_same(src, dst)) {
			dst->dma = src->dma;
			src->adopted = true;
			__set_bit(to, kept);
			adopted++;
		}
		/* Both sorted: what begins first has no partner left. */
		if (src->iova <= dst->iova)
			from++;
		else
			to++;
	}
	return adopted;
}

u64 nvdpa_memtable_bytes(const struct nvdpa_memtable *table)
{
	u64 bytes = 0;
	u32 i;

	for (i = 0; i < table->nr; i++) {
		if (check_add_overflow(bytes, table->chunks[i].size, &bytes))
			return U64_MAX;
	}
	return bytes;
}
