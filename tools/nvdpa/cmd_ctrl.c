// SPDX-License-Identifier: GPL-2.0
/* Controllers: taken from the nvme driver, given back, shown. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "args.h"
#include "cmd.h"
#include "disk.h"
#include "err.h"
#include "health.h"
#include "holder.h"
#include "ipc.h"
#include "lock.h"
#include "out.h"
#include "pci.h"
#include "probe.h"
#include "state.h"
#include "store.h"

static bool ctrl_is_ours(const struct pci *pci)
{
	return !strcmp(pci->driver, PCI_DRIVER_OURS);
}

static int ctrl_check_disks(const struct probe *probe, bool init, bool force)
{
	char name[PROBE_NAME_SIZE + 8];
	struct disk *disk;
	size_t i;
	int err = 0;

	for (i = 0; !err && i < probe->nr_disks; i++) {
		snprintf(name, sizeof(name), "/dev/%s", probe->disks[i].name);
		err = disk_open(probe->disks[i].fd, 0, name, &disk);
		if (err)
			break;
		err = store_check(disk, init, force);
		disk_close(disk);
	}
	return err;
}

/* Held until it is ours, so that nobody mounts it meanwhile. */
static int ctrl_take(struct pci *pci, bool init, bool force)
{
	struct probe *probe = NULL;
	int err = 0;

	if (*pci->driver && strcmp(pci->driver, PCI_DRIVER_NVME))
		return err_set(EBUSY, "ctrl",
			       "%s belongs to the driver %s; unbind it there first",
			       pci->address, pci->driver);
	if (*pci->driver)
		err = probe_hold(pci->address, &probe);
	if (!err && probe)
		err = ctrl_check_disks(probe, init, force);
	if (!err)
		err = pci_take(pci);
	probe_release(probe);
	return err;
}

static void ctrl_told(const char *ctrl, const struct store_tally *tally,
		      bool init)
{
	out_object();
	out_text("ctrl", NULL, ctrl);
	out_number("volumes", NULL, tally->volumes);
	out_number("refused", NULL, tally->refused);
	out_number("not_wiped", NULL, tally->unwiped);
	out_line("%s: attached, %u volume%s", ctrl, tally->volumes,
		 tally->volumes == 1 ? "" : "s");
	if (tally->blank && !init)
		out_note("%u namespace%s without a partition table: 'nvdpa ctrl attach %s init' makes one for volumes where the disk is blank",
			 tally->blank, tally->blank == 1 ? "" : "s", ctrl);
}

/* One that is attached already is looked at again. */
static int ctrl_attach_locked(const struct args *args, struct pci *pci,
			      struct lock *lock)
{
	const char *name = args_text(args, "ctrl");
	bool init = args_given(args, "init"), force = args_given(args, "force");
	bool taken = !ctrl_is_ours(pci);
	struct store_tally tally;
	struct ctrl ctrl;
	int err = 0;

	(void)lock;
	if (taken)
		err = ctrl_take(pci, init, force);
	if (err)
		return err;
	err = ipc_ctrl_get(name, &ctrl);
	if (!err)
		err = store_register(name, init, force, &tally);
	if (!err) {
		ctrl_told(name, &tally, init);
		return 0;
	}
	if (taken && pci_give_back(pci))
		err_prefix("%s could not be given back to %s either", name,
			   PCI_DRIVER_NVME);
	return err;
}

static int ctrl_lock(const char *name, struct pci *pci, struct lock **lock)
{
	int err;

	err = pci_find(name, pci);
	if (!err)
		err = lock_open(name, lock);
	if (err)
		return err;
	err = lock_take(*lock);
	/* Whoever had the lock may have changed that. */
	if (!err)
		err = pci_find(name, pci);
	if (err)
		lock_close(*lock);
	return err;
}

/* Runs @change when nobody else changes the controller. */
static int ctrl_change(const struct args *args,
		       int (*change)(const struct args *args, struct pci *pci,
				     struct lock *lock))
{
	struct lock *lock;
	struct pci pci;
	int err;

	err = ctrl_lock(args_text(args, "ctrl"), &pci, &lock);
	if (err)
		return err;
	err = change(args, &pci, lock);
	lock_close(lock);
	return err;
}

static int ctrl_attach(const struct args *args)
{
	return ctrl_change(args, ctrl_attach_locked);
}

struct ctrl_contents {
	struct ns *ns;
	size_t nr_ns;
	struct volume *volumes;
	size_t nr_volumes;
};

static int ctrl_contents_get(const char *name, struct ctrl_contents *contents)
{
	int err;

	memset(contents, 0, sizeof(*contents));
	err = ipc_ns_list(name, &contents->ns, &contents->nr_ns);
	if (!err)
		err = ipc_volume_list(name, &contents->volumes,
				      &contents->nr_volumes);
	return err;
}

static void ctrl_contents_put(struct ctrl_contents *contents)
{
	free(contents->ns);
	free(contents->volumes);
}

static void ctrl_name_user(char *text, size_t size, const char *user)
{
	size_t length = strlen(text);
	char holder[HOLDER_SIZE];

	if (!*user)
		return;
	holder_find(user, holder);
	snprintf(text + length, size - length, "%s%s (%s has it)",
		 length ? ", " : "", user, holder);
}

static int ctrl_check_unused(const char *name,
			     const struct ctrl_contents *contents)
{
	char users[512] = "";
	size_t i;

	for (i = 0; i < contents->nr_volumes; i++)
		ctrl_name_user(users, sizeof(users),
			       contents->volumes[i].used_by);
	for (i = 0; i < contents->nr_ns; i++)
		ctrl_name_user(users, sizeof(users), contents->ns[i].used_by);
	return *users ? err_set(EBUSY, "ctrl",
				"%s is in use by %s; vdpa dev del of each comes first",
				name, users) : 0;
}

/* The kernel refuses those that came into use since. */
static int ctrl_withdraw(const char *name, const struct ctrl_contents *contents)
{
	size_t i;
	int err = 0;

	for (i = 0; !err && i < contents->nr_volumes; i++)
		err = ipc_volume_del(name, contents->volumes[i].name);
	return err;
}

/* It stays attached, with all of its volumes. Why is already recorded. */
static void ctrl_restore(const char *name)
{
	struct err why = *err_get();
	struct store_tally tally;

	err_clear();
	store_register(name, false, true, &tally);
	err_clear();
	err_put(&why);
}

static int ctrl_detach_unused(const char *name, struct pci *pci,
			      const struct ctrl_contents *contents)
{
	size_t i, nr_disks = 0;
	int err;

	err = ctrl_check_unused(name, contents);
	if (err)
		return err;
	err = ctrl_withdraw(name, contents);
	if (!err)
		err = pci_give_back(pci);
	if (err && ctrl_is_ours(pci))
		ctrl_restore(name);
	if (err)
		return err;
	for (i = 0; i < contents->nr_ns; i++)
		nr_disks += !*contents->ns[i].refusal;
	if (!strcmp(pci->driver, PCI_DRIVER_NVME))
		probe_wait(pci->address, nr_disks);
	out_object();
	out_text("ctrl", NULL, name);
	out_text("driver", NULL, pci->driver);
	out_line("%s: detached, %s has it", name, pci->driver);
	return 0;
}

static int ctrl_detach_locked(const struct args *args, struct pci *pci,
			      struct lock *lock)
{
	const char *name = args_text(args, "ctrl");
	struct ctrl_contents contents;
	int err;

	if (!ctrl_is_ours(pci))
		return err_set(ENODEV, "ctrl", "%s is not attached, %s has it",
			       name, *pci->driver ? pci->driver : "no driver");
	err = lock_all_volumes(lock);
	if (err)
		return err;
	err = ctrl_contents_get(name, &contents);
	if (!err)
		err = ctrl_detach_unused(name, pci, &contents);
	ctrl_contents_put(&contents);
	return err;
}

static int ctrl_detach(const struct args *args)
{
	return ctrl_change(args, ctrl_detach_locked);
}

/* Show */

static size_t ctrl_nr_volumes(const struct ctrl_contents *contents,
			      uint32_t nsid)
{
	size_t i, nr = 0;

	for (i = 0; i < contents->nr_volumes; i++)
		nr += !nsid || contents->volumes[i].nsid == nsid;
	return nr;
}

static void ctrl_show_ns(const struct ns *ns, size_t nr_volumes)
{
	out_row();
	out_number("nsid", "NSID", ns->nsid);
	if (*ns->refusal) {
		out_text("refusal", "CANNOT BE SERVED", ns->refusal);
		return;
	}
	out_size("size", "SIZE", ns->nr_lbas * ns->lba_size_bytes);
	out_number_as("block_size", "BLOCK", ns->lba_size_bytes, "%uB",
		      ns->lba_size_bytes);
	out_size("granularity", "GRANULARITY",
		 (uint64_t)ns->granularity_lbas * ns->lba_size_bytes);
	out_number("volumes", "VOLUMES", nr_volumes);
	if (*ns->used_by)
		out_text("used_by", "USED BY", ns->used_by);
	else
		out_none("used_by", "USED BY");
}

static void ctrl_show_nss(const struct ctrl_contents *contents)
{
	size_t i;

	for (i = 0; i < contents->nr_ns; i++)
		ctrl_show_ns(&contents->ns[i],
			     ctrl_nr_volumes(contents, contents->ns[i].nsid));
}

static void ctrl_show_device(const char *device)
{
	char holder[HOLDER_SIZE];

	if (!*device)
		return;
	holder_find(device, holder);
	out_row();
	out_text("name", "DEVICE", device);
	out_text("holder", "HOLDER", holder);
}

/* Whoever has them is waited for when they are deleted. */
static void ctrl_show_devices(const struct ctrl_contents *contents)
{
	size_t i;

	for (i = 0; i < contents->nr_volumes; i++)
		ctrl_show_device(contents->volumes[i].used_by);
	for (i = 0; i < contents->nr_ns; i++)
		ctrl_show_device(contents->ns[i].used_by);
}

static void ctrl_show_recovery(const struct ctrl *ctrl)
{
	static const char *const names[CTRL_NR_COUNTS] = {
		"bad_completions",
		"lost_interrupts",
		"timeouts",
		"aborts",
		"resets",
		"function_resets",
		"masters_off",
		"deaths",
		"replays",
		"retries",
		"given_up",
	};
	unsigned int i;

	out_number("timeout_ms", NULL, ctrl->timeout_ms);
	out_open_object("recovery");
	for (i = 0; i < CTRL_NR_COUNTS; i++)
		out_number(names[i], NULL, ctrl->counts[i]);
	out_close();
}

/* Where there is room for it. */
static void ctrl_show_counts(const struct ctrl *ctrl)
{
	out_number_as(NULL, "TIMEOUT", ctrl->timeout_ms, "%u ms", ctrl->timeout_ms);
	out_number_as(NULL, "SHARING", ctrl->nr_sharing,
		      "%u virtqueues share a queue pair", ctrl->nr_sharing);
	out_number_as(NULL, "RECOVERY", ctrl->counts[CTRL_COUNT_RESETS],
		      "%ju timeouts, %ju aborts, %ju resets, %ju replays, %ju bad completions, %ju lost interrupts",
		      (uintmax_t)ctrl->counts[CTRL_COUNT_TIMEOUTS],
		      (uintmax_t)ctrl->counts[CTRL_COUNT_ABORTS],
		      (uintmax_t)ctrl->counts[CTRL_COUNT_RESETS],
		      (uintmax_t)ctrl->counts[CTRL_COUNT_REPLAYS],
		      (uintmax_t)ctrl->counts[CTRL_COUNT_BAD_COMPLETIONS],
		      (uintmax_t)ctrl->counts[CTRL_COUNT_LOST_INTERRUPTS]);
}

static void ctrl_show_row(const struct ctrl *ctrl, const struct health *health,
			  const struct ctrl_contents *contents)
{
	out_row();
	out_text("name", "CTRL", ctrl->name);
	out_text("state", "STATE", state_name(ctrl->state));
	out_text("model", "MODEL", ctrl->model);
	out_text("serial", "SERIAL", ctrl->serial);
	out_text("firmware", out_at_length("FIRMWARE"), ctrl->firmware);
	out_number("queue_pairs", NULL, ctrl->nr_qpairs);
	out_number("free_queue_pairs", NULL, ctrl->nr_free_qpairs);
	out_number("sharing_queues", NULL, ctrl->nr_sharing);
	out_number_as(NULL, "FREE QUEUES", ctrl->nr_free_qpairs, "%u of %u",
		      ctrl->nr_free_qpairs, ctrl->nr_qpairs);
	out_number("queue_size", out_at_length("QUEUE SIZE"), ctrl->queue_size);
	out_size("max_transfer", out_at_length("MAX TRANSFER"),
		 ctrl->max_transfer_bytes);
	out_bool("volatile_cache", out_at_length("WRITE CACHE"),
		 ctrl->volatile_cache, "yes", "no");
	health_tell(health);
	out_number("volumes", "VOLUMES", ctrl_nr_volumes(contents, 0));
	ctrl_show_recovery(ctrl);
	out_open_array("namespaces");
	if (out_is_json())
		ctrl_show_nss(contents);
	out_close();
	out_open_array("devices");
	if (out_is_json())
		ctrl_show_devices(contents);
	out_close();
}

/* One at length: its namespaces, too. */
static int ctrl_show_one(const char *name)
{
	struct ctrl_contents contents;
	struct health health;
	struct ctrl ctrl;
	int err;

	err = ipc_health_get(name, &health);
	if (!err)
		err = ipc_ctrl_get(name, &ctrl);
	if (err)
		return err;
	err = ctrl_contents_get(name, &contents);
	if (!err) {
		out_begin("controllers", OUT_RECORD);
		ctrl_show_row(&ctrl, &health, &contents);
		ctrl_show_counts(&ctrl);
		out_end();
	}
	if (!err && !out_is_json()) {
		out_line("%s", "");
		out_begin(NULL, OUT_TABLE);
		ctrl_show_nss(&contents);
		out_end();
		out_line("%s", "");
		out_begin(NULL, OUT_TABLE);
		ctrl_show_devices(&contents);
		out_end();
	}
	ctrl_contents_put(&contents);
	return err;
}

static void ctrl_note_function(const char *address, void *data)
{
	char name[PCI_ADDRESS_SIZE + 8];
	struct pci pci;

	(void)data;
	snprintf(name, sizeof(name), "pci/%s", address);
	if (!pci_find(name, &pci))
		out_note("%s is not attached, %s has it", name,
			 *pci.driver ? pci.driver : "no driver");
}

static const struct health *ctrl_find_health(const char *name,
					     const struct health *healths,
					     size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (!strcmp(healths[i].ctrl, name))
			return &healths[i];
	return NULL;
}

static int ctrl_show_list(const struct ctrl *list, size_t count,
			  const struct health *healths, size_t nr_healths)
{
	struct ctrl_contents contents;
	size_t i;
	int err = 0;

	out_begin("controllers", OUT_TABLE);
	for (i = 0; !err && i < count; i++) {
		err = ctrl_contents_get(list[i].name, &contents);
		if (!err)
			ctrl_show_row(&list[i],
				      ctrl_find_health(list[i].name, healths,
						       nr_healths),
				      &contents);
		ctrl_contents_put(&contents);
	}
	out_end();
	if (!count && !out_is_json())
		pci_list(ctrl_note_function, NULL);
	return err;
}

static int ctrl_show_all(void)
{
	struct health *healths = NULL;
	struct ctrl *list = NULL;
	size_t count = 0, nr_healths = 0;
	int err = 0;

	/* Without the module, there is none. */
	if (ipc_present())
		err = ipc_health_list(&healths, &nr_healths) ?:
		      ipc_ctrl_list(&list, &count);
	if (!err)
		err = ctrl_show_list(list, count, healths, nr_healths);
	free(healths);
	free(list);
	return err;
}

static int ctrl_show(const struct args *args)
{
	const char *name = args_text(args, "ctrl");

	return name ? ctrl_show_one(name) : ctrl_show_all();
}

/* Change */

#define RESET_POLL_MS 20
/* Whoever does not get an answer by then thinks that all hangs. */
#define RESET_WAIT_MS 4000

static void ctrl_sleep(unsigned int ms)
{
	struct timespec time = { .tv_nsec = ms * 1000000l };

	nanosleep(&time, NULL);
}

/* @before: as it was when a reset was asked for. */
static bool ctrl_was_reset(const struct ctrl *before, const struct ctrl *now)
{
	if (now->state == NVME_VDPA_CTRL_STATE_RESETTING)
		return false;
	return before->state == NVME_VDPA_CTRL_STATE_RESETTING ||
	       now->counts[CTRL_COUNT_RESETS] != before->counts[CTRL_COUNT_RESETS];
}

static int ctrl_wait_reset(const struct ctrl *before, struct ctrl *now)
{
	unsigned int waited_ms;
	int err;

	for (waited_ms = 0; waited_ms < RESET_WAIT_MS; waited_ms += RESET_POLL_MS) {
		err = ipc_ctrl_get(before->name, now);
		if (err || ctrl_was_reset(before, now))
			return err;
		ctrl_sleep(RESET_POLL_MS);
	}
	return err_set(EINPROGRESS, "ctrl",
		       "%s is still being reset: 'nvdpa ctrl show %s' tells how it ends",
		       before->name, before->name);
}

static int ctrl_reset(const struct args *args)
{
	const char *name = args_text(args, "ctrl");
	struct ctrl before, now;
	int err;

	err = ipc_ctrl_get(name, &before);
	if (!err)
		err = ipc_ctrl_reset(name);
	if (!err)
		err = ctrl_wait_reset(&before, &now);
	if (err)
		return err;
	if (now.state != NVME_VDPA_CTRL_STATE_LIVE)
		return err_set(EIO, "ctrl",
			       "%s did not come up and is dead; the kernel log tells why",
			       name);
	out_object();
	out_text("ctrl", NULL, name);
	out_text("state", NULL, state_name(now.state));
	out_line("%s: reset, and at work again", name);
	return 0;
}

static int ctrl_set(const struct args *args)
{
	return ipc_ctrl_set_timeout(args_text(args, "ctrl"),
				    (uint32_t)args_number(args, "timeout", 0));
}

static const struct arg_spec attach_args[] = {
	{
		.key = "ctrl",
		.kind = ARG_FUNCTION,
		.first = true,
		.required = true,
		.help = "the NVMe controller, such as pci/0000:01:00.0",
	},
	{
		.key = "init",
		.kind = ARG_FLAG,
		.help = "make a partition table where a namespace is blank",
	},
	{
		.key = "force",
		.kind = ARG_FLAG,
		.help = "even if a disk holds something else, which stays",
	},
	{ }
};

static const struct arg_spec detach_args[] = {
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.first = true,
		.required = true,
		.help = "the controller",
	},
	{ }
};

static const struct arg_spec show_args[] = {
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.first = true,
		.help = "one controller, at length",
	},
	{ }
};

static const struct arg_spec reset_args[] = {
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.first = true,
		.required = true,
		.help = "the controller",
	},
	{ }
};

static const struct arg_spec set_args[] = {
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.first = true,
		.required = true,
		.help = "the controller",
	},
	{
		.key = "timeout",
		.kind = ARG_NUMBER,
		.required = true,
		.help = "milliseconds that a read or a write may take, 100 to 600000",
	},
	{ }
};

static const struct command commands[] = {
	{
		.name = "attach",
		.help = "take a controller from the nvme driver, with its volumes",
		.args = attach_args,
		.run = ctrl_attach,
	},
	{
		.name = "detach",
		.help = "give a controller that nobody uses back to the nvme driver",
		.args = detach_args,
		.run = ctrl_detach,
	},
	{
		.name = "reset",
		.help = "reset a controller, or bring a dead one back",
		.args = reset_args,
		.run = ctrl_reset,
	},
	{
		.name = "set",
		.help = "change a controller's timeout",
		.args = set_args,
		.run = ctrl_set,
	},
	{
		.name = "show",
		.help = "show controllers",
		.args = show_args,
		.run = ctrl_show,
	},
	{ }
};

const struct object object_ctrl = {
	.name = "ctrl",
	.help = "NVMe controllers that the driver nvme_vdpa has",
	.commands = commands,
};
