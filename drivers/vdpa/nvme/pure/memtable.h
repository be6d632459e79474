/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Guest memory as the device sees it: an immutable, sorted table of runs that
 * are contiguous in the guest's address space, in the kernel's and on the bus.
 */
#ifndef NVDPA_PURE_MEMTABLE_H
#define NVDPA_PURE_MEMTABLE_H

#include "kdep.h"

/* What the device may do to a run; the values are vhost's VHOST_ACCESS_*. */
#define NVDPA_MEM_READ	0x1	/* the device may read it */
#define NVDPA_MEM_WRITE	0x2	/* the device may write it */

/**
 * struct nvdpa_mem_chunk - one run of guest memory
 * @iova: guest address of the first byte
 * @size: length in bytes, never 0; @iova + @size may be 2^64
 * @kva: kernel address of the first byte
 * @dma: bus address of the first byte for the NVMe function
 * @perm: NVDPA_MEM_READ and/or NVDPA_MEM_WRITE
 * @adopted: the next table has taken over the mapping and the page references
 *           of this run (set by nvdpa_memtable_adopt(), read when this table
 *           is torn down)
 */
struct nvdpa_mem_chunk {
	u64 iova;
	u64 size;
	u8 *kva;
	u64 dma;
	u32 perm;
	bool adopted;
};

/**
 * struct nvdpa_memtable - all memory that one guest has given to the device
 * @nr: number of runs
 * @premapped: @dma of each run is valid; otherwise (virtio-vdpa) data is mapped
 *             for DMA request by request
 * @chunks: the runs, sorted by @iova, not overlapping
 *
 * Nothing but @adopted changes after publication.
 */
struct nvdpa_memtable {
	u32 nr;
	bool premapped;
	struct nvdpa_mem_chunk chunks[];
};

/**
 * nvdpa_mem_chunk_holds() - is an address in a run?
 * @chunk: the run
 * @iova: guest address
 *
 * Correct for a run that ends at 2^64 too: nothing is added.
 */
static inline bool nvdpa_mem_chunk_holds(const struct nvdpa_mem_chunk *chunk,
					 u64 iova)
{
	return iova - chunk->iova < chunk->size;
}

/**
 * nvdpa_memtable_search() - the run that holds a guest address, without a guess
 * @table: the table
 * @hint: written on a hit
 * @iova: guest address
 *
 * Context: any; the caller keeps @table alive.
 * Return: the run, or NULL when @iova is not mapped.
 */
const struct nvdpa_mem_chunk *
nvdpa_memtable_search(const struct nvdpa_memtable *table, u32 *hint, u64 iova);

/**
 * nvdpa_memtable_find() - the run that holds a guest address
 * @table: the table
 * @hint: index of the last hit; read and updated; any value is allowed, also
 *        one that is from another table
 * @iova: guest address
 *
 * Context: any; the caller keeps @table alive.
 * Return: the run, or NULL when @iova is not mapped.
 */
static inline const struct nvdpa_mem_chunk *
nvdpa_memtable_find(const struct nvdpa_memtable *table, u32 *hint, u64 iova)
{
	u32 guess = *hint;

	if (likely(guess < table->nr &&
		   nvdpa_mem_chunk_holds(&table->chunks[guess], iova)))
		return &table->chunks[guess];
	return nvdpa_memtable_search(table, hint, iova);
}

/**
 * nvdpa_memtable_at() - kernel address of bytes that lie in one run
 * @table: the table
 * @hint: as in nvdpa_memtable_find()
 * @iova: guest address of the first byte
 * @len: bytes, not 0
 * @perm: NVDPA_MEM_READ or NVDPA_MEM_WRITE, what the device wants to do
 * @at: the address, written when true is returned
 *
 * Context: any; the address is good for as long as the run's pages are held.
 * Return: false when a byte is in another run, in none, or in one that does not
 * allow @perm.
 */
static inline bool nvdpa_memtable_at(const struct nvdpa_memtable *table,
				     u32 *hint, u64 iova, u64 len, u32 perm,
				     u8 **at)
{
	const struct nvdpa_mem_chunk *chunk = &table->chunks[*hint];
	u64 offset;

	if (unlikely(*hint >= table->nr ||
		     !nvdpa_mem_chunk_holds(chunk, iova))) {
		chunk = nvdpa_memtable_search(table, hint, iova);
		if (!chunk)
			return false;
	}
	offset = iova - chunk->iova;
	if (unlikely(!(chunk->perm & perm) || len > chunk->size - offset))
		return false;
	/* The guest chose iova: no speculation past the end of the run. */
	*at = chunk->kva + array_index_nospec(offset, chunk->size);
	return true;
}

/**
 * nvdpa_memtable_read() - copy bytes out of guest memory, once
 * @table: the table
 * @hint: as in nvdpa_memtable_find()
 * @iova: guest address of the first byte
 * @dst: where to
 * @len: bytes; the range may cross runs and must not wrap
 *
 * The bytes are copied once; later changes by the guest are not seen in @dst.
 *
 * Context: any.
 * Return: 0, or -EFAULT when a byte is unmapped or not readable to the device
 * (then the contents of @dst are undefined).
 */
int nvdpa_memtable_read(const struct nvdpa_memtable *table, u32 *hint,
			u64 iova, void *dst, size_t len);

/**
 * nvdpa_memtable_write() - copy bytes into guest memory
 * @table: the table
 * @hint: as in nvdpa_memtable_find()
 * @iova: guest address of the first byte
 * @src: where from
 * @len: bytes; the range may cross runs and must not wrap
 *
 * Context: any.
 * Return: 0, or -EFAULT when a byte is unmapped or not writable to the device
 * (then a part may have been written).
 */
int nvdpa_memtable_write(const struct nvdpa_memtable *table, u32 *hint,
			 u64 iova, const void *src, size_t len);

/**
 * nvdpa_memtable_adopt() - carry unchanged runs over from the table before
 * @old: the published table; @adopted of its runs is written
 * @new: the table to be published, sorted; its @dma fields are written
 * @kept: bitmap of @new->nr bits, written: bit set for each run adopted
 *
 * A run is unchanged when guest address, size, kernel address and permission
 * are all equal; its bus mapping and page references then move to @new. Nothing
 * is adopted between a premapped table and one that is not.
 *
 * Context: any; one caller at a time for @old.
 * Return: the number of runs adopted. A run of @new that was not adopted is
 * left with @adopted false and @dma untouched; one that was adopted from @old
 * is marked @adopted in @old.
 */
u32 nvdpa_memtable_adopt(struct nvdpa_memtable *old, struct nvdpa_memtable *new,
			 unsigned long *kept);

/**
 * nvdpa_memtable_bytes() - how much memory a table maps
 * @table: the table
 *
 * Return: bytes, saturating.
 */
u64 nvdpa_memtable_bytes(const struct nvdpa_memtable *table);

#endif /* NVDPA_PURE_MEMTABLE_H */
