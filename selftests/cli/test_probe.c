// SPDX-License-Identifier: GPL-2.0
/*
 * Pins what tools/nvdpa/probe.c finds on a disk, and what store_check() makes of
 * that: what somebody may miss is not taken.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "probe.h"
#include "store.h"
#include "tap.h"

#define MIB (1ull << 20)
#define DISK_BYTES (64 * MIB)

struct image {
	char path[64];
	int fd;
	struct disk *disk;
};

static void image_open(struct image *image, uint64_t bytes)
{
	err_clear();
	snprintf(image->path, sizeof(image->path), "%s/nvdpa-probe.XXXXXX",
		 getenv("TMPDIR") ?: "/tmp");
	image->fd = mkstemp(image->path);
	EXPECT(image->fd >= 0 && !ftruncate(image->fd, (off_t)bytes));
	EXPECT_EQ(disk_open(image->fd, 512, "the image", &image->disk), 0);
}

static void image_close(struct image *image)
{
	disk_close(image->disk);
	close(image->fd);
	unlink(image->path);
	err_clear();
}

static void run(const struct image *image, const char *format)
{
	char command[256];

	snprintf(command, sizeof(command), format, image->path);
	if (system(command))
		tap_fail(__FILE__, __LINE__, command);
}

static void put(const struct image *image, uint64_t offset, const void *data,
		size_t bytes)
{
	EXPECT_EQ(pwrite(image->fd, data, bytes, (off_t)offset), bytes);
}

/* That it is taken or not, as it is, with init, with force, with both. */
static void check(struct image *image, int plain, int init, int force,
		  int both, const char *words)
{
	const int want[] = { plain, init, force, both };
	int i, got;

	for (i = 0; i < 4; i++) {
		got = store_check(image->disk, i & 1, i & 2);
		EXPECT_EQ(got, want[i]);
		EXPECT(!got == !err_get()->err);
		if (got == plain && plain && !strstr(err_get()->message, words))
			tap_fail(__FILE__, __LINE__, err_get()->message);
		err_clear();
	}
}

static void found(struct image *image, const char *words)
{
	char text[128] = "";

	EXPECT_EQ(probe_signature(image->disk, text, sizeof(text)), 0);
	if (strcmp(text, words))
		tap_fail(__FILE__, __LINE__, text);
	check(image, -EEXIST, -EEXIST, 0, 0, words);
	image_close(image);
}

TEST(probe, file_systems_and_tables)
{
	static const struct {
		const char *command, *words;
	} cases[] = {
		{ "mkfs.ext4 -q -F %s", "ext4 (filesystem)" },
		{ "mkfs.vfat %s >/dev/null", "vfat (filesystem)" },
		{ "mkswap -q %s 2>/dev/null", "swap (other)" },
		{ "echo 'label: dos' | sfdisk -q %s",
		  "a partition table of type dos" },
		{ "printf 'label: dos\\nsize=1MiB\\n' | sfdisk -q %s",
		  "a partition table of type dos" },
	};
	struct image image;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		image_open(&image, DISK_BYTES);
		run(&image, cases[i].command);
		found(&image, cases[i].words);
	}
}

static void put_numbers(const struct image *image, uint64_t offset,
			const uint32_t *numbers, size_t count)
{
	put(image, offset, numbers, count * sizeof(*numbers));
}

/* An array is described at its begin or at its end. */
TEST(probe, arrays)
{
	static const uint32_t version_0[] = { 0xa92b4efc, 0, 90 };
	static const uint32_t version_1[] = { 0xa92b4efc, 1 };
	static const uint64_t places[] = { 0, 4096, DISK_BYTES - 8192 };
	struct image image;
	uint64_t sector;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		sector = places[i] / 512;
		image_open(&image, DISK_BYTES);
		put_numbers(&image, places[i], version_1, ARRAY_SIZE(version_1));
		put(&image, places[i] + 144, &sector, sizeof(sector));
		found(&image, "linux_raid_member (raid)");
	}
	image_open(&image, DISK_BYTES);
	put_numbers(&image, DISK_BYTES - (64 << 10), version_0,
		    ARRAY_SIZE(version_0));
	found(&image, "linux_raid_member (raid)");
}

TEST(probe, lvm)
{
	/* Sector, checksum, where the rest begins. */
	static const uint32_t numbers[] = { 1, 0, 0x28a8ac73, 32 };
	struct image image;

	image_open(&image, DISK_BYTES);
	put(&image, 512, "LABELONE", 8);
	put_numbers(&image, 512 + 8, numbers, ARRAY_SIZE(numbers));
	put(&image, 512 + 24, "LVM2 001", 8);
	found(&image, "LVM2_member (raid)");
}

/* Of things that there need not be a tool for on this machine. */
TEST(probe, containers)
{
	static const uint8_t bcache[] = {
		0xc6, 0x85, 0x73, 0xf6, 0x4e, 0x1a, 0x45, 0xca,
		0x82, 0x65, 0xf5, 0x7f, 0x48, 0xba, 0x6d, 0x81,
	};
	static const uint8_t uberblock[8] = {
		0x0c, 0xb1, 0xba, 0x00, 0x00, 0x00, 0x00, 0x00,
	};
	struct image image;
	uint64_t block;
	int i;

	image_open(&image, DISK_BYTES);
	put(&image, 0, "LUKS\xba\xbe\0\1", 8);
	found(&image, "crypto_LUKS (crypto)");

	/* Its ends are blank. */
	image_open(&image, DISK_BYTES);
	put(&image, 1 << 20, "\x0d\xd0\x01\xc0", 4);
	found(&image, "VMFS_volume_member (raid)");

	image_open(&image, DISK_BYTES);
	put(&image, 4096 + 24, bcache, sizeof(bcache));
	block = 8;
	put(&image, 4096 + 8, &block, sizeof(block));
	found(&image, "bcache (other)");

	/* A pool needs several of its uberblocks to be known. */
	image_open(&image, DISK_BYTES);
	for (i = 0; i < 64; i++)
		put(&image, 128 * 1024 + 1024 * i, uberblock, 8);
	found(&image, "zfs_member (filesystem)");
}

TEST(probe, what_is_not_known)
{
	struct image image;
	char text[64] = "x";

	image_open(&image, DISK_BYTES);
	EXPECT_EQ(probe_signature(image.disk, text, sizeof(text)), 0);
	EXPECT(!*text);
	check(&image, 0, 0, 0, 0, "");
	/* May be taken, as what it is; a table is for blank disks. */
	put(&image, 5000, "something", 9);
	check(&image, 0, -EEXIST, 0, 0, "not blank");
	image_close(&image);

	image_open(&image, DISK_BYTES);
	EXPECT_EQ(gpt_create(image.disk), 0);
	check(&image, 0, 0, 0, 0, "");
	put(&image, 512 + 20, "x", 1);
	check(&image, 0, 0, 0, 0, "");
	put(&image, DISK_BYTES - 512 + 20, "x", 1);
	check(&image, -EUCLEAN, -EUCLEAN, 0, 0, "both copies");
	image_close(&image);

	image_open(&image, MIB);
	check(&image, 0, 0, 0, 0, "");
	image_close(&image);
}
