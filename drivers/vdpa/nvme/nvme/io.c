// SPDX-License-Identifier: GPL-2.0
/*
 * A channel for commands of our own. A controller with several queue pairs keeps
 * one for it, made when it is first needed; one with a single queue pair lends it
 * for a command, if no virtqueue has it.
 */
#include "io.h"

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>

#include "../pure/cmd.h"
#include "buf.h"
#include "qpair.h"
#include "reset.h"

#define NVDPA_IO_READ_MS	10000
#define NVDPA_IO_HELD_MS	4000

/* A command and who waits for it. */
struct nvdpa_io_wait {
	struct completion done;
	u16 status;
};

static void nvdpa_io_complete(void *priv, const struct nvdpa_done *done,
			      unsigned int nr)
{
	struct nvdpa_io_wait *wait;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		wait = done[i].owner;
		wait->status = done[i].status;
		complete(&wait->done);
	}
}

static void nvdpa_io_flush(void *priv)
{
}

/* Whoever found it held waits for the controller. */
static void nvdpa_io_resume(void *priv)
{
}

static const struct nvdpa_qpair_ops nvdpa_io_qpair_ops = {
	.complete = nvdpa_io_complete,
	.flush = nvdpa_io_flush,
	.resume = nvdpa_io_resume,
};

static void nvdpa_io_close(struct nvdpa_ctrl *ctrl)
{
	lockdep_assert_held(&ctrl->io.lock);

	nvdpa_qpair_destroy(ctrl->io.qp);
	ctrl->io.qp = NULL;
}

static int nvdpa_io_open(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_qpair *qp;

	lockdep_assert_held(&ctrl->io.lock);

	/* The one that it had may not be granted any more. */
	if (ctrl->io.qp && READ_ONCE(ctrl->io.qp->gate) == NVDPA_QPAIR_SHUT)
		nvdpa_io_close(ctrl);
	if (ctrl->io.qp)
		return 0;
	qp = nvdpa_qpair_create_own(ctrl, &nvdpa_io_qpair_ops, NULL);
	if (IS_ERR(qp))
		return PTR_ERR(qp);
	ctrl->io.qp = qp;
	return 0;
}

/* The slot, or -EAGAIN; a reset that comes later sees the command. */
static int nvdpa_io_try_post(struct nvdpa_qpair *qp,
			     const struct nvme_command *cmd,
			     struct nvdpa_io_wait *wait)
{
	int cid = -EAGAIN;

	local_irq_disable();
	nvdpa_qpair_begin(qp);
	if (qp->gate == NVDPA_QPAIR_OPEN)
		cid = nvdpa_qpair_get(qp);
	if (cid >= 0) {
		qp->slots[cid].cmd = *cmd;
		nvdpa_qpair_post(qp, cid, wait);
	}
	nvdpa_qpair_end(qp);
	local_irq_enable();
	return cid;
}

/* The slot, or -ENODEV or -EBUSY: a controller may be held without a reset, too. */
static int nvdpa_io_post(struct nvdpa_qpair *qp, const struct nvme_command *cmd,
			 struct nvdpa_io_wait *wait)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDPA_IO_HELD_MS);
	int cid;

	for (;;) {
		cid = nvdpa_reset_wait(qp->ctrl);
		if (!cid)
			cid = nvdpa_io_try_post(qp, cmd, wait);
		if (cid != -EAGAIN)
			return cid;
		if (time_after(jiffies, end))
			return -EBUSY;
		usleep_range(1000, 2000);
	}
}

static void nvdpa_io_put(struct nvdpa_qpair *qp, u16 cid)
{
	local_irq_disable();
	nvdpa_qpair_begin(qp);
	nvdpa_qpair_put(qp, cid);
	nvdpa_qpair_end(qp);
	local_irq_enable();
}

/* An interrupt that got lost is no reason to take a command away. */
static bool nvdpa_io_in_time(struct nvdpa_qpair *qp, struct nvdpa_io_wait *wait,
			     u32 timeout_ms)
{
	if (wait_for_completion_timeout(&wait->done,
					msecs_to_jiffies(timeout_ms)))
		return true;
	nvdpa_qpair_reap(qp);
	return try_wait_for_completion(&wait->done);
}

static int nvdpa_io_exec(struct nvdpa_qpair *qp, struct nvme_command *cmd,
			 u32 timeout_ms)
{
	struct nvdpa_io_wait wait;
	bool late;
	int cid;

	init_completion(&wait.done);
	cid = nvdpa_io_post(qp, cmd, &wait);
	if (cid < 0)
		return cid;

	late = !nvdpa_io_in_time(qp, &wait, timeout_ms);
	if (late) {
		dev_warn_ratelimited(qp->ctrl->dev,
				     "I/O command %#x not complete after %u ms, taken away\n",
				     cmd->common.opcode, timeout_ms);
		/* Hands it over, whatever the controller does. */
		nvdpa_qpair_abandon(qp);
		wait_for_completion(&wait.done);
	}
	nvdpa_io_put(qp, cid);
	if (wait.status && nvdpa_ctrl_dead(qp->ctrl))
		return -ENODEV;
	return late && wait.status ? -ETIMEDOUT : wait.status;
}

int nvdpa_io_run(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		 u32 timeout_ms)
{
	int err;

	err = mutex_lock_killable(&ctrl->io.lock);
	if (err)
		return err;
	err = nvdpa_io_open(ctrl);
	if (err)
		goto unlock;
	err = nvdpa_io_exec(ctrl->io.qp, cmd, timeout_ms);
	if (!ctrl->own_qid)
		nvdpa_io_close(ctrl);
unlock:
	mutex_unlock(&ctrl->io.lock);
	return err;
}

void nvdpa_io_stop(struct nvdpa_ctrl *ctrl)
{
	mutex_lock(&ctrl->io.lock);
	nvdpa_io_close(ctrl);
	mutex_unlock(&ctrl->io.lock);
}

int nvdpa_io_read_lba(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns,
		      u64 lba, void *buf)
{
	struct nvme_command cmd;
	struct nvdpa_buf *data;
	int err;

	data = nvdpa_buf_create(ctrl->dev, 1u << ns->lba_shift);
	if (IS_ERR(data))
		return PTR_ERR(data);
	nvdpa_cmd_rw(&cmd, false, ns->nsid, lba, 1, false);
	nvdpa_buf_prp(data, &cmd.rw.dptr);
	err = nvdpa_io_run(ctrl, &cmd, NVDPA_IO_READ_MS);
	if (!err)
		memcpy(buf, data->pages[0].cpu, 1u << ns->lba_shift);
	nvdpa_buf_destroy(data);
	return err > 0 ? -EIO : err;
}
