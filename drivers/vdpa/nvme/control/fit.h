/* SPDX-License-Identifier: GPL-2.0 */
/* Volumes and devices, when their namespaces change. */
#ifndef NVDPA_CONTROL_FIT_H
#define NVDPA_CONTROL_FIT_H

#include <linux/types.h>

struct nvdpa_ctrl;
struct nvdpa_ns_list;
struct nvdpa_volume;
struct nvdpa_volumes;

/**
 * nvdpa_fit_place() - are the volume's blocks those that it was defined on?
 * @vol: the volume
 *
 * Context: lock of the registry held.
 * Return: false when the namespace went, was formatted, or is too short now.
 */
bool nvdpa_fit_place(const struct nvdpa_volume *vol);

/**
 * nvdpa_fit_volume() - let a volume that is taken follow its namespace
 * @vols: the controller's volumes
 * @vol: the volume
 *
 * Context: may sleep; lock of the registry held.
 * Return: as nvdpa_fit_namespaces().
 */
int nvdpa_fit_volume(const struct nvdpa_volumes *vols,
		     struct nvdpa_volume *vol);

/**
 * nvdpa_fit_namespaces() - let volumes and devices follow their namespaces
 * @ctrl: the controller
 * @now: all of its namespaces as they are
 *
 * A device that does not fit any more is stopped for good, a whole namespace that
 * grew lets its device grow, and whoever listens is told.
 *
 * Context: may sleep.
 * Return: 0; -EAGAIN when a passthrough command is in the way of a device that
 * is to grow.
 */
int nvdpa_fit_namespaces(struct nvdpa_ctrl *ctrl,
			 const struct nvdpa_ns_list *now);

#endif /* NVDPA_CONTROL_FIT_H */
