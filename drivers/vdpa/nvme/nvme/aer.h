/* SPDX-License-Identifier: GPL-2.0 */
/* Asynchronous events: what a controller reports of its own accord. */
#ifndef NVDPA_NVME_AER_H
#define NVDPA_NVME_AER_H

struct nvdpa_ctrl;

/**
 * nvdpa_aer_init() - prepare to serve events
 * @ctrl: zeroed
 */
void nvdpa_aer_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_aer_start() - let the controller report events
 * @ctrl: identified controller
 *
 * One that does not take part is used all the same.
 *
 * Context: may sleep.
 */
void nvdpa_aer_start(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_aer_stop() - serve no more events, for good
 * @ctrl: controller; what it still reports is not looked at
 *
 * Context: may sleep.
 */
void nvdpa_aer_stop(struct nvdpa_ctrl *ctrl);

#endif /* NVDPA_NVME_AER_H */
