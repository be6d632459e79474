/* SPDX-License-Identifier: GPL-2.0 */
/* What a controller says of its own health: the SMART log page. */
#ifndef NVDPA_NVME_HEALTH_H
#define NVDPA_NVME_HEALTH_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct nvdpa_ctrl;

/**
 * struct nvdpa_health_log - the SMART log page (NVMe base 2.0, 5.16.1.3)
 * @critical_warning: NVME_SMART_CRIT_*
 * @temperature_k: composite temperature in kelvins, 0 if not reported
 * @spare: available spare in per cent
 * @spare_threshold: likewise, below which it warns
 * @used: percentage used, of its life; 255 stands for more, too
 */
struct nvdpa_health_log {
	u8 critical_warning;
	u16 temperature_k;
	u8 spare;
	u8 spare_threshold;
	u8 used;
};

/**
 * struct nvdpa_health - the log page as it was last read
 * @work: reads it
 * @lock: protects the next four fields
 * @log: what was read
 * @known: @log is what the controller said at the last read
 * @done: counts the reads that have ended
 * @wanted: value of @done from which on whoever asked last has an answer
 */
struct nvdpa_health {
	struct work_struct work;

	spinlock_t lock; /* the next four */
	struct nvdpa_health_log log;
	bool known;
	u32 done;
	u32 wanted;
};

/**
 * nvdpa_health_init() - prepare to read the log page
 * @ctrl: zeroed
 */
void nvdpa_health_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_health_stop() - read it no more, for good
 * @ctrl: controller
 *
 * Context: may sleep; waits for the command that may be under way.
 */
void nvdpa_health_stop(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_health_ask() - have the log page read
 * @ctrl: controller that is identified
 *
 * Does not wait: a controller that is sick takes as long as an admin command may.
 *
 * Context: any.
 */
void nvdpa_health_ask(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_health_get() - what came of it
 * @ctrl: controller
 * @log: written, if it is known
 *
 * Context: any.
 * Return: 0; -EAGAIN as long as somebody waits for an answer; -ENODATA when the
 * controller gave none.
 */
int nvdpa_health_get(struct nvdpa_ctrl *ctrl, struct nvdpa_health_log *log);

/**
 * nvdpa_health_read() - read the log page
 * @ctrl: controller
 *
 * Lets the controller report the next event that is about it.
 *
 * Context: may sleep.
 * Return: as nvdpa_admin_cmd().
 */
int nvdpa_health_read(struct nvdpa_ctrl *ctrl);

#endif /* NVDPA_NVME_HEALTH_H */
