/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The state of a controller, and the reset that guests do not notice: commands that
 * were posted wait until the controller is off, which means that none of them can run
 * any more, and are posted again when it is up. Documentation/recovery.rst.
 */
#ifndef NVDPA_NVME_RESET_H
#define NVDPA_NVME_RESET_H

#include <linux/types.h>

struct delayed_work;
struct nvdpa_ctrl;

/**
 * enum nvdpa_reset_why - why a controller is reset
 * @NVDPA_RESET_ASKED: somebody wants it; brings a dead one back, too
 * @NVDPA_RESET_IO_TIMEOUT: a command is not done, and could not be aborted
 * @NVDPA_RESET_ADMIN_TIMEOUT: likewise, an admin command
 * @NVDPA_RESET_BAD_COMPLETION: it completed what was not in flight
 * @NVDPA_RESET_FATAL: it says so (CSTS.CFS)
 * @NVDPA_RESET_GONE: its registers cannot be read
 * @NVDPA_RESET_QUEUE: it does not delete a queue, or not make one
 * @NVDPA_RESET_WHYS: how many there are
 */
enum nvdpa_reset_why {
	NVDPA_RESET_ASKED,
	NVDPA_RESET_IO_TIMEOUT,
	NVDPA_RESET_ADMIN_TIMEOUT,
	NVDPA_RESET_BAD_COMPLETION,
	NVDPA_RESET_FATAL,
	NVDPA_RESET_GONE,
	NVDPA_RESET_QUEUE,
	NVDPA_RESET_WHYS,
};

/**
 * nvdpa_reset_create_wq() - the work queue that resets run on
 *
 * It can do without memory: what is written back may need the disk that is reset.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int nvdpa_reset_create_wq(void);

/**
 * nvdpa_reset_destroy_wq() - undo nvdpa_reset_create_wq()
 *
 * Context: may sleep.
 */
void nvdpa_reset_destroy_wq(void);

/**
 * nvdpa_reset_queue() - queue a work item that a reset may depend on
 * @work: the item
 * @delay: in jiffies; an item that is queued already comes no later than that
 *
 * Context: any.
 */
void nvdpa_reset_queue(struct delayed_work *work, unsigned long delay);

/**
 * nvdpa_reset_init() - make a controller new
 * @ctrl: zeroed
 */
void nvdpa_reset_init(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_exit() - wait for what is under way
 * @ctrl: controller that was shut down, or never came up
 *
 * Context: may sleep.
 */
void nvdpa_reset_exit(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_live() - it was brought up for the first time
 * @ctrl: new controller
 *
 * From here on everybody may send commands, and it is reset when it misbehaves.
 *
 * Context: may sleep.
 */
void nvdpa_reset_live(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_request() - have a controller reset
 * @ctrl: controller; nothing happens unless it is live, or dead and @why is
 *        NVDPA_RESET_ASKED
 * @why: the reason
 *
 * Does not wait. A reset that is under way is enough for those who ask meanwhile.
 *
 * Context: any.
 */
void nvdpa_reset_request(struct nvdpa_ctrl *ctrl, enum nvdpa_reset_why why);

/**
 * nvdpa_reset_sync() - reset a controller because somebody asked for it
 * @ctrl: controller
 * @timeout_ms: how long to wait
 *
 * Context: may sleep; no lock of this driver held but a chardev's.
 * Return: 0 when it is at work again; -ENODEV when it is dead; -EINPROGRESS when
 * that takes longer; -EINTR when the caller was killed.
 */
int nvdpa_reset_sync(struct nvdpa_ctrl *ctrl, unsigned int timeout_ms);

/**
 * nvdpa_reset_wait() - wait until a controller may be used
 * @ctrl: controller
 *
 * Context: may sleep; not with @queues_lock or @reset_lock held.
 * Return: 0 when it is live, or the caller is the one who brings it up; -ENODEV
 * when it is dead; -EBUSY when it is not ready for some seconds.
 */
int nvdpa_reset_wait(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_settle() - wait until nothing is left on it, or it is at work
 * @ctrl: controller
 *
 * Context: as nvdpa_reset_wait().
 */
void nvdpa_reset_settle(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_fence() - have it reset, and wait until nothing is left on it
 * @ctrl: controller
 * @why: the reason
 * @since: its @quiets at a time when there was still something
 *
 * When it returns, nothing that the controller had at that time does DMA any more.
 *
 * Context: as nvdpa_reset_wait().
 */
void nvdpa_reset_fence(struct nvdpa_ctrl *ctrl, enum nvdpa_reset_why why,
		       u32 since);

/**
 * nvdpa_reset_quiesce() - switch a controller off for a while
 * @ctrl: controller
 * @power: it may lose power, so it is shut down
 *
 * As a reset whose second half comes with nvdpa_reset_resume(). For sleep of the
 * host, PCI errors and their like. The function may be reset, or lose power, in
 * between. One that is dead stays so.
 *
 * Context: may sleep; as nvdpa_reset_wait().
 */
void nvdpa_reset_quiesce(struct nvdpa_ctrl *ctrl, bool power);

/**
 * nvdpa_reset_resume() - end what nvdpa_reset_quiesce() began
 * @ctrl: controller whose configuration space is as it was
 *
 * Context: as nvdpa_reset_quiesce().
 * Return: 0, or -ENODEV when it could not be brought up and is dead.
 */
int nvdpa_reset_resume(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_hold() - let commands in flight end, and post no more
 * @ctrl: controller
 *
 * For a controller that announced a pause, such as while it activates firmware: it
 * stays enabled, deadlines do not count. Chains stay in their rings.
 *
 * Context: may sleep; as nvdpa_reset_wait().
 */
void nvdpa_reset_hold(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_release() - undo nvdpa_reset_hold()
 * @ctrl: controller; may have been reset meanwhile
 *
 * Context: as nvdpa_reset_hold().
 */
void nvdpa_reset_release(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_kill() - give a controller up at once
 * @ctrl: controller
 *
 * All commands end with an error. Brought back by NVDPA_RESET_ASKED only.
 *
 * Context: may sleep; as nvdpa_reset_wait().
 */
void nvdpa_reset_kill(struct nvdpa_ctrl *ctrl);

/**
 * nvdpa_reset_shutdown() - leave the controller in a clean state, for good
 * @ctrl: controller
 *
 * No DMA comes from it afterwards; commands that are still in flight end with an
 * error.
 *
 * Context: may sleep; as nvdpa_reset_wait().
 */
void nvdpa_reset_shutdown(struct nvdpa_ctrl *ctrl);

#endif /* NVDPA_NVME_RESET_H */
