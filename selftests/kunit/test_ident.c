// SPDX-License-Identifier: GPL-2.0
/*
 * Pins nvme/ident.c and pure/offer.c: capacity and limits out of Identify data, whatever
 * a controller may say.
 */
#include "fakes.h"
#include "pure/offer.h"
#include "pure/prp.h"
#include "pure/req.h"

static void ident_mdts(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	unsigned int mdts;

	for (mdts = 0; mdts < 256; mdts++) {
		u32 want = NVDPA_XFER_MAX_BYTES;

		if (mdts && mdts < 9)
			want = 4096u << mdts;
		fake_identify->ctrl.mdts = mdts;
		KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
		KUNIT_EXPECT_EQ(test, ctrl->max_bytes, want);
		KUNIT_EXPECT_EQ(test, ctrl->limits.max_bytes, want);
	}
}

static void ident_shutdown(struct kunit *test)
{
	static const struct {
		u32 rtd3e_us;
		unsigned int ms;
	} cases[] = {
		{ 0, 5000 }, { 5000000, 5000 }, { 5001000, 5001 },
		{ 60000000, 60000 }, { 60001000, 60000 }, { U32_MAX, 60000 },
	};
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		fake_identify->ctrl.rtd3e = cpu_to_le32(cases[i].rtd3e_us);
		KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
		KUNIT_EXPECT_EQ(test, ctrl->shutdown_ms, cases[i].ms);
	}
}

/* Text of a device: no control characters, no blanks at its end. */
static void ident_names(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	struct nvme_id_ctrl *id = &fake_identify->ctrl;

	memset(id->sn, 'x', sizeof(id->sn));
	memset(id->mn, ' ', sizeof(id->mn));
	memcpy(id->fr, "a\x01\xff" "b    ", sizeof(id->fr));
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
	KUNIT_EXPECT_STREQ(test, ctrl->serial, "xxxxxxxxxxxxxxxxxxxx");
	KUNIT_EXPECT_STREQ(test, ctrl->model, "");
	KUNIT_EXPECT_STREQ(test, ctrl->firmware, "a  b");
}

/* The limits of the command set are of version 1.4, and need not be there. */
static void ident_nvm_limits(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	struct nvme_id_ctrl_nvm *nvm = &fake_identify->nvm;

	nvm->wzsl = 5;
	nvm->dmrl = 7;
	nvm->dmrsl = cpu_to_le32(1000);
	nvm->dmsl = cpu_to_le64(5000);
	fake_identify->ctrl.oncs = cpu_to_le16(NVME_CTRL_ONCS_DSM |
					       NVME_CTRL_ONCS_WRITE_ZEROES);
	fake_identify->ctrl.ver = cpu_to_le32(NVME_VS(1, 3, 0));
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
	KUNIT_EXPECT_EQ(test, ctrl->limits.dmrl, 0);

	fake_identify->ctrl.ver = cpu_to_le32(NVME_VS(1, 4, 0));
	fake_identify->nvm_status = NVME_SC_INVALID_FIELD;
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
	KUNIT_EXPECT_EQ(test, ctrl->limits.dmrl, 0);

	fake_identify->nvm_status = -ETIMEDOUT;
	KUNIT_EXPECT_EQ(test, nvdpa_ident_ctrl(ctrl), -ETIMEDOUT);

	fake_identify->nvm_status = 0;
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
	KUNIT_EXPECT_TRUE(test, ctrl->limits.dsm && ctrl->limits.write_zeroes);
	KUNIT_EXPECT_EQ(test, ctrl->limits.wzsl, 5);
	KUNIT_EXPECT_EQ(test, ctrl->limits.dmrl, 7);
	KUNIT_EXPECT_EQ(test, ctrl->limits.dmrsl, 1000);
	KUNIT_EXPECT_EQ(test, ctrl->limits.dmsl, 5000);
}

static void ident_scan(struct kunit *test, struct nvdpa_ctrl *ctrl)
{
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(ctrl), 0);
	KUNIT_ASSERT_EQ(test, nvdpa_ident_scan(ctrl), 0);
}

static void ident_rescan(struct kunit *test, struct nvdpa_ctrl *ctrl)
{
	nvdpa_ident_free(ctrl);
	ctrl->nr_ns = 0;
	ident_scan(test, ctrl);
}

static void ident_free(void *ctrl)
{
	nvdpa_ident_free(ctrl);
}

static void ident_capacity(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	struct nvme_id_ns *id;
	u8 shift;

	fake_ns(0, 1, 12, 1);
	ident_scan(test, ctrl);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ident_free, ctrl), 0);
	for (shift = 0; shift < 20; shift++) {
		bool good = shift >= 9 && shift <= 12;

		id = fake_ns(0, 1, shift, 1);
		ident_rescan(test, ctrl);
		KUNIT_EXPECT_EQ(test, !ctrl->ns[0].refusal, good);
		if (!good)
			continue;
		KUNIT_EXPECT_EQ(test, ctrl->ns[0].lba_shift, shift);
		/* The largest number of bytes that is one, and one block more. */
		id->nsze = cpu_to_le64(U64_MAX >> shift);
		ident_rescan(test, ctrl);
		KUNIT_EXPECT_NULL(test, ctrl->ns[0].refusal);
		KUNIT_EXPECT_EQ(test, ctrl->ns[0].nr_lbas, U64_MAX >> shift);
		id->nsze = cpu_to_le64((U64_MAX >> shift) + 1);
		ident_rescan(test, ctrl);
		KUNIT_EXPECT_NOT_NULL(test, ctrl->ns[0].refusal);
		id->nsze = 0;
		ident_rescan(test, ctrl);
		KUNIT_EXPECT_NOT_NULL(test, ctrl->ns[0].refusal);
	}
}

static void ident_refusals(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	unsigned int i;

	for (i = 0; i < 6; i++)
		fake_ns(i, i + 1, 9, 100);
	fake_identify->ns[1].lbaf[0].ms = cpu_to_le16(8);
	fake_identify->ns[2].dps = NVME_NS_DPS_PI_TYPE1;
	fake_identify->csi[3] = NVME_CSI_ZNS;
	fake_identify->ns_status[4] = NVME_SC_INVALID_NS;
	/* A format that is not the first. */
	fake_identify->ns[5].flbas = 3;
	fake_identify->ns[5].lbaf[3].ds = 12;
	ident_scan(test, ctrl);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ident_free, ctrl), 0);
	KUNIT_ASSERT_EQ(test, ctrl->nr_ns, 6);
	for (i = 0; i < 6; i++)
		KUNIT_EXPECT_EQ(test, !ctrl->ns[i].refusal, i == 0 || i == 5);
	KUNIT_EXPECT_EQ(test, ctrl->ns[5].lba_shift, 12);
	KUNIT_EXPECT_PTR_EQ(test, nvdpa_ident_ns(ctrl, 3), &ctrl->ns[2]);
	KUNIT_EXPECT_NULL(test, nvdpa_ident_ns(ctrl, 7));

	/* Without descriptors all is NVM. */
	fake_identify->desc_status = NVME_SC_INVALID_FIELD;
	ident_rescan(test, ctrl);
	KUNIT_EXPECT_NULL(test, ctrl->ns[3].refusal);
}

/* A list that does not ascend has an end nevertheless. */
static void ident_list_repeats(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);

	fake_ns(0, 4, 9, 100);
	fake_ns(1, 9, 9, 100);
	fake_ns(2, 9, 9, 100);
	fake_ns(3, 10, 9, 100);
	ident_scan(test, ctrl);
	KUNIT_EXPECT_EQ(test, ctrl->nr_ns, 2);
	nvdpa_ident_free(ctrl);
}

/* Granularities: 0's based, believed only with the bit that says so. */
static void ident_granularity(struct kunit *test)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	struct nvme_id_ns *id = fake_ns(0, 1, 9, 1 << 20);
	const struct nvdpa_ns *ns;

	fake_identify->ctrl.awupf = cpu_to_le16(7);
	id->npwg = cpu_to_le16(63);
	id->npdg = cpu_to_le16(15);
	id->npda = cpu_to_le16(31);
	id->nows = cpu_to_le16(127);
	id->noiob = cpu_to_le16(256);
	ident_scan(test, ctrl);
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, ident_free, ctrl), 0);
	ns = &ctrl->ns[0];
	KUNIT_EXPECT_EQ(test, ns->boundary_lbas, 256);
	KUNIT_EXPECT_EQ(test, ns->phys_lbas, 1);
	KUNIT_EXPECT_EQ(test, ns->opt_lbas, 0);
	KUNIT_EXPECT_EQ(test, ns->limits.granule_lbas, 1);

	id->nsfeat = NVME_NS_FEAT_IO_OPT;
	ident_rescan(test, ctrl);
	ns = &ctrl->ns[0];
	/* Not more than is atomic: 8 blocks of the controller. */
	KUNIT_EXPECT_EQ(test, ns->phys_lbas, 8);
	KUNIT_EXPECT_EQ(test, ns->opt_lbas, 128);
	KUNIT_EXPECT_EQ(test, ns->limits.granule_lbas, 32);

	id->nsfeat |= NVME_NS_FEAT_ATOMICS;
	id->nawupf = cpu_to_le16(1023);
	ident_rescan(test, ctrl);
	KUNIT_EXPECT_EQ(test, ctrl->ns[0].phys_lbas, 64);
	id->npwg = cpu_to_le16(U16_MAX);
	id->nawupf = cpu_to_le16(U16_MAX);
	id->npdg = cpu_to_le16(U16_MAX);
	ident_rescan(test, ctrl);
	KUNIT_EXPECT_EQ(test, ctrl->ns[0].phys_lbas, 65536);
	KUNIT_EXPECT_EQ(test, ctrl->ns[0].limits.granule_lbas, 65536);
}

/* What a guest is told is never more than the controller said, and never wraps. */
static void ident_offer(struct kunit *test)
{
	static const u32 dmrsl[] = { 0, 1, 255, 65536, U32_MAX };
	static const u64 dmsl[] = { 0, 1, 64, 1 << 20, U64_MAX };
	struct nvdpa_offer_ident id = {
		.dsm = true, .write_zeroes = true, .max_bytes = 4096,
	};
	struct nvdpa_req_limits lim;
	unsigned int i, j, dmrl, wzsl;
	u64 lbas;
	u8 shift;

	for (shift = 9; shift <= 12; shift++)
		for (i = 0; i < ARRAY_SIZE(dmrsl); i++)
			for (j = 0; j < ARRAY_SIZE(dmsl); j++)
				for (dmrl = 0; dmrl < 256; dmrl += 51) {
					id.dmrl = dmrl;
					id.dmrsl = dmrsl[i];
					id.dmsl = dmsl[j];
					id.granule_lbas = 1 + dmrl;
					nvdpa_offer_limits(&lim, &id, shift);
					lbas = lim.discard.max_sectors >> (shift - 9);
					KUNIT_EXPECT_GE(test, lbas, 1);
					KUNIT_EXPECT_GE(test, lim.discard.max_ranges, 1);
					KUNIT_EXPECT_LE(test, lim.discard.max_ranges,
							dmrl ? min(dmrl, NVDPA_REQ_RANGES) :
							       NVDPA_REQ_RANGES);
					KUNIT_EXPECT_LE(test, lbas, dmrsl[i] ?: U32_MAX);
					if (dmsl[j])
						KUNIT_EXPECT_LE(test,
								lbas * lim.discard.max_ranges,
								dmsl[j]);
				}

	for (shift = 9; shift <= 12; shift++)
		for (wzsl = 0; wzsl < 256; wzsl++) {
			id.wzsl = wzsl;
			nvdpa_offer_limits(&lim, &id, shift);
			lbas = wzsl + 12 - shift > 16 ? 65536 :
			       1u << (wzsl + 12 - shift);
			KUNIT_EXPECT_EQ(test, lim.zeroes_lbas, lbas);
			KUNIT_EXPECT_EQ(test, lim.zeroes.max_sectors,
					lbas * NVDPA_OFFER_ZEROES_CMDS << (shift - 9));
		}
}

static void ident_dlfeat(struct kunit *test)
{
	struct nvdpa_offer_ident id = { .write_zeroes = true, .max_bytes = 4096 };
	struct nvdpa_req_limits lim;
	unsigned int dlfeat;

	for (dlfeat = 0; dlfeat < 256; dlfeat++) {
		id.dlfeat = dlfeat;
		nvdpa_offer_limits(&lim, &id, 9);
		KUNIT_EXPECT_EQ(test, lim.zeroes_unmap,
				(dlfeat & 7) == 1 && dlfeat & 8);
		KUNIT_EXPECT_EQ(test, lim.discard.max_sectors, 0);
	}
}

static struct kunit_case ident_cases[] = {
	KUNIT_CASE(ident_mdts),
	KUNIT_CASE(ident_shutdown),
	KUNIT_CASE(ident_names),
	KUNIT_CASE(ident_nvm_limits),
	KUNIT_CASE(ident_capacity),
	KUNIT_CASE(ident_refusals),
	KUNIT_CASE(ident_list_repeats),
	KUNIT_CASE(ident_granularity),
	KUNIT_CASE(ident_offer),
	KUNIT_CASE(ident_dlfeat),
	{}
};

static struct kunit_suite ident_suite = {
	.name = "nvdpa-ident",
	.test_cases = ident_cases,
};

kunit_test_suite(ident_suite);
