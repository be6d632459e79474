// SPDX-License-Identifier: GPL-2.0
/*
 * One reset at a time, in two halves. Down: nothing is posted any more, the controller
 * is off, whoever waits for an admin command is sent away, and what the queue pairs
 * had in flight waits. Up: the controller is on, its queues are made anew, and what
 * waits is posted again.
 */
#include "reset.h"

#include <linux/debugfs.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/ktime.h>
#include <linux/limits.h>
#include <linux/pci.h>
#include <linux/sched/mm.h>

#include "../debug/debugfs.h"
#include "aer.h"
#include "ctrl.h"
#include "qpair.h"
#include "timeout.h"

/* A controller that is not off by then gets a function level reset. */
#define NVDPA_RESET_QUIET_MS	1500
/* A controller may end what it has before it is disabled, as long as it does so. */
#define NVDPA_RESET_SETTLE_MS	200
#define NVDPA_RESET_PROGRESS_MS	12
/* Whoever must come back to somebody within seconds waits so long for a reset. */
#define NVDPA_RESET_PATIENCE_MS	4000
/* The first one disables the controller, the others reset the function. */
#define NVDPA_RESET_TRIES	2

static struct workqueue_struct *nvdpa_reset_wq;

static const char * const nvdpa_reset_words[NVDPA_RESET_WHYS] = {
	[NVDPA_RESET_ASKED] = "asked for",
	[NVDPA_RESET_IO_TIMEOUT] = "a command does not end",
	[NVDPA_RESET_ADMIN_TIMEOUT] = "an admin command does not end",
	[NVDPA_RESET_BAD_COMPLETION] = "it completes what is not in flight",
	[NVDPA_RESET_FATAL] = "it has a fatal error",
	[NVDPA_RESET_GONE] = "it does not answer",
	[NVDPA_RESET_QUEUE] = "it does not change a queue",
};

static const char * const nvdpa_reset_counts[NVDPA_COUNTS] = {
	[NVDPA_COUNT_BAD_COMPLETIONS] = "bad_completions",
	[NVDPA_COUNT_LOST_INTERRUPTS] = "lost_interrupts",
	[NVDPA_COUNT_TIMEOUTS] = "timeouts",
	[NVDPA_COUNT_ABORTS] = "aborts",
	[NVDPA_COUNT_RESETS] = "resets",
	[NVDPA_COUNT_FLRS] = "flrs",
	[NVDPA_COUNT_MASTERS_OFF] = "masters_off",
	[NVDPA_COUNT_DEATHS] = "deaths",
	[NVDPA_COUNT_REPLAYS] = "replays",
	[NVDPA_COUNT_RETRIES] = "retries",
	[NVDPA_COUNT_GIVEN_UP] = "given_up",
};

int nvdpa_reset_create_wq(void)
{
	nvdpa_reset_wq = alloc_workqueue("nvme_vdpa", WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	return nvdpa_reset_wq ? 0 : -ENOMEM;
}

void nvdpa_reset_destroy_wq(void)
{
	destroy_workqueue(nvdpa_reset_wq);
}

void nvdpa_reset_queue(struct delayed_work *work, unsigned long delay)
{
	if (!queue_delayed_work(nvdpa_reset_wq, work, delay) &&
	    time_before(jiffies + delay, READ_ONCE(work->timer.expires)))
		mod_delayed_work(nvdpa_reset_wq, work, delay);
}

static void nvdpa_reset_set_state(struct nvdpa_ctrl *ctrl,
				  enum nvdpa_ctrl_state state)
{
	unsigned long flags;

	lockdep_assert_held(&ctrl->reset_lock);

	spin_lock_irqsave(&ctrl->state_lock, flags);
	WRITE_ONCE(ctrl->state, state);
	ctrl->quiet = false;
	spin_unlock_irqrestore(&ctrl->state_lock, flags);
	wake_up_all(&ctrl->state_wait);
}

static void nvdpa_reset_set_quiet(struct nvdpa_ctrl *ctrl, bool quiet)
{
	unsigned long flags;

	spin_lock_irqsave(&ctrl->state_lock, flags);
	ctrl->quiet = quiet;
	ctrl->quiets += quiet;
	spin_unlock_irqrestore(&ctrl->state_lock, flags);
	if (quiet)
		wake_up_all(&ctrl->state_wait);
}

/* Off, or cut off from the bus: what it had does no DMA any more. */
static void nvdpa_reset_silence(struct nvdpa_ctrl *ctrl, bool function)
{
	int err = -EIO;

	if (!function)
		err = nvdpa_ctrl_disable(ctrl, NVDPA_RESET_QUIET_MS);
	if (!err)
		return;
	if (err != -EINTR)
		err = nvdpa_ctrl_flr(ctrl);
	if (!err)
		return;
	dev_warn(ctrl->dev,
		 "controller cannot be disabled, bus mastering goes off: %pe\n",
		 ERR_PTR(err));
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_MASTERS_OFF);
	pci_clear_master(ctrl->pdev);
}

/*
 * What has ended need not be posted again. And not every controller survives that it
 * is disabled when it was just told to fetch a command.
 */
static void nvdpa_reset_settle_io(struct nvdpa_ctrl *ctrl)
{
	unsigned long end = jiffies + msecs_to_jiffies(NVDPA_RESET_SETTLE_MS);
	unsigned long progress = jiffies;
	unsigned int before = UINT_MAX, now;

	while (time_before(jiffies, end)) {
		if (nvdpa_ctrl_csts(ctrl) & NVME_CSTS_CFS)
			return;
		now = nvdpa_qpair_nr_busy(ctrl);
		if (now != before)
			progress = jiffies;
		before = now;
		if (!now || time_after(jiffies, progress +
				       msecs_to_jiffies(NVDPA_RESET_PROGRESS_MS)))
			return;
		usleep_range(500, 1000);
	}
}

/*
 * Whoever holds queues_lock may be waiting for an admin command, so that lock comes
 * after those have been ended.
 */
static void nvdpa_reset_down(struct nvdpa_ctrl *ctrl, bool function)
{
	lockdep_assert_held(&ctrl->reset_lock);

	nvdpa_admin_close(ctrl, current);
	nvdpa_qpair_pause_all(ctrl);
	nvdpa_reset_settle_io(ctrl);
	nvdpa_reset_silence(ctrl, function);
	nvdpa_admin_reset(ctrl, -ECANCELED);
	mutex_lock(&ctrl->queues_lock);
	nvdpa_qpair_hold_all(ctrl);
	mutex_unlock(&ctrl->queues_lock);
	nvdpa_reset_set_quiet(ctrl, true);
}

static int nvdpa_reset_queues(struct nvdpa_ctrl *ctrl)
{
	u32 want = ctrl->own_qid ?: ctrl->nr_qpairs;
	u32 granted;
	int err;

	err = nvdpa_admin_set_queues(ctrl, want, &granted);
	if (err)
		return err < 0 ? err : -EIO;
	if (granted < want)
		dev_err(ctrl->dev,
			"controller grants %u queue pairs, it had granted %u\n",
			granted, want);
	WRITE_ONCE(ctrl->nr_granted, granted);
	return 0;
}

static int nvdpa_reset_up(struct nvdpa_ctrl *ctrl, bool blame)
{
	int err;

	lockdep_assert_held(&ctrl->reset_lock);

	/* Nobody may count on that any more once it is enabled. */
	nvdpa_reset_set_quiet(ctrl, false);
	pci_set_master(ctrl->pdev);
	err = nvdpa_ctrl_enable(ctrl);
	if (err)
		return err;
	err = nvdpa_reset_queues(ctrl);
	if (err)
		return err;
	/* What does not fit any more is not posted again. */
	err = nvdpa_ident_again(ctrl);
	if (err && err != -EAGAIN)
		return err;
	err = nvdpa_qpair_restore_all(ctrl, blame);
	if (err)
		return err;
	nvdpa_aer_start(ctrl);
	return 0;
}

static void nvdpa_reset_off(struct nvdpa_ctrl *ctrl,
			    enum nvdpa_ctrl_state state)
{
	nvdpa_reset_down(ctrl, false);
	nvdpa_admin_reset(ctrl, -ENODEV);
	nvdpa_reset_set_state(ctrl, state);
	nvdpa_qpair_fail_all(ctrl);
	schedule_work(&ctrl->state_work);
}

static void nvdpa_reset_die(struct nvdpa_ctrl *ctrl)
{
	dev_err(ctrl->dev, "controller is given up\n");
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_DEATHS);
	nvdpa_reset_off(ctrl, NVDPA_CTRL_DEAD);
}

static void nvdpa_reset_arrive(struct nvdpa_ctrl *ctrl)
{
	nvdpa_reset_set_state(ctrl, NVDPA_CTRL_LIVE);
	nvdpa_admin_open(ctrl);
	/* It did not look while the controller was not at work. */
	nvdpa_timeout_arm_in(ctrl, 0);
}

/* The second half, after a first one; once more with both, if it must be. */
static int nvdpa_reset_recover(struct nvdpa_ctrl *ctrl, bool blame)
{
	unsigned int tries;
	int err = -EIO;

	for (tries = 0; tries < NVDPA_RESET_TRIES; tries++) {
		if (tries)
			nvdpa_reset_down(ctrl, true);
		err = nvdpa_reset_up(ctrl, blame);
		if (!err) {
			nvdpa_reset_arrive(ctrl);
			return 0;
		}
		if (READ_ONCE(ctrl->hurry))
			break;
		dev_warn(ctrl->dev, "controller does not come up: %pe\n",
			 ERR_PTR(err));
	}
	nvdpa_reset_die(ctrl);
	return -ENODEV;
}

/* The reasons, if there is something to be done about them. */
static unsigned long nvdpa_reset_begin(struct nvdpa_ctrl *ctrl)
{
	unsigned long why;
	bool begins;

	spin_lock_irq(&ctrl->state_lock);
	why = ctrl->reset_why;
	ctrl->reset_why = 0;
	begins = ctrl->state == NVDPA_CTRL_LIVE ||
		 (ctrl->state == NVDPA_CTRL_DEAD &&
		  why & BIT(NVDPA_RESET_ASKED));
	if (begins && why)
		WRITE_ONCE(ctrl->state, NVDPA_CTRL_RESETTING);
	spin_unlock_irq(&ctrl->state_lock);
	return begins ? why : 0;
}

static void nvdpa_reset_work(struct work_struct *work)
{
	struct nvdpa_ctrl *ctrl = container_of(work, struct nvdpa_ctrl,
					       reset_work);
	unsigned int noio = memalloc_noio_save();
	ktime_t start = ktime_get();
	unsigned long why;

	mutex_lock(&ctrl->reset_lock);
	why = nvdpa_reset_begin(ctrl);
	if (!why)
		goto unlock;
	nvdpa_ctrl_count(ctrl, NVDPA_COUNT_RESETS);
	schedule_work(&ctrl->state_work);
	dev_warn(ctrl->dev, "reset: %s\n",
		 nvdpa_reset_words[find_last_bit(&why, NVDPA_RESET_WHYS)]);
	nvdpa_reset_down(ctrl, why & BIT(NVDPA_RESET_GONE));
	if (!nvdpa_reset_recover(ctrl, why & ~BIT(NVDPA_RESET_ASKED)))
		dev_info(ctrl->dev, "at work again after %lld ms\n",
			 ktime_ms_delta(ktime_get(), start));
	schedule_work(&ctrl->state_work);
unlock:
	mutex_unlock(&ctrl->reset_lock);
	memalloc_noio_restore(noio);
}

void nvdpa_reset_init(struct nvdpa_ctrl *ctrl)
{
	mutex_init(&ctrl->reset_lock);
	spin_lock_init(&ctrl->state_lock);
	init_waitqueue_head(&ctrl->state_wait);
	INIT_WORK(&ctrl->reset_work, nvdpa_reset_work);
	ctrl->state = NVDPA_CTRL_NEW;
}

void nvdpa_reset_exit(struct nvdpa_ctrl *ctrl)
{
	disable_work_sync(&ctrl->reset_work);
	debugfs_remove(ctrl->counters);
}

void nvdpa_reset_live(struct nvdpa_ctrl *ctrl)
{
	pci_save_state(ctrl->pdev);
	ctrl->saved_state = pci_store_saved_state(ctrl->pdev);
	ctrl->counters = nvdpa_debugfs_counters(dev_name(ctrl->dev),
						nvdpa_reset_counts,
						ctrl->counts, NVDPA_COUNTS);
	mutex_lock(&ctrl->reset_lock);
	nvdpa_reset_arrive(ctrl);
	mutex_unlock(&ctrl->reset_lock);
}

void nvdpa_reset_request(struct nvdpa_ctrl *ctrl, enum nvdpa_reset_why why)
{
	unsigned long flags;
	bool wanted;

	spin_lock_irqsave(&ctrl->state_lock, flags);
	wanted = ctrl->state == NVDPA_CTRL_LIVE ||
		 (ctrl->state == NVDPA_CTRL_DEAD && why == NVDPA_RESET_ASKED);
	if (wanted)
		ctrl->reset_why |= BIT(why);
	spin_unlock_irqrestore(&ctrl->state_lock, flags);
	if (wanted)
		queue_work(nvdpa_reset_wq, &ctrl->reset_work);
}

static bool nvdpa_reset_settled(const struct nvdpa_ctrl *ctrl)
{
	enum nvdpa_ctrl_state state = READ_ONCE(ctrl->state);

	return state != NVDPA_CTRL_NEW && state != NVDPA_CTRL_RESETTING;
}

int nvdpa_reset_sync(struct nvdpa_ctrl *ctrl, unsigned int timeout_ms)
{
	u32 before = READ_ONCE(ctrl->quiets);
	bool under_way = !nvdpa_reset_settled(ctrl);
	long left;

	nvdpa_reset_request(ctrl, NVDPA_RESET_ASKED);
	left = wait_event_killable_timeout(ctrl->state_wait,
					   (under_way ||
					    READ_ONCE(ctrl->quiets) != before) &&
					   nvdpa_reset_settled(ctrl),
					   msecs_to_jiffies(timeout_ms));
	if (left < 0)
		return -EINTR;
	if (!left)
		return -EINPROGRESS;
	return nvdpa_ctrl_dead(ctrl) ? -ENODEV : 0;
}

int nvdpa_reset_wait(struct nvdpa_ctrl *ctrl)
{
	if (READ_ONCE(ctrl->admin.owner) == current)
		return 0;
	if (!wait_event_timeout(ctrl->state_wait, nvdpa_reset_settled(ctrl),
				msecs_to_jiffies(NVDPA_RESET_PATIENCE_MS)))
		return -EBUSY;
	return nvdpa_ctrl_dead(ctrl) ? -ENODEV : 0;
}

void nvdpa_reset_settle(struct nvdpa_ctrl *ctrl)
{
	wait_event(ctrl->state_wait,
		   nvdpa_reset_settled(ctrl) || READ_ONCE(ctrl->quiet));
}

void nvdpa_reset_fence(struct nvdpa_ctrl *ctrl, enum nvdpa_reset_why why,
		       u32 since)
{
	nvdpa_reset_request(ctrl, why);
	wait_event(ctrl->state_wait,
		   READ_ONCE(ctrl->quiets) != since || nvdpa_ctrl_dead(ctrl));
}

void nvdpa_reset_hold(struct nvdpa_ctrl *ctrl)
{
	mutex_lock(&ctrl->reset_lock);
	if (ctrl->state == NVDPA_CTRL_LIVE)
		nvdpa_qpair_pause_all(ctrl);
	mutex_unlock(&ctrl->reset_lock);
}

void nvdpa_reset_release(struct nvdpa_ctrl *ctrl)
{
	mutex_lock(&ctrl->reset_lock);
	if (ctrl->state == NVDPA_CTRL_LIVE)
		nvdpa_qpair_release_all(ctrl);
	mutex_unlock(&ctrl->reset_lock);
}

/* For those who do not wait for the work: nobody shall hold them up. */
static void nvdpa_reset_lock_hurried(struct nvdpa_ctrl *ctrl)
{
	WRITE_ONCE(ctrl->hurry, true);
	mutex_lock(&ctrl->reset_lock);
	WRITE_ONCE(ctrl->hurry, false);
}

void nvdpa_reset_quiesce(struct nvdpa_ctrl *ctrl, bool power)
{
	mutex_lock(&ctrl->reset_lock);
	ctrl->quiesced = ctrl->state == NVDPA_CTRL_LIVE;
	if (ctrl->quiesced) {
		nvdpa_reset_set_state(ctrl, NVDPA_CTRL_RESETTING);
		nvdpa_admin_close(ctrl, current);
		nvdpa_qpair_pause_all(ctrl);
		nvdpa_reset_settle_io(ctrl);
		if (power)
			nvdpa_ctrl_shut(ctrl);
		nvdpa_reset_down(ctrl, false);
	}
	mutex_unlock(&ctrl->reset_lock);
}

int nvdpa_reset_resume(struct nvdpa_ctrl *ctrl)
{
	int err = 0;

	mutex_lock(&ctrl->reset_lock);
	if (ctrl->quiesced) {
		ctrl->quiesced = false;
		nvdpa_admin_close(ctrl, current);
		err = nvdpa_reset_recover(ctrl, false);
	}
	mutex_unlock(&ctrl->reset_lock);
	return err;
}

void nvdpa_reset_kill(struct nvdpa_ctrl *ctrl)
{
	nvdpa_reset_lock_hurried(ctrl);
	ctrl->quiesced = false;
	if (!nvdpa_ctrl_dead(ctrl)) {
		nvdpa_reset_set_state(ctrl, NVDPA_CTRL_RESETTING);
		nvdpa_reset_die(ctrl);
	}
	mutex_unlock(&ctrl->reset_lock);
}

void nvdpa_reset_shutdown(struct nvdpa_ctrl *ctrl)
{
	nvdpa_reset_lock_hurried(ctrl);
	ctrl->quiesced = false;
	if (nvdpa_ctrl_dead(ctrl)) {
		nvdpa_reset_set_state(ctrl, NVDPA_CTRL_REMOVING);
	} else {
		nvdpa_reset_set_state(ctrl, NVDPA_CTRL_RESETTING);
		nvdpa_admin_close(ctrl, current);
		nvdpa_qpair_pause_all(ctrl);
		nvdpa_ctrl_shut(ctrl);
		nvdpa_reset_off(ctrl, NVDPA_CTRL_REMOVING);
	}
	mutex_unlock(&ctrl->reset_lock);
}
