// SPDX-License-Identifier: GPL-2.0
#include "probe.h"

#include <blkid/blkid.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "disk.h"
#include "err.h"

#define PROBE_PCI "/sys/bus/pci/devices"
#define PROBE_BLOCK "/sys/class/block"
#define PROBE_PATH_SIZE 512
#define PROBE_WAIT_MS 10000
#define PROBE_POLL_MS 20
/* Signatures that are anywhere else have others here. */
#define PROBE_AREA_BYTES (4u << 20)

/* The first line of a file in sysfs. */
static int probe_read(const char *path, char *text, size_t size)
{
	FILE *file = fopen(path, "re");
	int err = 0;

	if (!file)
		return -errno;
	if (!fgets(text, (int)size, file))
		err = -ENODATA;
	else
		text[strcspn(text, "\n")] = '\0';
	fclose(file);
	return err;
}

/*
 * With multipath, what hangs below the controller is a hidden nvme0c1n1, and the
 * disk is nvme0n1.
 */
static bool probe_disk_name(const char *entry, char *name, size_t size)
{
	unsigned int subsystem, controller, ns;
	char rest;

	if (sscanf(entry, "nvme%uc%un%u%c", &subsystem, &controller, &ns,
		   &rest) == 3 ||
	    sscanf(entry, "nvme%un%u%c", &subsystem, &ns, &rest) == 2) {
		snprintf(name, size, "nvme%un%u", subsystem, ns);
		return true;
	}
	return false;
}

static int probe_add_disk(struct probe *probe, const char *name)
{
	char path[PROBE_PATH_SIZE], text[32];
	size_t i = probe->nr_disks;

	if (i == PROBE_DISKS_MAX)
		return err_set(E2BIG, NULL,
			       "the controller has more than %d block devices",
			       PROBE_DISKS_MAX);
	snprintf(path, sizeof(path), PROBE_BLOCK "/%s/nsid", name);
	if (probe_read(path, text, sizeof(text)))
		return 0;
	snprintf(probe->disks[i].name, PROBE_NAME_SIZE, "%s", name);
	probe->disks[i].nsid = (uint32_t)strtoul(text, NULL, 10);
	probe->disks[i].fd = -1;
	probe->nr_disks++;
	return 0;
}

/* Calls @call with each name in a folder, but for those that begin with a dot. */
static int probe_folder(const char *path,
			int (*call)(const char *name, void *data), void *data)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int err = 0;

	if (!folder)
		return 0;
	while (!err && (entry = readdir(folder)))
		if (*entry->d_name != '.')
			err = call(entry->d_name, data);
	closedir(folder);
	return err;
}

struct probe_search {
	struct probe *probe;
	const char *address;
};

static int probe_find_disk(const char *entry, void *data)
{
	struct probe_search *search = data;
	char name[PROBE_NAME_SIZE];

	if (!probe_disk_name(entry, name, sizeof(name)))
		return 0;
	return probe_add_disk(search->probe, name);
}

static int probe_find_controller(const char *entry, void *data)
{
	struct probe_search *search = data;
	char path[PROBE_PATH_SIZE];

	snprintf(path, sizeof(path), PROBE_PCI "/%.31s/nvme/%.63s",
		 search->address, entry);
	return probe_folder(path, probe_find_disk, search);
}

static int probe_find(const char *address, struct probe *probe)
{
	char path[PROBE_PATH_SIZE];
	struct probe_search search = { .probe = probe, .address = address };

	snprintf(path, sizeof(path), PROBE_PCI "/%s/nvme", address);
	return probe_folder(path, probe_find_controller, &search);
}

/* The device that a line of /proc/self/mountinfo is about: its third field. */
static bool probe_mount_is(const char *line, const char *device, char *point,
			   size_t size)
{
	char number[32], where[256];

	if (sscanf(line, "%*d %*d %31s %*s %255s", number, where) != 2 ||
	    strcmp(number, device))
		return false;
	snprintf(point, size, "%s", where);
	return true;
}

static bool probe_swap_is(const char *line, const char *device, char *point,
			  size_t size)
{
	char path[256], number[32];
	struct stat stat_;

	if (sscanf(line, "%255s", path) != 1 || stat(path, &stat_) ||
	    !S_ISBLK(stat_.st_mode))
		return false;
	snprintf(number, sizeof(number), "%u:%u", major(stat_.st_rdev),
		 minor(stat_.st_rdev));
	snprintf(point, size, "%s", path);
	return !strcmp(number, device);
}

/* Whether a line of a list that the kernel keeps is about a device. */
static bool probe_listed(const char *list, const char *device,
			 bool (*is)(const char *line, const char *device,
				    char *point, size_t size),
			 char *point, size_t size)
{
	FILE *file = fopen(list, "re");
	size_t room = 0;
	char *line = NULL;
	bool found = false;

	if (!file)
		return false;
	while (!found && getline(&line, &room, file) > 0)
		found = is(line, device, point, size);
	free(line);
	fclose(file);
	return found;
}

static int probe_held(const char *holder, void *data)
{
	const char *name = data;
	char path[PROBE_PATH_SIZE], text[128];

	snprintf(path, sizeof(path), PROBE_BLOCK "/%s/dm/name", holder);
	if (probe_read(path, text, sizeof(text)))
		*text = '\0';
	return err_set(EBUSY, NULL, "/dev/%s is part of /dev/%s%s%s", name,
		       *text ? "mapper/" : "", *text ? text : holder,
		       *text ? "; deactivate that first" : "; stop that first");
}

/* A disk or a partition of one. */
static int probe_check_use(const char *name)
{
	char path[PROBE_PATH_SIZE], device[32], where[256];

	snprintf(path, sizeof(path), PROBE_BLOCK "/%s/dev", name);
	if (probe_read(path, device, sizeof(device)))
		return 0;
	if (probe_listed("/proc/self/mountinfo", device, probe_mount_is, where,
			 sizeof(where)))
		return err_set(EBUSY, NULL,
			       "/dev/%s is mounted on %s; unmount it first",
			       name, where);
	if (probe_listed("/proc/swaps", device, probe_swap_is, where,
			 sizeof(where)))
		return err_set(EBUSY, NULL,
			       "/dev/%s is swap space; swapoff comes first",
			       name);
	snprintf(path, sizeof(path), PROBE_BLOCK "/%s/holders", name);
	return probe_folder(path, probe_held, (void *)(uintptr_t)name);
}

static int probe_check_part(const char *entry, void *data)
{
	const char *disk = data;
	char path[PROBE_PATH_SIZE];

	snprintf(path, sizeof(path), PROBE_BLOCK "/%s/%s/partition", disk,
		 entry);
	return access(path, F_OK) ? 0 : probe_check_use(entry);
}

/* Last, what has no name: file systems on several disks, programs. */
static int probe_hold_disk(struct probe *probe, size_t i)
{
	const char *name = probe->disks[i].name;
	char path[PROBE_PATH_SIZE];
	int err;

	err = probe_check_use(name);
	if (err)
		return err;
	snprintf(path, sizeof(path), PROBE_BLOCK "/%s", name);
	err = probe_folder(path, probe_check_part, (void *)(uintptr_t)name);
	if (err)
		return err;
	snprintf(path, sizeof(path), "/dev/%s", name);
	probe->disks[i].fd = open(path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (probe->disks[i].fd >= 0)
		return 0;
	if (errno == EBUSY)
		return err_set(EBUSY, NULL,
			       "%s is in use: a program, or a file system on several disks, has it or a part of it",
			       path);
	return err_set(errno, NULL, "%s: %s", path, strerror(errno));
}

int probe_hold(const char *address, struct probe **probe)
{
	size_t i;
	int err;

	*probe = calloc(1, sizeof(**probe));
	if (!*probe)
		return err_set(ENOMEM, NULL, "out of memory");
	err = probe_find(address, *probe);
	for (i = 0; !err && i < (*probe)->nr_disks; i++)
		err = probe_hold_disk(*probe, i);
	if (err) {
		probe_release(*probe);
		*probe = NULL;
	}
	return err;
}

void probe_release(struct probe *probe)
{
	size_t i;

	if (!probe)
		return;
	for (i = 0; i < probe->nr_disks; i++)
		if (probe->disks[i].fd >= 0)
			close(probe->disks[i].fd);
	free(probe);
}

void probe_wait(const char *address, size_t nr_disks)
{
	struct timespec pause = { .tv_nsec = PROBE_POLL_MS * 1000000 };
	struct probe *probe = calloc(1, sizeof(*probe));
	int waited_ms;

	for (waited_ms = 0; probe && waited_ms < PROBE_WAIT_MS;
	     waited_ms += PROBE_POLL_MS) {
		probe->nr_disks = 0;
		if (probe_find(address, probe) || probe->nr_disks >= nr_disks)
			break;
		nanosleep(&pause, NULL);
	}
	free(probe);
}

static void probe_describe(blkid_probe look, char *text, size_t size)
{
	const char *name, *usage;

	*text = '\0';
	/* A protective MBR alone protects nothing: an init that was cut leaves it. */
	if (!blkid_probe_lookup_value(look, "PTTYPE", &name, NULL) &&
	    strcmp(name, "PMBR")) {
		snprintf(text, size, "a partition table of type %s", name);
		return;
	}
	if (blkid_probe_lookup_value(look, "TYPE", &name, NULL))
		return;
	if (blkid_probe_lookup_value(look, "USAGE", &usage, NULL))
		usage = "other";
	snprintf(text, size, "%s (%s)", name, usage);
}

/* What was found first is enough: nothing may be there. */
static int probe_look(int image, uint32_t lba_size, char *text, size_t size)
{
	blkid_probe look = blkid_new_probe();
	int err = -1;

	if (look && !blkid_probe_set_device(look, image, 0, 0) &&
	    !blkid_probe_set_sectorsize(look, lba_size) &&
	    !blkid_probe_enable_superblocks(look, 1) &&
	    !blkid_probe_set_superblocks_flags(look, BLKID_SUBLKS_TYPE |
					       BLKID_SUBLKS_USAGE) &&
	    !blkid_probe_enable_partitions(look, 1))
		err = blkid_do_probe(look);
	if (!err)
		probe_describe(look, text, size);
	blkid_free_probe(look);
	return err < 0 ? -EIO : 0;
}

int probe_signature(struct disk *disk, char *text, size_t size)
{
	uint64_t area = PROBE_AREA_BYTES / disk->lba_size;
	int image, err;

	*text = '\0';
	image = disk_image(disk, area, area);
	if (image < 0)
		return image;
	err = probe_look(image, disk->lba_size, text, size);
	close(image);
	return err ? err_set(err, NULL, "%s: libblkid cannot look at it",
			     disk->name) : 0;
}
