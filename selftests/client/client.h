/* SPDX-License-Identifier: GPL-2.0 */
/* What every topic includes: the harness, and the pieces. One topic, one program. */
#ifndef CLIENT_H
#define CLIENT_H

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

#include "kselftest_harness.h"

#include "blk.h"
#include "env.h"
#include "load.h"
#include "mem.h"
#include "pattern.h"
#include "ring.h"
#include "vdev.h"

#define KIB 1024U
#define MIB (1024U * KIB)

/* The harness knows no slow machines: stretch its limits before it starts. */
static inline int client_main(int argc, char **argv)
{
	struct __fixture_metadata *f;
	struct __test_metadata *t;

	for (f = __fixture_list; f; f = f->next)
		for (t = f->tests; t; t = t->next)
			t->timeout *= env_scale();
	setvbuf(stderr, NULL, _IOLBF, 0);
	return test_harness_run(argc, argv);
}

#endif /* CLIENT_H */
