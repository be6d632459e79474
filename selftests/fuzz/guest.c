// SPDX-License-Identifier: GPL-2.0
#include <sanitizer/asan_interface.h>

#include "guest.h"
#include "shim.h"

#define PAGE		4096u
#define PENDING_MAX	4096

struct guest guest;

static struct {
	struct nvdpa_memtable table;
	struct nvdpa_mem_chunk chunks[GUEST_CHUNKS];
} guest_table;

static u8 guest_arena[GUEST_BYTES] __attribute__((aligned(4096)));
static u8 guest_second[GUEST_BYTES];

/* Read, not yet changed. */
static u8 *pending_addr;
static size_t pending_len;

static bool guest_holds(const void *p)
{
	return (u64)p - (u64)guest_arena < GUEST_BYTES;
}

static u8 guest_spoil(size_t off)
{
	u8 mask = (guest.key + off) * 0x9e3779b97f4a7c15ull >> 40;

	/* Some stay, so that a chain goes on where it would. */
	return guest.key >> 8 & 1 << (off & 7) ? 0 : mask;
}

void guest_settle(void)
{
	size_t off = pending_addr - guest_arena;

	for (; pending_len; pending_len--, off++)
		guest_arena[off] ^= guest_spoil(off);
}

static bool guest_has(const u8 *p)
{
	for (u32 i = 0; i < guest_table.table.nr; i++)
		if ((u64)(p - guest_table.chunks[i].kva) <
		    guest_table.chunks[i].size)
			return true;
	return false;
}

/* Little that the input decides, so that it gets through to more loads. */
static void guest_attack(u8 *p)
{
	u32 off;

	if (!in_left() || !in_rarely(16))
		return;
	off = in_below(4) ? (u32)(p - guest_arena) + in_below(32) - 8 :
			    in_below(GUEST_BYTES);
	if (off < GUEST_BYTES && guest_has(&guest_arena[off]))
		guest_arena[off] ^= 1 << in_below(8);
}

static void guest_check(const void *p, size_t len, u32 perm)
{
	const struct nvdpa_mem_chunk *chunk;

	for (u32 i = 0; i < guest_table.table.nr; i++) {
		chunk = &guest_table.chunks[i];
		if ((u64)p - (u64)chunk->kva < chunk->size) {
			CHECK(chunk->perm & perm);
			CHECK((u64)p - (u64)chunk->kva + len <= chunk->size);
		}
	}
}

static void guest_load(const void *p, size_t len)
{
	if (!guest_holds(p))
		return;
	if (guest.look)
		guest.look();
	guest.loads++;
	guest_check(p, len, NVDPA_MEM_READ);
	if (guest.mood == GUEST_SPOILS) {
		guest_settle();
		pending_addr = (u8 *)p;
		pending_len = len;
	} else if (guest.mood == GUEST_HOSTILE) {
		guest_attack((u8 *)p);
	}
}

static void guest_store(const void *p, size_t len)
{
	if (!guest_holds(p))
		return;
	if (guest.look)
		guest.look();
	guest_settle();
	guest_check(p, len, NVDPA_MEM_WRITE);
}

/* Called by the compiler ahead of each access of the driver's objects. */
#define TRACE(n)							\
void __sanitizer_cov_load##n(void *p);					\
void __sanitizer_cov_load##n(void *p) { guest_load(p, n); }		\
void __sanitizer_cov_store##n(void *p);					\
void __sanitizer_cov_store##n(void *p) { guest_store(p, n); }
TRACE(1)
TRACE(2)
TRACE(4)
TRACE(8)
TRACE(16)

/* What memcpy() is in the driver's objects (see the Makefile). */
void *guest_memcpy(void *to, const void *from, size_t n);

void *guest_memcpy(void *to, const void *from, size_t n)
{
	guest_load(from, n);
	guest_store(to, n);
	return memcpy(to, from, n);
}

/* The gap before a chunk: none, a page, much, or up to the end of all addresses. */
static u64 guest_gap(u64 at, u64 size, bool last)
{
	switch (in_below(last ? 4 : 3)) {
	case 0:
		return 0;
	case 1:
		return PAGE;
	case 2:
		return (u64)in_u8() << (12 + in_below(40));
	default:
		return -size - at;
	}
}

static u64 guest_dma_gap(void)
{
	static const u64 gaps[] = { 0, PAGE, 0x40000000, 0x100000000000 };

	return gaps[in_below(ARRAY_SIZE(gaps))];
}

static void guest_chunk(u32 i, bool plain, bool last, u64 *iova, u64 *dma)
{
	static const u32 perms[] = { 3, 3, 3, 3, 3, 1, 2, 3 };
	struct nvdpa_mem_chunk *chunk = &guest_table.chunks[i];

	chunk->size = plain ? GUEST_CHUNK_MAX :
			      PAGE * (1 + in_below(GUEST_CHUNK_MAX / PAGE));
	*iova += guest_gap(*iova, chunk->size, last);
	*dma += guest_dma_gap();
	chunk->iova = *iova;
	chunk->dma = *dma;
	chunk->kva = guest.kva[i];
	chunk->perm = plain ? 3 : perms[in_below(ARRAY_SIZE(perms))];
	chunk->adopted = false;
	ASAN_UNPOISON_MEMORY_REGION(chunk->kva, chunk->size);
	*iova += chunk->size;
	*dma += chunk->size;
}

void guest_init(u32 nr, u32 plain)
{
	u64 iova = 0, dma = 0x10000000;

	ASAN_UNPOISON_MEMORY_REGION(guest_arena, GUEST_BYTES);
	memset(guest_arena, 0x33, GUEST_BYTES);
	ASAN_POISON_MEMORY_REGION(guest_arena, GUEST_BYTES);
	guest = (struct guest) { .table = &guest_table.table };
	pending_len = 0;
	guest_table.table.nr = nr;
	guest_table.table.premapped = true;
	for (u32 i = 0; i < nr; i++) {
		guest.kva[i] = guest_arena + i * GUEST_STRIDE;
		guest_chunk(i, i < plain, i == nr - 1, &iova, &dma);
	}
}

void guest_release(u32 i)
{
	struct nvdpa_mem_chunk *chunk = &guest_table.chunks[i];

	/* What was read there last is changed while it may be. */
	guest_settle();
	ASAN_POISON_MEMORY_REGION(chunk->kva, chunk->size);
	memmove(chunk, chunk + 1,
		(guest_table.table.nr - i - 1) * sizeof(*chunk));
	guest_table.table.nr--;
}

u64 guest_address(void)
{
	const struct nvdpa_mem_chunk *chunk;
	u32 way = in_below(8);

	if (!guest_table.table.nr || way == 7)
		return in_u64();
	chunk = &guest_table.chunks[in_below(guest_table.table.nr)];
	if (way < 4)
		return chunk->iova + in_below(chunk->size);
	if (way < 6)
		return chunk->iova + chunk->size - in_below(64);
	return chunk->iova + in_below(64) - 32;
}

const struct nvdpa_mem_chunk *guest_find(const struct nvdpa_memtable *table,
					 u64 iova)
{
	for (u32 i = 0; i < table->nr; i++) {
		const struct nvdpa_mem_chunk *chunk = &table->chunks[i];

		/* The last byte may be the last of all. */
		if (iova >= chunk->iova &&
		    iova <= chunk->iova + (chunk->size - 1))
			return chunk;
	}
	return NULL;
}

u8 *guest_byte(u64 iova, u32 perm)
{
	const struct nvdpa_mem_chunk *chunk = guest_find(guest.table, iova);

	if (!chunk || !(chunk->perm & perm))
		return NULL;
	return &chunk->kva[iova - chunk->iova];
}

u8 *guest_dma(u64 dma, u32 perm)
{
	for (u32 i = 0; i < guest_table.table.nr; i++) {
		const struct nvdpa_mem_chunk *chunk = &guest_table.chunks[i];

		if (dma - chunk->dma < chunk->size)
			return chunk->perm & perm ?
			       &chunk->kva[dma - chunk->dma] : NULL;
	}
	return NULL;
}

void guest_copy(void)
{
	for (u32 i = 0; i < guest_table.table.nr; i++)
		memcpy(guest_second + (guest_table.chunks[i].kva - guest_arena),
		       guest_table.chunks[i].kva, guest_table.chunks[i].size);
}

bool guest_see(u64 iova, u8 *byte)
{
	u8 *p = guest_byte(iova, NVDPA_MEM_READ);
	size_t off = p - guest_arena;

	if (!p)
		return false;
	*byte = guest_second[off];
	if (guest.mood == GUEST_SPOILS)
		guest_second[off] ^= guest_spoil(off);
	return true;
}

static u8 *guest_model(u64 iova)
{
	const u8 *p = guest_byte(iova, 3);

	return p ? guest_second + (p - guest_arena) : NULL;
}

void guest_put(u64 iova, u64 value, u32 bytes)
{
	for (; bytes; bytes--, iova++, value >>= 8) {
		if (!guest_model(iova))
			continue;
		*guest_model(iova) = value;
		*guest_byte(iova, 3) = value;
	}
}

void guest_expect(u64 iova, u8 byte)
{
	if (guest_model(iova))
		*guest_model(iova) = byte;
}

u8 guest_expected(u64 iova)
{
	const u8 *p = guest_model(iova);

	return p ? *p : 0;
}

void guest_compare(void)
{
	for (u32 i = 0; i < guest_table.table.nr; i++) {
		const struct nvdpa_mem_chunk *chunk = &guest_table.chunks[i];

		CHECK(!memcmp(guest_second + (chunk->kva - guest_arena),
			      chunk->kva, chunk->size));
	}
}
