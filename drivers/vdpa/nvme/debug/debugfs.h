/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's folder in debugfs, and a folder of counters a controller in it. */
#ifndef NVDPA_DEBUG_DEBUGFS_H
#define NVDPA_DEBUG_DEBUGFS_H

#include <linux/types.h>

struct dentry;

/**
 * nvdpa_debugfs_init() - make the folder nvme_vdpa
 *
 * That it cannot be made is nobody's trouble.
 *
 * Context: may sleep.
 */
void nvdpa_debugfs_init(void);

/**
 * nvdpa_debugfs_exit() - remove the folder and all in it
 *
 * Context: may sleep.
 */
void nvdpa_debugfs_exit(void);

/**
 * nvdpa_debugfs_root() - the folder
 *
 * Return: for debugfs functions, which know what to do with an error.
 */
struct dentry *nvdpa_debugfs_root(void);

/**
 * nvdpa_debugfs_counters() - make a folder of counters
 * @folder: its name
 * @names: of the counters
 * @counters: the counters, which outlive the folder
 * @nr: how many there are
 *
 * Context: may sleep.
 * Return: the folder, for debugfs_remove().
 */
struct dentry *nvdpa_debugfs_counters(const char *folder,
				      const char * const *names,
				      atomic_t *counters, unsigned int nr);

#endif /* NVDPA_DEBUG_DEBUGFS_H */
