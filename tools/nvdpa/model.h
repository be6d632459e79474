/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel tells of: plain structs, in host byte order, without a trace
 * of netlink. Blocks are those of the namespace (lba_size bytes each).
 */
#ifndef NVDPA_MODEL_H
#define NVDPA_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include <linux/nvme_vdpa.h>

#define CTRL_NAME_SIZE (NVME_VDPA_CTRL_NAME_MAX + 1)
#define VOLUME_NAME_SIZE (NVME_VDPA_VOLUME_NAME_MAX + 1)
#define SERIAL_SIZE (NVME_VDPA_SERIAL_MAX + 1)
#define DEVICE_NAME_SIZE (NVME_VDPA_DEVICE_NAME_MAX + 1)
#define REFUSAL_SIZE 128

/* The widths of Identify Controller's fields. */
#define CTRL_MODEL_SIZE (40 + 1)
#define CTRL_SERIAL_SIZE (20 + 1)
#define CTRL_FIRMWARE_SIZE (8 + 1)

/* In the order of the attributes; see cmd_ctrl.c for their names. */
enum ctrl_count {
	CTRL_COUNT_BAD_COMPLETIONS,
	CTRL_COUNT_LOST_INTERRUPTS,
	CTRL_COUNT_TIMEOUTS,
	CTRL_COUNT_ABORTS,
	CTRL_COUNT_RESETS,
	CTRL_COUNT_FUNCTION_RESETS,
	CTRL_COUNT_MASTERS_OFF,
	CTRL_COUNT_DEATHS,
	CTRL_COUNT_REPLAYS,
	CTRL_COUNT_RETRIES,
	CTRL_COUNT_GIVEN_UP,
	CTRL_NR_COUNTS,
};

struct ctrl {
	char name[CTRL_NAME_SIZE];
	enum nvme_vdpa_ctrl_state state;
	char model[CTRL_MODEL_SIZE];
	char serial[CTRL_SERIAL_SIZE];
	char firmware[CTRL_FIRMWARE_SIZE];
	uint32_t nr_qpairs;
	uint32_t nr_free_qpairs;
	uint32_t nr_sharing;
	uint32_t queue_size;
	uint32_t max_transfer_bytes;
	uint32_t nr_namespaces;
	uint32_t timeout_ms;
	uint64_t counts[CTRL_NR_COUNTS];
	bool volatile_cache;
};

/* What a controller says of itself. */
struct health {
	char ctrl[CTRL_NAME_SIZE];
	/* It answered; otherwise there is nothing below. */
	bool known;
	/* A bit for each, see health.c. */
	uint32_t warning;
	/* 0 if it does not tell. */
	uint32_t temperature_kelvin;
	uint32_t spare_percent;
	uint32_t spare_threshold_percent;
	uint32_t used_percent;
};

struct ns {
	char ctrl[CTRL_NAME_SIZE];
	uint32_t nsid;
	/* 0 where there is a refusal. */
	uint32_t lba_size_bytes;
	uint32_t granularity_lbas;
	uint64_t nr_lbas;
	char refusal[REFUSAL_SIZE];
	/* Only in an event. */
	bool gone;
	char used_by[DEVICE_NAME_SIZE];
};

struct volume {
	char ctrl[CTRL_NAME_SIZE];
	char name[VOLUME_NAME_SIZE];
	uint32_t nsid;
	uint64_t start_lba;
	uint64_t nr_lbas;
	/* Blocks from the first one on that hold nothing of an earlier owner. */
	uint64_t wiped_lbas;
	char serial[SERIAL_SIZE];
	uint32_t nr_queues;
	uint32_t queue_size;
	bool read_only;
	char used_by[DEVICE_NAME_SIZE];
};

/* Which fields of a struct volume a change is about. */
enum volume_field {
	VOLUME_NSID		= 1 << 0,
	VOLUME_START		= 1 << 1,
	VOLUME_NR_LBAS		= 1 << 2,
	VOLUME_WIPED		= 1 << 3,
	VOLUME_SERIAL		= 1 << 4,
	VOLUME_NR_QUEUES	= 1 << 5,
	VOLUME_QUEUE_SIZE	= 1 << 6,
	VOLUME_READ_ONLY	= 1 << 7,
	VOLUME_ALL		= (1 << 8) - 1,
};

/* In the order of the attributes, see stats.c for what they are called. */
enum stats_counter {
	STATS_READS,
	STATS_WRITES,
	STATS_FLUSHES,
	STATS_DISCARDS,
	STATS_WRITE_ZEROES,
	STATS_GET_IDS,
	STATS_BYTES_READ,
	STATS_BYTES_WRITTEN,
	STATS_BYTES_DISCARDED,
	STATS_BYTES_ZEROED,
	STATS_ERRORS_REFUSED,
	STATS_ERRORS_UNSUPPORTED,
	STATS_ERRORS_UNMAPPED,
	STATS_ERRORS_MEDIA,
	STATS_ERRORS_DEVICE,
	STATS_ERRORS_ABORTED,
	STATS_COMMANDS,
	STATS_SEGMENTS,
	STATS_SPLITS,
	STATS_BOUNCES,
	STATS_KICKS,
	STATS_CALLBACKS,
	STATS_SUPPRESSED,
	STATS_DEFERRED,
	STATS_NR_COUNTERS,
};

#define LATENCY_TYPES (NVME_VDPA_LATENCY_TYPE_DISCARD + 1)
#define LATENCY_SCOPES (NVME_VDPA_LATENCY_SCOPE_TOTAL + 1)
#define LATENCY_BUCKETS NVME_VDPA_LATENCY_BUCKETS

struct latency {
	uint64_t sum_ns;
	uint64_t buckets[LATENCY_BUCKETS];
};

/* Of a vDPA device, or of one virtqueue of it. */
struct stats {
	char ctrl[CTRL_NAME_SIZE];
	char name[DEVICE_NAME_SIZE];
	bool is_queue;
	uint32_t queue;
	uint64_t counters[STATS_NR_COUNTERS];
	struct latency latency[LATENCY_TYPES][LATENCY_SCOPES];
};

/* A command that failed because of the medium. */
struct media_error {
	char ctrl[CTRL_NAME_SIZE];
	uint32_t nsid;
	uint64_t lba;
	/* 0 for a command without blocks. */
	uint32_t nr_lbas;
	char used_by[DEVICE_NAME_SIZE];
	uint32_t opcode;
	uint32_t status;
	/* Of those before it, nobody was told. */
	uint32_t missed;
};

enum event_kind {
	EVENT_CTRL_ADD,
	EVENT_CTRL_CHANGE,
	EVENT_CTRL_DEL,
	EVENT_CTRL_AER,
	EVENT_HEALTH,
	EVENT_MEDIA_ERROR,
	EVENT_NS_CHANGE,
	/* A vDPA device that does not fit its namespace any more. */
	EVENT_DEVICE_STOP,
	EVENT_VOLUME_ADD,
	EVENT_VOLUME_CHANGE,
	EVENT_VOLUME_DEL,
	/* Events came faster than they were read, and some are lost. */
	EVENT_LOST,
};

struct event {
	enum event_kind kind;
	union {
		/* As it is now, or was; of an AER only the name. */
		struct ctrl ctrl;
		/* Of a device that stopped: its controller, namespace and user. */
		struct volume volume;
		struct health health;
		struct ns ns;
		struct media_error media;
	};
	struct {
		uint32_t type;
		uint32_t info;
		uint32_t log_page;
	} aer;
};

#endif /* NVDPA_MODEL_H */
