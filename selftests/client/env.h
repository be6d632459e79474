/* SPDX-License-Identifier: GPL-2.0 */
/* What the caller tells us about the device, and the clock. */
#ifndef CLIENT_ENV_H
#define CLIENT_ENV_H

#include <linux/types.h>

const char *env_path(void);
unsigned int env_lba(void);
unsigned int env_vqs(void);
unsigned int env_chunk_cap(void);
__u64 env_bytes(void);
/* Of Identify: optional commands; what deallocated blocks are, or -1. */
unsigned int env_oncs(void);
int env_dlfeat(void);
unsigned int env_scale(void);
/* SEED, which repeats what is random. */
__u64 env_seed(__u64 otherwise);

/* How long a test waits for something that must happen. */
unsigned int env_limit_ms(void);
/* How long a test watches for something that must not happen. */
unsigned int env_quiet_ms(void);

__u64 env_now_ms(void);

/* Says on stderr, as a TAP comment, why a helper is about to fail. */
void env_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif /* CLIENT_ENV_H */
