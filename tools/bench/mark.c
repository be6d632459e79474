// SPDX-License-Identifier: GPL-2.0
/*
 * Marks for scripts: `mark start`, `mark stop`. And `mark loop N`, a section of a
 * known number of instructions: N rounds of two in user space, and N system calls.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "mark.h"

static void user_loop(unsigned long n)
{
	asm volatile("1: dec %0\n\tjnz 1b" : "+r" (n) :: "cc");
}

static void kernel_loop(unsigned long n)
{
	while (n--)
		syscall(SYS_getppid);
}

static void section(void (*loop)(unsigned long), unsigned long n)
{
	loop(1000);
	count_mark(COUNT_START);
	loop(n);
	count_mark(COUNT_STOP);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "start")) {
		count_mark(COUNT_START);
	} else if (argc == 2 && !strcmp(argv[1], "stop")) {
		count_mark(COUNT_STOP);
	} else if (argc == 3 && !strcmp(argv[1], "loop")) {
		section(user_loop, strtoul(argv[2], NULL, 0));
		section(kernel_loop, strtoul(argv[2], NULL, 0));
	} else {
		fputs("usage: mark start|stop|loop N\n", stderr);
		return 2;
	}
	return 0;
}
