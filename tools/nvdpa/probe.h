/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether a disk may be taken from the host: who uses it, and what is on it.
 */
#ifndef NVDPA_PROBE_H
#define NVDPA_PROBE_H

#include <stddef.h>
#include <stdint.h>

#define PROBE_NAME_SIZE 64
#define PROBE_DISKS_MAX 128

struct disk;

/**
 * struct probe - the block devices of a controller, held so that nobody else can
 *	begin to use them
 * @nr_disks: how many
 * @disks: each one's name, namespace and file descriptor
 */
struct probe {
	size_t nr_disks;
	struct {
		char name[PROBE_NAME_SIZE];
		uint32_t nsid;
		int fd;
	} disks[PROBE_DISKS_MAX];
};

/**
 * probe_hold() - hold all block devices of a controller
 * @address: of its PCI function
 * @probe: out; probe_release() it
 *
 * -EBUSY: one is in use, mounted, as swap, by another device or by a program; the
 * record says which. Otherwise 0 or a negative errno, recorded.
 */
int probe_hold(const char *address, struct probe **probe);

/**
 * probe_wait() - wait until block devices of a controller that came back are there
 * @address: of its PCI function
 * @nr_disks: how many to expect
 *
 * Not for ever, and not having them is no failure.
 */
void probe_wait(const char *address, size_t nr_disks);

/** probe_release() - let go of them; NULL is fine */
void probe_release(struct probe *probe);

/**
 * probe_signature() - what is on a disk that has no partition table for volumes
 * @disk: the disk
 * @text: out: such as "an ext4 file system"; empty: nothing that is known
 * @size: bytes of @text
 *
 * Return: 0 or a negative errno, recorded.
 */
int probe_signature(struct disk *disk, char *text, size_t size);

#endif /* NVDPA_PROBE_H */
