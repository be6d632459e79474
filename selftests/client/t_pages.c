// SPDX-License-Identifier: GPL-2.0
/*
 * Pages that the device had come back: every pin and every reference, however its
 * holder ends. A huge page that somebody still holds does not return to its pool, so
 * that its free pages are counted is exact.
 */
#include "client.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#define AREA_IOVA (BLK_IOVA + (1ULL << 32))
#define AREA (4 * MIB)
#define READS 32
#define READ_LEN (64 * KIB)

struct balance {
	long pinned;
	long huge;			/* huge pages that somebody has */
};

static long read_number(const char *path, const char *name)
{
	char line[128];
	long n = -1;
	FILE *f = fopen(path, "r");

	while (f && fgets(line, sizeof(line), f)) {
		size_t len = strlen(name);

		if (!strncmp(line, name, len) &&
		    sscanf(line + len, "%*[: ]%ld", &n) == 1)
			break;
	}
	if (f)
		fclose(f);
	return n;
}

/* Each CPU keeps changes to itself for a while; this asks for them. */
static void refresh_counters(void)
{
	FILE *f = fopen("/proc/sys/vm/stat_refresh", "w");

	if (f) {
		fputs("1", f);
		fclose(f);
	}
}

static struct balance balance_now(void)
{
	refresh_counters();
	return (struct balance){
		.pinned = read_number("/proc/vmstat", "nr_foll_pin_acquired") -
			  read_number("/proc/vmstat", "nr_foll_pin_released"),
		.huge = read_number("/proc/meminfo", "HugePages_Total") -
			read_number("/proc/meminfo", "HugePages_Free"),
	};
}

FIXTURE(pages)
{
	struct balance before;
	struct blk b;
	struct mem area;
	struct req *read[READS];
};

static void pages_open(struct __test_metadata *_metadata,
		       FIXTURE_DATA(pages) *self)
{
	struct blk_options o = { .memory = 2 * MIB };
	unsigned int i;

	ASSERT_EQ(0, blk_open(&self->b, &o));
	for (i = 0; i < READS; i++) {
		self->read[i] = req_create(&self->b, &self->b.ring[0]);
		ASSERT_NE(NULL, self->read[i]);
	}
	ASSERT_EQ(0, mem_create(&self->area, AREA, AREA_IOVA, false));
	ASSERT_EQ(0, vdev_map(&self->b.vdev, AREA_IOVA, AREA, self->area.va,
			      VHOST_ACCESS_RW));
}

FIXTURE_SETUP(pages)
{
	self->before = balance_now();
	ASSERT_LE(0, self->before.pinned);
}

FIXTURE_TEARDOWN(pages)
{
}

static void start(struct __test_metadata *_metadata, FIXTURE_DATA(pages) *self,
		  __u32 type)
{
	unsigned int i;

	for (i = 0; i < READS; i++) {
		struct req *q = self->read[i];

		req_init(q, type, i);
		q->indirect = true;
		req_header(q);
		req_seg_iova(q, AREA_IOVA + i * READ_LEN, READ_LEN,
			     type == VIRTIO_BLK_T_IN);
		req_end(q);
		ASSERT_EQ(0, req_queue(q));
	}
	ring_publish(&self->b.ring[0]);
	ring_kick(&self->b.ring[0]);
}

static void start_reads(struct __test_metadata *_metadata,
			FIXTURE_DATA(pages) *self)
{
	start(_metadata, self, VIRTIO_BLK_T_IN);
}

/* All that was taken since the fixture began was given back. */
static void expect_balance(struct __test_metadata *_metadata,
			   FIXTURE_DATA(pages) *self)
{
	struct balance now = balance_now();

	EXPECT_EQ(self->before.pinned, now.pinned);
	EXPECT_EQ(self->before.huge, now.huge);
}

/* The figure itself moves: while the device has pages, they are counted. */
TEST_F(pages, are_counted)
{
	struct balance now;

	pages_open(_metadata, self);
	now = balance_now();
	EXPECT_LE(AREA / MEM_PAGE, now.pinned - self->before.pinned);
	EXPECT_LE(AREA / (2 * MIB), now.huge - self->before.huge);
	blk_close(&self->b);
	mem_destroy(&self->area);
	expect_balance(_metadata, self);
}

/* Unmapped by us only: vhost and the device still have them, and read into them. */
TEST_F_TIMEOUT(pages, munmap_under_reads_then_close, 60)
{
	unsigned int round;

	for (round = 0; round < 10; round++) {
		pages_open(_metadata, self);
		start_reads(_metadata, self);
		mem_destroy(&self->area);
		blk_close(&self->b);
		expect_balance(_metadata, self);
	}
}

TEST_F_TIMEOUT(pages, close_under_reads, 60)
{
	unsigned int round;

	for (round = 0; round < 10; round++) {
		pages_open(_metadata, self);
		start_reads(_metadata, self);
		blk_close(&self->b);
		/* Nothing arrives any more. */
		memset(self->area.va, 0x77, AREA);
		mem_destroy(&self->area);
		expect_balance(_metadata, self);
	}
}

/* In a process that comes to its end while reads are in flight. */
static void run_child(struct __test_metadata *_metadata,
		      FIXTURE_DATA(pages) *self,
		      void (*child)(struct __test_metadata *_metadata,
				    FIXTURE_DATA(pages) *self))
{
	int status;
	pid_t pid = fork();

	ASSERT_LE(0, pid);
	if (!pid) {
		pages_open(_metadata, self);
		start_reads(_metadata, self);
		child(_metadata, self);
		kill(getpid(), SIGKILL);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	ASSERT_TRUE(WIFSIGNALED(status));
	ASSERT_EQ(SIGKILL, WTERMSIG(status));
}

static void child_nothing(struct __test_metadata *_metadata,
			  FIXTURE_DATA(pages) *self)
{
}

/* The device hears of the batch when it ends, which it never does. */
static void child_batch(struct __test_metadata *_metadata,
			FIXTURE_DATA(pages) *self)
{
	struct vdev *v = &self->b.vdev;

	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_BATCH_BEGIN, 0, 0, NULL, 0));
	ASSERT_EQ(0, vdev_iotlb(v, VHOST_IOTLB_INVALIDATE, AREA_IOVA, AREA, NULL,
				0));
	mem_destroy(&self->area);
}

static void child_unmap_all(struct __test_metadata *_metadata,
			    FIXTURE_DATA(pages) *self)
{
	ASSERT_EQ(0, vdev_unmap(&self->b.vdev, 0, ~0ULL));
}

TEST_F_TIMEOUT(pages, kill_under_reads, 60)
{
	unsigned int round;

	for (round = 0; round < 10; round++) {
		run_child(_metadata, self, child_nothing);
		expect_balance(_metadata, self);
	}
}

TEST_F_TIMEOUT(pages, kill_in_an_open_batch, 60)
{
	unsigned int round;

	for (round = 0; round < 10; round++) {
		run_child(_metadata, self, child_batch);
		expect_balance(_metadata, self);
	}
}

TEST_F_TIMEOUT(pages, kill_without_memory, 60)
{
	run_child(_metadata, self, child_unmap_all);
	expect_balance(_metadata, self);
}

/* Half of a run goes, the rest comes again with other rights, all under reads. */
TEST_F_TIMEOUT(pages, change_under_reads, 60)
{
	struct vdev *v = &self->b.vdev;
	unsigned int round, i;

	pages_open(_metadata, self);
	for (round = 0; round < 20; round++) {
		start_reads(_metadata, self);
		/* A run goes as a whole, whichever page of it is named. */
		ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA + AREA / 2, MEM_PAGE));
		ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA / 2));
		ASSERT_EQ(0, vdev_map(v, AREA_IOVA, AREA / 2, self->area.va,
				      round % 2 ? VHOST_ACCESS_RW :
						  VHOST_ACCESS_WO));
		for (i = 0; i < READS; i++)
			ASSERT_EQ(0, req_wait(self->read[i]));
		ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA));
		ASSERT_EQ(0, vdev_map(v, AREA_IOVA, AREA, self->area.va,
				      VHOST_ACCESS_RW));
	}
	blk_close(&self->b);
	mem_destroy(&self->area);
	expect_balance(_metadata, self);
}

/* Pages that the device may only read are given back in another way. */
TEST_F_TIMEOUT(pages, read_only_under_writes, 60)
{
	struct vdev *v = &self->b.vdev;
	unsigned int round, i;

	pages_open(_metadata, self);
	for (round = 0; round < 10; round++) {
		ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA));
		ASSERT_EQ(0, vdev_map(v, AREA_IOVA, AREA, self->area.va,
				      VHOST_ACCESS_RO));
		start(_metadata, self, VIRTIO_BLK_T_OUT);
		if (round % 2)
			ASSERT_EQ(0, vdev_unmap(v, AREA_IOVA, AREA));
		for (i = 0; i < READS; i++)
			ASSERT_EQ(0, req_wait(self->read[i]));
	}
	blk_close(&self->b);
	mem_destroy(&self->area);
	expect_balance(_metadata, self);
}

/* Pages of 4 KiB have no pool: many times, and memory must not get less. */
TEST_F_TIMEOUT(pages, small_ones_come_back, 120)
{
	enum { ROUNDS = 48, SMALL = 512 * MEM_PAGE };
	struct vdev *v = &self->b.vdev;
	unsigned int round;
	long before = 0, now;

	pages_open(_metadata, self);
	for (round = 0; round < ROUNDS + 2; round++) {
		struct mem small;

		/* What is cached on the way is there after two rounds. */
		if (round == 2)
			before = read_number("/proc/meminfo", "MemAvailable");
		ASSERT_EQ(0, mem_create(&small, SMALL, 1ULL << 40, true));
		ASSERT_EQ(0, vdev_map(v, small.iova, small.size, small.va,
				      VHOST_ACCESS_RW));
		ASSERT_EQ(0, vdev_unmap(v, small.iova, small.size));
		mem_destroy(&small);
	}
	now = read_number("/proc/meminfo", "MemAvailable");
	/* One of four pages lost would be 24 MiB. */
	EXPECT_GT(ROUNDS * SMALL / 4 / 1024, before - now)
		TH_LOG("%ld KiB less", before - now);
	blk_close(&self->b);
	mem_destroy(&self->area);
	expect_balance(_metadata, self);
}

int main(int argc, char **argv)
{
	return client_main(argc, argv);
}
