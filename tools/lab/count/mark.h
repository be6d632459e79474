/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a program in the lab tells the plugin that counts its instructions: a nop
 * of eight bytes whose displacement no compiler chooses. Anywhere else it does
 * nothing.
 */
#ifndef COUNT_MARK_H
#define COUNT_MARK_H

#define COUNT_MAGIC 0x4e564d00		/* and a verb in the last byte */

#define COUNT_START 1			/* a section begins */
#define COUNT_LAP 2			/* one more piece of work in it is done */
#define COUNT_STOP 3			/* it ends: a line of JSON is written */

/* The verb is a constant: it becomes part of the instruction. */
static inline __attribute__((always_inline)) void count_mark(int verb)
{
	asm volatile("nopl %c0(%%rax,%%rax,1)" :: "i" (COUNT_MAGIC + verb) : "memory");
}

#endif /* COUNT_MARK_H */
