// SPDX-License-Identifier: GPL-2.0
/* Events, as they happen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aer.h"
#include "cmd.h"
#include "err.h"
#include "health.h"
#include "ipc.h"
#include "out.h"
#include "size.h"
#include "state.h"
#include "utf8.h"

/* What an event is about, as one line of text. */
#define LINE 384

static const char *const names[] = {
	[EVENT_CTRL_ADD] = "ctrl_add",
	[EVENT_CTRL_CHANGE] = "ctrl_change",
	[EVENT_CTRL_DEL] = "ctrl_del",
	[EVENT_CTRL_AER] = "ctrl_aer",
	[EVENT_HEALTH] = "health",
	[EVENT_MEDIA_ERROR] = "media_error",
	[EVENT_NS_CHANGE] = "ns_change",
	[EVENT_DEVICE_STOP] = "device_stop",
	[EVENT_VOLUME_ADD] = "volume_add",
	[EVENT_VOLUME_CHANGE] = "volume_change",
	[EVENT_VOLUME_DEL] = "volume_del",
	[EVENT_LOST] = "lost",
};

/* Namespaces that were there the last time somebody asked for one. */
struct monitor_memory {
	struct ns *list;
	size_t count;
};

static const struct ns *memory_find(const struct monitor_memory *memory,
				    const char *ctrl, uint32_t nsid)
{
	size_t i;

	for (i = 0; i < memory->count; i++)
		if (memory->list[i].nsid == nsid && !strcmp(memory->list[i].ctrl, ctrl))
			return &memory->list[i];
	return NULL;
}

/* When a controller goes, its volumes go first: what was known is good enough. */
static uint32_t memory_lba_size(struct monitor_memory *memory,
				const struct volume *volume)
{
	const struct ns *ns = memory_find(memory, volume->ctrl, volume->nsid);

	if (!ns) {
		free(memory->list);
		*memory = (struct monitor_memory){};
		if (ipc_ns_list(NULL, &memory->list, &memory->count))
			err_clear();
		ns = memory_find(memory, volume->ctrl, volume->nsid);
	}
	return ns ? ns->lba_size_bytes : 0;
}

/* Of this place, as people live by it. */
static void line_time(char text[32])
{
	struct timespec now;
	struct tm parts;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &parts);
	length = strftime(text, 32, "%T", &parts);
	snprintf(text + length, 32 - length, ".%03ld", now.tv_nsec / 1000000);
}

static void tell_ctrl(const struct event *event, char line[LINE])
{
	const struct ctrl *ctrl = &event->ctrl;
	bool dead = ctrl->state == NVME_VDPA_CTRL_STATE_DEAD;
	const char *state = state_name(ctrl->state);

	out_text("ctrl", NULL, ctrl->name);
	out_text("state", NULL, state);
	out_text("model", NULL, ctrl->model);
	out_text("serial", NULL, ctrl->serial);
	out_number("queue_pairs", NULL, ctrl->nr_qpairs);
	out_number("free_queue_pairs", NULL, ctrl->nr_free_qpairs);
	if (event->kind == EVENT_CTRL_DEL)
		snprintf(line, LINE, "ctrl %s: removed", ctrl->name);
	else
		snprintf(line, LINE, "ctrl %s: %s%s%s, %s %s", ctrl->name,
			 event->kind == EVENT_CTRL_ADD ? "added, " : "", state,
			 dead ? ", 'nvdpa ctrl reset' may bring it back" : "", ctrl->model,
			 ctrl->serial);
}

static void tell_aer(const struct event *event, char line[LINE])
{
	const char *type = aer_type(event->aer.type);
	const char *info = aer_info(event->aer.type, event->aer.info);

	out_text("ctrl", NULL, event->ctrl.name);
	out_number("aer_type", NULL, event->aer.type);
	out_text("aer_type_name", NULL, type);
	out_number("aer_info", NULL, event->aer.info);
	out_text("aer_info_name", NULL, info);
	out_number("aer_log_page", NULL, event->aer.log_page);
	snprintf(line, LINE, "ctrl %s: event %s, %s (0x%x), log page 0x%x",
		 event->ctrl.name, type, info, event->aer.info, event->aer.log_page);
}

static void tell_health(const struct event *event, char line[LINE])
{
	const struct health *health = &event->health;
	int length = snprintf(line, LINE, "ctrl %s: health ", health->ctrl);

	out_text("ctrl", NULL, health->ctrl);
	if (out_is_json())
		health_tell(health);
	health_line(health, line + length, LINE - length);
}

static void line_media(const struct media_error *media, char line[LINE])
{
	int length = snprintf(line, LINE, "ctrl %s: command 0x%x ", media->ctrl, media->opcode);

	if (media->nr_lbas)
		length += snprintf(line + length, LINE - length,
				   "for %u blocks from %" PRIu64 " on ", media->nr_lbas,
				   media->lba);
	length += snprintf(line + length, LINE - length, "of namespace %u", media->nsid);
	if (*media->used_by)
		length += snprintf(line + length, LINE - length, " by device %s", media->used_by);
	length += snprintf(line + length, LINE - length, ": error of the medium, status 0x%x",
			   media->status);
	if (media->missed)
		snprintf(line + length, LINE - length, "; %u before it not told", media->missed);
}

static void tell_media(const struct event *event, char line[LINE])
{
	const struct media_error *media = &event->media;

	out_text("ctrl", NULL, media->ctrl);
	out_number("nsid", NULL, media->nsid);
	if (media->nr_lbas) {
		out_number("block", NULL, media->lba);
		out_number("blocks", NULL, media->nr_lbas);
	} else {
		out_none("block", NULL);
		out_none("blocks", NULL);
	}
	if (*media->used_by)
		out_text("device", NULL, media->used_by);
	else
		out_none("device", NULL);
	out_number("opcode", NULL, media->opcode);
	out_number("status", NULL, media->status);
	out_number("missed", NULL, media->missed);
	line_media(media, line);
}

static void tell_bytes(const char *key, uint64_t lbas, uint32_t lba_size)
{
	if (lba_size)
		out_number(key, NULL, lbas * lba_size);
	else
		out_none(key, NULL);
}

/* 0 stands for what nobody has chosen. */
static void tell_choice(const char *key, uint32_t value)
{
	if (value)
		out_number(key, NULL, value);
	else
		out_none(key, NULL);
}

static void tell_ns(const struct event *event, char line[LINE])
{
	const struct ns *ns = &event->ns;
	char text[SIZE_TEXT];
	int length;

	out_text("ctrl", NULL, ns->ctrl);
	out_number("nsid", NULL, ns->nsid);
	out_bool("gone", NULL, ns->gone, NULL, NULL);
	tell_bytes("size", ns->nr_lbas, ns->lba_size_bytes);
	tell_choice("block_size", ns->lba_size_bytes);
	if (*ns->refusal)
		out_text("refusal", NULL, ns->refusal);
	else
		out_none("refusal", NULL);
	length = snprintf(line, LINE, "ctrl %s: namespace %u ", ns->ctrl, ns->nsid);
	if (ns->gone) {
		snprintf(line + length, LINE - length, "is gone");
	} else if (*ns->refusal) {
		snprintf(line + length, LINE - length, "cannot be served: %s", ns->refusal);
	} else {
		size_print(ns->nr_lbas * ns->lba_size_bytes, text);
		snprintf(line + length, LINE - length, "has %s in blocks of %u bytes", text,
			 ns->lba_size_bytes);
	}
}

static void tell_stop(const struct event *event, char line[LINE])
{
	const struct volume *volume = &event->volume;

	out_text("ctrl", NULL, volume->ctrl);
	out_number("nsid", NULL, volume->nsid);
	out_text("device", NULL, volume->used_by);
	snprintf(line, LINE,
		 "device %s on %s: stopped, it does not fit namespace %u any more: vdpa dev del %s",
		 volume->used_by, volume->ctrl, volume->nsid, volume->used_by);
}

/* As `volume show` does. */
static void tell_volume_json(const struct volume *volume, uint32_t lba_size)
{
	out_text("name", NULL, volume->name);
	out_text("ctrl", NULL, volume->ctrl);
	out_number("nsid", NULL, volume->nsid);
	tell_bytes("offset", volume->start_lba, lba_size);
	tell_bytes("size", volume->nr_lbas, lba_size);
	out_text("serial", NULL, volume->serial);
	out_bool("read_only", NULL, volume->read_only, NULL, NULL);
	tell_choice("queues", volume->nr_queues);
	tell_choice("queue_size", volume->queue_size);
	tell_bytes("wiped", volume->wiped_lbas, lba_size);
	if (*volume->used_by)
		out_text("used_by", NULL, volume->used_by);
	else
		out_none("used_by", NULL);
}

static void line_volume(const struct event *event, uint32_t lba_size,
			char line[LINE])
{
	const struct volume *volume = &event->volume;
	char text[SIZE_TEXT] = "";
	int length;

	if (lba_size)
		size_print(volume->nr_lbas * lba_size, text);
	else
		snprintf(text, sizeof(text), "%" PRIu64 " blocks", volume->nr_lbas);
	length = snprintf(line, LINE, "volume %s on %s: %s%s from block %" PRIu64 " of namespace %u",
			  volume->name, volume->ctrl,
			  event->kind == EVENT_VOLUME_ADD ? "added, " : "", text, volume->start_lba,
			  volume->nsid);
	if (volume->read_only)
		length += snprintf(line + length, LINE - length, ", read-only");
	if (volume->wiped_lbas < volume->nr_lbas)
		length += snprintf(line + length, LINE - length, ", %.0f%% wiped",
				   100.0 * volume->wiped_lbas / volume->nr_lbas);
	if (*volume->used_by)
		snprintf(line + length, LINE - length, ", in use by %s",
			 volume->used_by);
}

static void tell_volume(const struct event *event, struct monitor_memory *memory,
			char line[LINE])
{
	const struct volume *volume = &event->volume;
	uint32_t lba_size = memory_lba_size(memory, volume);

	tell_volume_json(volume, lba_size);
	if (event->kind == EVENT_VOLUME_DEL)
		snprintf(line, LINE, "volume %s on %s: removed", volume->name,
			 volume->ctrl);
	else
		line_volume(event, lba_size, line);
}

static int tell(const struct event *event, void *data)
{
	char line[LINE], clock[32];

	out_object();
	out_now("time");
	out_text("event", NULL, names[event->kind]);
	switch (event->kind) {
	case EVENT_CTRL_ADD:
	case EVENT_CTRL_CHANGE:
	case EVENT_CTRL_DEL:
		tell_ctrl(event, line);
		break;
	case EVENT_CTRL_AER:
		tell_aer(event, line);
		break;
	case EVENT_HEALTH:
		tell_health(event, line);
		break;
	case EVENT_MEDIA_ERROR:
		tell_media(event, line);
		break;
	case EVENT_NS_CHANGE:
		tell_ns(event, line);
		break;
	case EVENT_DEVICE_STOP:
		tell_stop(event, line);
		break;
	case EVENT_VOLUME_ADD:
	case EVENT_VOLUME_CHANGE:
	case EVENT_VOLUME_DEL:
		tell_volume(event, data, line);
		break;
	case EVENT_LOST:
		snprintf(line, sizeof(line),
			 "events were lost: 'nvdpa ctrl show' and 'nvdpa volume show' tell how things are");
		break;
	}
	line_time(clock);
	out_line("%s  %s", clock, utf8_clean(line, UTF8_LINE));
	return out_event();
}

static int monitor(const struct args *args)
{
	struct monitor_memory memory = {};
	int err;

	(void)args;
	err = ipc_monitor(tell, &memory);
	free(memory.list);
	return err;
}

static const struct command commands[] = {
	{
		.help = "tell of what comes, changes and goes, until ^C",
		.run = monitor,
	},
	{ }
};

const struct object object_monitor = {
	.name = "monitor",
	.help = "events, as they happen",
	.commands = commands,
};
