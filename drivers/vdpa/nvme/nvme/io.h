/* SPDX-License-Identifier: GPL-2.0 */
/* I/O of the driver's own, outside of any virtqueue: one command at a time. */
#ifndef NVDPA_NVME_IO_H
#define NVDPA_NVME_IO_H

#include <linux/types.h>

struct nvdpa_ctrl;
struct nvdpa_ns;
struct nvme_command;

/**
 * nvdpa_io_run() - run an I/O command to its end
 * @ctrl: controller
 * @cmd: command; its identifier is written
 * @timeout_ms: how long it may take; what does not end by then is taken away from
 *              the controller
 *
 * No data is moved any more when this returns.
 *
 * Context: may sleep, also for the commands of others. Not under the lock of the
 * registry.
 * Return: 0; a positive NVMe status (NVME_SC_*), with its flags; -EBUSY when the controller has
 * no queue pair left for this; -ETIMEDOUT; -ENODEV when it is dead; -EINTR when
 * the caller was killed before the command began; -EIO, -ENOMEM.
 */
int nvdpa_io_run(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		 u32 timeout_ms);

/**
 * nvdpa_io_stop() - give the queue pair back, if one was used
 * @ctrl: controller for which nobody runs a command any more
 *
 * Context: may sleep.
 */
void nvdpa_io_stop(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_io_read_lba() - read one logical block
 * @ctrl: controller
 * @ns: namespace
 * @lba: logical block, inside of @ns
 * @buf: room for one block
 *
 * Context: as nvdpa_io_run().
 * Return: 0, or the errors of nvdpa_io_run(), with -EIO for a status.
 */
int nvdpa_io_read_lba(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns,
		      u64 lba, void *buf);

#endif /* NVDPA_NVME_IO_H */
