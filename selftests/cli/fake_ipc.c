// SPDX-License-Identifier: GPL-2.0
/*
 * A canned kernel in the place of ipc.c: two controllers, some volumes, one
 * vDPA device that has work to do. NVDPA_FAKE chooses another:
 *
 *   absent   the module is not loaded
 *   empty    it is, and has nothing
 *   denied   every change is refused
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "err.h"
#include "ipc.h"

#define ONE "pci/0000:01:00.0"
#define TWO "pci/0000:02:00.0"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct ctrl ctrls[] = {
	{
		.name = ONE,
		.model = "QEMU NVMe Ctrl",
		.serial = "nvdpa0",
		.firmware = "10.0.2",
		.nr_qpairs = 16,
		.nr_free_qpairs = 14,
		.queue_size = 256,
		.max_transfer_bytes = 512 << 10,
		.nr_namespaces = 1,
		.timeout_ms = 10000,
		.volatile_cache = true,
	},
	{
		/* What a broken disk may call itself. */
		.name = TWO,
		.state = NVME_VDPA_CTRL_STATE_DEAD,
		.model = "A \"quoted\\\" \033[31mred\xff\nname",
		.serial = "S\tN",
		.firmware = "1",
		.nr_qpairs = 1,
		.queue_size = 64,
		.max_transfer_bytes = 4096,
		.nr_namespaces = 2,
	},
};

static const struct health healths[] = {
	{
		.ctrl = ONE,
		.known = true,
		.warning = 3,
		.temperature_kelvin = 311,
		.spare_percent = 97,
		.spare_threshold_percent = 10,
		.used_percent = 104,
	},
	{ .ctrl = TWO },
};

static const struct ns namespaces[] = {
	{
		.ctrl = ONE,
		.nsid = 1,
		.lba_size_bytes = 512,
		.granularity_lbas = 8,
		.nr_lbas = 2ull << 30,
	},
	{
		.ctrl = TWO,
		.nsid = 1,
		.lba_size_bytes = 4096,
		.granularity_lbas = 1,
		.nr_lbas = 1 << 20,
	},
	{
		.ctrl = TWO,
		.nsid = 2,
		.refusal = "its format has metadata",
	},
};

static const struct volume volumes[] = {
	{
		.ctrl = ONE,
		.name = "vm1",
		.nsid = 1,
		.start_lba = 2048,
		.nr_lbas = 200 << 20,
		.wiped_lbas = 200 << 20,
		.serial = "0123456789abcdef0123",
		.nr_queues = 2,
		.queue_size = 128,
		.used_by = "vm1",
	},
	{
		.ctrl = ONE,
		.name = "new",
		.nsid = 1,
		.start_lba = 2048 + (200 << 20),
		.nr_lbas = 3 << 20,
		.wiped_lbas = 1 << 20,
		.serial = "ffffffffffffffffffff",
		.read_only = true,
	},
	{
		.ctrl = ONE,
		.name = "twin",
		.nsid = 1,
		.start_lba = 2048 + (203 << 20),
		.nr_lbas = 2048,
		.wiped_lbas = 2048,
	},
	{
		.ctrl = TWO,
		.name = "twin",
		.nsid = 1,
		.start_lba = 256,
		.nr_lbas = 256,
		.wiped_lbas = 256,
	},
};

/* How often somebody asked for a reset. */
static unsigned int resets;

/* How often the statistics were asked for: they grow with it. */
static unsigned int looks;

static bool fake(const char *what)
{
	const char *given = getenv("NVDPA_FAKE");

	return given && !strcmp(given, what);
}

static int fake_open(void)
{
	if (!fake("absent"))
		return 0;
	return err_set(ENOENT, NULL,
		       "the module nvme_vdpa is not loaded: modprobe nvme_vdpa");
}

/* A copy of those elements of @from that are on @ctrl. */
static int fake_list(const void *from, size_t size, size_t count,
		     const char *ctrl, void *list, size_t *out)
{
	char *to = calloc(count + 1, size);
	size_t i;
	int err = fake_open();

	if (err || !to) {
		free(to);
		return err ?: -ENOMEM;
	}
	*out = 0;
	for (i = 0; i < count && !fake("empty"); i++) {
		const char *element = (const char *)from + i * size;

		if (!ctrl || !strcmp(ctrl, element))
			memcpy(to + (*out)++ * size, element, size);
	}
	*(void **)list = to;
	return 0;
}

void ipc_close(void)
{
}

bool ipc_present(void)
{
	return !fake("absent");
}

int ipc_ctrl_list(struct ctrl **list, size_t *count)
{
	return fake_list(ctrls, sizeof(*ctrls), COUNT(ctrls), NULL, list, count);
}

int ipc_health_list(struct health **list, size_t *count)
{
	return fake_list(healths, sizeof(*healths), COUNT(healths), NULL, list, count);
}

int ipc_ns_list(const char *ctrl, struct ns **list, size_t *count)
{
	return fake_list(namespaces, sizeof(*namespaces), COUNT(namespaces), ctrl,
			 list, count);
}

int ipc_volume_list(const char *ctrl, struct volume **list, size_t *count)
{
	return fake_list(volumes, sizeof(*volumes), COUNT(volumes), ctrl, list, count);
}

int ipc_ctrl_get(const char *name, struct ctrl *ctrl)
{
	int err = fake_open();
	size_t i;

	if (err)
		return err;
	for (i = 0; i < COUNT(ctrls) && !fake("empty"); i++) {
		if (!strcmp(ctrls[i].name, name)) {
			*ctrl = ctrls[i];
			ctrl->counts[CTRL_COUNT_RESETS] += resets;
			return 0;
		}
	}
	return err_set(ENODEV, "name", "%s: nvme_vdpa has no controller of this name",
		       name);
}

int ipc_health_get(const char *name, struct health *health)
{
	struct ctrl ctrl;
	int err = ipc_ctrl_get(name, &ctrl);

	if (!err)
		*health = healths[strcmp(name, ONE) != 0];
	return err;
}

int ipc_ns_get(const char *ctrl, uint32_t nsid, struct ns *ns)
{
	int err = fake_open();
	size_t i;

	if (err)
		return err;
	for (i = 0; i < COUNT(namespaces) && !fake("empty"); i++) {
		if (!strcmp(namespaces[i].ctrl, ctrl) && namespaces[i].nsid == nsid) {
			*ns = namespaces[i];
			return 0;
		}
	}
	return err_set(ENOENT, "nsid", "%s has no active namespace %u", ctrl, nsid);
}

int ipc_volume_get(const char *ctrl, const char *name, struct volume *volume)
{
	int err = fake_open();
	size_t i;

	if (err)
		return err;
	for (i = 0; i < COUNT(volumes) && !fake("empty"); i++) {
		if (!strcmp(volumes[i].name, name) && !strcmp(volumes[i].ctrl, ctrl)) {
			*volume = volumes[i];
			return 0;
		}
	}
	return err_set(ENOENT, "name",
		       "volume %s on %s: the controller has no volume of this name",
		       name, ctrl);
}

int ipc_volume_find(const char *ctrl, const char *name, struct volume *volume)
{
	const struct volume *found = NULL;
	int err = fake_open();
	size_t i;

	if (err || ctrl)
		return err ?: ipc_volume_get(ctrl, name, volume);
	for (i = 0; i < COUNT(volumes) && !fake("empty"); i++) {
		if (strcmp(volumes[i].name, name))
			continue;
		if (found)
			return err_set(ENOTUNIQ, "ctrl", "there are two volumes %s", name);
		found = &volumes[i];
	}
	if (!found)
		return err_set(ENOENT, "name", "no controller has a volume %s", name);
	*volume = *found;
	return 0;
}

static int fake_change(void)
{
	int err = fake_open();

	if (err || !fake("denied"))
		return err;
	return err_set(EPERM, NULL, "not permitted");
}

int ipc_ctrl_reset(const char *name)
{
	int err = fake_change();

	if (!err)
		resets++;
	return err;
}

int ipc_ctrl_set_timeout(const char *name, uint32_t timeout_ms)
{
	return fake_change();
}

int ipc_volume_new(const struct volume *volume, unsigned int fields)
{
	return fake_change();
}

int ipc_volume_set(const struct volume *volume, unsigned int fields)
{
	return fake_change();
}

int ipc_volume_del(const char *ctrl, const char *name)
{
	return fake_change();
}

/* Queue @queue of "vm1"; the same each time it is asked for the same often. */
static void fake_queue(struct stats *stats, uint32_t queue)
{
	unsigned int type, scope, i;

	*stats = (struct stats){ .ctrl = ONE, .name = "vm1", .is_queue = true,
				 .queue = queue };
	for (i = 0; i < STATS_NR_COUNTERS; i++)
		stats->counters[i] = looks * (1000 + i) * (queue + 1);
	stats->counters[STATS_BYTES_READ] *= 4096;
	stats->counters[STATS_BYTES_WRITTEN] *= 65536;
	/* Nobody has sent a flush. */
	for (type = 0; type < LATENCY_TYPES; type++) {
		if (type == NVME_VDPA_LATENCY_TYPE_FLUSH)
			continue;
		for (scope = 0; scope < LATENCY_SCOPES; scope++) {
			struct latency *latency = &stats->latency[type][scope];

			for (i = 0; i < 5; i++)
				latency->buckets[5 + scope + i] =
					looks * (100 >> i) * (queue + 1);
			latency->buckets[LATENCY_BUCKETS - 1] = type == 1;
			latency->sum_ns = looks * 9000000ull * (queue + 1) * (scope + 1);
		}
	}
}

static void fake_device(struct stats *device, const struct stats *queues)
{
	unsigned int type, scope, i, q;

	*device = (struct stats){ .ctrl = ONE, .name = "vm1" };
	for (q = 0; q < 2; q++) {
		for (i = 0; i < STATS_NR_COUNTERS; i++)
			device->counters[i] += queues[q].counters[i];
		for (type = 0; type < LATENCY_TYPES; type++) {
			for (scope = 0; scope < LATENCY_SCOPES; scope++) {
				struct latency *to = &device->latency[type][scope];

				to->sum_ns += queues[q].latency[type][scope].sum_ns;
				for (i = 0; i < LATENCY_BUCKETS; i++)
					to->buckets[i] +=
						queues[q].latency[type][scope].buckets[i];
			}
		}
	}
}

int ipc_stats_list(struct stats **list, size_t *count)
{
	int err = fake_open();

	if (err)
		return err;
	looks++;
	*count = fake("empty") ? 0 : 5;
	*list = calloc(5, sizeof(**list));
	if (!*list)
		return -ENOMEM;
	fake_queue(&(*list)[1], 0);
	fake_queue(&(*list)[2], 1);
	fake_device(&(*list)[0], &(*list)[1]);
	/* One that nobody uses. */
	(*list)[3] = (struct stats){ .ctrl = TWO, .name = "disk@n1" };
	(*list)[4] = (struct stats){ .ctrl = TWO, .name = "disk@n1", .is_queue = true };
	return 0;
}

/* One of each kind, and then the end. */
int ipc_monitor(int (*handle)(const struct event *event, void *data), void *data)
{
	struct event events[] = {
		{ .kind = EVENT_CTRL_ADD, .ctrl = ctrls[0] },
		{ .kind = EVENT_CTRL_CHANGE, .ctrl = ctrls[1] },
		{ .kind = EVENT_CTRL_AER, .ctrl = ctrls[0], .aer = { 1, 1, 2 } },
		{ .kind = EVENT_CTRL_AER, .ctrl = ctrls[0], .aer = { 2, 0, 4 } },
		{ .kind = EVENT_CTRL_AER, .ctrl = ctrls[0], .aer = { 3, 200, 0xc0 } },
		{ .kind = EVENT_HEALTH, .health = healths[0] },
		{ .kind = EVENT_MEDIA_ERROR,
		  .media = { ONE, 1, 1ULL << 33, 8, "vm1", 2, 0x281, 3 } },
		{ .kind = EVENT_MEDIA_ERROR, .media = { .ctrl = TWO, .nsid = 1, .status = 0x280 } },
		{ .kind = EVENT_NS_CHANGE, .ns = namespaces[0] },
		{ .kind = EVENT_NS_CHANGE, .ns = { .ctrl = ONE, .nsid = 3, .gone = true } },
		{ .kind = EVENT_DEVICE_STOP, .volume = volumes[0] },
		{ .kind = EVENT_VOLUME_ADD, .volume = volumes[0] },
		{ .kind = EVENT_VOLUME_CHANGE, .volume = volumes[1] },
		{ .kind = EVENT_LOST },
		{ .kind = EVENT_VOLUME_DEL, .volume = volumes[1] },
		{ .kind = EVENT_CTRL_DEL, .ctrl = ctrls[0] },
	};
	int err = fake_open();
	size_t i;

	for (i = 0; i < COUNT(events) && !err; i++)
		err = handle(&events[i], data);
	return err;
}
