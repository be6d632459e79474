/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Deadlines. One work item a controller looks, while something is in flight, at
 * queues and slots: for completions without an interrupt, for commands that are
 * late, for those that wait to be posted again.
 */
#ifndef NVDPA_NVME_TIMEOUT_H
#define NVDPA_NVME_TIMEOUT_H

#include <linux/types.h>

struct nvdpa_ctrl;
struct nvme_command;

#define NVDPA_TIMEOUT_MIN_MS	100
#define NVDPA_TIMEOUT_MAX_MS	600000
#define NVDPA_TIMEOUT_LONG	6
/* After its deadline, a command has so long to end because of an Abort. */
#define NVDPA_TIMEOUT_ABORT_MS	2000

/**
 * nvdpa_timeout_limit() - how long a command may take
 * @ctrl: controller
 * @cmd: command
 *
 * Context: any.
 * Return: in jiffies.
 */
unsigned long nvdpa_timeout_limit(const struct nvdpa_ctrl *ctrl,
				  const struct nvme_command *cmd);

/**
 * nvdpa_timeout_init() - set deadlines to what the module was loaded with
 * @ctrl: zeroed
 */
void nvdpa_timeout_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_timeout_stop() - look no more, for good
 * @ctrl: controller that is off
 *
 * Context: may sleep.
 */
void nvdpa_timeout_stop(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_timeout_arm() - something is in flight
 * @ctrl: controller
 *
 * Nothing happens if somebody has said so before.
 *
 * Context: any.
 */
void nvdpa_timeout_arm(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_timeout_arm_in() - look no later than after some time
 * @ctrl: controller
 * @delay: in jiffies
 *
 * Context: any.
 */
void nvdpa_timeout_arm_in(struct nvdpa_ctrl *ctrl, unsigned long delay);

/**
 * nvdpa_timeout_gone() - is a controller not there any more, or switched off?
 * @ctrl: controller that has been enabled
 *
 * Registers of a function that is gone read as ones, or as zeroes. One that is not
 * ready, and is not being reset by us, has lost its state, which is as bad.
 *
 * Context: any.
 * Return: true when it does not answer.
 */
bool nvdpa_timeout_gone(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_timeout_set() - choose how long a read or a write may take
 * @ctrl: controller
 * @timeout_ms: from NVDPA_TIMEOUT_MIN_MS to NVDPA_TIMEOUT_MAX_MS; commands that
 *              take long by nature may take NVDPA_TIMEOUT_LONG times that
 *
 * Holds for those that are in flight, too.
 *
 * Context: any.
 * Return: 0 or -ERANGE.
 */
int nvdpa_timeout_set(struct nvdpa_ctrl *ctrl, u32 timeout_ms);

#endif /* NVDPA_NVME_TIMEOUT_H */
