/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the pure floor needs from its surroundings: the kernel's own headers in
 * the module, stand-ins of the same names in the user-space tests and fuzzers.
 */
#ifndef NVDPA_PURE_KDEP_H
#define NVDPA_PURE_KDEP_H

#ifdef __KERNEL__

#include <linux/bitmap.h>
#include <linux/bitops.h>
#include <linux/blk_types.h>
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/nvme.h>
#include <linux/overflow.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/virtio_ring.h>
#include <uapi/linux/virtio_blk.h>

#else /* !__KERNEL__ */

#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <linux/types.h>
#include <linux/virtio_blk.h>
#include <linux/virtio_ring.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;

#define SECTOR_SHIFT	9
#define U16_MAX		((u16)~0U)
#define U32_MAX		((u32)~0U)
#define U64_MAX		((u64)~0ULL)

#define __force
#define noinline
#define __uninitialized
#define cpu_to_le16(x)	((__le16)htole16(x))
#define cpu_to_le32(x)	((__le32)htole32(x))
#define cpu_to_le64(x)	((__le64)htole64(x))
#define le16_to_cpu(x)	((u16)le16toh(x))
#define le32_to_cpu(x)	((u32)le32toh(x))
#define le64_to_cpu(x)	((u64)le64toh(x))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define READ_ONCE(x)	__atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), v, __ATOMIC_RELAXED)

static inline void barrier(void)
{
	asm volatile("" ::: "memory");
}

static inline void virtio_mb(bool weak_barriers)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static inline void virtio_rmb(bool weak_barriers)
{
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
}

static inline void virtio_wmb(bool weak_barriers)
{
	__atomic_thread_fence(__ATOMIC_RELEASE);
}

#define min(x, y) ({			\
	__typeof__(x) __x = (x);	\
	__typeof__(y) __y = (y);	\
	(void)(&__x == &__y);		\
	__x < __y ? __x : __y; })
#define max(x, y) ({			\
	__typeof__(x) __x = (x);	\
	__typeof__(y) __y = (y);	\
	(void)(&__x == &__y);		\
	__x > __y ? __x : __y; })
#define min_t(type, x, y)	min((type)(x), (type)(y))
#define max_t(type, x, y)	max((type)(x), (type)(y))
#define min3(x, y, z)		min(min(x, y), z)

#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define BIT(n)			(1UL << (n))
#define round_down(x, y)	((x) & ~((__typeof__(x))((y) - 1)))
#define ALIGN_DOWN(x, y)	round_down(x, y)
#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)

static inline size_t array_index_nospec(size_t index, size_t size)
{
	return index < size ? index : 0;
}

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* Position of the highest bit, counted from 1; 0 if there is none. */
static inline int fls64(u64 x)
{
	return x ? 64 - __builtin_clzll(x) : 0;
}

static inline u64 div_u64_rem(u64 dividend, u32 divisor, u32 *remainder)
{
	*remainder = dividend % divisor;
	return dividend / divisor;
}

#define BITS_PER_LONG		(8 * sizeof(long))
#define BITS_TO_LONGS(nr)	(((nr) + BITS_PER_LONG - 1) / BITS_PER_LONG)

static inline void __set_bit(unsigned long nr, unsigned long *map)
{
	map[nr / BITS_PER_LONG] |= BIT(nr % BITS_PER_LONG);
}

static inline bool test_bit(unsigned long nr, const unsigned long *map)
{
	return map[nr / BITS_PER_LONG] & BIT(nr % BITS_PER_LONG);
}

static inline void bitmap_zero(unsigned long *map, unsigned int nbits)
{
	memset(map, 0, BITS_TO_LONGS(nbits) * sizeof(*map));
}

/* The part of linux/nvme.h that we use, laid out as NVMe base 2.0 says. */
enum {
	nvme_cmd_flush			= 0x00,
	nvme_cmd_write			= 0x01,
	nvme_cmd_read			= 0x02,
	nvme_cmd_compare		= 0x05,
	nvme_cmd_write_zeroes		= 0x08,
	nvme_cmd_dsm			= 0x09,

	nvme_admin_get_log_page		= 0x02,
	nvme_admin_identify		= 0x06,
	nvme_admin_set_features		= 0x09,
	nvme_admin_get_features		= 0x0a,

	NVME_FEAT_POWER_MGMT		= 0x02,
	NVME_FEAT_TEMP_THRESH		= 0x04,
	NVME_FEAT_VOLATILE_WC		= 0x06,
	NVME_FEAT_TIMESTAMP		= 0x0e,
	NVME_FEAT_HCTM			= 0x10,

	NVME_CMD_SGL_METABUF		= 1 << 6,
	NVME_SGL_FMT_DATA_DESC		= 0x00,
	NVME_SGL_FMT_LAST_SEG_DESC	= 0x03,
	NVME_WZ_DEAC			= 1 << 9,
	NVME_RW_FUA			= 1 << 14,
	NVME_DSMGMT_AD			= 1 << 2,

	NVME_SC_SUCCESS			= 0x000,
	NVME_SC_INVALID_OPCODE		= 0x001,
	NVME_SC_DATA_XFER_ERROR		= 0x004,
	NVME_SC_INTERNAL		= 0x006,
	NVME_SC_ABORT_REQ		= 0x007,
	NVME_SC_ABORT_QUEUE		= 0x008,
	NVME_SC_CMD_INTERRUPTED		= 0x021,
	NVME_SC_TRANSIENT_TR_ERR	= 0x022,
	NVME_SC_NS_NOT_READY		= 0x082,
	NVME_SCT_MEDIA_ERROR		= 0x200,
	NVME_SCT_PATH			= 0x300,
	NVME_SCT_MASK			= 0x700,
	NVME_SCT_SC_MASK		= 0x7ff,
	NVME_STATUS_DNR			= 0x4000,
};

struct nvme_sgl_desc {
	__le64	addr;
	__le32	length;
	__u8	rsvd[3];
	__u8	type;
};

union nvme_data_ptr {
	struct {
		__le64	prp1;
		__le64	prp2;
	};
	struct nvme_sgl_desc	sgl;
};

struct nvme_common_command {
	__u8			opcode;
	__u8			flags;
	__u16			command_id;
	__le32			nsid;
	__le32			cdw2[2];
	__le64			metadata;
	union nvme_data_ptr	dptr;
	__le32			cdw10;
	__le32			cdw11;
	__le32			cdw12;
	__le32			cdw13;
	__le32			cdw14;
	__le32			cdw15;
};

struct nvme_rw_command {
	__u8			opcode;
	__u8			flags;
	__u16			command_id;
	__le32			nsid;
	__le32			cdw2;
	__le32			cdw3;
	__le64			metadata;
	union nvme_data_ptr	dptr;
	__le64			slba;
	__le16			length;
	__le16			control;
	__le32			dsmgmt;
	__le32			reftag;
	__le16			lbat;
	__le16			lbatm;
};

struct nvme_dsm_cmd {
	__u8			opcode;
	__u8			flags;
	__u16			command_id;
	__le32			nsid;
	__u64			rsvd2[2];
	union nvme_data_ptr	dptr;
	__le32			nr;
	__le32			attributes;
	__u32			rsvd12[4];
};

struct nvme_dsm_range {
	__le32			cattr;
	__le32			nlb;
	__le64			slba;
};

struct nvme_write_zeroes_cmd {
	__u8			opcode;
	__u8			flags;
	__u16			command_id;
	__le32			nsid;
	__u64			rsvd2;
	__le64			metadata;
	union nvme_data_ptr	dptr;
	__le64			slba;
	__le16			length;
	__le16			control;
	__le32			dsmgmt;
	__le32			reftag;
	__le16			lbat;
	__le16			lbatm;
};

struct nvme_command {
	union {
		struct nvme_common_command common;
		struct nvme_rw_command rw;
		struct nvme_dsm_cmd dsm;
		struct nvme_write_zeroes_cmd write_zeroes;
	};
};

#endif /* __KERNEL__ */

#endif /* NVDPA_PURE_KDEP_H */
