/* SPDX-License-Identifier: GPL-2.0 */
/* Why a request ended without success, and what the driver is told of it. */
#ifndef NVDPA_PURE_ERROR_H
#define NVDPA_PURE_ERROR_H

#include "kdep.h"

/**
 * enum nvdpa_error - why a request failed
 * @NVDPA_ERROR_NONE: it did not
 * @NVDPA_ERROR_REFUSED: the driver asked for what is not legal
 * @NVDPA_ERROR_UNSUPPORTED: nobody does that here
 * @NVDPA_ERROR_UNMAPPED: it names memory that the device was not given
 * @NVDPA_ERROR_MEDIA: the medium failed, or what is on it
 * @NVDPA_ERROR_DEVICE: the controller failed otherwise, or the bus on the way
 * @NVDPA_ERROR_ABORTED: by a reset, or because the controller does not answer
 * @NVDPA_ERRORS: how many there are
 */
enum nvdpa_error {
	NVDPA_ERROR_NONE,
	NVDPA_ERROR_REFUSED,
	NVDPA_ERROR_UNSUPPORTED,
	NVDPA_ERROR_UNMAPPED,
	NVDPA_ERROR_MEDIA,
	NVDPA_ERROR_DEVICE,
	NVDPA_ERROR_ABORTED,
	NVDPA_ERRORS,
};

/**
 * nvdpa_error_status() - virtio-blk status for an error
 * @error: the error
 *
 * Return: VIRTIO_BLK_S_OK for none, VIRTIO_BLK_S_UNSUPP for what nobody does,
 * VIRTIO_BLK_S_IOERR otherwise.
 */
static inline u8 nvdpa_error_status(enum nvdpa_error error)
{
	switch (error) {
	case NVDPA_ERROR_NONE:
		return VIRTIO_BLK_S_OK;
	case NVDPA_ERROR_UNSUPPORTED:
		return VIRTIO_BLK_S_UNSUPP;
	default:
		return VIRTIO_BLK_S_IOERR;
	}
}

#endif /* NVDPA_PURE_ERROR_H */
