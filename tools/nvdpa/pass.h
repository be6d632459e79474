/* SPDX-License-Identifier: GPL-2.0 */
/* A namespace through the controller's passthrough device, /dev/nvdpa/ADDRESS. */
#ifndef NVDPA_PASS_H
#define NVDPA_PASS_H

#include <stdint.h>

struct disk;

/**
 * pass_open() - a namespace of a controller that nvme_vdpa has, as a disk
 * @ctrl: such as pci/0000:01:00.0
 * @nsid: the namespace
 * @disk: out
 *
 * It can zero blocks if the controller has Write Zeroes; with deallocation, where
 * the namespace says that deallocated blocks read as zeroes.
 *
 * Return: 0 or a negative errno, recorded; -ENOENT: the device is not there.
 */
int pass_open(const char *ctrl, uint32_t nsid, struct disk **disk);

/**
 * pass_status_text() - what an NVMe status means
 * @status: 11 bits of status code type and code, perhaps with more above
 *
 * Return: in a few words.
 */
const char *pass_status_text(unsigned int status);

#endif /* NVDPA_PASS_H */
