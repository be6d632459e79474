// SPDX-License-Identifier: GPL-2.0
/*
 * The SMART log page. A work item reads it, which may take as long as an admin
 * command: whoever asked waits no longer than he likes, with no lock held.
 */
#include "health.h"

#include <linux/slab.h>
#include <linux/unaligned.h>

#include "ctrl.h"

static void nvdpa_health_parse(struct nvdpa_health_log *log,
			       const struct nvme_smart_log *smart)
{
	log->critical_warning = smart->critical_warning;
	log->temperature_k = get_unaligned_le16(smart->temperature);
	log->spare = smart->avail_spare;
	log->spare_threshold = smart->spare_thresh;
	log->used = smart->percent_used;
}

/* @smart: NULL if it could not be read. */
static void nvdpa_health_note(struct nvdpa_health *health,
			      const struct nvme_smart_log *smart)
{
	spin_lock(&health->lock);
	health->known = smart;
	if (smart)
		nvdpa_health_parse(&health->log, smart);
	health->done++;
	spin_unlock(&health->lock);
}

int nvdpa_health_read(struct nvdpa_ctrl *ctrl)
{
	struct nvme_smart_log *smart;
	int err = -ENOMEM;

	smart = kmalloc(sizeof(*smart), GFP_KERNEL);
	if (smart)
		err = nvdpa_admin_read_log(ctrl, NVME_LOG_SMART,
					   sizeof(*smart), smart);
	nvdpa_health_note(&ctrl->health, err ? NULL : smart);
	kfree(smart);
	return err;
}

static void nvdpa_health_work(struct work_struct *work)
{
	nvdpa_health_read(container_of(work, struct nvdpa_ctrl, health.work));
}

void nvdpa_health_init(struct nvdpa_ctrl *ctrl)
{
	INIT_WORK(&ctrl->health.work, nvdpa_health_work);
	spin_lock_init(&ctrl->health.lock);
}

void nvdpa_health_stop(struct nvdpa_ctrl *ctrl)
{
	disable_work_sync(&ctrl->health.work);
}

/* A read that is under way may have begun before what the asker saw. */
void nvdpa_health_ask(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_health *health = &ctrl->health;

	spin_lock(&health->lock);
	if (queue_work(system_unbound_wq, &health->work))
		health->wanted = health->done + 1;
	spin_unlock(&health->lock);
}

int nvdpa_health_get(struct nvdpa_ctrl *ctrl, struct nvdpa_health_log *log)
{
	struct nvdpa_health *health = &ctrl->health;
	int err = 0;

	spin_lock(&health->lock);
	if ((s32)(health->wanted - health->done) > 0)
		err = -EAGAIN;
	else if (!health->known)
		err = -ENODATA;
	else
		*log = health->log;
	spin_unlock(&health->lock);
	return err;
}
