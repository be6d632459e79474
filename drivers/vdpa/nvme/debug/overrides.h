/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a device says of itself, changed by module parameters when it is read, so that
 * tests reach what no emulated controller plays. Not built for production.
 */
#ifndef NVDPA_DEBUG_OVERRIDES_H
#define NVDPA_DEBUG_OVERRIDES_H

#include <linux/kconfig.h>
#include <linux/types.h>

struct nvme_id_ctrl;
struct nvme_id_ns;

#if IS_ENABLED(CONFIG_VDPA_NVME_OVERRIDES)

/**
 * nvdpa_override_cap() - change the controller capabilities register
 * @cap: as read
 *
 * Return: as the driver shall see it.
 */
u64 nvdpa_override_cap(u64 cap);

/**
 * nvdpa_override_msix_count() - change the number of MSI-X vectors
 * @count: as read
 *
 * Return: as the driver shall see it.
 */
int nvdpa_override_msix_count(int count);

/**
 * nvdpa_override_id_ctrl() - change Identify Controller data
 * @id: as read; changed
 */
void nvdpa_override_id_ctrl(struct nvme_id_ctrl *id);

/**
 * nvdpa_override_id_ns() - change Identify Namespace data
 * @id: as read; changed
 */
void nvdpa_override_id_ns(struct nvme_id_ns *id);

/**
 * nvdpa_override_csts() - set bits of the controller status register
 * @csts: as read
 *
 * Return: as the driver shall see it.
 */
u32 nvdpa_override_csts(u32 csts);

/**
 * nvdpa_override_aer() - make another event of an asynchronous one
 * @result: Dword 0 of the completion, as read
 *
 * Return: as the driver shall see it.
 */
u32 nvdpa_override_aer(u32 result);

#else

static inline u64 nvdpa_override_cap(u64 cap)
{
	return cap;
}

static inline int nvdpa_override_msix_count(int count)
{
	return count;
}

static inline void nvdpa_override_id_ctrl(struct nvme_id_ctrl *id)
{
}

static inline void nvdpa_override_id_ns(struct nvme_id_ns *id)
{
}

static inline u32 nvdpa_override_csts(u32 csts)
{
	return csts;
}

static inline u32 nvdpa_override_aer(u32 result)
{
	return result;
}

#endif

#endif /* NVDPA_DEBUG_OVERRIDES_H */
