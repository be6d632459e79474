// SPDX-License-Identifier: GPL-2.0
/*
 * What other partition tools read of a table of ours, and we of theirs; on files,
 * some of which are larger than any disk that could be read to its end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "tap.h"

#define MIB (1ull << 20)
#define OUTPUT_BYTES 8192

struct image {
	char path[64];
	int fd;
	struct disk *disk;
	char said[OUTPUT_BYTES];
};

static void image_open(struct image *image, uint32_t lba_size, uint64_t bytes)
{
	err_clear();
	snprintf(image->path, sizeof(image->path), "%s/nvdpa-gpt.XXXXXX",
		 getenv("TMPDIR") ?: "/tmp");
	image->fd = mkstemp(image->path);
	EXPECT(image->fd >= 0 && !ftruncate(image->fd, (off_t)bytes));
	EXPECT_EQ(disk_open(image->fd, lba_size, "the image", &image->disk), 0);
}

static void image_close(struct image *image)
{
	disk_close(image->disk);
	close(image->fd);
	unlink(image->path);
}

/* A shell's command, the image's path in the place of each %s; it succeeds. */
static void run(struct image *image, const char *format)
{
	char command[512];
	size_t length;
	FILE *pipe;

	snprintf(command, sizeof(command), format, image->path, image->path);
	pipe = popen(command, "r");
	length = pipe ? fread(image->said, 1, sizeof(image->said) - 1, pipe) : 0;
	image->said[length] = '\0';
	if (pipe && !pclose(pipe))
		return;
	tap_fail(__FILE__, __LINE__, command);
	tap_fail(__FILE__, __LINE__, image->said);
}

__attribute__((format(printf, 2, 3)))
static void said(struct image *image, const char *format, ...)
{
	char words[256];
	va_list values;

	va_start(values, format);
	vsnprintf(words, sizeof(words), format, values);
	va_end(values);
	if (strcasestr(image->said, words))
		return;
	tap_fail(__FILE__, __LINE__, words);
	tap_fail(__FILE__, __LINE__, image->said);
}

static struct gpt *open_table(struct image *image)
{
	struct gpt *gpt = NULL;

	EXPECT_EQ(gpt_open(image->disk, &gpt), 0);
	if (!gpt)
		tap_fail(__FILE__, __LINE__, err_get()->message);
	return gpt;
}

static const struct gpt_part *add(struct gpt *gpt, const char *name,
				  uint64_t nr_lbas,
				  const struct gpt_options *options)
{
	struct gpt_wish wish = {
		.name = name,
		.start_lba = GPT_ANYWHERE,
		.nr_lbas = nr_lbas,
		.granularity_lbas = 1,
		.options = *options,
	};
	const struct gpt_part *part = NULL;

	EXPECT_EQ(gpt_add(gpt, &wish, &part), 0);
	return part;
}

/* As util-linux, which is libblkid, sees it: blkid, udev and lsblk do. */
static void check_partx(struct image *image, const struct gpt_part *part,
			const char *type, const char *flags)
{
	char command[128];

	snprintf(command, sizeof(command),
		 "partx -S %u -r -g -o NR,START,SECTORS,NAME,UUID,TYPE,FLAGS %%s",
		 image->disk->lba_size);
	run(image, command);
	/* It counts in sectors of 512 bytes. */
	said(image, "%u %ju %ju %s %s %s %s\n", part->index + 1,
	     (uintmax_t)part->start_lba * image->disk->lba_size / 512,
	     (uintmax_t)part->nr_lbas * image->disk->lba_size / 512, part->name,
	     part->uuid, type, flags);
}

static void ours_read_by_others(uint32_t lba_size, uint64_t bytes)
{
	static const struct gpt_options options = {
		.unwiped = true,
		.read_only = true,
		.nr_queues = 5,
		.queue_size = 256,
	};
	struct image image;
	struct gpt *gpt;
	const struct gpt_part *part;
	struct gpt_part first;

	image_open(&image, lba_size, bytes);
	EXPECT_EQ(gpt_create(image.disk), 0);
	gpt = open_table(&image);
	first = *add(gpt, "vm-1.data_x", MIB / lba_size, &options);
	/* Behind 4 GiB, where there is room for that. */
	part = add(gpt, "vm2", bytes / lba_size - 4 * MIB / lba_size,
		   &(struct gpt_options){ });
	EXPECT_EQ(gpt_write(gpt), 0);
	check_partx(&image, &first, GPT_TYPE_VOLUME, "0x180b000000000000");
	check_partx(&image, part, GPT_TYPE_VOLUME, "0x0");
	run(&image, lba_size == 512 ? "fdisk -b 512 -x %s" : "fdisk -b 4096 -x %s");
	said(&image, "vm-1.data_x GUID:48,49,51,59,60");
	said(&image, "%s", first.uuid);
	if (lba_size == 512) {
		run(&image, "sgdisk -v %s");
		said(&image, "No problems found");
		run(&image, "sgdisk -i 1 %s");
		said(&image, "Partition name: 'vm-1.data_x'");
		said(&image, "Partition unique GUID: %s", first.uuid);
		said(&image, "Partition GUID code: " GPT_TYPE_VOLUME);
		said(&image, "Attribute flags: 180B000000000000");
		run(&image, "sfdisk --json %s");
		said(&image, "\"name\": \"vm2\"");
		said(&image, "\"attrs\": \"GUID:48,49,51,59,60\"");
	}
	gpt_close(gpt);
	image_close(&image);
}

TEST(gpt_others, ours_read_by_others)
{
	ours_read_by_others(512, 64 * MIB);
	ours_read_by_others(4096, 64 * MIB);
	ours_read_by_others(512, 4 * MIB * MIB);
	ours_read_by_others(4096, 16 * MIB * MIB / 4);
}

/* The blocks of the table, in memory; the caller frees them. */
static uint8_t *read_area(struct image *image, uint64_t offset, size_t bytes)
{
	uint8_t *data = tap_alloc(bytes);

	EXPECT_EQ(pread(image->fd, data, bytes, (off_t)offset), bytes);
	return data;
}

/* What is no entry of ours, of the first MiB and all the rest, stays. */
static void theirs_untouched(uint32_t lba_size, const char *make)
{
	const size_t size = 64 * MIB, entries = 2 * lba_size;
	struct image image;
	struct gpt *gpt;
	const struct gpt_part *part;
	uint8_t *before, *after;
	unsigned int index;

	image_open(&image, lba_size, size);
	run(&image, make);
	/* Boot code, and something in the gap behind the table. */
	EXPECT_EQ(pwrite(image.fd, "boot", 4, 100), 4);
	EXPECT_EQ(pwrite(image.fd, "gap", 3, 100000), 3);
	EXPECT_EQ(pwrite(image.fd, "data", 4, 2 * MIB), 4);
	before = read_area(&image, 0, size);
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 2);
	EXPECT_EQ(gpt->parts[0].kind, GPT_FOREIGN);
	index = add(gpt, "a", MIB / lba_size, &(struct gpt_options){ })->index;
	EXPECT_EQ(index, 2);
	EXPECT_EQ(gpt_write(gpt), 0);
	EXPECT_EQ(gpt_grow(gpt, index, 2 * MIB / lba_size, 1), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	EXPECT_EQ(gpt_resize(gpt, index, 2 * MIB / lba_size, 1), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	after = read_area(&image, 0, size);
	EXPECT(!memcmp(before, after, lba_size));
	EXPECT(!memcmp(before + entries, after + entries, 2 * 128));
	EXPECT(memcmp(before + entries, after + entries, 3 * 128));
	EXPECT(!memcmp(before + entries + LABEL_ENTRIES_BYTES,
		       after + entries + LABEL_ENTRIES_BYTES,
		       size - 2 * (entries + LABEL_ENTRIES_BYTES)));
	free(after);
	EXPECT_EQ(gpt_del(gpt, index), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	/* Nothing of ours is left. */
	after = read_area(&image, 0, size);
	EXPECT(!memcmp(before, after, size));
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 2);
	part = gpt_at(gpt, 1);
	EXPECT(part && part->kind == GPT_FOREIGN);
	gpt_close(gpt);
	free(before);
	free(after);
	image_close(&image);
}

TEST(gpt_others, theirs_untouched)
{
	theirs_untouched(512,
			 "printf 'label: gpt\\nsize=4MiB,name=\"x\\303\\244\",attrs=\"GUID:50\"\\nstart=30MiB,size=1MiB\\n' | sfdisk -q %s 2>&1");
	theirs_untouched(512,
			 "sgdisk -n 1:34:+3M -c 1:foreign -n 2:0:+1M -A 2:set:2 %s");
	theirs_untouched(4096,
			 "printf 'g\\nn\\n\\n\\n+4M\\nn\\n\\n\\n+4M\\nw\\n' | fdisk -b 4096 %s 2>&1");
}

/* Partitions of ours that were made or changed by others. */
TEST(gpt_others, theirs_of_our_type)
{
	struct image image;
	struct gpt *gpt;

	image_open(&image, 512, 64 * MIB);
	run(&image, "sgdisk -n 1:2048:+1M -t 1:" GPT_TYPE_VOLUME
	    " -c 1:'not a name' -n 2:8192:+1M -t 2:" GPT_TYPE_VOLUME
	    " -c 2:ok -A 2:set:60 -A 2:set:1 -A 2:set:63 %s");
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 2);
	EXPECT_EQ(gpt->parts[0].kind, GPT_VOLUME);
	EXPECT(!gpt_name_is_valid(gpt->parts[0].name));
	EXPECT(gpt->parts[1].options.read_only);
	EXPECT_EQ(gpt_set(gpt, 1, &(struct gpt_options){ .nr_queues = 1 }), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	/* Bits that are nothing to us stay. */
	run(&image, "sgdisk -i 2 %s");
	said(&image, "Attribute flags: 8002000000000002");
	EXPECT_EQ(gpt_del(gpt, 0), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	run(&image, "sgdisk -v %s");
	said(&image, "No problems found");
	gpt_close(gpt);
	image_close(&image);
}

/* A growth whose volume another tool has removed keeps no blocks. */
TEST(gpt_others, a_growth_of_nobody)
{
	const struct gpt_part *part;
	struct image image;
	struct gpt *gpt;

	image_open(&image, 512, 64 * MIB);
	EXPECT_EQ(gpt_create(image.disk), 0);
	gpt = open_table(&image);
	part = add(gpt, "a", 2048, &(struct gpt_options){});
	add(gpt, "b", 2048, &(struct gpt_options){});
	EXPECT_EQ(gpt_grow(gpt, 1, 3 * 2048, 8), 0);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 3);
	gpt_close(gpt);
	run(&image, "sgdisk -d 2 %s");
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 1);
	part = add(gpt, "c", 62 * MIB / 512 - 2048 - 34, &(struct gpt_options){});
	EXPECT(part && part->start_lba == 2 * 2048);
	EXPECT_EQ(gpt_write(gpt), 0);
	gpt_close(gpt);
	run(&image, "sgdisk -v -p %s");
	said(&image, "No problems found");
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 2);
	gpt_close(gpt);
	image_close(&image);
}

/* Tables that we cannot keep whole. */
TEST(gpt_others, theirs_refused)
{
	struct image image;
	struct gpt *gpt = NULL;

	image_open(&image, 512, 64 * MIB);
	run(&image, "sgdisk -j 4096 -n 1:0:+1M %s");
	EXPECT_EQ(gpt_open(image.disk, &gpt), -EUCLEAN);
	EXPECT(strstr(err_get()->message, "beside its header"));
	err_clear();
	run(&image, "sgdisk -Z %s; sgdisk -S 256 -n 1:0:+1M %s");
	EXPECT_EQ(gpt_open(image.disk, &gpt), -EUCLEAN);
	EXPECT(strstr(err_get()->message, "128 entries"));
	err_clear();
	run(&image, "sgdisk -Z %s; sgdisk -n 1:0:+1M %s");
	disk_close(image.disk);
	EXPECT_EQ(ftruncate(image.fd, 65 * MIB), 0);
	EXPECT_EQ(disk_open(image.fd, 512, "the image", &image.disk), 0);
	EXPECT_EQ(gpt_open(image.disk, &gpt), -EUCLEAN);
	EXPECT(strstr(err_get()->message, "sgdisk -e"));
	err_clear();
	/* What the message says is what helps. */
	run(&image, "sgdisk -e %s");
	gpt = open_table(&image);
	EXPECT_EQ(gpt->nr_parts, 1);
	gpt_close(gpt);
	image_close(&image);
}
