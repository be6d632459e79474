// SPDX-License-Identifier: GPL-2.0
/*
 * Deadlines without a timer a command: a command notes when it was posted, and the
 * first one that is posted to an idle queue pair queues the work. While something
 * is in flight the work comes back; when nothing is, it does not, so that an idle
 * controller wakes nobody up.
 */
#include "timeout.h"

#include <linux/jiffies.h>
#include <linux/moduleparam.h>
#include <linux/nvme.h>

#include "ctrl.h"
#include "qpair.h"
#include "reset.h"

#define NVDPA_TIMEOUT_DEFAULT_MS	10000
#define NVDPA_TIMEOUT_TICK_MS		1000

static unsigned int io_timeout_ms = NVDPA_TIMEOUT_DEFAULT_MS;
module_param(io_timeout_ms, uint, 0444);
MODULE_PARM_DESC(io_timeout_ms,
		 "how long a read or a write may take, in ms, 100 to 600000 (default 10000); flush, discard and write zeroes may take 6 times that");

unsigned long nvdpa_timeout_limit(const struct nvdpa_ctrl *ctrl,
				  const struct nvme_command *cmd)
{
	u32 ms = READ_ONCE(ctrl->io_timeout_ms);

	if (cmd->common.opcode != nvme_cmd_read &&
	    cmd->common.opcode != nvme_cmd_write)
		ms *= NVDPA_TIMEOUT_LONG;
	return msecs_to_jiffies(ms);
}

/* Deadlines are kept with this precision. */
static unsigned long nvdpa_timeout_tick(const struct nvdpa_ctrl *ctrl)
{
	u32 ms = READ_ONCE(ctrl->io_timeout_ms) / 4;

	return msecs_to_jiffies(min(ms, NVDPA_TIMEOUT_TICK_MS));
}

/* @quiets: before @csts was read. */
static bool nvdpa_timeout_no_answer(const struct nvdpa_ctrl *ctrl, u32 quiets,
				    u32 csts)
{
	if (csts == NVDPA_CSTS_GONE)
		return true;
	if (csts & NVME_CSTS_RDY)
		return false;
	/* Whoever resets it knows when it is ready; others may have looked meanwhile. */
	return READ_ONCE(ctrl->admin.owner) == current ||
	       (READ_ONCE(ctrl->state) == NVDPA_CTRL_LIVE &&
		READ_ONCE(ctrl->quiets) == quiets);
}

bool nvdpa_timeout_gone(struct nvdpa_ctrl *ctrl)
{
	u32 quiets = READ_ONCE(ctrl->quiets);

	return nvdpa_timeout_no_answer(ctrl, quiets, nvdpa_ctrl_csts(ctrl));
}

/* A controller that cannot go on is not given the time to show it. */
static void nvdpa_timeout_check_status(struct nvdpa_ctrl *ctrl)
{
	u32 quiets = READ_ONCE(ctrl->quiets);
	u32 csts = nvdpa_ctrl_csts(ctrl);

	if (nvdpa_timeout_no_answer(ctrl, quiets, csts))
		nvdpa_reset_request(ctrl, NVDPA_RESET_GONE);
	else if (csts & NVME_CSTS_CFS)
		nvdpa_reset_request(ctrl, NVDPA_RESET_FATAL);
}

static void nvdpa_timeout_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(to_delayed_work(work),
					       struct nvdpa_ctrl, timeout_work);
	struct nvdpa_qpair_watch watch = {
		.next = nvdpa_timeout_tick(ctrl),
	};

	/* It looks again when that is over. */
	if (READ_ONCE(ctrl->state) != NVDPA_CTRL_LIVE)
		return;
	nvdpa_timeout_check_status(ctrl);
	nvdpa_qpair_watch_all(ctrl, &watch);
	if (watch.untrusted)
		nvdpa_reset_request(ctrl, NVDPA_RESET_BAD_COMPLETION);
	if (watch.stuck)
		nvdpa_reset_request(ctrl, NVDPA_RESET_IO_TIMEOUT);
	if (watch.busy)
		nvdpa_timeout_arm_in(ctrl, watch.next);
}

void nvdpa_timeout_init(struct nvdpa_ctrl *ctrl)
{
	INIT_DELAYED_WORK(&ctrl->timeout_work, nvdpa_timeout_work);
	if (nvdpa_timeout_set(ctrl, io_timeout_ms))
		ctrl->io_timeout_ms = NVDPA_TIMEOUT_DEFAULT_MS;
}

void nvdpa_timeout_stop(struct nvdpa_ctrl *ctrl)
{
	disable_delayed_work_sync(&ctrl->timeout_work);
}

void nvdpa_timeout_arm(struct nvdpa_ctrl *ctrl)
{
	nvdpa_timeout_arm_in(ctrl, nvdpa_timeout_tick(ctrl));
}

void nvdpa_timeout_arm_in(struct nvdpa_ctrl *ctrl, unsigned long delay)
{
	nvdpa_reset_queue(&ctrl->timeout_work, delay);
}

int nvdpa_timeout_set(struct nvdpa_ctrl *ctrl, u32 timeout_ms)
{
	if (timeout_ms < NVDPA_TIMEOUT_MIN_MS ||
	    timeout_ms > NVDPA_TIMEOUT_MAX_MS)
		return -ERANGE;
	WRITE_ONCE(ctrl->io_timeout_ms, timeout_ms);
	return 0;
}
