/* SPDX-License-Identifier: GPL-2.0 */
/* The load of vDPA devices, again and again. */
#ifndef NVDPA_WATCH_H
#define NVDPA_WATCH_H

/**
 * watch_run() - show it each second
 * @name: of the only device, whose virtqueues are shown; or NULL
 *
 * On a terminal until the user ends it, else until stdout is closed.
 *
 * Return: 0, or a negative errno for which err_set() was called.
 */
int watch_run(const char *name);

#endif /* NVDPA_WATCH_H */
