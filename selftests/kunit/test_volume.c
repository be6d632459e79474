// SPDX-License-Identifier: GPL-2.0
/* Pins control/volume.c and control/claim.c: no block is in two volumes. */
#include "fakes.h"

#include "control/claim.h"
#include "control/volume.h"
#include "pure/allow.h"

#define BLOCKS	14

/* A controller with one namespace. */
static struct nvdpa_volumes *volumes_make(struct kunit *test, u64 nr_lbas)
{
	struct nvdpa_ctrl *ctrl = fake_ctrl(test);
	struct nvdpa_volumes *vols;

	vols = kunit_kzalloc(test, sizeof(*vols), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vols);
	ctrl->ns = kunit_kzalloc(test, sizeof(*ctrl->ns), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ctrl->ns);
	ctrl->nr_ns = 1;
	ctrl->nr_qpairs = 4;
	ctrl->ns[0].nsid = 1;
	ctrl->ns[0].active = true;
	ctrl->ns[0].lba_shift = 9;
	ctrl->ns[0].nr_lbas = nr_lbas;
	ctrl->ns[0].phys_lbas = 1;
	nvdpa_volumes_init(vols, ctrl);
	nvdpa_volumes_publish(vols);
	return vols;
}

static int volume_new(struct nvdpa_volumes *vols, const char *name, u64 start,
		      u64 nr, struct nvdpa_refusal *why)
{
	struct nvdpa_volume_wish wish = {
		.given = BIT(NVME_VDPA_A_VOLUME_NR_LBAS) |
			 BIT(NVME_VDPA_A_VOLUME_WIPED),
		.name = name,
		.nsid = 1,
		.start_lba = start,
		.nr_lbas = nr,
		.wiped_lbas = nr,
	};
	int err;

	mutex_lock(&nvdpa_registry.lock);
	err = nvdpa_volume_new(vols, &wish, why);
	mutex_unlock(&nvdpa_registry.lock);
	return err;
}

static void volume_del(struct kunit *test, struct nvdpa_volumes *vols,
		       const char *name)
{
	struct nvdpa_refusal why = {};
	int err;

	mutex_lock(&nvdpa_registry.lock);
	err = nvdpa_volume_del(vols, nvdpa_volume_find(vols, name), &why);
	mutex_unlock(&nvdpa_registry.lock);
	KUNIT_EXPECT_EQ(test, err, 0);
}

/* Every range of a small namespace, beside two volumes. */
static void volume_overlap(struct kunit *test)
{
	struct nvdpa_volumes *vols = volumes_make(test, BLOCKS);
	struct nvdpa_refusal why = {};
	u32 taken = GENMASK(5, 3) | GENMASK(10, 9);
	u64 start, nr;

	KUNIT_ASSERT_EQ(test, volume_new(vols, "a", 3, 3, &why), 0);
	KUNIT_ASSERT_EQ(test, volume_new(vols, "b", 9, 2, &why), 0);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", 0, 1, &why), -EEXIST);
	for (start = 0; start <= BLOCKS + 1; start++)
		for (nr = 0; nr <= BLOCKS + 1; nr++) {
			u64 mask = ((1ull << nr) - 1) << start;
			int err = volume_new(vols, "c", start, nr, &why);

			if (start >= BLOCKS || !nr || nr > BLOCKS - start)
				KUNIT_EXPECT_EQ(test, err, -ERANGE);
			else
				KUNIT_EXPECT_EQ(test, err, mask & taken ? -EEXIST : 0);
			if (!err)
				volume_del(test, vols, "c");
		}
	nvdpa_volumes_withdraw(vols);
}

/* Sums that would wrap: nothing of it is accepted, the last block is. */
static void volume_ends(struct kunit *test)
{
	u64 most = U64_MAX >> 9;
	struct nvdpa_volumes *vols = volumes_make(test, most);
	struct nvdpa_refusal why = {};

	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", U64_MAX, 1, &why), -ERANGE);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", U64_MAX, 2, &why), -ERANGE);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", 1, U64_MAX, &why), -ERANGE);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", most, 1, &why), -ERANGE);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", most - 1, 2, &why), -ERANGE);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "a", most - 1, 1, &why), 0);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "b", 0, most, &why), -EEXIST);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "b", 0, most - 1, &why), 0);
	KUNIT_EXPECT_EQ(test, volume_new(vols, "c", most - 2, 1, &why), -EEXIST);
	nvdpa_volumes_withdraw(vols);
}

/* Whole pages of the medium, of any size. */
static void volume_granularity(struct kunit *test)
{
	struct nvdpa_volumes *vols = volumes_make(test, 600);
	struct nvdpa_refusal why = {};
	unsigned int start, nr;

	vols->ctrl->ns[0].phys_lbas = 6;
	for (start = 0; start < 13; start++)
		for (nr = 1; nr < 13; nr++) {
			int err = volume_new(vols, "a", start, nr, &why);

			KUNIT_EXPECT_EQ(test, err,
					start % 6 || nr % 6 ? -EINVAL : 0);
			if (!err)
				volume_del(test, vols, "a");
		}
	nvdpa_volumes_withdraw(vols);
}

/* A volume that changes its length meets the next one, not itself. */
static void volume_growth(struct kunit *test)
{
	struct nvdpa_volumes *vols = volumes_make(test, BLOCKS);
	struct nvdpa_volume_wish wish = {
		.given = BIT(NVME_VDPA_A_VOLUME_NR_LBAS),
	};
	struct nvdpa_refusal why = {};
	struct nvdpa_volume *vol;
	u64 nr;

	KUNIT_ASSERT_EQ(test, volume_new(vols, "a", 2, 3, &why), 0);
	KUNIT_ASSERT_EQ(test, volume_new(vols, "b", 8, 2, &why), 0);
	mutex_lock(&nvdpa_registry.lock);
	vol = nvdpa_volume_find(vols, "a");
	for (nr = 0; nr <= BLOCKS; nr++) {
		int want = nr <= 6 ? 0 : nr <= BLOCKS - 2 ? -EEXIST : -ERANGE;

		wish.nr_lbas = nr;
		KUNIT_EXPECT_EQ(test, nvdpa_volume_set(vols, vol, &wish, &why),
				nr ? want : -ERANGE);
		KUNIT_EXPECT_LE(test, vol->wiped_lbas, vol->nr_lbas);
	}
	mutex_unlock(&nvdpa_registry.lock);
	nvdpa_volumes_withdraw(vols);
}

static int claim(struct nvdpa_volumes *vols, u64 start, u64 nr)
{
	struct nvdpa_allow_range range = { .slba = start, .nlb = nr };
	struct nvdpa_claim claim = {
		.ns = &vols->ctrl->ns[0],
		.ranges = &range,
		.nr_ranges = 1,
	};
	int err = nvdpa_claim_begin(vols, &claim);

	if (!err)
		nvdpa_claim_end(&claim);
	return err;
}

/* Blocks of a volume in use are nobody else's, those beside it are anybody's. */
static void volume_claims(struct kunit *test)
{
	struct nvdpa_volumes *vols = volumes_make(test, BLOCKS);
	struct nvdpa_refusal why = {};
	u32 taken = GENMASK(5, 3);
	u64 start, nr;

	KUNIT_ASSERT_EQ(test, volume_new(vols, "a", 3, 3, &why), 0);
	KUNIT_EXPECT_EQ(test, claim(vols, 3, 3), 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, nvdpa_volume_take(vols, "a", &why));
	for (start = 0; start < BLOCKS; start++)
		for (nr = 1; nr <= BLOCKS; nr++) {
			u64 mask = ((1ull << nr) - 1) << start;

			KUNIT_EXPECT_EQ(test, claim(vols, start, nr),
					mask & taken ? -EBUSY : 0);
		}
	/* Past all ends: it may reach anything, or nothing of ours. */
	KUNIT_EXPECT_EQ(test, claim(vols, 1, U64_MAX), -EBUSY);
	KUNIT_EXPECT_EQ(test, claim(vols, U64_MAX, 1), 0);
	nvdpa_volumes_withdraw(vols);
}

static struct kunit_case volume_cases[] = {
	KUNIT_CASE(volume_overlap),
	KUNIT_CASE(volume_ends),
	KUNIT_CASE(volume_granularity),
	KUNIT_CASE(volume_growth),
	KUNIT_CASE(volume_claims),
	{}
};

static struct kunit_suite volume_suite = {
	.name = "nvdpa-volume",
	.test_cases = volume_cases,
};

kunit_test_suite(volume_suite);
