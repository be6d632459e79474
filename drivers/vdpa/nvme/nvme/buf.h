/* SPDX-License-Identifier: GPL-2.0 */
/* Kernel memory for the data of a command, with its PRPs. Not for the data path. */
#ifndef NVDPA_NVME_BUF_H
#define NVDPA_NVME_BUF_H

#include <linux/sizes.h>
#include <linux/types.h>

struct device;
union nvme_data_ptr;

/* More than one list of PRPs is not made. */
#define NVDPA_BUF_MAX_BYTES	SZ_1M

/**
 * struct nvdpa_buf_page - a page of coherent memory
 * @cpu: as we see it
 * @dma: as the device does
 */
struct nvdpa_buf_page {
	void *cpu;
	dma_addr_t dma;
};

/**
 * struct nvdpa_buf - memory for data
 * @dev: device that reads or writes it
 * @nr_data: pages of data
 * @nr_pages: the same, and the page for a list if there is one
 * @pages: @nr_pages of them
 */
struct nvdpa_buf {
	struct device *dev;
	unsigned int nr_data;
	unsigned int nr_pages;
	struct nvdpa_buf_page pages[] __counted_by(nr_pages);
};

/**
 * nvdpa_buf_create() - allocate memory for data
 * @dev: device that reads or writes it
 * @bytes: how much, 1 to NVDPA_BUF_MAX_BYTES; whole pages are made of it
 *
 * Context: may sleep.
 * Return: zeroed memory, or ERR_PTR(-ENOMEM).
 */
struct nvdpa_buf *nvdpa_buf_create(struct device *dev, size_t bytes);

/**
 * nvdpa_buf_destroy() - undo nvdpa_buf_create()
 * @buf: memory that no command has, or NULL
 *
 * Context: may sleep.
 */
void nvdpa_buf_destroy(struct nvdpa_buf *buf);

/**
 * nvdpa_buf_prp() - point a command to it
 * @buf: memory, whose list is written
 * @dptr: the command's data pointer, written
 */
void nvdpa_buf_prp(struct nvdpa_buf *buf, union nvme_data_ptr *dptr);

/**
 * nvdpa_buf_write() - copy data into it
 * @buf: memory
 * @from: data
 * @bytes: how much, at most what @buf has
 */
void nvdpa_buf_write(struct nvdpa_buf *buf, const void *from, size_t bytes);

/**
 * nvdpa_buf_read() - copy data out of it
 * @buf: memory
 * @to: where it goes
 * @bytes: how much, at most what @buf has
 */
void nvdpa_buf_read(const struct nvdpa_buf *buf, void *to, size_t bytes);

#endif /* NVDPA_NVME_BUF_H */
