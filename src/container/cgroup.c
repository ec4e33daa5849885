/* SPDX-License-Identifier: Apache-2.0 */
#include "container/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "host/cgroup.h"
#include "kernel/cgroup.h"
#include "stage/scope.h"

#define FILE_MAX (1u << 20)

/* A process in an uninterruptible wait does not die; then we say so. */
#define REMOVE_TIMEOUT_MS 10000

static int open_root(struct error *e)
{
	CLEANUP(host_cgroup_release) struct host_cgroup host = { 0 };
	int fd;

	host_cgroup_probe(&host);
	if (!host.mount)
		return error_set(e, ENOENT, "this host has no cgroup v2 mounted");
	fd = open(host.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? error_errno(e, "open '%s'", host.mount) : fd;
}

/* ---- what is recorded ---- */

/* The uppermost cgroup of path that isn't there, or NULL: what removing goes up to. */
static char *first_missing(int root_fd, const char *path)
{
	CLEANUP(mem_free) char *part = xstrdup(path);

	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (faccessat(root_fd, part + 1, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
			return TAKE_PTR(part);
		if (!slash)
			return NULL;
		*slash = '/';
	}
}

/* One that is there already may be used if it is empty: some callers make it themselves. */
static int check_free(int root_fd, const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = cgroup_open(root_fd, path, e);

	if (fd < 0)
		return fd;
	if (!cgroup_is_populated(fd) && faccessat(fd, PLAN_CGROUP_LEAF, F_OK, 0) < 0)
		return 0;
	error_set(e, EBUSY, "config.json: linux.cgroupsPath: the cgroup '%s' is in use", path);
	return error_hint(e,
		"name another one, or end what is in it: see "
		"/sys/fs/cgroup%s/cgroup.procs and the cgroups beneath it",
		path);
}

static int expect_directory(const struct plan *plan, struct state_cgroup *out, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open_root(e);
	CLEANUP(mem_free) char *top = NULL;
	int r;

	if (root_fd < 0)
		return root_fd;
	top = first_missing(root_fd, plan->cgroup.path);
	r = top ? 0 : check_free(root_fd, plan->cgroup.path, e);
	if (r < 0)
		return r;
	out->path = xstrdup(plan->cgroup.path);
	out->top = TAKE_PTR(top);
	return 0;
}

int container_cgroup_expect(const struct plan *plan, struct state_cgroup *out, struct error *e)
{
	const struct plan_cgroup *c = &plan->cgroup;

	if (c->how == PLAN_CGROUP_NONE)
		return 0;
	if (c->how == PLAN_CGROUP_DIRECTORY)
		return expect_directory(plan, out, e);
	out->unit = xstrdup(c->unit);
	out->description = xstrdup(c->description);
	out->systemd = xstrdup(plan->host->cgroup.systemd);
	return 0;
}

/* Paths come again, as those of scopes do; inode numbers of cgroups do not. */
static int open_ours(int root_fd, const struct state_cgroup *c, struct error *e)
{
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	int fd;

	if (!c->path || !c->leaf_inode)
		return -ENOENT;
	fd = cgroup_open(root_fd, c->path, e);
	if (fd < 0)
		return fd;
	leaf_fd = cgroup_open(fd, PLAN_CGROUP_LEAF, e);
	if (leaf_fd >= 0 && fd_inode(leaf_fd) == c->leaf_inode)
		return fd;
	fd_close(fd);
	return -ENOENT;
}

int container_cgroup_open(const struct state_cgroup *c, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = c->path ? open_root(e) : -ENOENT;

	return root_fd < 0 ? root_fd : open_ours(root_fd, c, e);
}

/* ---- a further process ---- */

int container_cgroup_open_place(const struct state_cgroup *c, const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;

	error_set(e, ENOENT, "the cgroup '%s' has gone", c->path);
	fd = container_cgroup_open(c, e);
	if (fd < 0)
		return fd;
	leaf_fd = cgroup_open(fd, PLAN_CGROUP_LEAF, e);
	return leaf_fd < 0 ? leaf_fd : cgroup_open(leaf_fd, path, e);
}

char *container_cgroup_place_of(pid_t pid, const struct state_cgroup *c)
{
	CLEANUP(mem_free) char *file = xasprintf("/proc/%d/cgroup", pid);
	CLEANUP(mem_free) char *line = xasprintf("0::%s/" PLAN_CGROUP_LEAF, c->path);
	CLEANUP(mem_free) char *text = NULL;
	const char *rest;

	if (file_read_text(AT_FDCWD, file, FILE_MAX, &text, NULL) < 0)
		return NULL;
	rest = strstr(text, line);
	if (!rest || (rest > text && rest[-1] != '\n') || rest[strlen(line)] != '/')
		return NULL;
	rest += strlen(line);
	return xstrndup(rest, strcspn(rest, "\n"));
}

int container_cgroup_attach(
	const struct state_cgroup *c, const char *path, pid_t pid, struct error *e)
{
	CLEANUP(mem_free) char *helper = host_find_helper("lichen-scope");
	CLEANUP(mem_free) char *place = path_clean("/" PLAN_CGROUP_LEAF, path + (*path == '/'));
	const struct scope scope = { .helper = helper,
		.systemd = c->systemd,
		.unit = c->unit,
		.description = c->description };

	if (!helper)
		return error_set(e, ENOENT, "lichen-scope is not installed");
	if (!path_beneath(place, "/" PLAN_CGROUP_LEAF))
		return error_set(e, EINVAL, "'%s' leads out of the container's cgroup", path);
	return scope_attach(&scope, pid, place, e);
}

bool container_cgroup_is_frozen(const struct state_cgroup *c)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(c, &ignored);

	return fd >= 0 && cgroup_is_frozen(fd);
}

uint64_t container_cgroup_oom_kills(const struct state_cgroup *c)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(c, &ignored);
	uint64_t n = 0;

	if (fd >= 0)
		(void)cgroup_read_number(fd, "memory.events", "oom_kill", &n);
	return n;
}

/* ---- the end ---- */

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash > path ? xstrndup(path, (size_t)(slash - path)) : xstrdup("/");
}

static int remove_one(int root_fd, const char *path, int64_t deadline, struct error *e)
{
	CLEANUP(mem_free) char *parent = parent_of(path);
	CLEANUP(fd_cleanup) int parent_fd = cgroup_open(root_fd, parent, e);

	if (parent_fd < 0)
		return parent_fd == -ENOENT ? 0 : parent_fd;
	return cgroup_remove(parent_fd, strrchr(path, '/') + 1, deadline, e);
}

/* What was made on the way to it, as far as nobody else has come to use it. */
static void remove_parents(int root_fd, const struct state_cgroup *c)
{
	CLEANUP(mem_free) char *path = xstrdup(c->path);

	while (strlen(path) > strlen(c->top)) {
		char *parent = parent_of(path);

		free(path);
		path = parent;
		if (unlinkat(root_fd, path + 1, AT_REMOVEDIR) < 0)
			return;
	}
}

static int kill_ours(int fd, const struct state_cgroup *c, int64_t deadline, struct error *e)
{
	CLEANUP(fd_cleanup) int leaf_fd = c->top ? -EBADF : cgroup_open(fd, PLAN_CGROUP_LEAF, e);

	return cgroup_kill(c->top ? fd : leaf_fd, deadline, e);
}

/* Of a cgroup that was there before us only the leaf is ours. */
static int remove_directory(const struct state_cgroup *c, struct error *e)
{
	int64_t deadline = time_ms() + REMOVE_TIMEOUT_MS;
	CLEANUP(mem_free)
	char *ours = c->top ? xstrdup(c->path) : xasprintf("%s/" PLAN_CGROUP_LEAF, c->path);
	CLEANUP(fd_cleanup) int root_fd = open_root(e);
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = 0;

	if (root_fd < 0)
		return root_fd == -ENOENT ? 0 : root_fd;
	fd = open_ours(root_fd, c, e);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0)
		r = kill_ours(fd, c, deadline, e);
	/* What was made and not yet recorded as ours has nobody in it. */
	if (r == 0)
		r = remove_one(root_fd, ours, fd < 0 ? 0 : deadline, e);
	if (r == 0 && c->top)
		remove_parents(root_fd, c);
	return fd < 0 ? 0 : r;
}

static void kill_scope(const struct state_cgroup *c)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(c, &ignored);

	/* systemd would ask politely first, and wait (TimeoutStopSec=). */
	if (fd >= 0)
		(void)cgroup_kill(fd, time_ms() + REMOVE_TIMEOUT_MS, &ignored);
}

/*
 * A manager that has gone has taken its scopes along; one that was only asked for has nobody in it,
 * and systemd removes it by itself.
 */
static int has_gone(const struct state_cgroup *c)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(c, &ignored);

	return fd < 0;
}

static int remove_scope(const struct state_cgroup *c, struct error *e)
{
	CLEANUP(mem_free) char *helper = host_find_helper("lichen-scope");
	const struct scope scope = { .helper = helper,
		.systemd = c->systemd,
		.unit = c->unit,
		.description = c->description };

	kill_scope(c);
	if (!helper) {
		error_set(e, ENOENT, "lichen-scope is not installed");
		return error_hint(e, "systemctl --user stop %s", c->unit);
	}
	if (scope_stop(&scope, e) == 0 || has_gone(c))
		return 0;
	return error_hint(e, "systemctl --user stop %s", c->unit);
}

int container_cgroup_remove(const struct state_cgroup *c, struct error *e)
{
	int r = 0;

	if (c->unit)
		r = remove_scope(c, e);
	else if (c->path)
		r = remove_directory(c, e);
	return r < 0 ? error_context(e, "remove the container's cgroup") : 0;
}

int container_cgroup_tell(
	const struct state_cgroup *c, const struct resource_settings *settings, struct error *e)
{
	CLEANUP(mem_free) char *helper = c->unit ? host_find_helper("lichen-scope") : NULL;
	const struct scope scope = { .helper = helper,
		.systemd = c->systemd,
		.unit = c->unit,
		.description = c->description };

	if (!c->unit || settings->n_properties == 0)
		return 0;
	if (!helper)
		return error_set(e, ENOENT, "lichen-scope is not installed");
	return scope_set(&scope, settings, e);
}
