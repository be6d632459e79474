// SPDX-License-Identifier: GPL-2.0
#include "mem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "env.h"

#define MEM_HUGE (2UL << 20)
#define MEM_POOL "/sys/kernel/mm/hugepages/hugepages-2048kB/"

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

static __u8 *mem_reserve(size_t size)
{
	__u8 *va = mmap(NULL, size + 2 * MEM_HUGE, PROT_NONE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (va == MAP_FAILED)
		return NULL;
	/* What is cut off at both ends stays reserved: a few pages of nothing. */
	return (__u8 *)round_up((size_t)va, MEM_HUGE);
}

static long pool_get(const char *name)
{
	char path[128];
	long n = 0;
	FILE *f;

	snprintf(path, sizeof(path), MEM_POOL "%s", name);
	f = fopen(path, "r");
	if (f && fscanf(f, "%ld", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

/* The next test takes what this one leaves, so the pool stays small. */
static void pool_grow(long need)
{
	long missing = need - pool_get("free_hugepages");
	FILE *f;

	if (missing <= 0)
		return;
	f = fopen(MEM_POOL "nr_hugepages", "w");
	if (!f)
		return;
	fprintf(f, "%ld", pool_get("nr_hugepages") + missing);
	fclose(f);
}

static bool mem_map(__u8 *va, size_t size, int flags)
{
	return mmap(va, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | flags, -1,
		    0) == va;
}

/*
 * Without huge pages it could be thousands of chunks, of which vhost takes
 * 2048. Transparent ones are not in every kernel.
 */
static bool mem_map_huge(__u8 *va, size_t size)
{
	if (size < MEM_HUGE)
		return false;
	size = round_up(size, MEM_HUGE);
	pool_grow(size / MEM_HUGE);
	return mem_map(va, size, MAP_HUGETLB);
}

static int mem_populate(__u8 *va, size_t size)
{
	if (!mem_map_huge(va, size)) {
		if (!mem_map(va, size, 0))
			return -errno;
		madvise(va, size, MADV_HUGEPAGE);
	}
	memset(va, 0, size);
	return 0;
}

/* Page i of the area is page i * 7 of a file whose pages come in order. */
static int mem_populate_scattered(__u8 *va, size_t size)
{
	size_t pages = size / MEM_PAGE, i;
	int fd = memfd_create("client", 0);
	int err = 0;

	if (fd < 0 || ftruncate(fd, size))
		return -errno;
	if (pages % 7 == 0)
		return -EINVAL;
	for (i = 0; i < pages && !err; i++)
		if (pwrite(fd, "", 1, i * MEM_PAGE) != 1)
			err = -errno;
	for (i = 0; i < pages && !err; i++)
		if (mmap(va + i * MEM_PAGE, MEM_PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd,
			 i * 7 % pages * MEM_PAGE) == MAP_FAILED)
			err = -errno;
	close(fd);
	return err;
}

int mem_create(struct mem *m, size_t size, __u64 iova, bool scattered)
{
	int err;

	size = round_up(size, MEM_PAGE);
	if (scattered && size / MEM_PAGE % 7 == 0)
		size += MEM_PAGE;
	memset(m, 0, sizeof(*m));
	m->va = mem_reserve(size);
	if (!m->va)
		return -ENOMEM;
	err = scattered ? mem_populate_scattered(m->va, size) :
			  mem_populate(m->va, size);
	if (err) {
		env_log("%zu bytes of memory: %s", size, strerror(-err));
		return err;
	}
	m->size = size;
	m->reserved = round_up(size, MEM_HUGE);
	m->iova = iova;
	return 0;
}

void mem_destroy(struct mem *m)
{
	if (m->va)
		munmap(m->va - m->guard, m->reserved);
	memset(m, 0, sizeof(*m));
}

void mem_fill_secret(void *p, size_t len)
{
	__u8 *at = p;

	for (; len >= MEM_SECRET_LEN; len -= MEM_SECRET_LEN, at += MEM_SECRET_LEN)
		memcpy(at, MEM_SECRET, MEM_SECRET_LEN);
}

int mem_check_secret(const void *p, size_t len)
{
	const __u8 *at = p;
	size_t i;

	for (i = 0; i < len; i += MEM_SECRET_LEN) {
		if (!memcmp(at + i, MEM_SECRET, MEM_SECRET_LEN))
			continue;
		env_log("byte %zu or after of %zu: somebody was here", i, len);
		return -EILSEQ;
	}
	return 0;
}

void mem_guard(struct mem *m, size_t bytes)
{
	mem_fill_secret(m->va, bytes);
	mem_fill_secret(m->va + m->size - bytes, bytes);
	m->guard = bytes;
	m->va += bytes;
	m->iova += bytes;
	m->size -= 2 * bytes;
}

int mem_check_guards(const struct mem *m)
{
	int err = mem_check_secret(m->va - m->guard, m->guard);

	return err ? err : mem_check_secret(m->va + m->size, m->guard);
}

void *mem_take(struct mem *m, size_t size, size_t align)
{
	size_t start = round_up(m->used, align);

	if (start > m->size || size > m->size - start) {
		env_log("memory area of %zu bytes is full", m->size);
		return NULL;
	}
	m->used = start + size;
	return m->va + start;
}

__u64 mem_iova(const struct mem *m, const void *p)
{
	return m->iova + ((const __u8 *)p - m->va);
}
