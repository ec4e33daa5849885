/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/screen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/str.h"

/* The alternate screen and no cursor; and back. */
#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

#define TO_THE_TOP    "\033[H"
#define CLEAR_LINE    "\033[K"
#define CLEAR_BENEATH "\033[J"

struct size {
	size_t rows, columns;
};

int screen_is_possible(void)
{
	const char *terminal = getenv("TERM");

	return isatty(STDOUT_FILENO) && terminal && *terminal && !streq(terminal, "dumb");
}

static struct size size_of_window(void)
{
	struct winsize w = { 0 };

	(void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &w);
	return (struct size){ .rows = w.ws_row ? w.ws_row : 24,
		.columns = w.ws_col ? w.ws_col : 80 };
}

size_t screen_columns(void)
{
	/* After a character in the last one, terminals differ in where the cursor is. */
	return size_of_window().columns - 1;
}

static void put(const char *sequence)
{
	fputs(sequence, stdout);
	fflush(stdout);
}

/* Keys come one by one and unseen; ^C and ^Z stay signals. */
static void enter(struct screen *s)
{
	struct termios t = s->saved;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &t);
	put(ENTER);
}

static void leave(const struct screen *s)
{
	put(LEAVE);
	if (s->has_keys)
		tcsetattr(STDIN_FILENO, TCSANOW, &s->saved);
}

static void signals_of_ours(sigset_t *set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH };

	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(set, signals[i]);
}

int screen_open(struct screen *s, struct error *e)
{
	sigset_t set;

	signals_of_ours(&set);
	s->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->signal_fd < 0)
		return error_errno(e, "receive signals");
	sigprocmask(SIG_BLOCK, &set, &s->mask);
	s->has_keys = tcgetattr(STDIN_FILENO, &s->saved) == 0;
	enter(s);
	return 0;
}

void screen_close(struct screen *s)
{
	if (s->signal_fd < 0)
		return;
	leave(s);
	s->signal_fd = fd_close(s->signal_fd);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static size_t count_lines(const char *page)
{
	size_t n = 0;

	for (; *page; page++)
		n += *page == '\n';
	return n;
}

void screen_paint(const char *page)
{
	size_t rows = size_of_window().rows, columns = screen_columns(), n = count_lines(page);
	size_t shown = n < rows ? n : rows - 1;

	fputs(TO_THE_TOP, stdout);
	for (size_t i = 0; i < shown; i++) {
		size_t len = strcspn(page, "\n");

		printf("%.*s" CLEAR_LINE "\n", (int)(len < columns ? len : columns), page);
		page += len + 1;
	}
	fputs(CLEAR_BENEATH, stdout);
	if (shown < n)
		printf("%.*s", (int)columns, "(and more than the window has room for)");
	fflush(stdout);
}

/* What ^Z does by itself, which is nothing where nobody could let us go on. */
static void stop(struct screen *s)
{
	sigset_t only;

	leave(s);
	sigemptyset(&only);
	sigaddset(&only, SIGTSTP);
	raise(SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &only, NULL);
	sigprocmask(SIG_BLOCK, &only, NULL);
	enter(s);
}

static enum screen_event take_signal(struct screen *s)
{
	struct signalfd_siginfo info;

	if (read(s->signal_fd, &info, sizeof(info)) != sizeof(info))
		return SCREEN_TIME;
	if (info.ssi_signo == SIGTSTP)
		stop(s);
	return info.ssi_signo == SIGTSTP || info.ssi_signo == SIGWINCH ? SCREEN_CHANGED
								       : SCREEN_QUIT;
}

static int is_quit(void)
{
	char key;

	/* The end of the file: the terminal has gone. */
	return read(STDIN_FILENO, &key, 1) != 1 || key == 'q';
}

enum screen_event screen_wait(struct screen *s, int64_t until_ms)
{
	for (;;) {
		struct pollfd p[] = { { .fd = s->signal_fd, .events = POLLIN },
			{ .fd = s->has_keys ? STDIN_FILENO : -1, .events = POLLIN } };
		int64_t left = until_ms - time_ms();

		if (poll(p, ARRAY_SIZE(p), left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return SCREEN_QUIT;
		if (p[0].revents)
			return take_signal(s);
		if (p[1].revents && is_quit())
			return SCREEN_QUIT;
		if (left <= 0)
			return SCREEN_TIME;
	}
}
