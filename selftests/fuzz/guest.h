/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A simulated guest: its memory, in pieces that lie apart with poisoned gaps between
 * them, and its habit of writing to it while the device reads. Every load and store of
 * the driver's objects is seen (-fsanitize-coverage=trace-loads,trace-stores, and a
 * memcpy() of ours), so no accessor of the driver has to be touched for that.
 */
#ifndef NVDPA_FUZZ_GUEST_H
#define NVDPA_FUZZ_GUEST_H

#include "fuzz.h"
#include "memtable.h"

#define GUEST_CHUNKS	8
#define GUEST_CHUNK_MAX	0x4000u
/* Each with a page behind it that nobody may touch. */
#define GUEST_STRIDE	(GUEST_CHUNK_MAX + 0x1000)
#define GUEST_BYTES	(GUEST_CHUNKS * GUEST_STRIDE)

/* How the guest writes to what the driver reads. */
enum guest_mood {
	GUEST_CALM,	/* not at all */
	GUEST_SPOILS,	/* each byte changes as soon as it was read */
	GUEST_HOSTILE,	/* the input says what, when and where */
};

struct guest {
	struct nvdpa_memtable *table;	/* what the device was given */
	u8 *kva[GUEST_CHUNKS];
	enum guest_mood mood;
	u64 key;			/* of GUEST_SPOILS */
	u64 loads;			/* loads of guest memory so far */
	/* Another CPU of the guest, which looks between any two accesses of the driver. */
	void (*look)(void);
};

extern struct guest guest;

/* Lays the memory out as the input says; @nr chunks, the first @plain readable and
 * writable and of full size. Filled with a pattern.
 */
void guest_init(u32 nr, u32 plain);

/* Somewhere in memory, near an edge of it, or anywhere. */
u64 guest_address(void);

/* Takes a chunk away: poisoned from now on, and not for the device either. */
void guest_release(u32 i);

/* Kernel address, or NULL: by a search byte for byte. */
const struct nvdpa_mem_chunk *guest_find(const struct nvdpa_memtable *table,
					 u64 iova);
u8 *guest_byte(u64 iova, u32 perm);

/* What the device sees at a bus address, or NULL; @perm as the driver's. */
u8 *guest_dma(u64 dma, u32 perm);

/*
 * A copy of all memory, for a reference to read beside the driver: guest_see() reads
 * a byte of the copy, which then changes as the guest's own did for the driver.
 */
void guest_copy(void);
bool guest_see(u64 iova, u8 *byte);

/* The last changes of GUEST_SPOILS. */
void guest_settle(void);

/* The copy as a model: what the guest writes goes to both, what the device shall have
 * written to the copy alone; then both must be the same. Addresses that nobody has are
 * left out.
 */
void guest_put(u64 iova, u64 value, u32 bytes);
void guest_expect(u64 iova, u8 byte);
u8 guest_expected(u64 iova);
void guest_compare(void);

#endif /* NVDPA_FUZZ_GUEST_H */
