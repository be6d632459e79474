/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A controller that is sick on purpose: what it does not do, does late or does
 * wrong, made up between it and the driver. Not built for production.
 */
#ifndef NVDPA_DEBUG_FAULT_H
#define NVDPA_DEBUG_FAULT_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct device;
struct nvdpa_qpair;
struct nvme_completion;
struct nvme_id_ns;

typedef unsigned int (*nvdpa_fault_reap)(struct nvdpa_qpair *qp);

#if IS_ENABLED(CONFIG_VDPA_NVME_FAULTS)

/**
 * nvdpa_fault_init() - make the points, in debugfs
 *
 * Context: may sleep.
 */
void nvdpa_fault_init(void);

/**
 * nvdpa_fault_exit() - undo nvdpa_fault_init()
 *
 * Context: may sleep; no controller is left.
 */
void nvdpa_fault_exit(void);

/**
 * nvdpa_fault_irq() - point "irq": an interrupt of an I/O queue gets lost
 * @dev: function
 *
 * Context: any.
 * Return: true when it did.
 */
bool nvdpa_fault_irq(struct device *dev);

/**
 * nvdpa_fault_fresh() - points "late" and "phase", for the entry that is next
 * @dev: function
 * @qp: queue pair
 * @cqe: the entry
 * @fresh: by its phase it is new
 * @reap: called for @qp when a late entry is due, without lock
 *
 * Context: lock of the completion queue held, interrupts off.
 * Return: @fresh as the driver shall see it.
 */
bool nvdpa_fault_fresh(struct device *dev, struct nvdpa_qpair *qp,
		       const struct nvme_completion *cqe, bool fresh,
		       nvdpa_fault_reap reap);

/**
 * nvdpa_fault_forget() - nothing of a queue pair is late any more
 * @qp: queue pair that goes away
 *
 * Context: may sleep.
 */
void nvdpa_fault_forget(struct nvdpa_qpair *qp);

/**
 * nvdpa_fault_drop() - points "drop" and "admin_drop": an entry never came
 * @dev: function
 * @qid: its queue, 0 for the admin queue
 *
 * Context: any.
 * Return: true when it did not.
 */
bool nvdpa_fault_drop(struct device *dev, u16 qid);

/**
 * nvdpa_fault_cqe() - points "cid_...", "error", "admin_error"
 * @dev: function
 * @qid: the entry's queue, 0 for the admin queue
 * @head: its place there
 * @cqe: the entry
 *
 * Context: lock of the completion queue held, interrupts off.
 * Return: @cqe as the driver shall see it, until interrupts are on.
 */
const struct nvme_completion *
nvdpa_fault_cqe(struct device *dev, u16 qid, u16 head,
		const struct nvme_completion *cqe);

/**
 * nvdpa_fault_csts() - points "gone" and "cfs"
 * @dev: function
 * @csts: as read
 *
 * Context: any.
 * Return: as the driver shall see it.
 */
u32 nvdpa_fault_csts(struct device *dev, u32 csts);

/**
 * nvdpa_fault_disable() - point "disable": CSTS.RDY does not become 0
 * @dev: function
 * @err: how it went
 *
 * Context: any.
 * Return: as the driver shall see it.
 */
int nvdpa_fault_disable(struct device *dev, int err);

/**
 * nvdpa_fault_enable() - point "enable": CSTS.RDY does not become 1
 * @dev: function
 * @err: how it went
 *
 * Context: any.
 * Return: as the driver shall see it.
 */
int nvdpa_fault_enable(struct device *dev, int err);

/**
 * nvdpa_fault_flr() - point "flr": the function is not reset
 * @dev: function
 * @err: how it went
 *
 * Context: any.
 * Return: as the driver shall see it.
 */
int nvdpa_fault_flr(struct device *dev, int err);

/**
 * nvdpa_fault_queues() - point "queues": fewer queue pairs are granted
 * @dev: function
 * @granted: how many there are
 *
 * Context: any.
 * Return: as the driver shall see it.
 */
u32 nvdpa_fault_queues(struct device *dev, u32 granted);

/**
 * nvdpa_fault_id_ns() - point "identify": a namespace has another size
 * @dev: function
 * @id: Identify Namespace data; changed
 *
 * Context: any.
 */
void nvdpa_fault_id_ns(struct device *dev, struct nvme_id_ns *id);

#else

static inline void nvdpa_fault_init(void)
{
}

static inline void nvdpa_fault_exit(void)
{
}

static inline bool nvdpa_fault_irq(struct device *dev)
{
	return false;
}

static inline bool nvdpa_fault_fresh(struct device *dev, struct nvdpa_qpair *qp,
				     const struct nvme_completion *cqe,
				     bool fresh, nvdpa_fault_reap reap)
{
	return fresh;
}

static inline void nvdpa_fault_forget(struct nvdpa_qpair *qp)
{
}

static inline bool nvdpa_fault_drop(struct device *dev, u16 qid)
{
	return false;
}

static inline const struct nvme_completion *
nvdpa_fault_cqe(struct device *dev, u16 qid, u16 head,
		const struct nvme_completion *cqe)
{
	return cqe;
}

static inline u32 nvdpa_fault_csts(struct device *dev, u32 csts)
{
	return csts;
}

static inline int nvdpa_fault_disable(struct device *dev, int err)
{
	return err;
}

static inline int nvdpa_fault_enable(struct device *dev, int err)
{
	return err;
}

static inline int nvdpa_fault_flr(struct device *dev, int err)
{
	return err;
}

static inline u32 nvdpa_fault_queues(struct device *dev, u32 granted)
{
	return granted;
}

static inline void nvdpa_fault_id_ns(struct device *dev, struct nvme_id_ns *id)
{
}

#endif

#endif /* NVDPA_DEBUG_FAULT_H */
