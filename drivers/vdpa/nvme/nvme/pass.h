/* SPDX-License-Identifier: GPL-2.0 */
/* NVMe commands of somebody else's, in kernel memory and within limits. */
#ifndef NVDPA_NVME_PASS_H
#define NVDPA_NVME_PASS_H

struct nvdpa_ctrl;
struct nvme_passthru_cmd64;

/**
 * nvdpa_pass_admin() - run an admin command
 * @ctrl: controller, attached to the floor above
 * @args: command, but for the address of its data; the result is written
 * @data: data of the length that @args tells, read or written as the command says, or
 *        NULL for none
 *
 * Context: may sleep.
 * Return: 0; a positive NVMe status; -EPERM when such a command may not pass;
 * -EINVAL when it has metadata, flags, data where none belongs or too much of it;
 * -ENOMEM; the errors of nvdpa_admin_pass().
 */
int nvdpa_pass_admin(struct nvdpa_ctrl *ctrl, struct nvme_passthru_cmd64 *args,
		     void *data);

/**
 * nvdpa_pass_io() - run an I/O command
 * @ctrl: controller, attached to the floor above
 * @args: command, but for the address of its data; the result is written
 * @data: data of the length that @args tells, read or written as the command says, or
 *        NULL for none
 *
 * Context: may sleep.
 * Return: as nvdpa_pass_admin(); -EBUSY also when a vDPA device has a block of
 * it; -EINVAL also when there is no such namespace; -EOPNOTSUPP when it cannot be
 * served; the errors of nvdpa_io_run().
 */
int nvdpa_pass_io(struct nvdpa_ctrl *ctrl, struct nvme_passthru_cmd64 *args,
		  void *data);

#endif /* NVDPA_NVME_PASS_H */
