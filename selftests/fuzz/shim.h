/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What path/ and debug/stats.c need of the kernel, for one thread in user space.
 * Each kernel header that they include is this file (see the Makefile). Locks are
 * only checked to be held or not; work waits until the harness runs it; waiting lets
 * the harness go on with what the device does.
 */
#ifndef NVDPA_FUZZ_SHIM_H
#define NVDPA_FUZZ_SHIM_H

#include "check.h"
#include "kdep.h"

#define PAGE_SIZE		4096ul
#define ____cacheline_aligned	__attribute__((aligned(64)))
#define __iomem
#define __acquires(lock)
#define __releases(lock)
#define GFP_KERNEL		0
#define offset_in_page(p)	((unsigned long)(p) & (PAGE_SIZE - 1))
#define offsetofend(type, member) \
	(offsetof(type, member) + sizeof(((type *)0)->member))
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]

typedef u64 dma_addr_t;
typedef u64 resource_size_t;

/* Errors in pointers. */

static inline void *ERR_PTR(long err)
{
	return (void *)err;
}

static inline bool IS_ERR(const void *p)
{
	return (unsigned long)p >= -4095ul;
}

static inline long PTR_ERR(const void *p)
{
	return (long)p;
}

/* Memory, which may be short. */

extern int shim_allocations;	/* that still succeed */

static inline void *kvcalloc(size_t n, size_t size, int gfp)
{
	return shim_allocations-- > 0 ? calloc(n, size) : NULL;
}

static inline void kvfree(const void *p)
{
	free((void *)p);
}

/* Locks. */

typedef struct {
	bool held;
} spinlock_t;

struct mutex {
	spinlock_t lock;
};

struct completion {
	bool done;
};

struct cpumask;
struct pci_dev;

struct device {
	const char *name;
};

static inline const char *dev_name(const struct device *dev)
{
	return dev->name;
}

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = false;
}

static inline void spin_lock(spinlock_t *lock)
{
	CHECK(!lock->held);
	lock->held = true;
}

static inline void spin_unlock(spinlock_t *lock)
{
	CHECK(lock->held);
	lock->held = false;
}

#define spin_lock_irq(lock)		spin_lock(lock)
#define spin_unlock_irq(lock)		spin_unlock(lock)
#define spin_lock_irqsave(lock, flags)	do { (flags) = 1; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags) \
	do { CHECK(flags); spin_unlock(lock); } while (0)
#define WARN_ON(condition)		CHECK(!(condition))
#define lockdep_assert_held(lock)	CHECK((lock)->held)
#define lockdep_assert_irqs_disabled()	do { } while (0)

/* Lists. */

struct list_head {
	struct list_head *next, *prev;
};

static inline void INIT_LIST_HEAD(struct list_head *list)
{
	list->next = list;
	list->prev = list;
}

static inline bool list_empty(const struct list_head *list)
{
	return list->next == list;
}

static inline void list_add_tail(struct list_head *node, struct list_head *list)
{
	node->next = list;
	node->prev = list->prev;
	list->prev->next = node;
	list->prev = node;
}

/* A node that is taken out twice is found by the address sanitizer. */
static inline void list_del(struct list_head *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	node->next = (void *)0x100;
	node->prev = (void *)0x122;
}

#define list_entry(p, type, member)	container_of(p, type, member)
#define list_first_entry(list, type, member) \
	list_entry((list)->next, type, member)
#define list_for_each_entry_safe(pos, tmp, list, member)		\
	for (pos = list_first_entry(list, __typeof__(*pos), member),	\
	     tmp = list_entry(pos->member.next, __typeof__(*pos), member); \
	     &pos->member != (list);					\
	     pos = tmp,							\
	     tmp = list_entry(pos->member.next, __typeof__(*pos), member))

/* Work: queued once, run when the harness says so. */

struct work_struct {
	void (*func)(struct work_struct *work);
	bool queued;
};

/* Of the controller, which none of the sources here does more with than to have it. */
struct delayed_work {
	struct work_struct work;
};

struct ratelimit_state {
	int interval;
};

struct workqueue_struct;

#define system_bh_highpri_wq	((struct workqueue_struct *)NULL)
#define INIT_WORK(work, fn)	(*(work) = (struct work_struct) { .func = fn })

static inline bool queue_work(struct workqueue_struct *wq,
			      struct work_struct *work)
{
	bool was = work->queued;

	work->queued = true;
	return !was;
}

/* True if there was some. */
static inline bool shim_run_work(struct work_struct *work)
{
	if (!work->queued)
		return false;
	work->queued = false;
	work->func(work);
	return true;
}

#define flush_work(work)	shim_run_work(work)

typedef struct {
	int counter;
} atomic_t;

#define atomic_inc(v)		((v)->counter++)

/* Waiting: the device or the work goes on by a step; false if neither can. */

typedef struct {
	unsigned int woken;
} wait_queue_head_t;

bool shim_step(void);

#define init_waitqueue_head(wq)		((wq)->woken = 0)
#define waitqueue_active(wq)		true
#define wake_up(wq)			((wq)->woken++)
/* Time stands still: only steps are counted. */
#define jiffies				0ul
#define time_after(a, b)		((long)((b) - (a)) < 0)
#define msecs_to_jiffies(ms)		((unsigned long)(ms))
/* Steps that it may take until the time is over. */
#define SHIM_PATIENCE			4096
#define wait_event_timeout(wq, condition, timeout) ({		\
	unsigned int steps = SHIM_PATIENCE;			\
	while (!(condition) && steps && shim_step())		\
		steps--;					\
	(condition) ? (timeout) : 0; })
/* Nobody is killed here. */
#define wait_event_killable_timeout	wait_event_timeout
#define fatal_signal_pending(task)	false

u64 ktime_get_ns(void);

/* Mapping for DMA, played by the simulated guest. */

enum dma_data_direction {
	DMA_TO_DEVICE = 1,
	DMA_FROM_DEVICE = 2,
};

struct page;

static inline struct page *virt_to_page(const void *kva)
{
	return (struct page *)((unsigned long)kva & ~(PAGE_SIZE - 1));
}

dma_addr_t dma_map_page_attrs(struct device *dev, struct page *page,
			      size_t offset, size_t len,
			      enum dma_data_direction dir, unsigned long attrs);
void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, size_t len,
			  enum dma_data_direction dir, unsigned long attrs);
int dma_mapping_error(struct device *dev, dma_addr_t addr);

/* The vDPA framework. */

struct vdpa_callback {
	int (*callback)(void *data);
	void *private;
};

/* Trace events: what is told is evaluated and goes nowhere. */

#define TRACE_DEFINE_ENUM(value) _Static_assert(value >= 0, "")
#define TP_PROTO(...)		__VA_ARGS__
#define TRACE_EVENT(event, proto, ...)				\
	static inline bool trace_##event##_enabled(void)	\
	{							\
		return true;					\
	}							\
	static inline void trace_##event(proto)			\
	{							\
	}							\
	_Static_assert(true, "")

/* What nvme/ctrl.h and nvme/qpair.h name and the data path does not use. */

struct nvme_completion {
	__le64 result;
	__le16 sq_head;
	__le16 sq_id;
	__u16 command_id;
	__le16 status;
};

#endif /* NVDPA_FUZZ_SHIM_H */
