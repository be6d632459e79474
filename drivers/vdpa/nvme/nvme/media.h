/* SPDX-License-Identifier: GPL-2.0 */
/* Errors of the medium: told in the log, and to the floor above outside of interrupts. */
#ifndef NVDPA_NVME_MEDIA_H
#define NVDPA_NVME_MEDIA_H

#include <linux/ratelimit_types.h>
#include <linux/spinlock_types.h>
#include <linux/types.h>
#include <linux/workqueue_types.h>

struct nvdpa_ctrl;
struct nvme_command;

/* That wait to be told at a time. */
#define NVDPA_MEDIA_ERRORS	8

/**
 * struct nvdpa_media_error - a command that failed because of the medium
 * @nsid: namespace
 * @nr_lbas: number of blocks, 0 if the command has no range
 * @lba: the first of them; which one it is the controller does not say
 * @status: without its flags
 * @opcode: of the command
 * @missed: how many came before it that nobody was told of
 */
struct nvdpa_media_error {
	u32 nsid;
	u32 nr_lbas;
	u64 lba;
	u16 status;
	u8 opcode;
	u32 missed;
};

/**
 * struct nvdpa_media - those that are to be told
 * @lock: innermost; protects the next four fields
 * @errors: in their order
 * @nr: number of @errors
 * @missed: since the last one in @errors
 * @limit: how many are told in a time
 * @work: tells them
 */
struct nvdpa_media {
	spinlock_t lock; /* all but the work */
	struct nvdpa_media_error errors[NVDPA_MEDIA_ERRORS];
	unsigned int nr;
	u32 missed;
	struct ratelimit_state limit;

	struct work_struct work;
};

/**
 * nvdpa_media_init() - nothing is to be told
 * @ctrl: zeroed
 */
void nvdpa_media_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_media_stop() - tell nothing any more, for good
 * @ctrl: controller that is off
 *
 * Context: may sleep.
 */
void nvdpa_media_stop(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_media_note() - a command failed because of the medium
 * @ctrl: controller
 * @qid: its queue
 * @cmd: the command
 * @status: with its flags
 *
 * Both the log and the events are limited in their rate.
 *
 * Context: any, interrupts off.
 */
void nvdpa_media_note(struct nvdpa_ctrl *ctrl, u16 qid,
		      const struct nvme_command *cmd, u16 status);

#endif /* NVDPA_NVME_MEDIA_H */
