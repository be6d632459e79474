/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who has a vDPA device: the framework waits for him when it is deleted or its
 * controller unbound, and says nothing.
 */
#ifndef NVDPA_HOLDER_H
#define NVDPA_HOLDER_H

#include <stddef.h>

#define HOLDER_SIZE 96

/**
 * holder_find() - who has a vDPA device
 * @device: its name
 * @holder: out: a process, a disk of the host, a bus driver, or "nobody"
 *
 * Processes of others are seen by root only.
 */
void holder_find(const char *device, char holder[HOLDER_SIZE]);

#endif /* NVDPA_HOLDER_H */
