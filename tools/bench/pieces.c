// SPDX-License-Identifier: GPL-2.0
#include "pieces.h"

#include <errno.h>

int pieces_pin(struct blk *b, unsigned int n)
{
	__u8 *piece = blk_take(b, PIECE, PIECE);
	unsigned int i;
	int err;

	if (!piece)
		return -ENOMEM;
	err = vdev_iotlb(&b->vdev, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0);
	for (i = 0; i < n && !err; i++)
		err = vdev_iotlb(&b->vdev, VHOST_IOTLB_UPDATE, PIECES_IOVA + i * PIECE,
				 PIECE, piece, VHOST_ACCESS_RW);
	return err;
}

int pieces_map(struct blk *b)
{
	return vdev_iotlb(&b->vdev, VHOST_IOTLB_BATCH_END, 0, 0, NULL, 0);
}
