/* SPDX-License-Identifier: GPL-2.0 */
/* I/O of the driver's own, outside of any virtqueue. */
#ifndef NVDPA_NVME_IO_H
#define NVDPA_NVME_IO_H

#include <linux/types.h>

struct nvdpa_ctrl;
struct nvdpa_ns;

/**
 * nvdpa_io_read_lba() - read one logical block
 * @ctrl: controller with a free queue pair, which is used for the while
 * @ns: namespace
 * @lba: logical block, inside of @ns
 * @buf: room for one block
 *
 * Context: may sleep.
 * Return: 0; -EIO when the controller reported an error or did not answer;
 * the errors of nvdpa_qpair_create().
 */
int nvdpa_io_read_lba(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns,
		      u64 lba, void *buf);

#endif /* NVDPA_NVME_IO_H */
