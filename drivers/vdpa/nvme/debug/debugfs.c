// SPDX-License-Identifier: GPL-2.0
#include "debugfs.h"

#include <linux/atomic.h>
#include <linux/debugfs.h>

static struct dentry *nvdpa_debugfs_dir;

void nvdpa_debugfs_init(void)
{
	nvdpa_debugfs_dir = debugfs_create_dir("nvme_vdpa", NULL);
}

void nvdpa_debugfs_exit(void)
{
	debugfs_remove(nvdpa_debugfs_dir);
}

struct dentry *nvdpa_debugfs_root(void)
{
	return nvdpa_debugfs_dir;
}

struct dentry *nvdpa_debugfs_counters(const char *folder,
				      const char * const *names,
				      atomic_t *counters, unsigned int nr)
{
	struct dentry *dir = debugfs_create_dir(folder, nvdpa_debugfs_dir);
	unsigned int i;

	for (i = 0; i < nr; i++)
		debugfs_create_atomic_t(names[i], 0400, dir, &counters[i]);
	return dir;
}
