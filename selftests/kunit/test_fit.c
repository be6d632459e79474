// SPDX-License-Identifier: GPL-2.0
/*
 * Pins control/fit.c and what nvme/ident.c tells it: a device goes on as long as its
 * blocks are those that it was made of, and no longer.
 */
#include "fakes.h"

#include "control/claim.h"
#include "control/fit.h"
#include "control/volume.h"
#include "nvme/quirks.h"
#include "pure/allow.h"

#define START	100
#define LBAS	200
#define SIZE	1000

static const struct nvdpa_ctrl_client fit_client = {
	.namespaces = nvdpa_fit_namespaces,
};

/**
 * struct fit - what is there
 * @ctrl: a controller with namespaces 1 and 2
 * @vols: its volumes
 * @part: one on namespace 1, with a device
 * @whole: namespace 2, with a device
 */
struct fit {
	struct nvdpa_ctrl *ctrl;
	struct nvdpa_volumes vols;
	struct nvdpa_volume *part;
	struct nvdpa_volume *whole;
};

/* Nobody looks into them. */
static struct nvdpa_dev *fit_dev(unsigned int i)
{
	return (struct nvdpa_dev *)(i + 1ul);
}

static void fit_volumes(struct kunit *test, struct fit *fit)
{
	struct nvdpa_volume_wish wish = {
		.given = BIT(NVME_VDPA_A_VOLUME_NR_LBAS) |
			 BIT(NVME_VDPA_A_VOLUME_WIPED),
		.name = "part",
		.nsid = 1,
		.start_lba = START,
		.nr_lbas = LBAS,
		.wiped_lbas = LBAS,
	};
	struct nvdpa_refusal why = {};
	int err;

	mutex_lock(&nvdpa_registry.lock);
	err = nvdpa_volume_new(&fit->vols, &wish, &why);
	mutex_unlock(&nvdpa_registry.lock);
	KUNIT_ASSERT_EQ(test, err, 0);
	fit->part = nvdpa_volume_take(&fit->vols, "part", &why);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fit->part);
	fit->whole = nvdpa_volume_take_whole(&fit->vols, "whole@n2",
					     nvdpa_ident_ns(fit->ctrl, 2),
					     &why);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fit->whole);
	nvdpa_volume_attach(&fit->vols, fit->part, fit_dev(0));
	nvdpa_volume_attach(&fit->vols, fit->whole, fit_dev(1));
}

static int fit_init(struct kunit *test)
{
	struct fit *fit = kunit_kzalloc(test, sizeof(*fit), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fit);
	fit->ctrl = fake_ctrl(test);
	fit->ctrl->client = &fit_client;
	fake_ns(0, 1, 9, SIZE);
	fake_ns(1, 2, 9, SIZE);
	KUNIT_ASSERT_EQ(test, nvdpa_ident_ctrl(fit->ctrl), 0);
	KUNIT_ASSERT_EQ(test, nvdpa_ident_scan(fit->ctrl), 0);
	nvdpa_volumes_init(&fit->vols, fit->ctrl);
	nvdpa_volumes_publish(&fit->vols);
	fit_volumes(test, fit);
	test->priv = fit;
	return 0;
}

static void fit_exit(struct kunit *test)
{
	struct fit *fit = test->priv;

	nvdpa_volume_detach(fit->part);
	nvdpa_volume_detach(fit->whole);
	nvdpa_volume_put(&fit->vols, fit->part);
	nvdpa_volume_put(&fit->vols, fit->whole);
	nvdpa_volumes_withdraw(&fit->vols);
	nvdpa_ident_free(fit->ctrl);
}

/* What a rescan leads to: events, and devices that were stopped. */
static void fit_rescan(struct kunit *test, unsigned int ns_events,
		       bool part_stopped, bool whole_stopped)
{
	struct fit *fit = test->priv;

	memset(&fake_calls, 0, sizeof(fake_calls));
	KUNIT_EXPECT_EQ(test, nvdpa_ident_rescan(fit->ctrl), 0);
	KUNIT_EXPECT_EQ(test, fake_calls.ns_events, ns_events);
	KUNIT_EXPECT_EQ(test, fake_calls.stops, part_stopped + whole_stopped);
	KUNIT_EXPECT_EQ(test, fake_calls.retired,
			part_stopped + whole_stopped);
	KUNIT_EXPECT_EQ(test, fit->part->stopped, part_stopped);
	KUNIT_EXPECT_EQ(test, fit->whole->stopped, whole_stopped);
}

static void fit_nothing(struct kunit *test)
{
	fit_rescan(test, 0, false, false);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, 0);
}

/* A partition is what it is; a whole namespace is all of it. */
static void fit_grows(struct kunit *test)
{
	struct fit *fit = test->priv;

	fake_ns(0, 1, 9, SIZE + 1);
	fit_rescan(test, 1, false, false);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, 0);
	fake_ns(1, 2, 9, SIZE + 7);
	fit_rescan(test, 1, false, false);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, SIZE + 7);
	KUNIT_EXPECT_EQ(test, fit->whole->served_lbas, SIZE + 7);
	fit_rescan(test, 0, false, false);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, 0);
}

/* Blocks that a command touches do not come to a device under it. */
static void fit_grows_later(struct kunit *test)
{
	struct nvdpa_allow_range range = { .slba = SIZE, .nlb = 1 };
	struct fit *fit = test->priv;
	struct nvdpa_claim claim = {
		.ns = nvdpa_ident_ns(fit->ctrl, 2),
		.ranges = &range,
		.nr_ranges = 1,
	};

	fake_ns(1, 2, 9, SIZE + 7);
	KUNIT_ASSERT_EQ(test, nvdpa_claim_begin(&fit->vols, &claim), 0);
	KUNIT_EXPECT_EQ(test, nvdpa_ident_rescan(fit->ctrl), -EAGAIN);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, 0);
	nvdpa_claim_end(&claim);
	fit_rescan(test, 0, false, false);
	KUNIT_EXPECT_EQ(test, fake_calls.grown_lbas, SIZE + 7);
}

static void fit_shrinks(struct kunit *test)
{
	struct fit *fit = test->priv;

	fake_ns(0, 1, 9, START + LBAS);
	fit_rescan(test, 1, false, false);
	fake_ns(0, 1, 9, START + LBAS - 1);
	fit_rescan(test, 1, true, false);
	fake_ns(1, 2, 9, SIZE - 1);
	fake_calls.stops = 0;
	KUNIT_EXPECT_EQ(test, nvdpa_ident_rescan(fit->ctrl), 0);
	KUNIT_EXPECT_EQ(test, fake_calls.stops, 1);
}

static void fit_formatted(struct kunit *test)
{
	fake_ns(0, 1, 12, SIZE);
	fit_rescan(test, 1, true, false);
}

static void fit_refused(struct kunit *test)
{
	fake_identify->ns[0].lbaf[0].ms = cpu_to_le16(8);
	fit_rescan(test, 1, true, false);
}

/* Another namespace under the same number. */
static void fit_replaced(struct kunit *test)
{
	fake_identify->ns[0].nguid[3] = 1;
	fit_rescan(test, 1, true, false);
}

/* DEAC gives no zeroes any more: what the guest was told is not so. */
static void fit_limits(struct kunit *test)
{
	fake_identify->ns[1].dlfeat = 1;
	fit_rescan(test, 1, false, true);
}

static int fit_take_part(struct fit *fit)
{
	struct nvdpa_refusal why = {};
	struct nvdpa_volume *vol;

	vol = nvdpa_volume_take(&fit->vols, "part", &why);
	return PTR_ERR_OR_ZERO(vol);
}

/* It went and came back: its volume is good again, but not the device. */
static void fit_removed(struct kunit *test)
{
	struct fit *fit = test->priv;

	fake_identify->nsid[0] = 2;
	fake_identify->nsid[1] = 0;
	fake_identify->ns[0] = fake_identify->ns[1];
	fit_rescan(test, 1, true, false);
	KUNIT_EXPECT_NULL(test, nvdpa_ident_ns(fit->ctrl, 1));
	nvdpa_volume_detach(fit->part);
	nvdpa_volume_put(&fit->vols, fit->part);
	KUNIT_EXPECT_EQ(test, fit_take_part(fit), -ESTALE);
	fake_ns(0, 1, 9, SIZE);
	fake_ns(1, 2, 9, SIZE);
	fit_rescan(test, 1, false, false);
	KUNIT_EXPECT_EQ(test, fit_take_part(fit), 0);
}

static void fit_came(struct kunit *test)
{
	struct fit *fit = test->priv;

	fake_ns(2, 7, 9, SIZE);
	fit_rescan(test, 1, false, false);
	KUNIT_ASSERT_NOT_NULL(test, nvdpa_ident_ns(fit->ctrl, 7));
	KUNIT_EXPECT_EQ(test, nvdpa_ident_ns(fit->ctrl, 7)->nr_lbas, SIZE);
}

static void fit_again(struct kunit *test)
{
	struct fit *fit = test->priv;

	KUNIT_EXPECT_EQ(test, nvdpa_ident_again(fit->ctrl), 0);
	KUNIT_EXPECT_EQ(test, fake_calls.stops, 0);
	fake_identify->ctrl.vwc = NVME_CTRL_VWC_PRESENT;
	KUNIT_EXPECT_EQ(test, nvdpa_ident_again(fit->ctrl), 0);
	KUNIT_EXPECT_EQ(test, fake_calls.stops, 2);
	fake_identify->ctrl.sn[0] = 'x';
	KUNIT_EXPECT_EQ(test, nvdpa_ident_again(fit->ctrl), -ENODEV);
}

/* What is known of a controller counts for more than what it says. */
static void fit_quirks(struct kunit *test)
{
	struct fit *fit = test->priv;

	fake_identify->csi[0] = NVME_CSI_ZNS;
	fake_identify->ctrl.oncs = cpu_to_le16(NVME_CTRL_ONCS_WRITE_ZEROES);
	fake_identify->ctrl.mdts = 5;
	fit->ctrl->quirks = NVDPA_QUIRK_NO_WRITE_ZEROES |
			    NVDPA_QUIRK_NO_DESC_LIST | NVDPA_QUIRK_STRIPE;
	KUNIT_EXPECT_EQ(test, nvdpa_ident_again(fit->ctrl), 0);
	KUNIT_EXPECT_FALSE(test, fit->ctrl->limits.write_zeroes);
	KUNIT_EXPECT_NULL(test, fit->ctrl->ns[0].refusal);
	KUNIT_EXPECT_EQ(test, fit->ctrl->ns[0].boundary_lbas, 256);
}

static struct kunit_case fit_cases[] = {
	KUNIT_CASE(fit_nothing),
	KUNIT_CASE(fit_grows),
	KUNIT_CASE(fit_grows_later),
	KUNIT_CASE(fit_shrinks),
	KUNIT_CASE(fit_formatted),
	KUNIT_CASE(fit_refused),
	KUNIT_CASE(fit_replaced),
	KUNIT_CASE(fit_limits),
	KUNIT_CASE(fit_removed),
	KUNIT_CASE(fit_came),
	KUNIT_CASE(fit_again),
	KUNIT_CASE(fit_quirks),
	{ }
};

static struct kunit_suite fit_suite = {
	.name = "nvdpa-fit",
	.init = fit_init,
	.exit = fit_exit,
	.test_cases = fit_cases,
};

kunit_test_suite(fit_suite);
