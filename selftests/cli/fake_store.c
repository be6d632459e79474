// SPDX-License-Identifier: GPL-2.0
#include "fake_store.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#include "disk.h"
#include "err.h"
#include "gpt.h"
#include "ipc.h"
#include "lock.h"
#include "store.h"
#include "tap.h"

int __wrap_ipc_volume_get(const char *ctrl, const char *name,
			  struct volume *volume);
int __wrap_ipc_volume_find(const char *ctrl, const char *name,
			   struct volume *volume);
int __wrap_ipc_volume_new(const struct volume *volume, unsigned int fields);
int __wrap_ipc_volume_set(const struct volume *volume, unsigned int fields);
int __wrap_ipc_volume_del(const char *ctrl, const char *name);
void __wrap_out_note(const char *format, ...);
int __wrap_pass_open(const char *ctrl, uint32_t nsid, struct disk **disk);
int __wrap_lock_open(const char *ctrl, struct lock **lock);
void __wrap_lock_close(struct lock *lock);
int __wrap_lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		       const char *name);
int __wrap_lock_all_volumes(struct lock *lock);
int __wrap_lock_take(struct lock *lock);
void __wrap_lock_drop(struct lock *lock);

struct fake_store *fake;
struct disk *fake_disk;
void (*fake_refused)(void);
const char *fake_busy;
struct disk *(*fake_open)(const char *ctrl);

void fake_begin(struct disk *disk)
{
	if (!fake)
		fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	memset(fake, 0, sizeof(*fake));
	err_clear();
	fake_disk = disk;
	fake_refused = NULL;
	fake_busy = NULL;
	fake_open = NULL;
}

void fake_step(void)
{
	if (++fake->steps == fake->kill_at)
		raise(SIGKILL);
}

struct gpt *fake_table(void)
{
	struct gpt *gpt = NULL;

	EXPECT_EQ(gpt_open(fake_disk, &gpt), 0);
	return gpt;
}

void fake_store_begin(struct store *store)
{
	memset(store, 0, sizeof(*store));
	store->disk = fake_disk;
	strcpy(store->ns.ctrl, FAKE_ONE);
	store->ns.nsid = 1;
	store->ns.granularity_lbas = 8;
	store->ns.lba_size_bytes = 512;
	store->gpt = fake_table();
}

/* Nobody is there to read it. */
void __wrap_out_note(const char *format, ...)
{
}

int __wrap_pass_open(const char *ctrl, uint32_t nsid, struct disk **disk)
{
	*disk = fake_open(ctrl);
	return *disk ? 0 : err_set(EIO, NULL, "no disk");
}

int __wrap_lock_open(const char *ctrl, struct lock **lock)
{
	*lock = NULL;
	return fake_busy && !strcmp(fake_busy, ctrl) ?
	       err_set(EBUSY, "ctrl", "%s is busy", ctrl) : 0;
}

void __wrap_lock_close(struct lock *lock)
{
}

int __wrap_lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		       const char *name)
{
	return 0;
}

int __wrap_lock_all_volumes(struct lock *lock)
{
	return 0;
}

int __wrap_lock_take(struct lock *lock)
{
	return 0;
}

void __wrap_lock_drop(struct lock *lock)
{
}

static int fake_unknown(const char *name)
{
	return err_set(ENOENT, "name", "no controller has a volume %s", name);
}

int __wrap_ipc_volume_get(const char *ctrl, const char *name,
			  struct volume *volume)
{
	fake_step();
	*volume = fake->volume;
	return volume->nr_lbas ? 0 : fake_unknown(name);
}

int __wrap_ipc_volume_find(const char *ctrl, const char *name,
			   struct volume *volume)
{
	return __wrap_ipc_volume_get(ctrl, name, volume);
}

/*
 * From here on a guest may have all of it: none of that is to be wiped again, nor is it
 * another partition's.
 */
static void fake_check_wiped(void)
{
	const struct volume *volume = &fake->volume;
	const struct gpt_part *part;
	struct gpt *gpt;

	if (volume->wiped_lbas != volume->nr_lbas)
		return;
	gpt = fake_table();
	part = gpt_find(gpt, volume->name);
	while (part && part->start_lba != volume->start_lba)
		part = gpt_twin(gpt, part);
	EXPECT(part && !part->options.unwiped);
	EXPECT(part && part->nr_lbas >= volume->nr_lbas);
	gpt_close(gpt);
}

static int fake_change(void)
{
	fake_step();
	if (!fake->refuse)
		return 0;
	if (fake_refused)
		fake_refused();
	return err_set(fake->refuse, NULL, "the kernel does not want to");
}

int __wrap_ipc_volume_set(const struct volume *volume, unsigned int fields)
{
	struct volume *known = &fake->volume;
	int err = fake_change();

	if (err || !known->nr_lbas)
		return err ?: fake_unknown(volume->name);
	if (fields & VOLUME_NR_LBAS)
		known->nr_lbas = volume->nr_lbas;
	if (known->wiped_lbas > known->nr_lbas)
		known->wiped_lbas = known->nr_lbas;
	if (fields & VOLUME_WIPED)
		known->wiped_lbas = volume->wiped_lbas;
	if (fields & VOLUME_NR_QUEUES)
		known->nr_queues = volume->nr_queues;
	if (fields & VOLUME_QUEUE_SIZE)
		known->queue_size = volume->queue_size;
	if (fields & VOLUME_READ_ONLY)
		known->read_only = volume->read_only;
	fake_check_wiped();
	return 0;
}

int __wrap_ipc_volume_new(const struct volume *volume, unsigned int fields)
{
	int err = fake_change();

	if (err)
		return err;
	EXPECT(!fake->volume.nr_lbas);
	fake->volume = *volume;
	fake_check_wiped();
	return 0;
}

int __wrap_ipc_volume_del(const char *ctrl, const char *name)
{
	int err = fake_change();

	if (err || !fake->volume.nr_lbas)
		return err ?: fake_unknown(name);
	memset(&fake->volume, 0, sizeof(fake->volume));
	return 0;
}
