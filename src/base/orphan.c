/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a program that outlives us, as far as we see it: base/spawn.h. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "base/syscalls.h"

#define DEATH_TIMEOUT_MS 1000

/* 1: it is ready. */
static int read_word(struct orphan *o)
{
	char word;
	ssize_t n = read(o->ready_fd, &word, 1);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n == 1)
		return 1;
	/* It has closed it. What it said last comes before its end, but may be read after it. */
	(void)fd_wait(o->pidfd, DEATH_TIMEOUT_MS);
	o->out_fd = spawn_drain(o->out_fd, &o->output);
	return -ECHILD;
}

int orphan_wait(struct orphan *o, int64_t deadline_ms)
{
	int r = 0;

	while (r == 0) {
		struct pollfd p[2] = { { .fd = o->ready_fd, .events = POLLIN },
			{ .fd = o->out_fd, .events = POLLIN } };
		int64_t left = deadline_ms - time_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		if (poll(p, 2, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents)
			o->out_fd = spawn_collect(o->out_fd, &o->output);
		if (p[0].revents)
			r = read_word(o);
	}
	return r < 0 ? r : 0;
}

void orphan_kill(struct orphan *o)
{
	if (o->pidfd < 0)
		return;
	(void)sys_pidfd_send_signal(o->pidfd, SIGKILL);
	(void)fd_wait(o->pidfd, DEATH_TIMEOUT_MS);
}

void orphan_release(struct orphan *o)
{
	fd_close(o->pidfd);
	fd_close(o->ready_fd);
	fd_close(o->out_fd);
	text_release(&o->output);
	*o = (struct orphan)ORPHAN_NONE;
}
