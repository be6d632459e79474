// SPDX-License-Identifier: GPL-2.0
#include "drive.h"

#include "guest.h"

#define SLOT_DMA	0x7000000000ull
#define PAGE		4096u
#define MAPS_MAX	65536

struct drive drive;
int shim_allocations;

static struct device drive_dev = { .name = "drive" };
static struct nvdpa_ctrl drive_ctrl = { .dev = &drive_dev };
/* What was counted when a pass began. */
static u64 drive_pass, drive_bounces;

/* Mappings for DMA that are in force, when memory is not mapped beforehand. */
static struct {
	u64 addr;
	u32 len;
	enum dma_data_direction dir;
} maps[MAPS_MAX];
static u32 nr_maps;

u64 ktime_get_ns(void)
{
	static u64 now;

	return now += 1000;
}

dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
			      size_t offset, size_t len,
			      enum dma_data_direction dir, unsigned long attrs)
{
	const u8 *kva = (u8 *)page + offset;

	CHECK(dev == &drive_dev && attrs == drive.disk.dma_attrs);
	if (in_left() && in_rarely(64)) {
		drive.maps_failed = true;
		return ~0ull;
	}
	for (u32 i = 0; i < guest.table->nr; i++) {
		const struct nvdpa_mem_chunk *chunk = &guest.table->chunks[i];
		u64 off = kva - chunk->kva;

		if (off >= chunk->size)
			continue;
		CHECK(len && off + len <= chunk->size);
		CHECK(nr_maps < MAPS_MAX);
		maps[nr_maps].addr = chunk->dma + off;
		maps[nr_maps].len = len;
		maps[nr_maps].dir = dir;
		return maps[nr_maps++].addr;
	}
	CHECK(false);
	return 0;
}

int dma_mapping_error(struct device *dev, dma_addr_t addr)
{
	return addr == ~0ull ? -ENOMEM : 0;
}

void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t len,
			  enum dma_data_direction dir, unsigned long attrs)
{
	u32 i;

	for (i = 0; i < nr_maps; i++)
		if (maps[i].addr == addr && maps[i].len == len &&
		    maps[i].dir == dir)
			break;
	CHECK(i < nr_maps);
	maps[i] = maps[--nr_maps];
}

static bool drive_mapped(u64 addr, enum dma_data_direction dir)
{
	for (u32 i = 0; i < nr_maps; i++)
		if (addr - maps[i].addr < maps[i].len && maps[i].dir == dir)
			return true;
	return false;
}

/* The queue pair. */

struct nvdpa_qpair *nvdpa_qpair_create(struct nvdpa_ctrl *ctrl,
				       const struct nvdpa_qpair_ops *ops,
				       void *priv)
{
	struct nvdpa_qpair *qp;

	if (shim_allocations-- <= 0)
		return ERR_PTR(-ENOMEM);
	qp = aligned_alloc(64, sizeof(*qp));
	memset(qp, 0, sizeof(*qp));
	qp->ctrl = &drive_ctrl;
	qp->ops = ops;
	qp->priv = priv;
	qp->depth = NVDPA_QPAIR_DEPTH;
	qp->slots = aligned_alloc(64, (qp->depth - 1) * sizeof(*qp->slots));
	memset(qp->slots, 0, (qp->depth - 1) * sizeof(*qp->slots));
	for (u16 i = 0; i < qp->depth - 1; i++) {
		qp->slots[i].page = aligned_alloc(PAGE, PAGE);
		qp->slots[i].page_dma = SLOT_DMA + i * 2ull * PAGE;
	}
	drive.qp = qp;
	return qp;
}

void nvdpa_qpair_destroy(struct nvdpa_qpair *qp)
{
	CHECK(!drive.nr_busy);
	for (u16 i = 0; i < qp->depth - 1; i++)
		free(qp->slots[i].page);
	free(qp->slots);
	free(qp);
	drive.qp = NULL;
}

void nvdpa_qpair_begin(struct nvdpa_qpair *qp)
{
	spin_lock(&qp->sq_lock);
	drive_pass = drive.posted;
	drive_bounces = ((struct nvdpa_queue *)qp->priv)->stats.bounces;
}

/* What one pass posts and copies is bounded, and so is what waits to be copied. */
void nvdpa_qpair_end(struct nvdpa_qpair *qp)
{
	const struct nvdpa_queue *q = qp->priv;

	CHECK(drive.posted - drive_pass <= NVDPA_PASS_CMDS);
	CHECK(q->stats.bounces - drive_bounces <= NVDPA_PASS_BOUNCES);
	CHECK(q->bounces <= NVDPA_QUEUE_BOUNCES);
	spin_unlock(&qp->sq_lock);
}

void nvdpa_qpair_put(struct nvdpa_qpair *qp, u16 cid)
{
	lockdep_assert_held(&qp->sq_lock);
	for (u16 i = 0; i < qp->nr_free; i++)
		CHECK(qp->free[i] != cid);
	CHECK(qp->slots[cid].state != NVDPA_SLOT_BUSY);
	qp->slots[cid].state = NVDPA_SLOT_FREE;
	memset(qp->slots[cid].page, 0xee, PAGE);
	qp->free[qp->nr_free++] = cid;
}

static u32 drive_bytes(const struct nvme_command *cmd)
{
	return (le16_to_cpu(cmd->rw.length) + 1u) <<
	       drive.disk.extent.lba_shift;
}

/* The tenant next door is never touched, whatever this one asks for. */
static void drive_check_range(u64 lba, u64 nlb)
{
	const struct nvdpa_extent *ext = &drive.disk.extent;

	CHECK(nlb && lba >= ext->first_lba);
	CHECK(lba - ext->first_lba < ext->nr_lbas);
	CHECK(nlb <= ext->nr_lbas - (lba - ext->first_lba));
}

static void drive_check_rw(const struct nvme_command *cmd)
{
	u64 lba = le64_to_cpu(cmd->rw.slba);
	u32 nlb = le16_to_cpu(cmd->rw.length) + 1;
	u32 boundary = drive.disk.extent.boundary_lbas;

	drive_check_range(lba, nlb);
	CHECK(drive_bytes(cmd) <= drive.disk.lim.max_bytes);
	if (boundary)
		CHECK(lba / boundary == (lba + nlb - 1) / boundary);
}

static void drive_check_dsm(const struct nvme_command *cmd, const void *page)
{
	const struct nvme_dsm_range *range = page;
	u32 nr = le32_to_cpu(cmd->dsm.nr) + 1;

	CHECK(nr <= drive.disk.req_lim.discard.max_ranges);
	CHECK_EQ(le32_to_cpu(cmd->dsm.attributes), NVME_DSMGMT_AD);
	for (u32 i = 0; i < nr; i++) {
		CHECK_EQ(range[i].cattr, 0);
		drive_check_range(le64_to_cpu(range[i].slba),
				  le32_to_cpu(range[i].nlb));
	}
}

static void drive_check(const struct nvme_command *cmd, const void *page)
{
	const struct nvdpa_req_limits *lim = &drive.disk.req_lim;

	CHECK_EQ(le32_to_cpu(cmd->common.nsid), DRIVE_NSID);
	if (lim->read_only)
		CHECK(cmd->common.opcode == nvme_cmd_read ||
		      cmd->common.opcode == nvme_cmd_flush);
	switch (cmd->common.opcode) {
	case nvme_cmd_read:
	case nvme_cmd_write:
		drive_check_rw(cmd);
		break;
	case nvme_cmd_write_zeroes:
		CHECK(lim->zeroes.max_sectors);
		CHECK(le16_to_cpu(cmd->write_zeroes.length) < lim->zeroes_lbas);
		CHECK(lim->zeroes_unmap ||
		      !(le16_to_cpu(cmd->write_zeroes.control) & NVME_WZ_DEAC));
		drive_check_range(le64_to_cpu(cmd->write_zeroes.slba),
				  le16_to_cpu(cmd->write_zeroes.length) + 1);
		break;
	case nvme_cmd_dsm:
		CHECK(lim->discard.max_sectors);
		drive_check_dsm(cmd, page);
		break;
	default:
		CHECK_EQ(cmd->common.opcode, nvme_cmd_flush);
		CHECK(drive.disk.vwc);
	}
}

void nvdpa_qpair_post(struct nvdpa_qpair *qp, u16 cid, void *owner)
{
	const struct nvdpa_queue_req *rq = owner;
	struct nvdpa_slot *slot = &qp->slots[cid];

	lockdep_assert_held(&qp->sq_lock);
	CHECK(qp->gate == NVDPA_QPAIR_OPEN);
	CHECK(slot->state == NVDPA_SLOT_FREE);
	CHECK_EQ(slot->head, rq->head);
	/* The rest of a transfer that failed is not started. */
	CHECK(!rq->error);
	slot->owner = owner;
	slot->state = NVDPA_SLOT_BUSY;
	slot->cmd.common.command_id = cid;
	drive_check(&slot->cmd, slot->page);
	drive.nr_busy++;
	drive.since[cid] = drive.posted++;
}

void nvdpa_qpair_sync(struct nvdpa_qpair *qp)
{
}

/* Data pointers. */

static u32 drive_view_prp(const struct nvme_command *cmd, u32 bytes,
			  const __le64 *list, u64 list_dma,
			  struct drive_run *runs)
{
	u64 addr = le64_to_cpu(cmd->common.dptr.prp1);
	u64 prp2 = le64_to_cpu(cmd->common.dptr.prp2);
	u32 n = 0, len = min(bytes, (u32)(PAGE - addr % PAGE));

	CHECK_EQ(addr % 4, 0);
	runs[n++] = (struct drive_run) { addr, len };
	bytes -= len;
	if (bytes > PAGE) {
		CHECK_EQ(prp2, list_dma);
		CHECK((bytes + PAGE - 1) / PAGE <= PAGE / 8);
	} else if (bytes) {
		list = &cmd->common.dptr.prp2;
	}
	for (; bytes; bytes -= len) {
		addr = le64_to_cpu(*list++);
		CHECK_EQ(addr % PAGE, 0);
		len = min(bytes, PAGE);
		runs[n++] = (struct drive_run) { addr, len };
	}
	return n;
}

static u32 drive_view_desc(const struct nvme_sgl_desc *desc,
			   enum nvdpa_sgl_support sgl, struct drive_run *run)
{
	CHECK_EQ(desc->type, NVME_SGL_FMT_DATA_DESC << 4);
	CHECK(!desc->rsvd[0] && !desc->rsvd[1] && !desc->rsvd[2]);
	run->addr = le64_to_cpu(desc->addr);
	run->len = le32_to_cpu(desc->length);
	CHECK(run->len);
	if (sgl == NVDPA_SGL_DWORD)
		CHECK(run->addr % 4 == 0 && run->len % 4 == 0);
	return run->len;
}

static u32 drive_view_sgl(const struct nvme_command *cmd, u32 bytes,
			  const struct nvme_sgl_desc *list, u64 list_dma,
			  enum nvdpa_sgl_support sgl, struct drive_run *runs)
{
	const struct nvme_sgl_desc *desc = &cmd->common.dptr.sgl;
	u32 n = 1, sum = 0;

	CHECK(sgl != NVDPA_SGL_NONE);
	if (desc->type != NVME_SGL_FMT_DATA_DESC << 4) {
		CHECK_EQ(desc->type, NVME_SGL_FMT_LAST_SEG_DESC << 4);
		CHECK_EQ(le64_to_cpu(desc->addr), list_dma);
		n = le32_to_cpu(desc->length) / sizeof(*desc);
		CHECK_EQ(le32_to_cpu(desc->length), n * sizeof(*desc));
		CHECK(n && n <= PAGE / sizeof(*desc));
		desc = list;
	}
	for (u32 i = 0; i < n; i++)
		sum += drive_view_desc(&desc[i], sgl, &runs[i]);
	CHECK_EQ(sum, bytes);
	return n;
}

u32 drive_view(const struct nvme_command *cmd, u32 bytes, const void *list,
	       u64 list_dma, enum nvdpa_sgl_support sgl, struct drive_run *runs)
{
	switch (cmd->common.flags) {
	case 0:
		return drive_view_prp(cmd, bytes, list, list_dma, runs);
	case NVME_CMD_SGL_METABUF:
		return drive_view_sgl(cmd, bytes, list, list_dma, sgl, runs);
	default:
		CHECK(false);
		return 0;
	}
}

/* What commands do. */

static void drive_store(u64 lba, u32 blocks, bool fua)
{
	drive.clock++;
	for (u64 i = lba; i < lba + blocks; i++) {
		drive.written[i] = drive.clock;
		if (fua || !drive.disk.vwc)
			drive.stable[i] = drive.clock;
	}
}

/* One byte after the other, of the slot's page or the guest's memory. */
static u8 *drive_reach(u16 cid, u64 addr, bool write)
{
	const struct nvdpa_slot *slot = &drive.qp->slots[cid];
	u8 *p;

	if (addr - slot->page_dma < PAGE)
		return (u8 *)slot->page + (addr - slot->page_dma);
	if (!guest.table->premapped)
		CHECK(drive_mapped(addr, write ? DMA_TO_DEVICE :
						 DMA_FROM_DEVICE));
	p = guest_dma(addr, write ? NVDPA_MEM_READ : NVDPA_MEM_WRITE);
	CHECK(p);
	return p;
}

static void drive_move(u16 cid, u32 bytes, bool write)
{
	static struct drive_run runs[DRIVE_RUNS];
	const struct nvdpa_slot *slot = &drive.qp->slots[cid];
	const struct nvme_command *cmd = &drive.qp->slots[cid].cmd;
	u8 *disk = drive.data + (le64_to_cpu(cmd->rw.slba) <<
				 drive.disk.extent.lba_shift);
	u32 n = drive_view(cmd, drive_bytes(cmd), slot->page, slot->page_dma,
			   drive.disk.lim.sgl, runs);

	for (u32 i = 0; i < n; i++) {
		u8 *p = drive_reach(cid, runs[i].addr, write);
		u32 len = min(runs[i].len, bytes);

		/* A run may go on from chunk to chunk. */
		for (u32 done = 0; done < len; done++, p++) {
			if (!((runs[i].addr + done) % PAGE))
				p = drive_reach(cid, runs[i].addr + done, write);
			if (write)
				*disk++ = *p;
			else
				*p = *disk++;
		}
		bytes -= len;
	}
}

static void drive_discard(u16 cid)
{
	const struct nvme_dsm_range *range = drive.qp->slots[cid].page;
	u32 nr = le32_to_cpu(drive.qp->slots[cid].cmd.dsm.nr) + 1;
	u8 shift = drive.disk.extent.lba_shift;

	CHECK_EQ(le64_to_cpu(drive.qp->slots[cid].cmd.dsm.dptr.prp1),
		 drive.qp->slots[cid].page_dma);
	for (u32 i = 0; i < nr && drive.discards; i++)
		memset(drive.data + (le64_to_cpu(range[i].slba) << shift), 0,
		       (u64)le32_to_cpu(range[i].nlb) << shift);
}

static void drive_execute(u16 cid, bool whole)
{
	const struct nvme_command *cmd = &drive.qp->slots[cid].cmd;
	u64 lba = le64_to_cpu(cmd->rw.slba);
	bool fua = le16_to_cpu(cmd->rw.control) & NVME_RW_FUA;
	u32 bytes = drive_bytes(cmd), blocks;
	u8 shift = drive.disk.extent.lba_shift;

	/* What fails may have gone half of the way. */
	if (!whole)
		bytes = in_below(2) ? in_below((bytes >> shift) + 1) << shift : 0;
	blocks = bytes >> shift;
	switch (cmd->common.opcode) {
	case nvme_cmd_read:
		drive_move(cid, bytes, false);
		break;
	case nvme_cmd_write:
		drive_move(cid, bytes, true);
		drive_store(lba, blocks, fua && whole);
		break;
	case nvme_cmd_write_zeroes:
		memset(drive.data + (lba << shift), 0, bytes);
		drive_store(lba, blocks, fua && whole);
		break;
	case nvme_cmd_dsm:
		if (whole)
			drive_discard(cid);
		break;
	default:
		if (whole)
			memcpy(drive.stable, drive.written,
			       sizeof(drive.stable));
	}
}

static int drive_nth(u32 nth)
{
	for (u16 cid = 0; cid < NVDPA_QPAIR_DEPTH - 1; cid++)
		if (drive.qp->slots[cid].state == NVDPA_SLOT_BUSY && !nth--)
			return cid;
	CHECK(false);
	return -1;
}

static u32 drive_oldest(void)
{
	u32 nth = 0, found = 0;
	u64 oldest = U64_MAX;

	for (u16 cid = 0; cid < NVDPA_QPAIR_DEPTH - 1; cid++) {
		if (drive.qp->slots[cid].state != NVDPA_SLOT_BUSY)
			continue;
		if (drive.since[cid] < oldest) {
			oldest = drive.since[cid];
			found = nth;
		}
		nth++;
	}
	return found;
}

/* Fills in what the user of the queue pair is told. */
static void drive_done(u16 cid, u16 status, struct nvdpa_done *done)
{
	struct nvdpa_slot *slot = &drive.qp->slots[cid];

	status &= NVME_SCT_SC_MASK;
	if (status != NVME_SC_ABORT_QUEUE)
		drive_execute(cid, !status);
	slot->state = NVDPA_SLOT_DONE;
	drive.nr_busy--;
	if (drive.failed[slot->head] || drive.failed_opcode[slot->head] || !status)
		;
	else if (status == NVME_SC_INVALID_OPCODE)
		drive.failed_opcode[slot->head] = true;
	else
		drive.failed[slot->head] = true;
	*done = (struct nvdpa_done) { slot->owner, cid, status };
}

static void drive_tell(const struct nvdpa_done *done, unsigned int nr)
{
	spin_lock(&drive.qp->cq_lock);
	drive.qp->ops->complete(drive.qp->priv, done, nr);
	spin_unlock(&drive.qp->cq_lock);
	drive.qp->ops->flush(drive.qp->priv);
}

void drive_end(u32 nth, u16 status)
{
	struct nvdpa_done done;

	drive_done(drive_nth(nth), status, &done);
	drive_tell(&done, 1);
}

static u16 drive_status(void)
{
	static const u16 bad[] = {
		NVME_SC_INVALID_OPCODE, 0x281, 0x006, 0x080, 0x286, 0x4000,
	};

	if (!in_left() || !in_rarely(12))
		return NVME_SC_SUCCESS;
	return bad[in_below(ARRAY_SIZE(bad))];
}

void drive_end_some(void)
{
	struct nvdpa_done done[NVDPA_QPAIR_BATCH];
	u32 n = 0, want = 1 + in_below(NVDPA_QPAIR_BATCH);

	while (drive.nr_busy && n < want) {
		drive_done(drive_nth(in_below(drive.nr_busy)), drive_status(),
			   &done[n]);
		n++;
	}
	if (n)
		drive_tell(done, n);
}

/* Somebody waits: the later pass runs, or a command ends; by turns, if there are both. */
bool shim_step(void)
{
	struct nvdpa_queue *q = drive.qp->priv;
	bool ends = !drive.stuck && drive.nr_busy;

	drive.turn = !drive.turn;
	if ((drive.turn || !ends) && shim_run_work(&q->work))
		return true;
	if (!ends)
		return false;
	/* In any order, but none waits for ever. */
	drive_end(in_left() ? in_below(drive.nr_busy) : drive_oldest(),
		  drive_status());
	return true;
}

/* Nothing ends for long: the last look for completions finds none or all. */
unsigned int nvdpa_qpair_reap(struct nvdpa_qpair *qp)
{
	u32 n = drive.nr_busy;

	if (in_below(2))
		return 0;
	while (drive.nr_busy)
		drive_end(0, NVME_SC_SUCCESS);
	return n;
}

void nvdpa_qpair_abandon(struct nvdpa_qpair *qp)
{
	qp->gate = NVDPA_QPAIR_HELD;
	while (drive.nr_busy)
		drive_end(0, NVME_SC_ABORT_QUEUE);
	qp->gate = NVDPA_QPAIR_OPEN;
	qp->ops->resume(qp->priv);
}

void drive_forget(u16 head)
{
	drive.failed[head] = false;
	drive.failed_opcode[head] = false;
}

void drive_init(u32 slots)
{
	CHECK(!nr_maps && !drive.nr_busy);
	for (u32 i = 0; i < DRIVE_LBAS; i++)
		memset(drive.data + (i << 9), i, 512);
	memset(drive.written, 0, sizeof(drive.written));
	memset(drive.stable, 0, sizeof(drive.stable));
	memset(drive.failed, 0, sizeof(drive.failed));
	memset(drive.failed_opcode, 0, sizeof(drive.failed_opcode));
	drive.clock = 0;
	drive.maps_failed = false;
	drive.stuck = false;
	drive.turn = false;
	drive.disk.dma_dev = &drive_dev;
	drive.disk.dma_attrs = 0x20;
	drive.qp->nr_free = 0;
	for (u32 i = 0; i < slots; i++) {
		drive.qp->slots[i].state = NVDPA_SLOT_FREE;
		drive.qp->free[drive.qp->nr_free++] = i;
	}
}
