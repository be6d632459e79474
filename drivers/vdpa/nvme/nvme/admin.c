// SPDX-License-Identifier: GPL-2.0
/* The admin queue, and one function for each command that we send on it. */
#include "ctrl.h"

#include <linux/dma-mapping.h>
#include <linux/io.h>
#include <linux/nospec.h>
#include <linux/sched.h>

#include "../debug/fault.h"
#include "../pure/doorbell.h"
#include "reset.h"
#include "timeout.h"

/* An identifier is an index, and above that the turn, or one of these. */
#define NVDPA_ADMIN_TURN_SHIFT	4
#define NVDPA_ADMIN_AER_CID	0x8000
#define NVDPA_ADMIN_ABORT_CID	0x8001
/* Making and deleting queues is waited for by those who have no time. */
#define NVDPA_ADMIN_QUEUE_MS	2000
/* How often somebody who waits looks whether the controller is there. */
#define NVDPA_ADMIN_LOOK_MS	500

int nvdpa_admin_alloc(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;

	admin->sq = dma_alloc_coherent(ctrl->dev,
				       NVDPA_ADMIN_DEPTH * sizeof(*admin->sq),
				       &admin->sq_dma, GFP_KERNEL);
	if (!admin->sq)
		return -ENOMEM;
	admin->cq = dma_alloc_coherent(ctrl->dev,
				       NVDPA_ADMIN_DEPTH * sizeof(*admin->cq),
				       &admin->cq_dma, GFP_KERNEL);
	if (!admin->cq)
		goto free_sq;
	admin->page = dma_alloc_coherent(ctrl->dev, NVME_IDENTIFY_DATA_SIZE,
					 &admin->page_dma, GFP_KERNEL);
	if (!admin->page)
		goto free_cq;

	mutex_init(&admin->pass_lock);
	mutex_init(&admin->page_lock);
	spin_lock_init(&admin->cq_lock);
	init_waitqueue_head(&admin->room);
	nvdpa_admin_close(ctrl, current);
	admin->cq_phase = 1;
	return 0;

free_cq:
	dma_free_coherent(ctrl->dev, NVDPA_ADMIN_DEPTH * sizeof(*admin->cq),
			  admin->cq, admin->cq_dma);
free_sq:
	dma_free_coherent(ctrl->dev, NVDPA_ADMIN_DEPTH * sizeof(*admin->sq),
			  admin->sq, admin->sq_dma);
	return -ENOMEM;
}

void nvdpa_admin_free(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;

	dma_free_coherent(ctrl->dev, NVME_IDENTIFY_DATA_SIZE, admin->page,
			  admin->page_dma);
	dma_free_coherent(ctrl->dev, NVDPA_ADMIN_DEPTH * sizeof(*admin->cq),
			  admin->cq, admin->cq_dma);
	dma_free_coherent(ctrl->dev, NVDPA_ADMIN_DEPTH * sizeof(*admin->sq),
			  admin->sq, admin->sq_dma);
}

/* Who waits for a command, or NULL; nobody does any more. */
static struct nvdpa_admin_wait *nvdpa_admin_take(struct nvdpa_admin *admin,
						 u16 cid)
{
	u16 i = cid & (NVDPA_ADMIN_CMDS - 1);
	struct nvdpa_admin_wait *wait;

	BUILD_BUG_ON(NVDPA_ADMIN_CMDS != 1 << NVDPA_ADMIN_TURN_SHIFT);
	lockdep_assert_held(&admin->cq_lock);

	wait = admin->waits[array_index_nospec(i, NVDPA_ADMIN_CMDS)];
	if (!wait || wait->cid != cid)
		return NULL;
	admin->waits[i] = NULL;
	wake_up(&admin->room);
	return wait;
}

static void nvdpa_admin_take_cqe(struct nvdpa_ctrl *ctrl,
				 const struct nvme_completion *cqe)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	u16 cid = READ_ONCE(cqe->command_id);
	struct nvdpa_admin_wait *wait;

	lockdep_assert_held(&admin->cq_lock);

	if (admin->aer_waiting && cid == NVDPA_ADMIN_AER_CID) {
		admin->aer_cqe = *cqe;
		admin->aer_waiting = false;
		schedule_work(&ctrl->aer_work);
		return;
	}
	if (admin->abort_waiting && cid == NVDPA_ADMIN_ABORT_CID) {
		admin->abort_waiting = false;
		nvdpa_timeout_arm_in(ctrl, 0);
		return;
	}
	wait = nvdpa_admin_take(admin, cid);
	if (!wait) {
		nvdpa_ctrl_bad_completion(ctrl, 0, cid);
		return;
	}
	wait->cqe = *cqe;
	complete(&wait->done);
}

/* A command and the request may end together, with one interrupt. */
bool nvdpa_admin_reap(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	const struct nvme_completion *cqe;
	unsigned int seen = 0;
	unsigned long flags;

	spin_lock_irqsave(&admin->cq_lock, flags);
	while (seen < NVDPA_ADMIN_DEPTH) {
		cqe = &admin->cq[admin->cq_head];
		if ((le16_to_cpu(READ_ONCE(cqe->status)) & 1) !=
		    admin->cq_phase)
			break;
		/* The rest of the entry is valid only once the phase is. */
		dma_rmb();
		cqe = nvdpa_fault_cqe(ctrl->dev, 0, admin->cq_head, cqe);
		if (!nvdpa_fault_drop(ctrl->dev, 0))
			nvdpa_admin_take_cqe(ctrl, cqe);
		seen++;
		if (++admin->cq_head == NVDPA_ADMIN_DEPTH) {
			admin->cq_head = 0;
			admin->cq_phase ^= 1;
		}
	}
	if (seen)
		writel(admin->cq_head, ctrl->bar +
		       nvdpa_doorbell_offset(0, true, ctrl->dstrd));
	spin_unlock_irqrestore(&admin->cq_lock, flags);
	return seen;
}

void nvdpa_admin_close(struct nvdpa_ctrl *ctrl,
		       const struct task_struct *owner)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	unsigned long flags;

	spin_lock_irqsave(&admin->cq_lock, flags);
	admin->closed = true;
	admin->owner = owner;
	spin_unlock_irqrestore(&admin->cq_lock, flags);
	wake_up_all(&admin->room);
}

void nvdpa_admin_open(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	unsigned long flags;

	spin_lock_irqsave(&admin->cq_lock, flags);
	admin->closed = false;
	admin->owner = NULL;
	spin_unlock_irqrestore(&admin->cq_lock, flags);
}

void nvdpa_admin_reset(struct nvdpa_ctrl *ctrl, int err)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	struct nvdpa_admin_wait *wait;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&admin->cq_lock, flags);
	for (i = 0; i < NVDPA_ADMIN_CMDS; i++) {
		wait = admin->waits[i];
		if (!wait)
			continue;
		admin->waits[i] = NULL;
		wait->err = err;
		complete(&wait->done);
	}
	admin->aer_waiting = false;
	admin->abort_waiting = false;
	memset(admin->cq, 0, NVDPA_ADMIN_DEPTH * sizeof(*admin->cq));
	admin->sq_tail = 0;
	admin->cq_head = 0;
	admin->cq_phase = 1;
	spin_unlock_irqrestore(&admin->cq_lock, flags);
	wake_up_all(&admin->room);
}

static void nvdpa_admin_ring(struct nvdpa_ctrl *ctrl,
			     const struct nvme_command *cmd)
{
	struct nvdpa_admin *admin = &ctrl->admin;

	lockdep_assert_held(&admin->cq_lock);

	admin->sq[admin->sq_tail] = *cmd;
	if (++admin->sq_tail == NVDPA_ADMIN_DEPTH)
		admin->sq_tail = 0;
	writel(admin->sq_tail, ctrl->bar +
	       nvdpa_doorbell_offset(0, false, ctrl->dstrd));
}

/*
 * A reset closes the queue before it ends who waits: who comes before is ended by
 * it, who comes later finds it closed.
 */
static int nvdpa_admin_may_send(const struct nvdpa_admin *admin)
{
	lockdep_assert_held(&admin->cq_lock);

	return admin->closed && admin->owner != current ? -EAGAIN : 0;
}

static int nvdpa_admin_free_wait(const struct nvdpa_admin *admin)
{
	unsigned int i;

	lockdep_assert_held(&admin->cq_lock);

	for (i = 0; i < NVDPA_ADMIN_CMDS; i++)
		if (!admin->waits[i])
			return i;
	return -EBUSY;
}

static int nvdpa_admin_send(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			    struct nvdpa_admin_wait *wait)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	int err;

	spin_lock_irq(&admin->cq_lock);
	err = nvdpa_admin_may_send(admin);
	if (!err)
		err = nvdpa_admin_free_wait(admin);
	if (err >= 0) {
		admin->waits[err] = wait;
		wait->cid = admin->turn++ << NVDPA_ADMIN_TURN_SHIFT | err;
		cmd->common.command_id = wait->cid;
		nvdpa_admin_ring(ctrl, cmd);
		err = 0;
	}
	spin_unlock_irq(&admin->cq_lock);
	return err;
}

/*
 * An interrupt that got lost is no reason to reset a controller. One that is gone is
 * not waited for.
 */
static bool nvdpa_admin_in_time(struct nvdpa_ctrl *ctrl,
				struct nvdpa_admin_wait *wait, u32 timeout_ms)
{
	unsigned long look = msecs_to_jiffies(NVDPA_ADMIN_LOOK_MS);
	unsigned long left = msecs_to_jiffies(timeout_ms);
	unsigned long part;

	for (; left; left -= part) {
		part = min(left, look);
		if (wait_for_completion_timeout(&wait->done, part))
			return true;
		if (nvdpa_timeout_gone(ctrl))
			break;
	}
	nvdpa_admin_reap(ctrl);
	if (!try_wait_for_completion(&wait->done))
		return false;
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_LOST_INTERRUPTS);
	dev_warn_ratelimited(ctrl->dev, "admin queue: an interrupt was lost\n");
	return true;
}

/*
 * Who brings the controller up cannot have it reset. The command is forgotten; it
 * does no harm, since the controller will be off before its buffer goes.
 */
static bool nvdpa_admin_withdraw(struct nvdpa_ctrl *ctrl,
				 struct nvdpa_admin_wait *wait)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	bool own;

	spin_lock_irq(&admin->cq_lock);
	own = admin->owner == current;
	if (own)
		nvdpa_admin_take(admin, wait->cid);
	spin_unlock_irq(&admin->cq_lock);
	return own;
}

static void nvdpa_admin_late(struct nvdpa_ctrl *ctrl,
			     const struct nvme_command *cmd, u32 timeout_ms,
			     struct nvdpa_admin_wait *wait)
{
	enum nvdpa_reset_why why = NVDPA_RESET_GONE;

	if (!nvdpa_timeout_gone(ctrl)) {
		why = NVDPA_RESET_ADMIN_TIMEOUT;
		nvdpa_ctrl_count(ctrl, NVDPA_COUNT_TIMEOUTS);
		dev_warn_ratelimited(ctrl->dev,
				     "admin command %#x not complete after %u ms\n",
				     cmd->common.opcode, timeout_ms);
	}
	if (nvdpa_admin_withdraw(ctrl, wait)) {
		wait->err = -ETIMEDOUT;
		return;
	}
	nvdpa_reset_request(ctrl, why);
	wait_for_completion(&wait->done);
	if (wait->err == -ECANCELED)
		wait->err = -ETIMEDOUT;
}

/* The status comes with its flags. Does not wait for a reset that is under way. */
static int nvdpa_admin_try(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			   u32 timeout_ms, union nvme_result *result)
{
	struct nvdpa_admin_wait wait = {};
	int err;

	if (nvdpa_ctrl_dead(ctrl))
		return -ENODEV;
	init_completion(&wait.done);
	wait_event(ctrl->admin.room,
		   (err = nvdpa_admin_send(ctrl, cmd, &wait)) != -EBUSY);
	if (err)
		return err;
	if (!nvdpa_admin_in_time(ctrl, &wait, timeout_ms))
		nvdpa_admin_late(ctrl, cmd, timeout_ms, &wait);
	if (wait.err)
		return wait.err;
	if (result)
		*result = wait.cqe.result;
	return le16_to_cpu(wait.cqe.status) >> 1;
}

/* A command that a reset kept from being sent is sent after it. */
static int nvdpa_admin_exec(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			    u32 timeout_ms, union nvme_result *result)
{
	int err;

	do {
		err = nvdpa_reset_wait(ctrl);
		if (!err)
			err = nvdpa_admin_try(ctrl, cmd, timeout_ms, result);
	} while (err == -EAGAIN);
	return err;
}

int nvdpa_admin_cmd(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		    u32 *result)
{
	union nvme_result res = {};
	int err;

	err = nvdpa_admin_exec(ctrl, cmd, NVDPA_ADMIN_TIMEOUT_MS, &res);
	if (err < 0)
		return err;
	if (result)
		*result = le32_to_cpu(res.u32);
	return err & NVME_SCT_SC_MASK;
}

/* One at a time, so that there is always room for our own. */
int nvdpa_admin_pass(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		     u32 timeout_ms, u64 *result)
{
	union nvme_result res = {};
	int err;

	err = mutex_lock_killable(&ctrl->admin.pass_lock);
	if (err)
		return err;
	err = nvdpa_admin_exec(ctrl, cmd, timeout_ms, &res);
	if (err >= 0)
		*result = le64_to_cpu(res.u64);
	mutex_unlock(&ctrl->admin.pass_lock);
	return err;
}

/* Commands that change the controller's queues. */
static int nvdpa_admin_queue_cmd(struct nvdpa_ctrl *ctrl,
				 struct nvme_command *cmd)
{
	int err;

	lockdep_assert_held(&ctrl->queues_lock);

	err = nvdpa_admin_try(ctrl, cmd, NVDPA_ADMIN_QUEUE_MS, NULL);
	if (err == -EAGAIN || err == -ETIMEDOUT)
		return -ECANCELED;
	return err < 0 ? err : err & NVME_SCT_SC_MASK;
}

/* Sent without anybody who waits; false if it may not be, or the last one is there. */
static bool nvdpa_admin_send_special(struct nvdpa_ctrl *ctrl,
				     const struct nvme_command *cmd,
				     bool *waiting)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	unsigned long flags;
	bool sent;

	spin_lock_irqsave(&admin->cq_lock, flags);
	sent = !*waiting && !nvdpa_admin_may_send(admin);
	if (sent) {
		*waiting = true;
		nvdpa_admin_ring(ctrl, cmd);
	}
	spin_unlock_irqrestore(&admin->cq_lock, flags);
	return sent;
}

bool nvdpa_admin_abort(struct nvdpa_ctrl *ctrl, u16 qid, u16 wire_cid)
{
	struct nvme_command cmd = {
		.abort.opcode = nvme_admin_abort_cmd,
		.abort.command_id = NVDPA_ADMIN_ABORT_CID,
		.abort.sqid = cpu_to_le16(qid),
		.abort.cid = wire_cid,
	};

	return nvdpa_admin_send_special(ctrl, &cmd,
					&ctrl->admin.abort_waiting);
}

/*
 * Run a command whose data goes into the page, and copy it from there. The page is
 * not kept while a reset is waited for, for that needs it, too.
 */
static int nvdpa_admin_read(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			    void *data, size_t bytes)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	int err;

	do {
		err = nvdpa_reset_wait(ctrl);
		if (err)
			return err;
		mutex_lock(&admin->page_lock);
		cmd->common.dptr.prp1 = cpu_to_le64(admin->page_dma);
		err = nvdpa_admin_try(ctrl, cmd, NVDPA_ADMIN_TIMEOUT_MS, NULL);
		if (!err)
			memcpy(data, admin->page, bytes);
		mutex_unlock(&admin->page_lock);
	} while (err == -EAGAIN);
	return err < 0 ? err : err & NVME_SCT_SC_MASK;
}

int nvdpa_admin_identify(struct nvdpa_ctrl *ctrl, u8 cns, u32 nsid, void *data)
{
	struct nvme_command cmd = {
		.identify.opcode = nvme_admin_identify,
		.identify.nsid = cpu_to_le32(nsid),
		.identify.cns = cns,
	};

	return nvdpa_admin_read(ctrl, &cmd, data, NVME_IDENTIFY_DATA_SIZE);
}

int nvdpa_admin_read_log(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes,
			 void *data)
{
	struct nvme_command cmd = {
		.get_log_page.opcode = nvme_admin_get_log_page,
		.get_log_page.nsid = cpu_to_le32(NVME_NSID_ALL),
		.get_log_page.lid = page,
		.get_log_page.numdl = cpu_to_le16(bytes / sizeof(u32) - 1),
	};

	return nvdpa_admin_read(ctrl, &cmd, data, data ? bytes : 0);
}

int nvdpa_admin_set_retry(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	struct nvme_command cmd = {
		.features.opcode = nvme_admin_set_features,
		.features.fid = cpu_to_le32(NVME_FEAT_HOST_BEHAVIOR),
		.features.dptr.prp1 = cpu_to_le64(admin->page_dma),
	};
	struct nvme_feat_host_behavior *behavior = admin->page;
	int err;

	mutex_lock(&admin->page_lock);
	memset(behavior, 0, sizeof(*behavior));
	behavior->acre = NVME_ENABLE_ACRE;
	err = nvdpa_admin_try(ctrl, &cmd, NVDPA_ADMIN_TIMEOUT_MS, NULL);
	mutex_unlock(&admin->page_lock);
	return err < 0 ? err : err & NVME_SCT_SC_MASK;
}

int nvdpa_admin_set_events(struct nvdpa_ctrl *ctrl, u32 events)
{
	struct nvme_command cmd = {
		.features.opcode = nvme_admin_set_features,
		.features.fid = cpu_to_le32(NVME_FEAT_ASYNC_EVENT),
		.features.dword11 = cpu_to_le32(events),
	};

	return nvdpa_admin_cmd(ctrl, &cmd, NULL);
}

void nvdpa_admin_post_aer(struct nvdpa_ctrl *ctrl)
{
	struct nvme_command cmd = {
		.common.opcode = nvme_admin_async_event,
		.common.command_id = NVDPA_ADMIN_AER_CID,
	};

	nvdpa_admin_send_special(ctrl, &cmd, &ctrl->admin.aer_waiting);
}

int nvdpa_admin_set_queues(struct nvdpa_ctrl *ctrl, u32 want, u32 *granted)
{
	u32 to0 = want - 1;
	struct nvme_command cmd = {
		.features.opcode = nvme_admin_set_features,
		.features.fid = cpu_to_le32(NVME_FEAT_NUM_QUEUES),
		.features.dword11 = cpu_to_le32(to0 << 16 | to0),
	};
	u32 result;
	int err;

	err = nvdpa_admin_cmd(ctrl, &cmd, &result);
	if (err)
		return err;

	*granted = nvdpa_fault_queues(ctrl->dev, min3(want, (result & 0xffff) + 1,
						      (result >> 16) + 1));
	return 0;
}

int nvdpa_admin_create_cq(struct nvdpa_ctrl *ctrl, u16 qid, dma_addr_t dma,
			  u32 depth, u16 vector)
{
	struct nvme_command cmd = {
		.create_cq.opcode = nvme_admin_create_cq,
		.create_cq.prp1 = cpu_to_le64(dma),
		.create_cq.cqid = cpu_to_le16(qid),
		.create_cq.qsize = cpu_to_le16(depth - 1),
		.create_cq.cq_flags = cpu_to_le16(NVME_QUEUE_PHYS_CONTIG |
						  NVME_CQ_IRQ_ENABLED),
		.create_cq.irq_vector = cpu_to_le16(vector),
	};

	return nvdpa_admin_queue_cmd(ctrl, &cmd);
}

int nvdpa_admin_create_sq(struct nvdpa_ctrl *ctrl, u16 qid, dma_addr_t dma,
			  u32 depth)
{
	struct nvme_command cmd = {
		.create_sq.opcode = nvme_admin_create_sq,
		.create_sq.prp1 = cpu_to_le64(dma),
		.create_sq.sqid = cpu_to_le16(qid),
		.create_sq.qsize = cpu_to_le16(depth - 1),
		.create_sq.sq_flags = cpu_to_le16(NVME_QUEUE_PHYS_CONTIG |
						  NVME_SQ_PRIO_MEDIUM),
		.create_sq.cqid = cpu_to_le16(qid),
	};

	return nvdpa_admin_queue_cmd(ctrl, &cmd);
}

static int nvdpa_admin_delete(struct nvdpa_ctrl *ctrl, u8 opcode, u16 qid)
{
	struct nvme_command cmd = {
		.delete_queue.opcode = opcode,
		.delete_queue.qid = cpu_to_le16(qid),
	};

	return nvdpa_admin_queue_cmd(ctrl, &cmd);
}

int nvdpa_admin_delete_sq(struct nvdpa_ctrl *ctrl, u16 qid)
{
	return nvdpa_admin_delete(ctrl, nvme_admin_delete_sq, qid);
}

int nvdpa_admin_delete_cq(struct nvdpa_ctrl *ctrl, u16 qid)
{
	return nvdpa_admin_delete(ctrl, nvme_admin_delete_cq, qid);
}
