// SPDX-License-Identifier: GPL-2.0
/* The admin queue, and one function for each command that we send on it. */
#include "ctrl.h"

#include <linux/dma-mapping.h>
#include <linux/io.h>

#include "../pure/doorbell.h"

/* Commands have identifiers below this one, which is the request's. */
#define NVDPA_ADMIN_AER_CID	0x8000

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

	mutex_init(&admin->lock);
	spin_lock_init(&admin->cq_lock);
	init_completion(&admin->done);
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

static void nvdpa_admin_take_cqe(struct nvdpa_ctrl *ctrl,
				 const struct nvme_completion *cqe)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	u16 cid = READ_ONCE(cqe->command_id);

	lockdep_assert_held(&admin->cq_lock);

	if (admin->waiting && cid == admin->cid) {
		admin->cqe = *cqe;
		admin->waiting = false;
		complete(&admin->done);
	} else if (admin->aer_waiting && cid == NVDPA_ADMIN_AER_CID) {
		admin->aer_cqe = *cqe;
		admin->aer_waiting = false;
		schedule_work(&ctrl->aer_work);
	} else {
		nvdpa_ctrl_bad_completion(ctrl, 0, cid);
	}
}

/* A command and the request may end together, with one interrupt. */
bool nvdpa_admin_reap(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	struct nvme_completion *cqe;
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

void nvdpa_admin_abort(struct nvdpa_ctrl *ctrl)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	unsigned long flags;

	spin_lock_irqsave(&admin->cq_lock, flags);
	if (admin->waiting) {
		admin->waiting = false;
		complete(&admin->done);
	}
	admin->aer_waiting = false;
	spin_unlock_irqrestore(&admin->cq_lock, flags);
}

static void nvdpa_admin_ring(struct nvdpa_ctrl *ctrl,
			     const struct nvme_command *cmd)
{
	struct nvdpa_admin *admin = &ctrl->admin;

	lockdep_assert_held(&admin->lock);

	admin->sq[admin->sq_tail] = *cmd;
	if (++admin->sq_tail == NVDPA_ADMIN_DEPTH)
		admin->sq_tail = 0;
	writel(admin->sq_tail, ctrl->bar +
	       nvdpa_doorbell_offset(0, false, ctrl->dstrd));
}

/*
 * A fence marks the controller dead before it takes cq_lock to end who waits: who
 * comes before is ended by it, who comes later sees the mark.
 */
static bool nvdpa_admin_enter(struct nvdpa_ctrl *ctrl, bool *waiting)
{
	lockdep_assert_held(&ctrl->admin.cq_lock);

	*waiting = !READ_ONCE(ctrl->dead);
	return *waiting;
}

/* False when the controller is dead. */
static bool nvdpa_admin_submit(struct nvdpa_ctrl *ctrl,
			       struct nvme_command *cmd)
{
	struct nvdpa_admin *admin = &ctrl->admin;
	bool entered;

	lockdep_assert_held(&ctrl->admin.lock);

	spin_lock_irq(&admin->cq_lock);
	admin->cid = (admin->cid + 1) % NVDPA_ADMIN_AER_CID;
	cmd->common.command_id = admin->cid;
	reinit_completion(&admin->done);
	entered = nvdpa_admin_enter(ctrl, &admin->waiting);
	spin_unlock_irq(&admin->cq_lock);
	if (entered)
		nvdpa_admin_ring(ctrl, cmd);
	return entered;
}

/* An interrupt that got lost is no reason to give a controller up. */
static bool nvdpa_admin_wait(struct nvdpa_ctrl *ctrl, u32 timeout_ms)
{
	unsigned long left = msecs_to_jiffies(timeout_ms);

	lockdep_assert_held(&ctrl->admin.lock);

	if (wait_for_completion_timeout(&ctrl->admin.done, left))
		return true;
	nvdpa_admin_reap(ctrl);
	return try_wait_for_completion(&ctrl->admin.done);
}

/* The status comes with its flags. */
static int nvdpa_admin_exec(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			    u32 timeout_ms)
{
	lockdep_assert_held(&ctrl->admin.lock);

	if (!nvdpa_admin_submit(ctrl, cmd))
		return -ENODEV;
	if (!nvdpa_admin_wait(ctrl, timeout_ms)) {
		dev_err(ctrl->dev,
			"admin command %#x not complete after %u ms, controller is given up\n",
			cmd->common.opcode, timeout_ms);
		nvdpa_ctrl_fence(ctrl);
		return -ETIMEDOUT;
	}
	if (READ_ONCE(ctrl->dead))
		return -ENODEV;
	return le16_to_cpu(ctrl->admin.cqe.status) >> 1;
}

static int nvdpa_admin_run(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
			   u32 *result)
{
	int err = nvdpa_admin_exec(ctrl, cmd, NVDPA_ADMIN_TIMEOUT_MS);

	lockdep_assert_held(&ctrl->admin.lock);

	if (err < 0)
		return err;
	if (result)
		*result = le32_to_cpu(ctrl->admin.cqe.result.u32);
	return err & NVME_SCT_SC_MASK;
}

int nvdpa_admin_cmd(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		    u32 *result)
{
	int err;

	mutex_lock(&ctrl->admin.lock);
	err = nvdpa_admin_run(ctrl, cmd, result);
	mutex_unlock(&ctrl->admin.lock);
	return err;
}

int nvdpa_admin_pass(struct nvdpa_ctrl *ctrl, struct nvme_command *cmd,
		     u32 timeout_ms, u64 *result)
{
	int err;

	mutex_lock(&ctrl->admin.lock);
	err = nvdpa_admin_exec(ctrl, cmd, timeout_ms);
	if (err >= 0)
		*result = le64_to_cpu(ctrl->admin.cqe.result.u64);
	mutex_unlock(&ctrl->admin.lock);
	return err;
}

int nvdpa_admin_identify(struct nvdpa_ctrl *ctrl, u8 cns, u32 nsid, void *data)
{
	struct nvme_command cmd = {
		.identify.opcode = nvme_admin_identify,
		.identify.nsid = cpu_to_le32(nsid),
		.identify.cns = cns,
		.identify.dptr.prp1 = cpu_to_le64(ctrl->admin.page_dma),
	};
	int err;

	mutex_lock(&ctrl->admin.lock);
	err = nvdpa_admin_run(ctrl, &cmd, NULL);
	if (!err)
		memcpy(data, ctrl->admin.page, NVME_IDENTIFY_DATA_SIZE);
	mutex_unlock(&ctrl->admin.lock);
	return err;
}

int nvdpa_admin_read_log(struct nvdpa_ctrl *ctrl, u8 page, u32 bytes)
{
	struct nvme_command cmd = {
		.get_log_page.opcode = nvme_admin_get_log_page,
		.get_log_page.nsid = cpu_to_le32(NVME_NSID_ALL),
		.get_log_page.lid = page,
		.get_log_page.numdl = cpu_to_le16(bytes / sizeof(u32) - 1),
		.get_log_page.dptr.prp1 = cpu_to_le64(ctrl->admin.page_dma),
	};

	return nvdpa_admin_cmd(ctrl, &cmd, NULL);
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
	struct nvdpa_admin *admin = &ctrl->admin;
	struct nvme_command cmd = {
		.common.opcode = nvme_admin_async_event,
		.common.command_id = NVDPA_ADMIN_AER_CID,
	};
	bool entered;

	mutex_lock(&admin->lock);
	spin_lock_irq(&admin->cq_lock);
	entered = nvdpa_admin_enter(ctrl, &admin->aer_waiting);
	spin_unlock_irq(&admin->cq_lock);
	if (entered)
		nvdpa_admin_ring(ctrl, &cmd);
	mutex_unlock(&admin->lock);
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

	*granted = min3(want, (result & 0xffff) + 1, (result >> 16) + 1);
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

	return nvdpa_admin_cmd(ctrl, &cmd, NULL);
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

	return nvdpa_admin_cmd(ctrl, &cmd, NULL);
}

static int nvdpa_admin_delete(struct nvdpa_ctrl *ctrl, u8 opcode, u16 qid)
{
	struct nvme_command cmd = {
		.delete_queue.opcode = opcode,
		.delete_queue.qid = cpu_to_le16(qid),
	};

	return nvdpa_admin_cmd(ctrl, &cmd, NULL);
}

int nvdpa_admin_delete_sq(struct nvdpa_ctrl *ctrl, u16 qid)
{
	return nvdpa_admin_delete(ctrl, nvme_admin_delete_sq, qid);
}

int nvdpa_admin_delete_cq(struct nvdpa_ctrl *ctrl, u16 qid)
{
	return nvdpa_admin_delete(ctrl, nvme_admin_delete_cq, qid);
}
