// SPDX-License-Identifier: GPL-2.0
#include "term.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "err.h"

/* What every terminal of the last decades understands. */
#define SCREEN_TAKE "\033[?1049h\033[?25l"
#define SCREEN_GIVE "\033[?25h\033[?1049l"
#define HOME "\033[H"
#define STRESS "\033[7m"
#define PLAIN "\033[m"
#define CLEAR_LINE "\033[K"
#define CLEAR_REST "\033[J"

static struct {
	int signals;
	sigset_t old_mask;
	/* Of stdin, if that is a terminal, too. */
	struct termios old;
	bool is_raw;
	bool has_keys;
} term = { .signals = -1 };

bool term_is(void)
{
	const char *name = getenv("TERM");

	return isatty(STDOUT_FILENO) && name && strcmp(name, "dumb");
}

static void term_take(void)
{
	struct termios raw;

	term.is_raw = !tcgetattr(STDIN_FILENO, &term.old);
	term.has_keys = term.is_raw;
	if (term.is_raw) {
		raw = term.old;
		raw.c_lflag &= ~(ICANON | ECHO);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(SCREEN_TAKE, stdout);
	fflush(stdout);
}

static void term_give(void)
{
	fputs(SCREEN_GIVE, stdout);
	fflush(stdout);
	if (term.is_raw)
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &term.old);
}

int term_enter(void)
{
	static const int numbers[] = {
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH
	};
	sigset_t mask;
	unsigned int i;

	sigemptyset(&mask);
	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		sigaddset(&mask, numbers[i]);
	sigprocmask(SIG_BLOCK, &mask, &term.old_mask);
	term.signals = signalfd(-1, &mask, SFD_CLOEXEC);
	if (term.signals < 0) {
		sigprocmask(SIG_SETMASK, &term.old_mask, NULL);
		return err_set(errno, NULL, "cannot receive signals: %s",
			       strerror(errno));
	}
	term_take();
	return 0;
}

void term_leave(void)
{
	if (term.signals < 0)
		return;
	term_give();
	close(term.signals);
	term.signals = -1;
	sigprocmask(SIG_SETMASK, &term.old_mask, NULL);
}

struct term_size term_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || !size.ws_col || !size.ws_row)
		return (struct term_size){ .columns = 80, .rows = 24 };
	return (struct term_size){ .columns = size.ws_col, .rows = size.ws_row };
}

/* Bytes of the first @columns characters of the line that begins at @text. */
static int term_cut(const char *text, unsigned int columns)
{
	const char *c;

	for (c = text; *c && *c != '\n'; c++) {
		if ((*c & 0xc0) != 0x80 && !columns--)
			break;
	}
	return c - text;
}

void term_draw(const char *text, unsigned int titles)
{
	struct term_size size = term_size();
	unsigned int row;

	fputs(HOME, stdout);
	for (row = 0; row < size.rows && *text; row++) {
		/* Behind a full line, it would take the last character. */
		printf("%s" CLEAR_LINE "%s%.*s%s", row ? "\r\n" : "",
		       row == titles ? STRESS : "",
		       term_cut(text, size.columns), text,
		       row == titles ? PLAIN : "");
		text = strchrnul(text, '\n');
		text += *text == '\n';
	}
	fputs(CLEAR_REST, stdout);
	fflush(stdout);
}

static enum term_event term_signal(void)
{
	struct signalfd_siginfo info;

	if (read(term.signals, &info, sizeof(info)) != sizeof(info))
		return TERM_END;
	switch (info.ssi_signo) {
	case SIGWINCH:
		return TERM_REDRAW;
	case SIGTSTP:
		term_give();
		raise(SIGSTOP);
		term_take();
		return TERM_REDRAW;
	default:
		return TERM_END;
	}
}

/* Any other key is a wish to see what is new. */
static enum term_event term_key(void)
{
	char key;

	if (read(STDIN_FILENO, &key, 1) != 1) {
		term.has_keys = false;
		return TERM_REDRAW;
	}
	return key == 'q' || key == 'Q' ? TERM_END : TERM_REDRAW;
}

enum term_event term_wait(unsigned long long until_ns)
{
	struct pollfd files[] = {
		{ .fd = term.signals, .events = POLLIN },
		{ .fd = term.has_keys ? STDIN_FILENO : -1, .events = POLLIN },
	};
	struct timespec now, wait = {};
	unsigned long long now_ns;
	int ready;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = now.tv_sec * 1000000000ull + now.tv_nsec;
	if (now_ns < until_ns) {
		wait.tv_sec = (until_ns - now_ns) / 1000000000;
		wait.tv_nsec = (until_ns - now_ns) % 1000000000;
	}
	ready = ppoll(files, 2, &wait, NULL);
	if (ready <= 0)
		return ready ? TERM_REDRAW : TERM_TIME;
	if (files[0].revents)
		return term_signal();
	return term_key();
}
