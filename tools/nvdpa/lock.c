// SPDX-License-Identifier: GPL-2.0
#include "lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "err.h"
#include "label.h"

#define LOCK_PATH "/run/nvdpa-%s.lock"
#define LOCK_BUS "pci/"
#define LOCK_WAIT_MS 30000
#define LOCK_POLL_MS 10

struct lock {
	int fd;
	char path[64];
	char ctrl[32];
};

int lock_open(const char *ctrl, struct lock **lock)
{
	const char *name = ctrl;
	struct lock *new;
	int err;

	if (!strncmp(name, LOCK_BUS, strlen(LOCK_BUS)))
		name += strlen(LOCK_BUS);
	if (strchr(name, '/'))
		return err_set(EINVAL, "ctrl", "'%s' is no controller's name",
			       ctrl);
	new = calloc(1, sizeof(*new));
	if (!new)
		return err_set(ENOMEM, NULL, "out of memory");
	snprintf(new->path, sizeof(new->path), LOCK_PATH, name);
	snprintf(new->ctrl, sizeof(new->ctrl), "%s", ctrl);
	new->fd = open(new->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW,
		       0600);
	if (new->fd >= 0) {
		*lock = new;
		return 0;
	}
	if (errno == EACCES || errno == EPERM)
		err = err_set(EPERM, NULL,
			      "only root may change controllers and volumes");
	else
		err = err_set(errno, NULL, "%s: %s", new->path,
			      strerror(errno));
	free(new);
	return err;
}

void lock_close(struct lock *lock)
{
	if (!lock)
		return;
	close(lock->fd);
	free(lock);
}

/* Who is for messages only. */
static void lock_sign(struct lock *lock)
{
	char text[16];
	int length = snprintf(text, sizeof(text), "%d\n", getpid());

	if (ftruncate(lock->fd, 0) || pwrite(lock->fd, text, length, 0) < 0)
		errno = 0;
}

static int lock_refused(struct lock *lock)
{
	char text[16] = "";
	ssize_t length = pread(lock->fd, text, sizeof(text) - 1, 0);

	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return err_set(EBUSY, "ctrl",
		       "another nvdpa%s%s has been changing %s for %d s; try again",
		       *text ? ", process " : "", text, lock->ctrl,
		       LOCK_WAIT_MS / 1000);
}

int lock_take(struct lock *lock)
{
	struct timespec pause = { .tv_nsec = LOCK_POLL_MS * 1000000 };
	int waited_ms;

	for (waited_ms = 0; flock(lock->fd, LOCK_EX | LOCK_NB);
	     waited_ms += LOCK_POLL_MS) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return err_set(errno, NULL, "%s: %s", lock->path,
				       strerror(errno));
		if (waited_ms >= LOCK_WAIT_MS)
			return lock_refused(lock);
		nanosleep(&pause, NULL);
	}
	lock_sign(lock);
	return 0;
}

void lock_drop(struct lock *lock)
{
	flock(lock->fd, LOCK_UN);
}

/* A byte stands for an entry; whether it is there does not matter. */
static int lock_bytes(struct lock *lock, uint64_t start, uint64_t length)
{
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)start,
		.l_len = (off_t)length,
	};

	return fcntl(lock->fd, F_OFD_SETLK, &range) ? -errno : 0;
}

int lock_volume(struct lock *lock, uint32_t nsid, unsigned int index,
		const char *name)
{
	int err = lock_bytes(lock, (uint64_t)nsid * LABEL_ENTRIES + index, 1);

	if (err == -EAGAIN || err == -EACCES)
		return err_set(EBUSY, "name",
			       "volume %s is being wiped by another nvdpa; stop that or wait for it",
			       name);
	return err ? err_set(err, NULL, "%s: %s", lock->path, strerror(-err)) :
		     0;
}

int lock_all_volumes(struct lock *lock)
{
	int err = lock_bytes(lock, 0, 0);

	if (err == -EAGAIN || err == -EACCES)
		return err_set(EBUSY, "ctrl",
			       "a volume of %s is being wiped by another nvdpa; stop that or wait for it",
			       lock->ctrl);
	return err ? err_set(err, NULL, "%s: %s", lock->path, strerror(-err)) :
		     0;
}
