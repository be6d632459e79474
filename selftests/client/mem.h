/* SPDX-License-Identifier: GPL-2.0 */
/* Memory of the guest that we play: an area with an IOVA, handed out in order. */
#ifndef CLIENT_MEM_H
#define CLIENT_MEM_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#define MEM_PAGE 4096UL

struct mem {
	__u8 *va;
	__u64 iova;
	size_t size;
	size_t reserved;		/* of addresses, from va on */
	size_t used;
	size_t guard;			/* what mem_guard() took at each end */
};

/*
 * Scattered: consecutive pages are not neighbours in physical memory, so each
 * page is one chunk to vhost. Otherwise huge pages, where there are any.
 */
int mem_create(struct mem *m, size_t size, __u64 iova, bool scattered);
void mem_destroy(struct mem *m);

/*
 * Takes pages away from both ends of the area, of which nothing was handed out, and
 * fills them with MEM_SECRET. They are the neighbours of what is left, where the area
 * is huge pages in physical memory, too.
 */
#define MEM_SECRET "nvdpa-guard-page"
#define MEM_SECRET_LEN 16
void mem_guard(struct mem *m, size_t bytes);
/* 0, or -EILSEQ after saying which byte of them has changed. */
int mem_check_guards(const struct mem *m);
void mem_fill_secret(void *p, size_t len);
int mem_check_secret(const void *p, size_t len);

/* NULL when the area is full. Zeroed when taken for the first time. */
void *mem_take(struct mem *m, size_t size, size_t align);
__u64 mem_iova(const struct mem *m, const void *p);

#endif /* CLIENT_MEM_H */
