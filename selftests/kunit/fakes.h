/* SPDX-License-Identifier: GPL-2.0 */
/* A controller that says what a test wants, and a module that hears of no change. */
#ifndef NVDPA_KUNIT_FAKES_H
#define NVDPA_KUNIT_FAKES_H

#include <kunit/test.h>
#include <linux/nvme.h>

#include "nvme/ctrl.h"

#define FAKE_NAMESPACES	8

/**
 * struct fake_identify - what Identify answers
 * @ctrl: Identify Controller
 * @nvm: I/O Command Set specific Identify Controller
 * @nvm_status: status of the command that asks for @nvm
 * @ns: Identify Namespace, of the identifiers in @nsid
 * @ns_status: their statuses
 * @nsid: active namespaces, as reported, 0 behind the last one
 * @csi: their command sets
 * @desc_status: status of the commands that ask for @csi
 */
struct fake_identify {
	struct nvme_id_ctrl ctrl;
	struct nvme_id_ctrl_nvm nvm;
	int nvm_status;
	struct nvme_id_ns ns[FAKE_NAMESPACES];
	int ns_status[FAKE_NAMESPACES];
	u32 nsid[FAKE_NAMESPACES];
	u8 csi[FAKE_NAMESPACES];
	int desc_status;
};

extern struct fake_identify *fake_identify;

/**
 * struct fake_calls - how often the module was told of what
 * @ns_events: a namespace has changed
 * @stops: a device was stopped
 * @retired: nvdpa_dev_retire()
 * @grown_lbas: the last nvdpa_dev_grow()
 */
struct fake_calls {
	unsigned int ns_events;
	unsigned int stops;
	unsigned int retired;
	u64 grown_lbas;
};

extern struct fake_calls fake_calls;

/**
 * fake_ctrl() - make a controller whose answers are zeroed
 * @test: frees it
 *
 * Return: the controller; its answers are in fake_identify.
 */
struct nvdpa_ctrl *fake_ctrl(struct kunit *test);

/**
 * fake_ns() - a good namespace
 * @i: index in fake_identify
 * @nsid: identifier
 * @lba_shift: log2 of the block size
 * @nr_lbas: size in blocks
 *
 * Return: its Identify data.
 */
struct nvme_id_ns *fake_ns(unsigned int i, u32 nsid, u8 lba_shift, u64 nr_lbas);

#endif /* NVDPA_KUNIT_FAKES_H */
