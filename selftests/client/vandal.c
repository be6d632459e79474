// SPDX-License-Identifier: GPL-2.0
#include "vandal.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "env.h"
#include "pattern.h"

/* Long enough for all of the requests of a round that the device accepts. */
#define PREY_PATIENCE_MS 20

static int prey_slot_create(struct prey_slot *s, struct blk *b)
{
	s->hdr = blk_take(b, sizeof(*s->hdr), sizeof(*s->hdr));
	s->ranges = blk_take(b, PREY_RANGES * sizeof(*s->ranges), 16);
	s->table = blk_take(b, 8 * sizeof(*s->table), 16);
	s->status = blk_take(b, 1, 1);
	s->data = blk_take(b, PREY_DATA, MEM_PAGE);
	return s->hdr && s->ranges && s->table && s->status && s->data ?
	       0 : -ENOMEM;
}

int prey_create(struct prey *p, struct blk *b, __u64 seed)
{
	unsigned int r, i;
	int err = 0;

	memset(p, 0, sizeof(*p));
	p->blk = b;
	p->rings = b->rings;
	p->type = PREY_MIXED;
	p->random = seed;
	p->patience_ms = PREY_PATIENCE_MS;
	for (r = 0; r < p->rings && !err; r++)
		for (i = 0; i < PREY_SLOTS && !err; i++)
			err = prey_slot_create(&p->slot[r][i], b);
	return err;
}

static __u32 prey_type(struct prey *p)
{
	static const __u32 types[] = {
		VIRTIO_BLK_T_OUT, VIRTIO_BLK_T_IN, VIRTIO_BLK_T_OUT,
		VIRTIO_BLK_T_IN, VIRTIO_BLK_T_DISCARD,
		VIRTIO_BLK_T_WRITE_ZEROES, VIRTIO_BLK_T_FLUSH,
		VIRTIO_BLK_T_GET_ID,
	};

	if (p->type != PREY_MIXED)
		return p->type;
	return types[random_below(&p->random, sizeof(types) / sizeof(types[0]))];
}

/* Length of the data, which for a list of ranges is the list. */
static __u32 prey_ranges(struct prey *p, struct prey_slot *s, __u32 type)
{
	unsigned int n = type == VIRTIO_BLK_T_DISCARD ? PREY_RANGES : 1, i;

	for (i = 0; i < n; i++)
		s->ranges[i] = (struct virtio_blk_discard_write_zeroes){
			random_below(&p->random, PREY_SECTORS / 8) * 8, 8, 0 };
	return n * sizeof(s->ranges[0]);
}

static void prey_build(struct prey *p, unsigned int r, unsigned int i)
{
	struct prey_slot *s = &p->slot[r][i];
	struct vring_desc *d = &p->blk->ring[r].desc[4 * i];
	__u32 type = prey_type(p), len = PREY_DATA;
	void *data = s->data;
	__u16 base = 4 * i, n = 0;
	__u16 write = 0;

	if (random_below(&p->random, 2)) {
		*d = (struct vring_desc){ blk_iova(p->blk, s->table), 3 * 16,
					  VRING_DESC_F_INDIRECT, 0 };
		d = s->table;
		base = 0;
	}
	*s->status = REQ_UNTOUCHED;
	s->hdr->type = type;
	s->hdr->sector = random_below(&p->random, PREY_SECTORS / 64) * 8;
	switch (type) {
	case VIRTIO_BLK_T_DISCARD:
	case VIRTIO_BLK_T_WRITE_ZEROES:
		len = prey_ranges(p, s, type);
		data = s->ranges;
		break;
	case VIRTIO_BLK_T_IN:
		write = VRING_DESC_F_WRITE;
		break;
	case VIRTIO_BLK_T_GET_ID:
		write = VRING_DESC_F_WRITE;
		len = VIRTIO_BLK_ID_BYTES;
		break;
	}
	d[n++] = (struct vring_desc){ blk_iova(p->blk, s->hdr), sizeof(*s->hdr),
				      VRING_DESC_F_NEXT, base + n + 1 };
	if (type != VIRTIO_BLK_T_FLUSH) {
		d[n] = (struct vring_desc){ blk_iova(p->blk, data), len,
					    VRING_DESC_F_NEXT | write,
					    base + n + 1 };
		n++;
	}
	d[n] = (struct vring_desc){ blk_iova(p->blk, s->status), 1,
				    VRING_DESC_F_WRITE, 0 };
}

void prey_offer(struct prey *p)
{
	struct ring *r;
	unsigned int i, k;

	for (k = 0; k < p->rings; k++) {
		r = &p->blk->ring[k];
		r->avail_idx = ring_used_idx(r);
		for (i = 0; i < PREY_SLOTS; i++) {
			prey_build(p, k, i);
			ring_offer(r, 4 * i);
		}
		ring_publish(r);
		ring_kick(r);
		p->offered += PREY_SLOTS;
	}
}

static bool prey_done(struct prey *p)
{
	unsigned int k;

	for (k = 0; k < p->rings; k++)
		if (ring_used_idx(&p->blk->ring[k]) != p->blk->ring[k].avail_idx)
			return false;
	return true;
}

static void prey_count(struct prey *p)
{
	struct ring *r;
	unsigned int k;
	__u16 left;

	for (k = 0; k < p->rings; k++) {
		r = &p->blk->ring[k];
		left = r->avail_idx - ring_used_idx(r);
		if (left <= PREY_SLOTS)
			p->ended += PREY_SLOTS - left;
	}
}

int prey_settle(struct prey *p)
{
	__u64 end = env_now_ms() + p->patience_ms;
	struct vdev *v = &p->blk->vdev;
	int status, err;

	while (!prey_done(p) && env_now_ms() < end) {
		status = vdev_status(v);
		if (status < 0)
			return status;
		if (status & VIRTIO_CONFIG_S_NEEDS_RESET)
			break;
		sched_yield();
	}
	prey_count(p);
	status = vdev_status(v);
	if (prey_done(p) && !(status & VIRTIO_CONFIG_S_NEEDS_RESET))
		return 0;
	p->resets++;
	err = vdev_reset(v);
	return err ? err : blk_restart(p->blk, 0);
}

/* ---- the other thread ---- */

void vandal_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

unsigned int vandal_ms(void)
{
	const char *value = getenv("HOSTILE_MS");

	return value && *value ? strtoul(value, NULL, 0) : 400;
}

__u64 vandal_kicks(void)
{
	const char *value = getenv("HOSTILE_KICKS");

	return value && *value ? strtoull(value, NULL, 0) : 1;
}

static __u64 vandal_pick(struct vandal *v, const __u64 *from, unsigned int n)
{
	return from[random_below(&v->random, n)];
}

/* Where a descriptor may be made to point to. */
static __u64 vandal_addr(struct vandal *v)
{
	struct blk *b = v->prey->blk;
	struct ring *r = &b->ring[random_below(&v->random, b->rings)];
	const __u64 from[] = {
		b->mem.iova - 1, b->mem.iova - 512, b->mem.iova - MEM_PAGE,
		b->mem.iova + b->mem.size, b->mem.iova + b->mem.size - 1,
		b->mem.iova + b->mem.size - 511, v->forbidden,
		v->forbidden + 4095, 0, 1, MEM_PAGE, 1ULL << 20, 1ULL << 46,
		1ULL << 63, 0 - 4096ULL, 0 - 512ULL, 0 - 16ULL, ~0ULL,
		r->desc_iova, r->avail_iova, r->used_iova, r->used_iova + 2,
		b->mem.iova + random_below(&v->random, b->mem.size),
	};

	return vandal_pick(v, from, sizeof(from) / sizeof(from[0]));
}

static __u32 vandal_len(struct vandal *v)
{
	static const __u64 from[] = {
		0, 1, 2, 15, 16, 17, 20, 48, 511, 512, 513, 4095, 4096, 4097,
		16384, 65536, 1 << 20, 0x7fffffff, 0x80000000, 0xfffffe00,
		0xfffffff0, 0xffffffff,
	};

	return vandal_pick(v, from, sizeof(from) / sizeof(from[0]));
}

static __u64 vandal_sector(struct vandal *v)
{
	__u64 end = v->prey->blk->sectors;
	const __u64 from[] = {
		0, 1, 7, end - 1, end, end + 1, end - 8, 1ULL << 32, 1ULL << 52,
		1ULL << 55, (1ULL << 55) - 1, 1ULL << 63, 0 - 8ULL, ~0ULL,
	};

	return vandal_pick(v, from, sizeof(from) / sizeof(from[0]));
}

/* As long as a round takes, so that it is read at all while it changes. */
#define FLIP_TURNS 16384

/*
 * Back and forth, so that whoever reads twice may see both, and good at last. Mostly
 * good: what is bad at the first look is refused and races with nothing.
 */
#define FLIP(place, value)						\
	do {								\
		typeof(place) good_ = READ_TEST(place);			\
		typeof(place) bad_ = (value);				\
		unsigned int turn_;					\
									\
		for (turn_ = 0; turn_ < FLIP_TURNS; turn_++)		\
			WRITE_TEST(place, turn_ % 4 ? good_ : bad_);	\
		v->writes += FLIP_TURNS;				\
	} while (0)
#define READ_TEST(x) (*(volatile typeof(x) *)&(x))
#define WRITE_TEST(x, y) (*(volatile typeof(x) *)&(x) = (y))

static void vandal_desc(struct vandal *v, struct vring_desc *d, unsigned int n)
{
	struct vring_desc *one = &d[random_below(&v->random, n)];

	switch (random_below(&v->random, 5)) {
	case 0:
		FLIP(one->addr, vandal_addr(v));
		break;
	case 1:
		FLIP(one->len, vandal_len(v));
		break;
	case 2:
		FLIP(one->flags, random_below(&v->random, 8));
		break;
	case 3:
		FLIP(one->next, random_below(&v->random, 2 * n));
		break;
	case 4:
		FLIP(one->next, random_next(&v->random));
		break;
	}
}

static void vandal_header(struct vandal *v, struct virtio_blk_outhdr *h)
{
	if (random_below(&v->random, 2))
		FLIP(h->type, random_below(&v->random, 18));
	else
		FLIP(h->sector, vandal_sector(v));
}

static void vandal_range(struct vandal *v,
			 struct virtio_blk_discard_write_zeroes *r)
{
	switch (random_below(&v->random, 3)) {
	case 0:
		FLIP(r->sector, vandal_sector(v));
		break;
	case 1:
		FLIP(r->num_sectors, vandal_len(v));
		break;
	case 2:
		FLIP(r->flags, random_below(&v->random, 4));
		break;
	}
}

static void vandal_avail(struct vandal *v, struct ring *r)
{
	struct vring_avail *a = r->avail;
	/* One that the device reads soon. */
	__u16 soon = ring_used_idx(r) + random_below(&v->random, PREY_SLOTS);

	if (random_below(&v->random, 256))
		FLIP(a->ring[soon % r->num],
		     random_next(&v->random) | 0x8000);
	else
		FLIP(a->idx, random_next(&v->random));
}

static void vandal_once(struct vandal *v)
{
	struct prey *p = v->prey;
	unsigned int k = random_below(&v->random, p->rings);
	struct prey_slot *s = &p->slot[k][random_below(&v->random, PREY_SLOTS)];

	switch (v->what & 1U << random_below(&v->random, 6)) {
	case VANDAL_DESCS:
		vandal_desc(v, p->blk->ring[k].desc, 4 * PREY_SLOTS);
		break;
	case VANDAL_TABLES:
		vandal_desc(v, s->table, 3);
		break;
	case VANDAL_HEADERS:
		vandal_header(v, s->hdr);
		break;
	case VANDAL_RANGES:
		vandal_range(v, &s->ranges[random_below(&v->random,
							PREY_RANGES)]);
		break;
	case VANDAL_AVAIL:
		vandal_avail(v, &p->blk->ring[k]);
		break;
	case VANDAL_DATA:
		FLIP(s->data[random_below(&v->random, PREY_DATA)], 0x11);
		break;
	}
}

static void *vandal_thread(void *arg)
{
	struct vandal *v = arg;

	vandal_pin(1);
	while (!__atomic_load_n(&v->stop, __ATOMIC_RELAXED))
		vandal_once(v);
	return NULL;
}

int vandal_start(struct vandal *v, struct prey *p, unsigned int what, __u64 seed)
{
	v->prey = p;
	v->what = what;
	v->random = seed;
	v->stop = false;
	v->writes = 0;
	return -pthread_create(&v->thread, NULL, vandal_thread, v);
}

void vandal_stop(struct vandal *v)
{
	__atomic_store_n(&v->stop, true, __ATOMIC_RELAXED);
	pthread_join(v->thread, NULL);
}

/* ---- kicks ---- */

static void *kicker_thread(void *arg)
{
	struct kicker *k = arg;
	unsigned int i;

	while (!__atomic_load_n(&k->stop, __ATOMIC_RELAXED)) {
		for (i = 0; i < k->nr; i++)
			eventfd_write(k->fd[i], 1);
		__atomic_fetch_add(&k->kicks, k->nr, __ATOMIC_RELAXED);
	}
	return NULL;
}

int kickers_start(struct kicker *k, unsigned int n, struct blk *b)
{
	unsigned int i, r;
	int err = 0;

	for (i = 0; i < n && !err; i++) {
		memset(&k[i], 0, sizeof(k[i]));
		k[i].nr = b->rings;
		for (r = 0; r < b->rings; r++)
			k[i].fd[r] = b->ring[r].kick_fd;
		err = -pthread_create(&k[i].thread, NULL, kicker_thread, &k[i]);
	}
	return err;
}

__u64 kickers_kicks(const struct kicker *k, unsigned int n)
{
	__u64 kicks = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		kicks += __atomic_load_n(&k[i].kicks, __ATOMIC_RELAXED);
	return kicks;
}

__u64 kickers_stop(struct kicker *k, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		__atomic_store_n(&k[i].stop, true, __ATOMIC_RELAXED);
	for (i = 0; i < n; i++)
		pthread_join(k[i].thread, NULL);
	return kickers_kicks(k, n);
}
