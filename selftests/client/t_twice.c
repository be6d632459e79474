// SPDX-License-Identifier: GPL-2.0
/*
 * What a guest wrote is read once. A thread changes one field of each request back
 * and forth as fast as it can while the device reads it. Either value makes a request
 * whose outcome is known, so an outcome that belongs to neither, or a touch of what only
 * the bad value names, can only come from whoever looked twice.
 *
 * The two values differ in one byte: a copy by bytes has one or the other, too.
 */
#include "client.h"

#include <string.h>

#include "vandal.h"

#define NUM 64				/* of the ring */
/*
 * Requests of a round, of four descriptors. Few: all of them change all the time, and
 * none for longer than it takes to read a descriptor.
 */
#define SLOTS 4
#define BURST 64
#define MARK 0xa5			/* where no data came */
#define DISK_SEED 77
#define HALF (256 * KIB)		/* of the data: bit 18 of an address tells them */
#define READ_ONLY (1ULL << 36)		/* from there to the same memory, not for writing */
#define ZEROED 8			/* sectors of a write zeroes, and of what follows */
#define TOO_MANY 0x80000000U

struct flip {
	void *at;
	__u64 good;
	__u64 other;
};

struct slot {
	unsigned int i;
	struct virtio_blk_outhdr *hdr;
	struct virtio_blk_discard_write_zeroes *range;
	struct vring_desc *table;	/* room for one more than it says */
	struct vring_desc *d;		/* its three descriptors */
	__u8 *status;
	__u8 *data;
	__u64 sector;
};

FIXTURE(twice)
{
	struct blk b;
	struct ring *r;
	struct slot slot[SLOTS];
	__u32 len;			/* of a slot's data */
	__u64 beyond;			/* added to a sector, it is past the end */
	__u64 zeroed;			/* first sector of those that are zeroed */
	struct mem read_only;
	__u8 *canary;			/* only bad values name it */
	__u8 *canary_status;

	struct flip flip[NUM];
	unsigned int bytes;		/* of each changed field */
	unsigned int at;		/* the first of those that change */
	bool stop;
	__u64 turns;
	pthread_t thread;

	unsigned int rounds;
	unsigned int good;
	unsigned int refused;
	unsigned int resets;
};

/* Which field, and which outcomes are somebody's. */
FIXTURE_VARIANT(twice)
{
	__u32 type;
	bool indirect;
	unsigned int bytes;
	void (*flip)(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f);
	bool (*legal)(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len);
};

static bool marked(const __u8 *p, size_t len)
{
	return !len || (*p == MARK && !memcmp(p, p + 1, len - 1));
}

/* The first `len` bytes are the disk's, the others were left alone. */
static bool was_read(FIXTURE_DATA(twice) *self, struct slot *s, const __u8 *data,
		     __u32 len)
{
	return pattern_matches(data, len, s->sector * BLK_SECTOR, DISK_SEED) &&
	       marked(data + len, self->len - len);
}

static bool was_done(const struct slot *s)
{
	return *s->status == VIRTIO_BLK_S_OK;
}

static bool was_refused(const struct slot *s, __u32 len)
{
	return *s->status == VIRTIO_BLK_S_IOERR && len == 1;
}

/* ---- how long ---- */

static void flip_len(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	*f = (struct flip){ &s->d[1].len, self->len, self->b.lba };
}

static bool legal_len(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	return was_done(s) && (len == self->len + 1 || len == self->b.lba + 1) &&
	       was_read(self, s, s->data, len - 1);
}

/* ---- where to ---- */

static void flip_place(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	*f = (struct flip){ &s->d[1].addr, s->d[1].addr, s->d[1].addr + HALF };
}

static bool legal_place(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	__u8 *other = s->data + HALF;

	return was_done(s) && len == self->len + 1 &&
	       ((was_read(self, s, s->data, self->len) && marked(other, self->len)) ||
		(was_read(self, s, other, self->len) && marked(s->data, self->len)));
}

static void flip_read_only(FIXTURE_DATA(twice) *self, struct slot *s,
			   struct flip *f)
{
	*f = (struct flip){ &s->d[1].addr, s->d[1].addr,
			    s->d[1].addr + READ_ONLY };
}

/* That nothing came there is looked at in the end. */
static bool legal_read(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	return was_refused(s, len) ||
	       (was_done(s) && len == self->len + 1 &&
		was_read(self, s, s->data, self->len));
}

/* ---- which is next: the bad one lies behind the table ---- */

static void flip_next(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	__u16 next = s->d[0].next;

	*f = (struct flip){ &s->d[0].next, next,
			    s->d == s->table ? 3 : next + NUM };
}

static bool legal_next(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	/* Of a chain that ends nowhere no status byte is known. */
	return (!len && *s->status == REQ_UNTOUCHED) ||
	       (was_done(s) && len == self->len + 1 &&
		was_read(self, s, s->data, self->len));
}

/* ---- which request ---- */

static void flip_head(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	*f = (struct flip){ &self->r->avail->ring[s->i], 4 * (s->i % SLOTS),
			    4 * (s->i % SLOTS) + NUM };
}

/* ---- what to do ---- */

static void flip_to_id(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	*f = (struct flip){ &s->hdr->type, VIRTIO_BLK_T_IN, VIRTIO_BLK_T_GET_ID };
}

static bool was_id(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	return was_done(s) && len == VIRTIO_BLK_ID_BYTES + 1 &&
	       marked(s->data + VIRTIO_BLK_ID_BYTES,
		      self->len - VIRTIO_BLK_ID_BYTES);
}

static bool legal_read_or_id(FIXTURE_DATA(twice) *self, struct slot *s,
			     __u32 len)
{
	return was_id(self, s, len) ||
	       (was_done(s) && len == self->len + 1 &&
		was_read(self, s, s->data, self->len));
}

/* A sector that there is not is nothing to a request for the name. */
static void flip_to_id_beyond(FIXTURE_DATA(twice) *self, struct slot *s,
			      struct flip *f)
{
	s->hdr->sector = s->sector + self->beyond;
	flip_to_id(self, s, f);
}

static bool legal_id(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	return was_id(self, s, len) || was_refused(s, len);
}

/* A write whose data the device may write is none. The disk is looked at in the end. */
static void flip_to_write(FIXTURE_DATA(twice) *self, struct slot *s,
			  struct flip *f)
{
	*f = (struct flip){ &s->hdr->type, VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT };
}

static void flip_sector(FIXTURE_DATA(twice) *self, struct slot *s, struct flip *f)
{
	*f = (struct flip){ &s->hdr->sector, s->sector, s->sector + self->beyond };
}

static void flip_sectors(FIXTURE_DATA(twice) *self, struct slot *s,
			 struct flip *f)
{
	*f = (struct flip){ &s->range->num_sectors, ZEROED, ZEROED | TOO_MANY };
}

static bool legal_zeroes(FIXTURE_DATA(twice) *self, struct slot *s, __u32 len)
{
	return len == 1 && (was_done(s) || was_refused(s, len));
}

#define TWICE(name, ...) FIXTURE_VARIANT_ADD(twice, name) { __VA_ARGS__ }

TWICE(avail, .bytes = 2, .flip = flip_head, .legal = legal_read);
TWICE(desc_len, .bytes = 4, .flip = flip_len, .legal = legal_len);
TWICE(desc_place, .bytes = 8, .flip = flip_place, .legal = legal_place);
TWICE(desc_read_only, .bytes = 8, .flip = flip_read_only, .legal = legal_read);
TWICE(desc_next, .bytes = 2, .flip = flip_next, .legal = legal_next);
TWICE(table_len, .indirect = true, .bytes = 4, .flip = flip_len,
      .legal = legal_len);
TWICE(table_place, .indirect = true, .bytes = 8, .flip = flip_place,
      .legal = legal_place);
TWICE(table_read_only, .indirect = true, .bytes = 8, .flip = flip_read_only,
      .legal = legal_read);
TWICE(table_next, .indirect = true, .bytes = 2, .flip = flip_next,
      .legal = legal_next);
TWICE(type_id, .bytes = 4, .flip = flip_to_id, .legal = legal_read_or_id);
TWICE(type_id_beyond, .bytes = 4, .flip = flip_to_id_beyond, .legal = legal_id);
TWICE(type_write, .bytes = 4, .flip = flip_to_write, .legal = legal_read);
TWICE(sector, .bytes = 8, .flip = flip_sector, .legal = legal_read);
TWICE(zeroes, .type = VIRTIO_BLK_T_WRITE_ZEROES, .bytes = 4,
      .flip = flip_sectors, .legal = legal_zeroes);

/* ---- the requests ---- */

static struct vring_desc *desc_next(struct vring_desc *d, __u64 addr, __u32 len,
				    __u16 flags, __u16 next)
{
	*d = (struct vring_desc){ addr, len, flags | VRING_DESC_F_NEXT, next };
	return d + 1;
}

/* Three descriptors; the fourth, which nobody may use, reads to the canary. */
static void build_chain(FIXTURE_DATA(twice) *self, struct slot *s, __u16 base,
			__u32 type)
{
	bool zeroes = type == VIRTIO_BLK_T_WRITE_ZEROES;
	struct vring_desc *d = s->d;

	d = desc_next(d, blk_iova(&self->b, s->hdr), sizeof(*s->hdr), 0,
		      base + 1);
	if (zeroes)
		d = desc_next(d, blk_iova(&self->b, s->range),
			      sizeof(*s->range), 0, base + 2);
	else
		d = desc_next(d, blk_iova(&self->b, s->data), self->len,
			      VRING_DESC_F_WRITE, base + 2);
	*d++ = (struct vring_desc){ blk_iova(&self->b, s->status), 1,
				    VRING_DESC_F_WRITE, 0 };
	desc_next(d, blk_iova(&self->b, self->canary), self->len,
		  VRING_DESC_F_WRITE, base + 2);
}

/*
 * What lies behind the descriptors of the ring: where a head would be, a whole request
 * for the canary; where data would be, a descriptor that names it.
 */
static void build_behind(FIXTURE_DATA(twice) *self, struct slot *s)
{
	struct vring_desc *behind = &self->r->desc[NUM + 4 * s->i];

	behind[0] = (struct vring_desc){ blk_iova(&self->b, &s->table[4]), 48,
					 VRING_DESC_F_INDIRECT, 0 };
	desc_next(&behind[1], blk_iova(&self->b, self->canary), self->len,
		  VRING_DESC_F_WRITE, 4 * s->i + 2);
	desc_next(&s->table[4], blk_iova(&self->b, s->hdr), sizeof(*s->hdr), 0,
		  1);
	desc_next(&s->table[5], blk_iova(&self->b, self->canary), self->len,
		  VRING_DESC_F_WRITE, 2);
	s->table[6] = (struct vring_desc){
		blk_iova(&self->b, self->canary_status), 1, VRING_DESC_F_WRITE,
		0 };
}

static void build(FIXTURE_DATA(twice) *self, const FIXTURE_VARIANT(twice) *variant)
{
	struct ring *r = self->r;
	struct slot *s;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		s = &self->slot[i];
		s->d = variant->indirect ? s->table : &r->desc[4 * i];
		*s->hdr = (struct virtio_blk_outhdr){ variant->type, 0,
						      s->sector };
		*s->range = (struct virtio_blk_discard_write_zeroes){
			self->zeroed + 2 * ZEROED * i, ZEROED, 0 };
		build_chain(self, s, variant->indirect ? 0 : 4 * i,
			    variant->type);
		build_behind(self, s);
		if (variant->indirect)
			r->desc[4 * i] = (struct vring_desc){
				blk_iova(&self->b, s->table), 48,
				VRING_DESC_F_INDIRECT, 0 };
	}
	for (i = 0; i < NUM; i++)
		r->avail->ring[i] = 4 * (i % SLOTS);
}

static void build_flips(FIXTURE_DATA(twice) *self,
			const FIXTURE_VARIANT(twice) *variant)
{
	struct slot entry = { 0 };
	unsigned int i;

	self->bytes = variant->bytes;
	for (i = 0; i < (variant->flip == flip_head ? NUM : SLOTS); i++) {
		entry.i = i;
		variant->flip(self, i < SLOTS ? &self->slot[i] : &entry,
			      &self->flip[i]);
	}
}

/* ---- the thread ---- */

#define FLIP(type, f, what)						\
	(*(volatile type *)(f)->at = (f)->what)

/* Mostly good: what is bad at the first look is refused and races with nothing. */
#define FLIP_BURST(type, f)						\
	do {								\
		unsigned int turn_, i_;					\
									\
		for (turn_ = 0; turn_ < BURST; turn_++)			\
			for (i_ = 0; i_ < SLOTS; i_++)			\
				if (turn_ % 4)				\
					FLIP(type, &(f)[i_], good);	\
				else					\
					FLIP(type, &(f)[i_], other);	\
	} while (0)

static void *flip_thread(void *arg)
{
	FIXTURE_DATA(twice) *self = arg;
	struct flip *f;

	vandal_pin(1);
	while (!__atomic_load_n(&self->stop, __ATOMIC_RELAXED)) {
		f = &self->flip[__atomic_load_n(&self->at, __ATOMIC_RELAXED)];
		if (self->bytes == 2)
			FLIP_BURST(__u16, f);
		else if (self->bytes == 4)
			FLIP_BURST(__u32, f);
		else
			FLIP_BURST(__u64, f);
		self->turns += BURST;
	}
	return NULL;
}

/* ---- rounds ---- */

static void round_begin(FIXTURE_DATA(twice) *self,
			const FIXTURE_VARIANT(twice) *variant)
{
	unsigned int i;

	/* Entries of the available ring are those of this round. */
	if (variant->flip == flip_head)
		__atomic_store_n(&self->at, self->r->avail_idx % NUM,
				 __ATOMIC_RELAXED);
	for (i = 0; i < SLOTS; i++) {
		memset(self->slot[i].data, MARK, self->len);
		memset(self->slot[i].data + HALF, MARK, self->len);
		*self->slot[i].status = REQ_UNTOUCHED;
	}
	self->r->avail_idx += SLOTS;
	ring_publish(self->r);
	ring_kick(self->r);
}

/* True when all of them have ended, false when the ring was not to be trusted. */
static bool round_wait(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self)
{
	__u64 end = env_now_ms() + env_limit_ms();
	unsigned int n;
	int status;

	for (n = 1; ring_used_idx(self->r) != self->r->avail_idx; n++) {
		if (n % 64)
			continue;
		status = vdev_status(&self->b.vdev);
		if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
			return false;
		ASSERT_GT(end, env_now_ms());
		sched_yield();
	}
	return true;
}

static void round_judge(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self,
			const FIXTURE_VARIANT(twice) *variant)
{
	struct vring_used_elem *e;
	struct slot *s;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		e = &self->r->used->ring[self->r->last_used++ % NUM];
		ASSERT_GT(NUM, e->id) TH_LOG("head %u was never there", e->id);
		ASSERT_EQ(0, e->id % 4);
		s = &self->slot[e->id / 4];
		ASSERT_TRUE(variant->legal(self, s, e->len))
			TH_LOG("slot %u: status %u, %u bytes: neither of both; round %u",
			       s->i, *s->status, e->len, self->rounds);
		if (was_done(s))
			self->good++;
		else
			self->refused++;
	}
}

static void restart(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self,
		    const FIXTURE_VARIANT(twice) *variant)
{
	self->resets++;
	ASSERT_EQ(0, vdev_reset(&self->b.vdev));
	ring_restart(self->r, 0);
	build(self, variant);
	ASSERT_EQ(0, vdev_negotiate(&self->b.vdev, self->b.vdev.accepted));
	ASSERT_EQ(0, ring_attach(self->r));
	ASSERT_EQ(0, vdev_driver_ok(&self->b.vdev));
}

/* ---- the case ---- */

static void slots_create(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self,
			 __u8 *data)
{
	struct blk *b = &self->b;
	struct slot *s;
	unsigned int i;

	for (i = 0; i < SLOTS; i++) {
		s = &self->slot[i];
		s->i = i;
		s->hdr = blk_take(b, sizeof(*s->hdr), 16);
		s->range = blk_take(b, sizeof(*s->range), 16);
		s->table = blk_take(b, 8 * sizeof(*s->table), 16);
		s->status = blk_take(b, 1, 1);
		ASSERT_NE(NULL, s->status);
		s->data = data + i * (HALF / SLOTS);
		s->sector = i * (self->len / BLK_SECTOR);
	}
}

/* Behind the descriptors is memory of ours, so that what is read there means something. */
static void ring_move(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self)
{
	__u8 *place = blk_take(&self->b, 3 * MEM_PAGE, MEM_PAGE);
	struct ring *r = self->r;

	ASSERT_NE(NULL, place);
	r->desc = (void *)place;
	r->avail = (void *)(place + MEM_PAGE);
	r->used = (void *)(place + 2 * MEM_PAGE);
	r->desc_iova = blk_iova(&self->b, r->desc);
	r->avail_iova = blk_iova(&self->b, r->avail);
	r->used_iova = blk_iova(&self->b, r->used);
}

FIXTURE_SETUP(twice)
{
	struct blk_options o = { .num = NUM };
	struct blk *b = &self->b;
	__u8 *data;

	ASSERT_EQ(0, blk_open(b, &o));
	self->r = &b->ring[0];
	self->len = 4 * b->lba;
	for (self->beyond = 1; self->beyond < b->sectors; self->beyond *= 2)
		;
	self->zeroed = 2 * SLOTS * self->len / BLK_SECTOR;
	ASSERT_EQ(0, blk_write_pattern(b, 0, (self->zeroed + 2 * ZEROED * SLOTS) *
				       BLK_SECTOR, DISK_SEED));

	data = blk_take(b, 2 * HALF, 2 * HALF);
	self->canary = blk_take(b, self->len, MEM_PAGE);
	self->canary_status = blk_take(b, 1, 1);
	ASSERT_NE(NULL, data);
	ASSERT_NE(NULL, self->canary_status);
	memset(self->canary, MARK, self->len);
	*self->canary_status = REQ_UNTOUCHED;
	ASSERT_EQ(0, mem_create(&self->read_only, HALF,
				blk_iova(b, data) + READ_ONLY, false));
	memset(self->read_only.va, MARK, HALF);
	ASSERT_EQ(0, vdev_map(&b->vdev, self->read_only.iova, HALF,
			      self->read_only.va, VHOST_ACCESS_RO));
	slots_create(_metadata, self, data);
	ring_move(_metadata, self);
	restart(_metadata, self, variant);
	build_flips(self, variant);
}

FIXTURE_TEARDOWN(twice)
{
	blk_close(&self->b);
	mem_destroy(&self->read_only);
}

/* What only a bad value names. */
static void expect_canaries(struct __test_metadata *_metadata, FIXTURE_DATA(twice) *self)
{
	struct blk *b = &self->b;
	unsigned int i;

	EXPECT_TRUE(marked(self->canary, self->len));
	EXPECT_EQ(REQ_UNTOUCHED, *self->canary_status);
	EXPECT_TRUE(marked(self->read_only.va, HALF));
	ASSERT_EQ(0, vdev_reset(&b->vdev));
	ASSERT_EQ(0, blk_restart(b, 0));
	EXPECT_EQ(0, blk_read_pattern(b, 0, SLOTS * self->len, DISK_SEED));
	for (i = 0; i < SLOTS; i++)
		EXPECT_EQ(0, blk_read_pattern(b, self->zeroed +
					      (2 * i + 1) * ZEROED,
					      ZEROED * BLK_SECTOR, DISK_SEED));
}

TEST_F_TIMEOUT(twice, read, 120)
{
	__u64 end = env_now_ms() + vandal_ms();

	if (variant->type == VIRTIO_BLK_T_WRITE_ZEROES &&
	    !self->b.vdev.config.max_write_zeroes_sectors)
		SKIP(return, "it has no write zeroes");
	vandal_pin(0);
	ASSERT_EQ(0, pthread_create(&self->thread, NULL, flip_thread, self));
	do {
		round_begin(self, variant);
		if (round_wait(_metadata, self))
			round_judge(_metadata, self, variant);
		else
			restart(_metadata, self, variant);
		self->rounds++;
	} while (env_now_ms() < end);
	__atomic_store_n(&self->stop, true, __ATOMIC_RELAXED);
	pthread_join(self->thread, NULL);
	TH_LOG("%u rounds, %u done, %u refused, %u resets, %llu turns", self->rounds,
	       self->good, self->refused, self->resets - 1, self->turns);
	/* Both values were seen, or nothing was shown. */
	EXPECT_LT(0, self->good);
	if (variant->legal != legal_len && variant->legal != legal_place &&
	    variant->legal != legal_read_or_id)
		EXPECT_LT(0, self->refused + self->resets - 1);
	expect_canaries(_metadata, self);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
