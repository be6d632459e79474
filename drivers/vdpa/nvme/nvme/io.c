// SPDX-License-Identifier: GPL-2.0
/* One command on a queue pair of its own. */
#include "io.h"

#include <linux/completion.h>
#include <linux/err.h>
#include <linux/jiffies.h>

#include "../pure/cmd.h"
#include "qpair.h"

#define NVDPA_IO_TIMEOUT_MS	10000

struct nvdpa_io {
	struct completion done;
	u16 status;
};

static void nvdpa_io_complete(void *priv, const struct nvdpa_done *done,
			      unsigned int nr)
{
	struct nvdpa_io *io = priv;

	io->status = done->status;
	complete(&io->done);
}

static void nvdpa_io_flush(void *priv)
{
}

static const struct nvdpa_qpair_ops nvdpa_io_qpair_ops = {
	.complete = nvdpa_io_complete,
	.flush = nvdpa_io_flush,
};

/* The slot is not given back: the queue pair goes as a whole. */
static u16 nvdpa_io_read(struct nvdpa_qpair *qp, const struct nvdpa_ns *ns,
			 u64 lba, void *buf)
{
	struct nvdpa_io *io = qp->priv;
	struct nvme_command cmd;
	struct nvdpa_slot *slot;
	u16 cid;

	nvdpa_cmd_rw(&cmd, false, ns->nsid, lba, 1, false);
	local_irq_disable();
	nvdpa_qpair_begin(qp);
	cid = nvdpa_qpair_get(qp);
	slot = &qp->slots[cid];
	cmd.rw.dptr.prp1 = cpu_to_le64(slot->page_dma);
	nvdpa_qpair_post(qp, cid, &cmd, io);
	nvdpa_qpair_end(qp);
	local_irq_enable();

	if (!wait_for_completion_timeout(&io->done,
					 msecs_to_jiffies(NVDPA_IO_TIMEOUT_MS)))
		nvdpa_qpair_abandon(qp);
	memcpy(buf, slot->page, 1u << ns->lba_shift);
	return io->status;
}

int nvdpa_io_read_lba(struct nvdpa_ctrl *ctrl, const struct nvdpa_ns *ns,
		      u64 lba, void *buf)
{
	struct nvdpa_io io;
	struct nvdpa_qpair *qp;
	u16 status;

	init_completion(&io.done);
	qp = nvdpa_qpair_create(ctrl, &nvdpa_io_qpair_ops, &io);
	if (IS_ERR(qp))
		return PTR_ERR(qp);

	status = nvdpa_io_read(qp, ns, lba, buf);
	nvdpa_qpair_destroy(qp);
	return status ? -EIO : 0;
}
