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
};

/*
 * Scattered: consecutive pages are not neighbours in physical memory, so each
 * page is one chunk to vhost. Otherwise huge pages, where there are any.
 */
int mem_create(struct mem *m, size_t size, __u64 iova, bool scattered);
void mem_destroy(struct mem *m);

/* NULL when the area is full. Zeroed when taken for the first time. */
void *mem_take(struct mem *m, size_t size, size_t align);
__u64 mem_iova(const struct mem *m, const void *p);

#endif /* CLIENT_MEM_H */
