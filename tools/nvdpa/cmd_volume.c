// SPDX-License-Identifier: GPL-2.0
/* Volumes: named ranges of a namespace. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "cmd.h"
#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "out.h"
#include "size.h"
#include "store.h"

/* For a namespace that can be served. */
static uint64_t volume_granule_bytes(const struct store *store)
{
	return (uint64_t)store->ns.granularity_lbas * store->ns.lba_size_bytes;
}

/* A size is rounded up to what the disk can do; no less than was asked for. */
static uint64_t volume_lbas(const struct store *store, uint64_t bytes)
{
	uint64_t granule = volume_granule_bytes(store);

	return (bytes / granule + !!(bytes % granule)) *
	       store->ns.granularity_lbas;
}

static int volume_offset(const struct store *store, const struct args *args,
			 uint64_t *lba)
{
	uint64_t bytes = args_number(args, "offset", 0);
	char text[SIZE_TEXT];

	*lba = GPT_ANYWHERE;
	if (!args_given(args, "offset"))
		return 0;
	if (bytes % volume_granule_bytes(store))
		return err_set(EINVAL, "offset",
			       "offset must be a multiple of %s on %s",
			       size_print_exact(volume_granule_bytes(store),
						text), store->disk->name);
	*lba = bytes / store->ns.lba_size_bytes;
	return 0;
}

static int volume_add_to(struct store *store, const struct args *args)
{
	struct gpt_wish wish = {
		.name = args_text(args, "name"),
		.nr_lbas = volume_lbas(store, args_number(args, "size", 0)),
		.granularity_lbas = store->ns.granularity_lbas,
		.options = {
			.nr_queues = (uint32_t)args_number(args, "queues", 0),
			.queue_size = (uint32_t)args_number(args, "queue-size",
							    0),
			.read_only = args_given(args, "ro"),
			.unwiped = !args_given(args, "keep"),
		},
	};
	int err;

	err = volume_offset(store, args, &wish.start_lba);
	return err ? err : store_add(store, &wish);
}

static int volume_add(const struct args *args)
{
	struct store *store;
	int err;

	err = store_open(args_text(args, "ctrl"),
			 (uint32_t)args_number(args, "nsid", 1), &store);
	if (err)
		return err;
	err = volume_add_to(store, args);
	store_close(store);
	return err;
}

/* Runs @change where the volume is that was named. */
static int volume_change(const struct args *args,
			 int (*change)(struct store *store, const char *name,
				       const struct args *args))
{
	const char *name = args_text(args, "name");
	struct store *store;
	int err;

	err = store_find(args_text(args, "ctrl"), name, &store);
	if (err)
		return err;
	err = change(store, name, args);
	store_close(store);
	return err;
}

static int volume_del_in(struct store *store, const char *name,
			 const struct args *args)
{
	(void)args;
	return store_del(store, name);
}

/* A table that nobody can read keeps no volume in the kernel. */
static int volume_forget(const struct args *args)
{
	const char *name = args_text(args, "name");
	struct err why = *err_get();
	int err;

	err_clear();
	err = store_forget(args_text(args, "ctrl"), name);
	if (err == -ENOENT) {
		err_clear();
		return err_put(&why);
	}
	if (!err)
		out_note("only the kernel has forgotten %s: %s", name,
			 why.message);
	return err;
}

static int volume_del(const struct args *args)
{
	int err = volume_change(args, volume_del_in);

	return err == -ENODATA || err == -EUCLEAN ? volume_forget(args) : err;
}

static int volume_set_in(struct store *store, const char *name,
			 const struct args *args)
{
	struct gpt_options options;
	int err;

	err = store_options(store, name, &options);
	if (err)
		return err;
	options.nr_queues = (uint32_t)args_number(args, "queues",
						  options.nr_queues);
	options.queue_size = (uint32_t)args_number(args, "queue-size",
						   options.queue_size);
	options.read_only = args_given(args, "ro") ||
			    (options.read_only && !args_given(args, "rw"));
	return store_set(store, name, &options);
}

static int volume_set(const struct args *args)
{
	if (!args_given(args, "queues") && !args_given(args, "queue-size") &&
	    !args_given(args, "ro") && !args_given(args, "rw"))
		return err_usage(NULL,
				 "nothing to set: see 'nvdpa volume set help'");
	return volume_change(args, volume_set_in);
}

static int volume_resize_in(struct store *store, const char *name,
			    const struct args *args)
{
	return store_resize(store, name,
			    volume_lbas(store, args_number(args, "size", 0)),
			    args_given(args, "keep"));
}

static int volume_resize(const struct args *args)
{
	return volume_change(args, volume_resize_in);
}

static int volume_wipe_in(struct store *store, const char *name,
			  const struct args *args)
{
	(void)args;
	return store_wipe(store, name);
}

static int volume_wipe(const struct args *args)
{
	return volume_change(args, volume_wipe_in);
}

/* Show */

static uint32_t volume_lba_size(const struct volume *volume,
				const struct ns *list, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].nsid == volume->nsid &&
		    !strcmp(list[i].ctrl, volume->ctrl))
			return list[i].lba_size_bytes;
	return 0;
}

static void volume_show_default(const char *key, const char *title,
				uint32_t value)
{
	if (value)
		out_number(key, title, value);
	else if (out_is_json())
		out_none(key, title);
	else
		out_text(key, title, "default");
}

/* Nothing more is done before it is all. */
static void volume_show_wiped(const struct volume *volume, uint32_t lba_size)
{
	out_number("wiped", NULL, volume->wiped_lbas * lba_size);
	if (volume->wiped_lbas == volume->nr_lbas)
		out_text(NULL, "WIPED", "yes");
	else
		out_number_as(NULL, "WIPED", 0, "%u %%",
			      (unsigned int)((double)volume->wiped_lbas * 100 /
					     (double)volume->nr_lbas));
}

static void volume_show_row(const struct volume *volume, uint32_t lba_size)
{
	out_row();
	out_text("name", "NAME", volume->name);
	out_text("ctrl", "CTRL", volume->ctrl);
	out_number("nsid", "NSID", volume->nsid);
	out_size("offset", "OFFSET", volume->start_lba * lba_size);
	out_size("size", "SIZE", volume->nr_lbas * lba_size);
	out_text("serial", out_at_length("SERIAL"), volume->serial);
	out_bool("read_only", "ACCESS", volume->read_only, "ro", "rw");
	volume_show_default("queues", "QUEUES", volume->nr_queues);
	volume_show_default("queue_size", out_at_length("QUEUE SIZE"),
			    volume->queue_size);
	volume_show_wiped(volume, lba_size);
	if (*volume->used_by)
		out_text("used_by", "USED BY", volume->used_by);
	else
		out_none("used_by", "USED BY");
}

static int volume_show_list(const struct volume *list, size_t count,
			    enum out_layout layout)
{
	struct ns *ns = NULL;
	size_t nr_ns = 0, i;
	int err;

	err = ipc_ns_list(NULL, &ns, &nr_ns);
	if (err)
		return err;
	out_begin("volumes", layout);
	for (i = 0; i < count; i++)
		volume_show_row(&list[i], volume_lba_size(&list[i], ns, nr_ns));
	out_end();
	free(ns);
	return 0;
}

static int volume_show_one(const char *ctrl, const char *name)
{
	struct volume volume;
	int err;

	err = ipc_volume_find(ctrl, name, &volume);
	return err ? err : volume_show_list(&volume, 1, OUT_RECORD);
}

static int volume_show_all(const char *ctrl)
{
	struct volume *list;
	size_t count;
	int err;

	err = ipc_volume_list(ctrl, &list, &count);
	if (err)
		return err;
	err = volume_show_list(list, count, OUT_TABLE);
	free(list);
	return err;
}

static int volume_show(const struct args *args)
{
	const char *ctrl = args_text(args, "ctrl");
	const char *name = args_text(args, "name");

	return name ? volume_show_one(ctrl, name) : volume_show_all(ctrl);
}

#define VOLUME_ARG_NAME {						\
		.key = "name",						\
		.kind = ARG_VOLUME,					\
		.first = true,						\
		.required = true,					\
		.help = "the volume",					\
	}

#define VOLUME_ARG_CTRL {						\
		.key = "ctrl",						\
		.kind = ARG_CTRL,					\
		.help = "its controller, if several have such a volume", \
	}

#define VOLUME_ARG_QUEUES {						\
		.key = "queues",					\
		.kind = ARG_NUMBER,					\
		.max = GPT_ATTR_QUEUES_MAX,				\
		.help = "virtqueues; 0: one for each CPU",	\
	}

#define VOLUME_ARG_QUEUE_SIZE {						\
		.key = "queue-size",					\
		.kind = ARG_NUMBER,					\
		.max = 1u << GPT_ATTR_QUEUE_SIZE_MAX,			\
		.help = "entries of a virtqueue, a power of two; 0: the driver's own", \
	}

static const struct arg_spec add_args[] = {
	{
		.key = "name",
		.kind = ARG_NAME,
		.first = true,
		.required = true,
		.help = "what it shall be called: 1 to 36 of A-Z a-z 0-9 . _ -",
	},
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.required = true,
		.help = "the controller that it is on",
	},
	{
		.key = "size",
		.kind = ARG_SIZE,
		.required = true,
		.min = 1,
		.help = "its size, such as 100GiB",
	},
	{
		.key = "nsid",
		.kind = ARG_NUMBER,
		.min = 1,
		.max = UINT32_MAX,
		.help = "its namespace, 1 if not given",
	},
	{
		.key = "offset",
		.kind = ARG_SIZE,
		.help = "where it begins; where it fits most tightly if not given",
	},
	VOLUME_ARG_QUEUES,
	VOLUME_ARG_QUEUE_SIZE,
	{
		.key = "ro",
		.kind = ARG_FLAG,
		.help = "guests cannot write to it",
	},
	{
		.key = "keep",
		.kind = ARG_FLAG,
		.help = "do not wipe: whoever gets it reads what is there",
	},
	{ }
};

static const struct arg_spec name_args[] = {
	VOLUME_ARG_NAME,
	VOLUME_ARG_CTRL,
	{ }
};

static const struct arg_spec set_args[] = {
	VOLUME_ARG_NAME,
	VOLUME_ARG_CTRL,
	VOLUME_ARG_QUEUES,
	VOLUME_ARG_QUEUE_SIZE,
	{
		.key = "ro",
		.kind = ARG_FLAG,
		.excludes = "rw",
		.help = "guests cannot write to it",
	},
	{
		.key = "rw",
		.kind = ARG_FLAG,
		.excludes = "ro",
		.help = "guests can write to it",
	},
	{ }
};

static const struct arg_spec resize_args[] = {
	VOLUME_ARG_NAME,
	{
		.key = "size",
		.kind = ARG_SIZE,
		.required = true,
		.min = 1,
		.help = "its new size; one that is in use can only grow",
	},
	VOLUME_ARG_CTRL,
	{
		.key = "keep",
		.kind = ARG_FLAG,
		.help = "do not wipe the new part: its user reads what is there",
	},
	{ }
};

static const struct arg_spec show_args[] = {
	{
		.key = "name",
		.kind = ARG_VOLUME,
		.first = true,
		.help = "one volume, at length",
	},
	{
		.key = "ctrl",
		.kind = ARG_CTRL,
		.help = "only those of this controller",
	},
	{ }
};

static const struct command commands[] = {
	{
		.name = "add",
		.help = "make a volume, and wipe it",
		.args = add_args,
		.run = volume_add,
	},
	{
		.name = "del",
		.help = "delete a volume that nobody uses",
		.args = name_args,
		.run = volume_del,
	},
	{
		.name = "set",
		.help = "change what a volume offers",
		.args = set_args,
		.run = volume_set,
	},
	{
		.name = "resize",
		.help = "make a volume longer or shorter",
		.args = resize_args,
		.run = volume_resize,
	},
	{
		.name = "wipe",
		.help = "go on with a wipe that was interrupted",
		.args = name_args,
		.run = volume_wipe,
	},
	{
		.name = "show",
		.help = "show volumes",
		.args = show_args,
		.run = volume_show,
	},
	{ }
};

const struct object object_volume = {
	.name = "volume",
	.help = "named parts of a disk, each for one vDPA device",
	.commands = commands,
};
