// SPDX-License-Identifier: GPL-2.0
#include "offer.h"
#include "world.h"

/* Loads of guest memory that one kick may cost at most: descriptors of four fields,
 * entries, and copies of headers, ranges and bounced data.
 */
#define LOADS_MAX	(4 * (NVDPA_PASS_DESCS + NVDPA_CHAIN_MAX) + 1024)

struct world world;

static void world_event(struct nvdpa_queue *q, enum nvdpa_event event)
{
	CHECK(!q->lock.held && !drive.qp->sq_lock.held);
	if (event == NVDPA_EVENT_BROKEN)
		world.broken = true;
	else
		world.unmapped++;
}

static const struct nvdpa_queue_ops world_ops = { .event = world_event };

static int world_callback(void *data)
{
	CHECK(!world.q->lock.held && !drive.qp->sq_lock.held);
	world.calls++;
	return 0;
}

static void world_exit_queue(void)
{
	fprintf(stderr, "stat::most_loads: %llu\n", world.most_loads);
	nvdpa_queue_exit(world.q);
	free(world.q);
}

static void world_once(void)
{
	struct vdpa_callback cb = { .callback = world_callback };
	struct nvdpa_queue *q = aligned_alloc(64, sizeof(*q));

	/* First without memory: what was made is undone, and exit knows it. */
	for (u32 enough = 0; enough < 3; enough++) {
		memset(q, 0, sizeof(*q));
		shim_allocations = enough;
		CHECK_EQ(nvdpa_queue_init(q, NULL, &drive.disk, &world_ops),
			 -ENOMEM);
		nvdpa_queue_exit(q);
	}
	memset(q, 0, sizeof(*q));
	shim_allocations = 3;
	CHECK(!nvdpa_queue_init(q, NULL, &drive.disk, &world_ops));
	nvdpa_queue_set_cb(q, NULL);
	nvdpa_queue_set_cb(q, &cb);
	world.q = q;
	atexit(world_exit_queue);
}

static void world_disk(void)
{
	struct nvdpa_disk *disk = &drive.disk;
	struct nvdpa_extent *ext = &disk->extent;
	u8 shift = in_below(4) ? 9 : 9 + in_below(4);
	u32 lbas = DRIVE_BYTES >> shift;
	struct nvdpa_offer_ident id = {
		.dsm = in_below(4),
		.write_zeroes = in_below(4),
		.dmrl = in_below(4),
		.wzsl = in_below(3),
		.dlfeat = in_below(2) ? 9 : 0,
		.dmrsl = in_below(16),
		.dmsl = in_below(2) ? in_below(64) : 0,
		.granule_lbas = 1,
	};

	memset(disk, 0, sizeof(*disk));
	disk->lim.lba_bytes = 1u << shift;
	disk->lim.max_bytes = 4096u << in_below(4);
	disk->lim.sgl = in_below(3);
	id.max_bytes = disk->lim.max_bytes;
	nvdpa_offer_limits(&disk->req_lim, &id, shift);
	disk->req_lim.read_only = in_rarely(16);
	disk->vwc = in_below(2);
	for (u32 i = 0; i < NVDPA_SERIAL_BYTES; i++)
		disk->serial[i] = 'a' + i;
	ext->nsid = DRIVE_NSID;
	ext->lba_shift = shift;
	ext->first_lba = in_below(lbas / 2);
	ext->nr_lbas = 1 + in_below(lbas - ext->first_lba);
	ext->boundary_lbas = in_below(2) ? in_below(40) : 0;
	drive.discards = in_below(2);
	/* The host's own memory has no permissions. */
	guest.table->premapped = in_below(4);
	for (u32 i = 0; i < guest.table->nr && !guest.table->premapped; i++)
		guest.table->chunks[i].perm = NVDPA_MEM_READ | NVDPA_MEM_WRITE;
}

void world_start(u16 idx)
{
	struct nvdpa_ring ring;
	u8 *base = guest.kva[0];

	nvdpa_ring_init(&ring, base, base + WORLD_AVAIL, base + WORLD_USED,
			world.num, idx, world.event_idx);
	nvdpa_queue_start(world.q, &ring, world.q->fua);
}

void world_init(u32 num, u16 idx)
{
	if (!world.q)
		world_once();
	world.num = num;
	world.event_idx = in_below(2);
	world.broken = false;
	world.unmapped = 0;
	world.calls = 0;
	world_disk();
	world.slots = 1 + in_below(in_below(4) ? 8 : NVDPA_QPAIR_DEPTH - 1);
	drive_init(world.slots);
	world.q->epoch = 0;
	world.q->fua = drive.disk.vwc && in_below(2);
	nvdpa_queue_set_mem(world.q, guest.table, false);
	world_start(idx);
}

/* Never calls back, and what it costs is bounded. */
void world_kick(void)
{
	u64 calls = world.calls, loads = guest.loads;

	nvdpa_submit_kick(world.q);
	CHECK_EQ(world.calls, calls);
	loads = guest.loads - loads;
	if (loads > world.most_loads)
		world.most_loads = loads;
	CHECK(loads <= LOADS_MAX);
}

void world_settle(void)
{
	u64 steps = 0;

	drive.stuck = false;
	while (shim_step())
		CHECK(++steps < 1000000);
}

void world_exit(void)
{
	struct nvdpa_queue *q = world.q;
	struct nvdpa_stats sum = { 0 };

	drive.stuck = false;
	nvdpa_queue_stop(q, false);
	CHECK(!q->inflight[0] && !q->inflight[1] && !q->bounces);
	CHECK(list_empty(&q->waiting) && list_empty(&q->bounced));
	CHECK(!q->work.queued && !q->call && !q->pushed);
	CHECK_EQ(drive.qp->nr_free, world.slots);
	CHECK(!drive.nr_busy);
	CHECK_EQ(nvdpa_queue_index(q), q->ring.used_idx);
	CHECK_EQ(q->ring.last_avail - q->ring.used_idx,
		 world.broken ? q->ring.last_avail - q->ring.used_idx : 0);
	nvdpa_queue_stats(q, &sum);
	CHECK(sum.commands >= sum.splits && sum.commands >= sum.bounces);
	/* The next input must not depend on this one. */
	for (u32 i = 0; i < world.num; i++) {
		CHECK(!q->reqs[i].busy && !q->reqs[i].cmds);
		memset(&q->reqs[i], 0, sizeof(q->reqs[i]));
		q->reqs[i].head = i;
	}
	memset(q->cmds, 0, NVDPA_QPAIR_DEPTH * sizeof(*q->cmds));
	memset(&q->stats, 0, sizeof(q->stats));
}

u32 world_load16(u32 off)
{
	const u8 *p = guest.kva[0] + off;

	return p[0] | p[1] << 8;
}
