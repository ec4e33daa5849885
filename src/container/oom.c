/* SPDX-License-Identifier: Apache-2.0 */
#include "container/oom.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/cgroup.h"

#define MIB (1024ull * 1024)

void oom_watch_open(struct oom_watch *w, const struct state_cgroup *cgroup)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(cgroup, &ignored);

	*w = (struct oom_watch)OOM_WATCH_NONE;
	if (fd < 0)
		return;
	w->events_fd = openat(fd, "memory.events", O_RDONLY | O_CLOEXEC);
	w->limit_fd = openat(fd, "memory.max", O_RDONLY | O_CLOEXEC);
	/* Also what arms POLLPRI. */
	(void)oom_watch_look(w);
}

void oom_watch_close(struct oom_watch *w)
{
	w->events_fd = fd_close(w->events_fd);
	w->limit_fd = fd_close(w->limit_fd);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

int oom_watch_look(struct oom_watch *w)
{
	struct cgroup_oom now;
	int r;

	if (w->events_fd < 0)
		return 0;
	if (cgroup_oom_read(w->events_fd, &now) < 0) {
		/* poll(2) would report a file that has gone again and again. */
		w->events_fd = fd_close(w->events_fd);
		return 0;
	}
	r = larger(now.times, now.kills) > larger(w->seen.times, w->seen.kills);
	w->seen = now;
	return r;
}

/* 0: there is none, or it can't be read any more. */
static uint64_t read_limit(const struct oom_watch *w)
{
	char text[32];
	ssize_t n = w->limit_fd < 0 ? -1 : pread(w->limit_fd, text, sizeof(text) - 1, 0);
	uint64_t limit;

	if (n <= 0)
		return 0;
	text[text[n - 1] == '\n' ? n - 1 : n] = '\0';
	return str_u64(text, UINT64_MAX, &limit) == 0 ? limit : 0;
}

static char *reason(uint64_t limit)
{
	return limit
		? xasprintf("linux.resources.memory.limit is %llu bytes", (unsigned long long)limit)
		: xstrdup("memory ran out on the machine or in a cgroup above");
}

static char *way_out(uint64_t limit, const char *id)
{
	return limit ? xasprintf("raise it in config.json, or while the container runs: lichen "
				 "update --memory %llum %s",
			       (unsigned long long)(limit * 2 / MIB + 1), id)
		     : xstrdup("whose limit it was is in the kernel's log: journalctl -k");
}

void oom_watch_explain(struct oom_watch *w, const char *id, const struct log *log)
{
	/* First, so that the cgroup was still there if the counts are. */
	uint64_t limit = read_limit(w);
	CLEANUP(mem_free) char *why = reason(limit);
	CLEANUP(mem_free) char *hint = way_out(limit, id);
	CLEANUP(mem_free) char *text = NULL;

	(void)oom_watch_look(w);
	if (w->seen.kills == 0)
		return;
	text = xasprintf("container '%s' was ended by SIGKILL, and the kernel's OOM killer was "
			 "at work in it: %s",
		id, why);
	log_warning(log, text, hint);
}
