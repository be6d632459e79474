// SPDX-License-Identifier: GPL-2.0
/*
 * A completion finds the error, in an interrupt, under the locks of a queue pair. Telling
 * of it takes the registry's lock, so a work item does that. A guest can read a bad block
 * as often as it likes: neither the log nor those who listen are flooded.
 */
#include "media.h"

#include <linux/nvme.h>
#include <linux/ratelimit.h>

#include "ctrl.h"

/* Flush has no blocks, Dataset Management has them in its data. */
static bool nvdpa_media_has_range(u8 opcode)
{
	return opcode != nvme_cmd_flush && opcode != nvme_cmd_dsm;
}

static void nvdpa_media_parse(struct nvdpa_media_error *error,
			      const struct nvme_command *cmd, u16 status)
{
	*error = (struct nvdpa_media_error) {
		.nsid = le32_to_cpu(cmd->common.nsid),
		.opcode = cmd->common.opcode,
		.status = status & NVME_SCT_SC_MASK,
	};
	if (nvdpa_media_has_range(error->opcode)) {
		error->lba = le64_to_cpu(cmd->rw.slba);
		error->nr_lbas = le16_to_cpu(cmd->rw.length) + 1;
	}
}

static bool nvdpa_media_pop(struct nvdpa_media *media,
			    struct nvdpa_media_error *error)
{
	bool some;

	spin_lock_irq(&media->lock);
	some = media->nr;
	if (some) {
		*error = media->errors[0];
		media->nr--;
		memmove(&media->errors[0], &media->errors[1],
			media->nr * sizeof(media->errors[0]));
	}
	spin_unlock_irq(&media->lock);
	return some;
}

static void nvdpa_media_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(work, struct nvdpa_ctrl,
					       media.work);
	struct nvdpa_media_error error;

	while (nvdpa_media_pop(&ctrl->media, &error))
		ctrl->client->media(ctrl, &error);
}

void nvdpa_media_init(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_media *media = &ctrl->media;

	spin_lock_init(&media->lock);
	ratelimit_default_init(&media->limit);
	/* What is missed is counted here, the log need not say so. */
	ratelimit_set_flags(&media->limit, RATELIMIT_MSG_ON_RELEASE);
	INIT_WORK(&media->work, nvdpa_media_work);
}

void nvdpa_media_stop(struct nvdpa_ctrl *ctrl)
{
	disable_work_sync(&ctrl->media.work);
}

static void nvdpa_media_push(struct nvdpa_media *media,
			     const struct nvdpa_media_error *error)
{
	struct nvdpa_media_error *at = &media->errors[media->nr];

	lockdep_assert_held(&media->lock);

	if (media->nr == NVDPA_MEDIA_ERRORS || !__ratelimit(&media->limit)) {
		media->missed++;
		return;
	}
	*at = *error;
	at->missed = media->missed;
	media->missed = 0;
	media->nr++;
}

void nvdpa_media_note(struct nvdpa_ctrl *ctrl, u16 qid,
		      const struct nvme_command *cmd, u16 status)
{
	struct nvdpa_media_error error;

	nvdpa_media_parse(&error, cmd, status);
	dev_warn_ratelimited(ctrl->dev,
			     "queue %u: command %#x for %u blocks from %llu on of namespace %u failed with status %#x\n",
			     qid, error.opcode, error.nr_lbas, error.lba,
			     error.nsid, status);
	spin_lock(&ctrl->media.lock);
	nvdpa_media_push(&ctrl->media, &error);
	spin_unlock(&ctrl->media.lock);
	schedule_work(&ctrl->media.work);
}
