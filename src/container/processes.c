/* SPDX-License-Identifier: Apache-2.0 */
#include "container/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "base/str.h"

struct entry {
	pid_t pid, parent;
	int belongs;
};

struct table {
	size_t n;
	struct entry *v;
};

static void dir_cleanup(DIR **d)
{
	if (*d)
		closedir(*d);
}

static void table_release(struct table *t)
{
	free(t->v);
}

static pid_t parent_of(pid_t pid)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/stat", pid);
	CLEANUP(mem_free) char *text = NULL;
	const char *rest;
	pid_t parent = 0;

	if (file_read_text(AT_FDCWD, path, 8192, &text, NULL) < 0)
		return 0;
	rest = strrchr(text, ')');
	return rest && sscanf(rest + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static ino_t namespace_of(pid_t pid, const char *name)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/ns/%s", pid, name);
	struct stat st;

	return stat(path, &st) < 0 ? 0 : st.st_ino;
}

static int read_table(struct table *out, struct error *e)
{
	CLEANUP(dir_cleanup) DIR *d = opendir("/proc");
	struct dirent *entry;
	uint64_t pid;

	if (!d)
		return error_errno(e, "read '/proc'");
	while ((entry = readdir(d))) {
		if (str_u64(entry->d_name, INT32_MAX, &pid) < 0)
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = (struct entry){ .pid = (pid_t)pid, .parent = parent_of((pid_t)pid) };
	}
	return 0;
}

static struct entry *find(const struct table *t, pid_t pid)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].pid == pid)
			return &t->v[i];
	return NULL;
}

static int descends(const struct table *t, const struct entry *entry, pid_t ancestor)
{
	/* As many steps as there are processes: a table that changes under us may have a circle. */
	for (size_t i = 0; entry && i <= t->n; i++) {
		if (entry->pid == ancestor)
			return 1;
		entry = entry->parent > 0 ? find(t, entry->parent) : NULL;
	}
	return 0;
}

static void mark(struct table *t, pid_t init)
{
	ino_t pid_ns = namespace_of(init, "pid"), mount_ns = namespace_of(init, "mnt");
	int own_pid_ns = pid_ns != 0 && pid_ns != namespace_of(1, "pid") &&
		pid_ns != namespace_of(parent_of(init), "pid");
	struct stat self;

	/* Ours is the one to compare with where those two are not ours to look at. */
	if (stat("/proc/self/ns/pid", &self) == 0 && self.st_ino == pid_ns)
		own_pid_ns = 0;
	for (size_t i = 0; i < t->n; i++) {
		struct entry *entry = &t->v[i];
		int family = descends(t, entry, init);

		if (own_pid_ns)
			entry->belongs = family || namespace_of(entry->pid, "pid") == pid_ns;
		else
			entry->belongs = entry->pid == init ||
				(family && namespace_of(entry->pid, "mnt") == mount_ns);
	}
}

int processes_find(const struct process_ref *init, pid_t **out_pids, size_t *out_n,
	struct error *e)
{
	CLEANUP(table_release) struct table t = { 0 };
	pid_t *pids;
	size_t n = 0;
	int r;

	*out_pids = NULL;
	*out_n = 0;
	if (!process_is_alive(init))
		return 0;
	r = read_table(&t, e);
	if (r < 0)
		return r;
	mark(&t, init->pid);
	pids = xcalloc(t.n + 1, sizeof(*pids));
	for (size_t i = 0; i < t.n; i++)
		if (t.v[i].belongs)
			pids[n++] = t.v[i].pid;
	*out_pids = pids;
	*out_n = n;
	return 0;
}

int processes_kill_all(const struct process_ref *init, int sig, struct error *e)
{
	CLEANUP(mem_free) pid_t *pids = NULL;
	size_t n;
	int r = processes_find(init, &pids, &n, e);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (kill(pids[i], sig) < 0 && errno != ESRCH)
			return error_errno(e, "send signal %d to process %d", sig, pids[i]);
	return r;
}
