// SPDX-License-Identifier: GPL-2.0
/*
 * Asynchronous events (NVMe base 2.0, 5.2). The controller has one request at a
 * time. It reports no other event of a kind until the log page that goes with it
 * was read, and none at all until it has a request again. Reading lets it report
 * a condition that lasts, such as a temperature, again: so the request comes after
 * a pause.
 */
#include "aer.h"

#include <linux/jiffies.h>
#include <linux/kernel.h>

#include "../debug/overrides.h"
#include "ctrl.h"
#include "reset.h"

/* Between two events. */
#define NVDPA_AER_PAUSE_MS	1000

/* Those that the specification has, by its names of the bits. */
#define NVDPA_AER_SMART	(NVME_SMART_CRIT_SPARE | \
			 NVME_SMART_CRIT_TEMPERATURE | \
			 NVME_SMART_CRIT_RELIABILITY | \
			 NVME_SMART_CRIT_MEDIA | \
			 NVME_SMART_CRIT_VOLATILE_MEMORY)
#define NVDPA_AER_NOTICES	(NVME_AEN_CFG_NS_ATTR | NVME_AEN_CFG_FW_ACT)

static int nvdpa_aer_read(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes)
{
	return nvdpa_admin_read_log(ctrl, page, bytes, NULL);
}

static int nvdpa_aer_read_health(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes)
{
	return nvdpa_health_read(ctrl);
}

/*
 * An error log has as many entries as one likes; the first is the newest. What
 * the list of changed namespaces says is not believed: all are looked at.
 */
static const struct {
	u8 page;
	u32 bytes;
	int (*read)(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes);
} nvdpa_aer_logs[] = {
	{ NVME_LOG_ERROR, 64, nvdpa_aer_read },
	{ NVME_LOG_SMART, 512, nvdpa_aer_read_health },
	{ NVME_LOG_FW_SLOT, 512, nvdpa_aer_read },
	{ NVME_LOG_CHANGED_NS, 4096, nvdpa_aer_read },
};

static void nvdpa_aer_read_log(struct nvdpa_ctrl *ctrl, u8 page)
{
	size_t i;
	int err;

	for (i = 0; i < ARRAY_SIZE(nvdpa_aer_logs); i++) {
		if (nvdpa_aer_logs[i].page != page)
			continue;
		err = nvdpa_aer_logs[i].read(ctrl, page,
					     nvdpa_aer_logs[i].bytes);
		if (err > 0)
			dev_warn_ratelimited(ctrl->dev,
					     "log page %#x cannot be read, status %#x\n",
					     page, err);
	}
}

/* False when the request was refused, and another one would be, too. */
static bool nvdpa_aer_event(struct nvdpa_ctrl *ctrl,
			    struct nvdpa_aer_event *event)
{
	struct nvme_completion cqe;
	u32 result;
	u16 status;

	spin_lock_irq(&ctrl->admin.cq_lock);
	cqe = ctrl->admin.aer_cqe;
	spin_unlock_irq(&ctrl->admin.cq_lock);

	status = le16_to_cpu(cqe.status) >> 1 & NVME_SCT_SC_MASK;
	if (status) {
		dev_warn(ctrl->dev,
			 "controller reports no events, status %#x\n", status);
		return false;
	}
	result = nvdpa_override_aer(le32_to_cpu(cqe.result.u32));
	event->type = result & 7;
	event->info = result >> 8;
	event->log_page = result >> 16;
	return true;
}

static bool nvdpa_aer_is(const struct nvdpa_aer_event *event, u8 type, u8 info)
{
	return event->type == type && event->info == info;
}

/*
 * The controller processes no command until the firmware is active (NVMe base 2.0,
 * 8.11). Guests wait; a controller that does not come to itself is reset.
 */
static void nvdpa_aer_pause(struct nvdpa_ctrl *ctrl)
{
	int err;

	dev_info(ctrl->dev, "new firmware is being activated, I/O pauses\n");
	nvdpa_reset_hold(ctrl);
	err = nvdpa_ctrl_wait_processing(ctrl);
	if (err) {
		dev_err(ctrl->dev, "firmware not active after %u ms: %pe\n",
			ctrl->activation_ms, ERR_PTR(err));
		nvdpa_reset_request(ctrl, NVDPA_RESET_FATAL);
	}
	nvdpa_reset_release(ctrl);
}

static void nvdpa_aer_act(struct nvdpa_ctrl *ctrl,
			  const struct nvdpa_aer_event *event)
{
	if (nvdpa_aer_is(event, NVME_AER_NOTICE, NVME_AER_NOTICE_NS_CHANGED))
		nvdpa_ident_rescan(ctrl);
	else if (nvdpa_aer_is(event, NVME_AER_NOTICE,
			      NVME_AER_NOTICE_FW_ACT_STARTING))
		nvdpa_ident_again(ctrl);
	else if (nvdpa_aer_is(event, NVME_AER_ERROR,
			      NVME_AER_ERROR_PERSIST_INT_ERR))
		nvdpa_reset_request(ctrl, NVDPA_RESET_FATAL);
}

static void nvdpa_aer_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(work, struct nvdpa_ctrl,
					       aer_work);
	struct nvdpa_aer_event event;

	if (!nvdpa_aer_event(ctrl, &event))
		return;
	if (nvdpa_aer_is(&event, NVME_AER_NOTICE,
			 NVME_AER_NOTICE_FW_ACT_STARTING))
		nvdpa_aer_pause(ctrl);
	nvdpa_aer_read_log(ctrl, event.log_page);
	ctrl->client->event(ctrl, &event);
	nvdpa_aer_act(ctrl, &event);
	schedule_delayed_work(&ctrl->aer_again,
			      msecs_to_jiffies(NVDPA_AER_PAUSE_MS));
}

static void nvdpa_aer_next(struct nvdpa_ctrl *ctrl)
{
	if (READ_ONCE(ctrl->aer_rescan))
		schedule_delayed_work(&ctrl->aer_again,
				      msecs_to_jiffies(NVDPA_AER_PAUSE_MS));
	else
		nvdpa_admin_post_aer(ctrl);
}

static void nvdpa_aer_again(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvdpa_ctrl, aer_again);

	if (READ_ONCE(ctrl->aer_rescan))
		nvdpa_ident_rescan(ctrl);
	nvdpa_aer_next(ctrl);
}

void nvdpa_aer_init(struct nvdpa_ctrl *ctrl)
{
	INIT_WORK(&ctrl->aer_work, nvdpa_aer_work);
	INIT_DELAYED_WORK(&ctrl->aer_again, nvdpa_aer_again);
}

void nvdpa_aer_start(struct nvdpa_ctrl *ctrl)
{
	u32 events = NVDPA_AER_SMART | (ctrl->oaes & NVDPA_AER_NOTICES);
	int err;

	err = nvdpa_admin_set_events(ctrl, events);
	if (err > 0)
		dev_warn(ctrl->dev,
			 "controller refused to report events %#x, status %#x\n",
			 events, err);
	nvdpa_aer_next(ctrl);
}

/*
 * The controller gives the request back when it is disabled, if ever. Should it
 * end before, the interrupt finds the work disabled.
 */
void nvdpa_aer_stop(struct nvdpa_ctrl *ctrl)
{
	disable_work_sync(&ctrl->aer_work);
	disable_delayed_work_sync(&ctrl->aer_again);
}
