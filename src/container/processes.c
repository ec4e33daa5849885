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
#include "base/syscalls.h"
#include "container/cgroup.h"
#include "kernel/cgroup.h"

/* As long as delete waits. */
#define KILL_TIMEOUT_MS 10000

struct entry {
	pid_t pid, parent;
	struct process_ref ref;
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
	struct error gone;
	uint64_t pid;

	if (!d)
		return error_errno(e, "read '/proc'");
	while ((entry = readdir(d))) {
		if (str_u64(entry->d_name, INT32_MAX, &pid) < 0)
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n] = (struct entry){ .pid = (pid_t)pid,
			.parent = parent_of((pid_t)pid) };
		/* Gone already: not in the table. */
		if (process_ref_get((pid_t)pid, &out->v[out->n].ref, &gone) == 0)
			out->n++;
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

static int belongs(const struct table *t, const struct entry *entry, const struct state *state,
	ino_t pid_ns, ino_t mount_ns)
{
	int family = descends(t, entry, state->init.pid);

	if (state->own_pid_namespace)
		return family || namespace_of(entry->pid, "pid") == pid_ns;
	/* One of exec is nobody's descendant, but it is in the mount namespace. */
	return entry->pid == state->init.pid ||
		((family || state->own_mount_namespace) &&
			namespace_of(entry->pid, "mnt") == mount_ns);
}

static int mark(struct table *t, const struct state *state)
{
	ino_t pid_ns = namespace_of(state->init.pid, "pid");
	ino_t mount_ns = namespace_of(state->init.pid, "mnt");

	/* Only if init is still there are those two its. */
	if (pid_ns == 0 || mount_ns == 0 || !process_is_alive(&state->init))
		return 0;
	for (size_t i = 0; i < t->n; i++)
		t->v[i].belongs = belongs(t, &t->v[i], state, pid_ns, mount_ns);
	return 1;
}

/* The container's in out, marked; none if init is dead. */
static int find_marked(const struct state *state, struct table *out, struct error *e)
{
	int r;

	if (!process_is_alive(&state->init))
		return 0;
	r = read_table(out, e);
	return r < 0 ? r : mark(out, state);
}

static int find_in_cgroup(int fd, pid_t init, pid_t **out_pids, size_t *out_n, struct error *e)
{
	int r = cgroup_pids(fd, out_pids, out_n, e);

	for (size_t i = 1; r == 0 && i < *out_n; i++)
		if ((*out_pids)[i] == init) {
			(*out_pids)[i] = (*out_pids)[0];
			(*out_pids)[0] = init;
		}
	return r;
}

int processes_find(const struct state *state, pid_t **out_pids, size_t *out_n, struct error *e)
{
	CLEANUP(table_release) struct table t = { 0 };
	CLEANUP(fd_cleanup) int cgroup_fd = container_cgroup_open_processes(&state->cgroup, e);
	pid_t *pids;
	size_t n = 0;
	int r;

	if (cgroup_fd >= 0)
		return find_in_cgroup(cgroup_fd, state->init.pid, out_pids, out_n, e);
	r = find_marked(state, &t, e);

	if (r < 0)
		return r;
	pids = xcalloc(t.n + 1, sizeof(*pids));
	for (size_t i = 0; i < t.n; i++)
		if (t.v[i].belongs)
			pids[n++] = t.v[i].pid;
	*out_pids = pids;
	*out_n = n;
	return 0;
}

/* By descriptor, and only if it is still the same process: numbers come again. */
static int kill_one(const struct entry *entry, int sig, struct error *e)
{
	CLEANUP(fd_cleanup) int pidfd = process_open(&entry->ref);

	if (pidfd >= 0 && sys_pidfd_send_signal(pidfd, sig) < 0 && errno != ESRCH)
		return error_errno(e, "send signal %d to process %d", sig, entry->pid);
	return 0;
}

static int kill_cgroup(int fd, int sig, struct error *e)
{
	/* The kernel's way, which nobody outruns by being born. */
	return sig == SIGKILL ? cgroup_kill(fd, time_ms() + KILL_TIMEOUT_MS, e)
			      : cgroup_signal(fd, sig, e);
}

int processes_kill_all(const struct state *state, int sig, struct error *e)
{
	CLEANUP(table_release) struct table t = { 0 };
	CLEANUP(fd_cleanup) int cgroup_fd = container_cgroup_open_processes(&state->cgroup, e);
	int r;

	if (cgroup_fd >= 0)
		return kill_cgroup(cgroup_fd, sig, e);
	r = find_marked(state, &t, e);

	for (size_t i = 0; r >= 0 && i < t.n; i++)
		if (t.v[i].belongs)
			r = kill_one(&t.v[i], sig, e);
	return r < 0 ? r : 0;
}
