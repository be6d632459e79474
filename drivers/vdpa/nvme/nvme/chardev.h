/* SPDX-License-Identifier: GPL-2.0 */
/* The passthrough device of a controller, /dev/nvdpa/ADDRESS. */
#ifndef NVDPA_NVME_CHARDEV_H
#define NVDPA_NVME_CHARDEV_H

struct nvdpa_ctrl;

/**
 * nvdpa_chardev_init() - get ready for passthrough devices
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int nvdpa_chardev_init(void);

/**
 * nvdpa_chardev_exit() - undo nvdpa_chardev_init()
 *
 * Context: may sleep; no device is left.
 */
void nvdpa_chardev_exit(void);

/**
 * nvdpa_chardev_create() - make the passthrough device of a controller
 * @ctrl: controller, attached to the floor above
 *
 * Context: may sleep.
 * Return: 0 or a negative errno.
 */
int nvdpa_chardev_create(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_chardev_destroy() - take the passthrough device away
 * @ctrl: controller, still attached
 *
 * When this returns no command of the device runs, and none will. Files that are
 * open stay so, and get -ENODEV.
 *
 * Context: may sleep, for as long as a command takes.
 */
void nvdpa_chardev_destroy(struct nvdpa_ctrl *ctrl);

#endif /* NVDPA_NVME_CHARDEV_H */
