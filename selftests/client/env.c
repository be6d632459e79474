// SPDX-License-Identifier: GPL-2.0
#include "env.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static __u64 env_number(const char *name, __u64 otherwise)
{
	const char *value = getenv(name);

	return value && *value ? strtoull(value, NULL, 0) : otherwise;
}

const char *env_path(void)
{
	const char *path = getenv("NVDPA_VHOST");

	return path && *path ? path : "/dev/vhost-vdpa-0";
}

unsigned int env_lba(void)
{
	return env_number("NVDPA_LBA", 512);
}

unsigned int env_vqs(void)
{
	return env_number("NVDPA_VQS", sysconf(_SC_NPROCESSORS_ONLN));
}

/* 0: the caller did not raise vhost_vdpa.max_iotlb_entries for us. */
unsigned int env_chunk_cap(void)
{
	return env_number("NVDPA_CHUNK_CAP", 0);
}

/* 0: unknown. */
__u64 env_bytes(void)
{
	return env_number("NVDPA_BYTES", 0);
}

unsigned int env_oncs(void)
{
	return env_number("NVDPA_ONCS", 0xffff);
}

int env_dlfeat(void)
{
	return env_number("NVDPA_DLFEAT", -1);
}

unsigned int env_scale(void)
{
	unsigned int scale = env_number("NVDPA_TIME_SCALE", 1);

	return scale ? scale : 1;
}

__u64 env_seed(__u64 otherwise)
{
	return env_number("SEED", otherwise);
}

unsigned int env_limit_ms(void)
{
	return 10000 * env_scale();
}

unsigned int env_quiet_ms(void)
{
	return 50;
}

__u64 env_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ULL + t.tv_nsec / 1000000;
}

void env_log(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("# ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
}
