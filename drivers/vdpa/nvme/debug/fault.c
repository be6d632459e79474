// SPDX-License-Identifier: GPL-2.0
/*
 * Fault points of the kernel's framework, module wide: a folder each in
 * /sys/kernel/debug/nvme_vdpa, with what Documentation/fault-injection of the kernel
 * says, and
 *
 *   value   what the point needs to know, see nvdpa_faults[]
 *   fired   how often it did what it is for
 *
 * The file "only" beside them is the function that is sick, as bus << 8 | devfn; 0
 * for all. With probability 100, interval and times say which passage is hit, so a
 * single queue replays; several queues pass in the order that they happen to have.
 */
#include "fault.h"

#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/jiffies.h>
#include <linux/nvme.h>
#include <linux/pci.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "debugfs.h"

/* No slot has this one. */
#define NVDPA_FAULT_CID		0xffff
#define NVDPA_FAULT_LATE_MS	100

enum nvdpa_fault {
	NVDPA_FAULT_IRQ,
	NVDPA_FAULT_LATE,
	NVDPA_FAULT_PHASE,
	NVDPA_FAULT_DROP,
	NVDPA_FAULT_CID_UNKNOWN,
	NVDPA_FAULT_CID_TWICE,
	NVDPA_FAULT_CID_TURN,
	NVDPA_FAULT_ERROR,
	NVDPA_FAULT_ADMIN_DROP,
	NVDPA_FAULT_ADMIN_ERROR,
	NVDPA_FAULT_GONE,
	NVDPA_FAULT_CFS,
	NVDPA_FAULT_DISABLE,
	NVDPA_FAULT_ENABLE,
	NVDPA_FAULT_FLR,
	NVDPA_FAULT_QUEUES,
	NVDPA_FAULT_IDENTIFY,
	NVDPA_FAULTS,
};

struct nvdpa_fault_point {
	const char *name;
	u32 value;
	atomic_t fired;
	struct fault_attr attr;
};

#define NVDPA_FAULT_POINT(id, text, initial)	\
	[id] = { .name = text, .value = initial, .attr = FAULT_ATTR_INITIALIZER }

static struct nvdpa_fault_point nvdpa_faults[] = {
	NVDPA_FAULT_POINT(NVDPA_FAULT_IRQ, "irq", 0),
	/* Milliseconds. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_LATE, "late", NVDPA_FAULT_LATE_MS),
	NVDPA_FAULT_POINT(NVDPA_FAULT_PHASE, "phase", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_DROP, "drop", 0),
	/* The identifier. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_CID_UNKNOWN, "cid_unknown",
			  NVDPA_FAULT_CID),
	/* How many entries before it is the one that is there again. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_CID_TWICE, "cid_twice", 1),
	/* Bits of the identifier that are other ones; the slot's are the low ones. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_CID_TURN, "cid_turn", 0x8000),
	/* The status with its flags, as Dword 3 of the entry has it from bit 17 on. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_ERROR, "error", NVME_SC_NS_NOT_READY),
	NVDPA_FAULT_POINT(NVDPA_FAULT_ADMIN_DROP, "admin_drop", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_ADMIN_ERROR, "admin_error",
			  NVME_SC_INTERNAL),
	NVDPA_FAULT_POINT(NVDPA_FAULT_GONE, "gone", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_CFS, "cfs", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_DISABLE, "disable", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_ENABLE, "enable", 0),
	NVDPA_FAULT_POINT(NVDPA_FAULT_FLR, "flr", 0),
	/* Queue pairs. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_QUEUES, "queues", 1),
	/* Blocks. */
	NVDPA_FAULT_POINT(NVDPA_FAULT_IDENTIFY, "identify", 1),
};

/* A completion that is late, one at a time. */
static struct {
	struct nvdpa_qpair *qp;
	u16 cid;
	unsigned long until;
	nvdpa_fault_reap reap;
	struct delayed_work work;
} nvdpa_late;

static struct dentry *nvdpa_fault_dir;
static u16 nvdpa_fault_only;
/* Innermost; the framework's counters, so that once is once; nvdpa_late. */
static DEFINE_SPINLOCK(nvdpa_fault_lock);
static DEFINE_PER_CPU(struct nvme_completion, nvdpa_fault_copy);

static bool nvdpa_fault_here(struct device *dev)
{
	const struct pci_dev *pdev = to_pci_dev(dev);
	u16 only = READ_ONCE(nvdpa_fault_only);

	return !only || only == PCI_DEVID(pdev->bus->number, pdev->devfn);
}

/* A point that is off is no passage, not for a process's fail-nth either. */
static bool nvdpa_fault_fires(struct device *dev, enum nvdpa_fault id)
{
	struct nvdpa_fault_point *point = &nvdpa_faults[id];
	unsigned long flags;
	bool fires;

	if (!READ_ONCE(point->attr.probability) || !nvdpa_fault_here(dev))
		return false;
	spin_lock_irqsave(&nvdpa_fault_lock, flags);
	fires = should_fail(&point->attr, 1);
	spin_unlock_irqrestore(&nvdpa_fault_lock, flags);
	if (fires)
		atomic_inc(&point->fired);
	return fires;
}

static u32 nvdpa_fault_value(enum nvdpa_fault id)
{
	return READ_ONCE(nvdpa_faults[id].value);
}

bool nvdpa_fault_irq(struct device *dev)
{
	return nvdpa_fault_fires(dev, NVDPA_FAULT_IRQ);
}

static void nvdpa_late_work(struct work_struct *work)
{
	struct nvdpa_qpair *qp;

	spin_lock_irq(&nvdpa_fault_lock);
	qp = nvdpa_late.qp;
	nvdpa_late.qp = NULL;
	spin_unlock_irq(&nvdpa_fault_lock);
	if (qp)
		nvdpa_late.reap(qp);
}

/* Whether this entry is the one that is late, and not yet due. */
static bool nvdpa_late_is(const struct nvdpa_qpair *qp, u16 cid)
{
	unsigned long flags;
	bool late;

	spin_lock_irqsave(&nvdpa_fault_lock, flags);
	late = nvdpa_late.qp == qp && nvdpa_late.cid == cid &&
	       time_before(jiffies, nvdpa_late.until);
	spin_unlock_irqrestore(&nvdpa_fault_lock, flags);
	return late;
}

static void nvdpa_late_begin(struct nvdpa_qpair *qp, u16 cid,
			     nvdpa_fault_reap reap)
{
	unsigned long delay;
	unsigned long flags;

	delay = msecs_to_jiffies(nvdpa_fault_value(NVDPA_FAULT_LATE));
	spin_lock_irqsave(&nvdpa_fault_lock, flags);
	nvdpa_late.qp = qp;
	nvdpa_late.cid = cid;
	nvdpa_late.until = jiffies + delay;
	nvdpa_late.reap = reap;
	spin_unlock_irqrestore(&nvdpa_fault_lock, flags);
	schedule_delayed_work(&nvdpa_late.work, delay);
}

bool nvdpa_fault_fresh(struct device *dev, struct nvdpa_qpair *qp,
		       const struct nvme_completion *cqe, bool fresh,
		       nvdpa_fault_reap reap)
{
	u16 cid = READ_ONCE(cqe->command_id);

	if (!fresh)
		return nvdpa_fault_fires(dev, NVDPA_FAULT_PHASE);
	if (nvdpa_late_is(qp, cid))
		return false;
	if (READ_ONCE(nvdpa_late.qp) ||
	    !nvdpa_fault_fires(dev, NVDPA_FAULT_LATE))
		return true;
	nvdpa_late_begin(qp, cid, reap);
	return false;
}

void nvdpa_fault_forget(struct nvdpa_qpair *qp)
{
	spin_lock_irq(&nvdpa_fault_lock);
	if (nvdpa_late.qp == qp)
		nvdpa_late.qp = NULL;
	spin_unlock_irq(&nvdpa_fault_lock);
	/* It may have taken the queue pair already. */
	flush_delayed_work(&nvdpa_late.work);
}

bool nvdpa_fault_drop(struct device *dev, u16 qid)
{
	return nvdpa_fault_fires(dev, qid ? NVDPA_FAULT_DROP :
					    NVDPA_FAULT_ADMIN_DROP);
}

static const struct nvme_completion *
nvdpa_fault_cid(const struct nvme_completion *cqe, u16 cid)
{
	struct nvme_completion *copy = this_cpu_ptr(&nvdpa_fault_copy);

	*copy = *cqe;
	copy->command_id = cid;
	return copy;
}

static const struct nvme_completion *
nvdpa_fault_status(const struct nvme_completion *cqe, u16 status)
{
	struct nvme_completion *copy = this_cpu_ptr(&nvdpa_fault_copy);

	*copy = *cqe;
	copy->status = cpu_to_le16(status << 1 |
				   (le16_to_cpu(cqe->status) & 1));
	return copy;
}

const struct nvme_completion *
nvdpa_fault_cqe(struct device *dev, u16 qid, u16 head,
		const struct nvme_completion *cqe)
{
	enum nvdpa_fault error = qid ? NVDPA_FAULT_ERROR :
				       NVDPA_FAULT_ADMIN_ERROR;
	u32 back = nvdpa_fault_value(NVDPA_FAULT_CID_TWICE);

	if (nvdpa_fault_fires(dev, error))
		return nvdpa_fault_status(cqe, nvdpa_fault_value(error));
	if (!qid)
		return cqe;
	if (nvdpa_fault_fires(dev, NVDPA_FAULT_CID_UNKNOWN))
		return nvdpa_fault_cid(cqe, nvdpa_fault_value(NVDPA_FAULT_CID_UNKNOWN));
	if (head >= back && nvdpa_fault_fires(dev, NVDPA_FAULT_CID_TWICE))
		return nvdpa_fault_cid(cqe, (cqe - back)->command_id);
	if (nvdpa_fault_fires(dev, NVDPA_FAULT_CID_TURN))
		return nvdpa_fault_cid(cqe, cqe->command_id ^
				       nvdpa_fault_value(NVDPA_FAULT_CID_TURN));
	return cqe;
}

u32 nvdpa_fault_csts(struct device *dev, u32 csts)
{
	if (nvdpa_fault_fires(dev, NVDPA_FAULT_GONE))
		return U32_MAX;
	if (nvdpa_fault_fires(dev, NVDPA_FAULT_CFS))
		return csts | NVME_CSTS_CFS;
	return csts;
}

int nvdpa_fault_disable(struct device *dev, int err)
{
	return nvdpa_fault_fires(dev, NVDPA_FAULT_DISABLE) ? -ETIMEDOUT : err;
}

int nvdpa_fault_enable(struct device *dev, int err)
{
	return nvdpa_fault_fires(dev, NVDPA_FAULT_ENABLE) ? -ETIMEDOUT : err;
}

int nvdpa_fault_flr(struct device *dev, int err)
{
	return nvdpa_fault_fires(dev, NVDPA_FAULT_FLR) ? -ENOTTY : err;
}

u32 nvdpa_fault_queues(struct device *dev, u32 granted)
{
	if (!nvdpa_fault_fires(dev, NVDPA_FAULT_QUEUES))
		return granted;
	return min(granted, max(nvdpa_fault_value(NVDPA_FAULT_QUEUES), 1u));
}

void nvdpa_fault_id_ns(struct device *dev, struct nvme_id_ns *id)
{
	if (nvdpa_fault_fires(dev, NVDPA_FAULT_IDENTIFY))
		id->nsze = cpu_to_le64(nvdpa_fault_value(NVDPA_FAULT_IDENTIFY));
}

static void nvdpa_fault_show(struct nvdpa_fault_point *point)
{
	struct dentry *dir;

	/* The framework's own message comes with a stack, as if something was wrong. */
	point->attr.verbose = 0;
	dir = fault_create_debugfs_attr(point->name, nvdpa_fault_dir,
					&point->attr);
	if (IS_ERR(dir))
		return;
	debugfs_create_u32("value", 0600, dir, &point->value);
	debugfs_create_atomic_t("fired", 0400, dir, &point->fired);
}

void nvdpa_fault_init(void)
{
	unsigned int i;

	BUILD_BUG_ON(ARRAY_SIZE(nvdpa_faults) != NVDPA_FAULTS);
	INIT_DELAYED_WORK(&nvdpa_late.work, nvdpa_late_work);
	nvdpa_fault_dir = nvdpa_debugfs_root();
	debugfs_create_x16("only", 0600, nvdpa_fault_dir, &nvdpa_fault_only);
	for (i = 0; i < ARRAY_SIZE(nvdpa_faults); i++)
		nvdpa_fault_show(&nvdpa_faults[i]);
}

void nvdpa_fault_exit(void)
{
	cancel_delayed_work_sync(&nvdpa_late.work);
}
