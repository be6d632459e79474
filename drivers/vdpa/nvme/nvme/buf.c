// SPDX-License-Identifier: GPL-2.0
/* Pages for the data of a command. */
#include "buf.h"

#include <linux/build_bug.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/nvme.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

/* The second PRP is a page up to here, a list of all but the first beyond. */
#define NVDPA_BUF_PRPS		2

static struct nvdpa_buf *nvdpa_buf_alloc(struct device *dev, size_t bytes)
{
	unsigned int nr_data = DIV_ROUND_UP(bytes, PAGE_SIZE);
	unsigned int nr_pages = nr_data + (nr_data > NVDPA_BUF_PRPS);
	struct nvdpa_buf *buf;

	BUILD_BUG_ON(NVDPA_BUF_MAX_BYTES / PAGE_SIZE >
		     PAGE_SIZE / sizeof(__le64));

	buf = kzalloc(struct_size(buf, pages, nr_pages), GFP_KERNEL_ACCOUNT);
	if (!buf)
		return NULL;
	buf->dev = dev;
	buf->nr_data = nr_data;
	buf->nr_pages = nr_pages;
	return buf;
}

struct nvdpa_buf *nvdpa_buf_create(struct device *dev, size_t bytes)
{
	struct nvdpa_buf *buf = nvdpa_buf_alloc(dev, bytes);
	struct nvdpa_buf_page *page;
	unsigned int i;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < buf->nr_pages; i++) {
		page = &buf->pages[i];
		page->cpu = dma_alloc_coherent(dev, PAGE_SIZE, &page->dma,
					       GFP_KERNEL);
		if (!page->cpu) {
			nvdpa_buf_destroy(buf);
			return ERR_PTR(-ENOMEM);
		}
	}
	return buf;
}

void nvdpa_buf_destroy(struct nvdpa_buf *buf)
{
	unsigned int i;

	if (!buf)
		return;
	for (i = 0; i < buf->nr_pages && buf->pages[i].cpu; i++)
		dma_free_coherent(buf->dev, PAGE_SIZE, buf->pages[i].cpu,
				  buf->pages[i].dma);
	kfree(buf);
}

void nvdpa_buf_prp(struct nvdpa_buf *buf, union nvme_data_ptr *dptr)
{
	__le64 *list;
	unsigned int i;

	dptr->prp1 = cpu_to_le64(buf->pages[0].dma);
	dptr->prp2 = 0;
	if (buf->nr_pages == 1)
		return;

	/* The last page: the second one of data, or the list. */
	dptr->prp2 = cpu_to_le64(buf->pages[buf->nr_pages - 1].dma);
	if (buf->nr_pages == buf->nr_data)
		return;
	list = buf->pages[buf->nr_data].cpu;
	for (i = 1; i < buf->nr_data; i++)
		list[i - 1] = cpu_to_le64(buf->pages[i].dma);
}

void nvdpa_buf_write(struct nvdpa_buf *buf, const void *from, size_t bytes)
{
	size_t done, part;

	for (done = 0; done < bytes; done += part) {
		part = min(bytes - done, PAGE_SIZE);
		memcpy(buf->pages[done / PAGE_SIZE].cpu, from + done, part);
	}
}

void nvdpa_buf_read(const struct nvdpa_buf *buf, void *to, size_t bytes)
{
	size_t done, part;

	for (done = 0; done < bytes; done += part) {
		part = min(bytes - done, PAGE_SIZE);
		memcpy(to + done, buf->pages[done / PAGE_SIZE].cpu, part);
	}
}
