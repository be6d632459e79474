// SPDX-License-Identifier: GPL-2.0
#include "holder.h"

#include <ctype.h>
#include <dirent.h>
#include <glob.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define VDPA_DEVICES "/sys/bus/vdpa/devices"
#define COMM_SIZE 32

/* The last part of what @pattern finds first. */
static bool holder_glob(const char *pattern, char *name, size_t size)
{
	bool found = false;
	glob_t paths;

	if (!glob(pattern, GLOB_NOSORT, NULL, &paths) && paths.gl_pathc) {
		snprintf(name, size, "%s", strrchr(paths.gl_pathv[0], '/') + 1);
		found = true;
	}
	globfree(&paths);
	return found;
}

static bool holder_driver(const char *device, char *driver, size_t size)
{
	char path[PATH_MAX], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), VDPA_DEVICES "/%s/driver", device);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	snprintf(driver, size, "%s", strrchr(target, '/') + 1);
	return true;
}

/* Whether a process has @node open. */
static bool holder_has_open(const char *pid, const char *node)
{
	char path[PATH_MAX], target[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	ssize_t length;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		length = readlinkat(dirfd(dir), entry->d_name, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		found = !strcmp(target, node);
	}
	closedir(dir);
	return found;
}

static void holder_comm(const char *pid, char comm[COMM_SIZE])
{
	char path[PATH_MAX];
	FILE *file;

	*comm = '\0';
	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (!file)
		return;
	if (fgets(comm, COMM_SIZE, file))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(file);
}

/* vhost-vdpa lets one open a device at a time. */
static bool holder_process(const char *node, char holder[HOLDER_SIZE])
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	char comm[COMM_SIZE];
	bool found = false;

	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name) ||
		    !holder_has_open(entry->d_name, node))
			continue;
		holder_comm(entry->d_name, comm);
		snprintf(holder, HOLDER_SIZE, "process %.10s (%s)", entry->d_name, comm);
		found = true;
	}
	closedir(dir);
	return found;
}

static bool holder_vhost(const char *device, char holder[HOLDER_SIZE])
{
	char pattern[PATH_MAX], name[64], node[80];

	snprintf(pattern, sizeof(pattern), VDPA_DEVICES "/%s/vhost-vdpa-*", device);
	if (!holder_glob(pattern, name, sizeof(name)))
		return false;
	snprintf(node, sizeof(node), "/dev/%s", name);
	return holder_process(node, holder);
}

/* The virtio device is below whichever device does the DMA. */
static bool holder_disk(const char *device, char holder[HOLDER_SIZE])
{
	static const char *const below[] = { "", "/.." };
	char pattern[PATH_MAX], name[64];
	size_t i;

	for (i = 0; i < sizeof(below) / sizeof(*below); i++) {
		snprintf(pattern, sizeof(pattern), VDPA_DEVICES "/%s%s/virtio*/block/vd*",
			 device, below[i]);
		if (!holder_glob(pattern, name, sizeof(name)))
			continue;
		snprintf(holder, HOLDER_SIZE, "disk /dev/%.60s", name);
		return true;
	}
	return false;
}

void holder_find(const char *device, char holder[HOLDER_SIZE])
{
	char driver[64];

	if (!holder_driver(device, driver, sizeof(driver))) {
		snprintf(holder, HOLDER_SIZE, "nobody");
		return;
	}
	if (!strcmp(driver, "vhost_vdpa") && holder_vhost(device, holder))
		return;
	if (!strcmp(driver, "virtio_vdpa") && holder_disk(device, holder))
		return;
	snprintf(holder, HOLDER_SIZE, "driver %s", driver);
}
