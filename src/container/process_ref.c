/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/state_dir.h"

struct stat_line {
	char state;
	long threads;
	unsigned long long start_time;
};

/* proc_pid_stat(5). The name in parentheses may contain anything, so read from its end. */
static int read_stat(pid_t pid, struct stat_line *out)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/stat", pid);
	CLEANUP(mem_free) char *text = NULL;
	const char *rest;
	int r = file_read_text(AT_FDCWD, path, 8192, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	rest = strrchr(text, ')');
	if (!rest ||
		sscanf(rest + 1,
			" %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld "
			"%*d %llu",
			&out->state, &out->threads, &out->start_time) != 3)
		return -EBADMSG;
	return 0;
}

int process_ref_get(pid_t pid, struct process_ref *out, struct error *e)
{
	struct stat_line line;
	int r = read_stat(pid, &line);

	if (r < 0)
		return error_set(e, -r, "read '/proc/%d/stat': %s", pid, strerror(-r));
	*out = (struct process_ref){ .pid = pid, .start_time = line.start_time };
	return 0;
}

int process_is_alive(const struct process_ref *p)
{
	struct stat_line line;

	if (p->pid <= 0 || read_stat(p->pid, &line) < 0 || line.start_time != p->start_time)
		return 0;
	if (line.state == 'X')
		return 0;
	/* A leader may end before its threads do; the process is there until the last one. */
	return line.state != 'Z' || line.threads > 1;
}

int process_open(const struct process_ref *p)
{
	CLEANUP(fd_cleanup) int fd = p->pid > 0 ? sys_pidfd_open(p->pid, 0) : -1;

	if (fd < 0)
		return -ESRCH;
	/* Only now that it is held can it be compared. */
	return process_is_alive(p) ? fd_take(&fd) : -ESRCH;
}

int process_is_called(pid_t pid, const char *name)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/comm", pid);
	CLEANUP(mem_free) char *text = NULL;

	if (file_read_text(AT_FDCWD, path, 64, &text, NULL) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return streq(text, name);
}
