// SPDX-License-Identifier: GPL-2.0
/* pread(2) and pwrite(2): depth 1. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "load.h"

static int fd;

static int psync_open(struct load *l)
{
	if (l->depth != 1) {
		fputs("psync: depth 1, one device\n", stderr);
		return -EINVAL;
	}
	fd = open(l->path, (l->write ? O_RDWR : O_RDONLY) | O_DIRECT | O_CLOEXEC);
	l->data = mmap(NULL, l->len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (fd >= 0 && l->data != MAP_FAILED)
		return 0;
	fprintf(stderr, "%s: %s\n", l->path, strerror(errno));
	return -errno;
}

static int psync_prepare(struct load *l, unsigned int slot, __u64 offset)
{
	ssize_t n = l->write ? pwrite(fd, l->data, l->len, offset) :
			       pread(fd, l->data, l->len, offset);

	if (n == l->len)
		return 0;
	fprintf(stderr, "%s: %zd bytes: %s\n", l->path, n, strerror(errno));
	return -EIO;
}

static int psync_submit(struct load *l)
{
	return 0;
}

static int psync_reap(struct load *l, unsigned int *slots)
{
	slots[0] = 0;
	return 1;
}

static void psync_report(const struct load *l)
{
}

const struct engine engine_psync = {
	.name = "psync",
	.open = psync_open,
	.prepare = psync_prepare,
	.submit = psync_submit,
	.reap = psync_reap,
	.report = psync_report,
};
