/* SPDX-License-Identifier: Apache-2.0 */
#include "container/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
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

/* For one that has to do no more than to see that its maker has gone. */
#define SETTLE_MS      1000
#define SETTLE_STEP_MS 2

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

/* The leaf, if it is the one that was made for this container, or -ENOENT. */
static int open_leaf(int fd, uint64_t id)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int leaf_fd = cgroup_open(fd, PLAN_CGROUP_LEAF, &ignored);

	return leaf_fd >= 0 && id && cgroup_id(leaf_fd) == id ? fd_take(&leaf_fd) : -ENOENT;
}

/* The container's cgroup beneath root_fd; *out_leaf_fd is where its processes are. */
static int open_both(int root_fd, const struct state_cgroup *c, int *out_leaf_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = cgroup_open(root_fd, c->path, e);
	int leaf_fd = fd < 0 ? fd : open_leaf(fd, c->id);

	if (leaf_fd < 0)
		return leaf_fd;
	*out_leaf_fd = leaf_fd;
	return fd_take(&fd);
}

int container_cgroup_open(const struct state_cgroup *c, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;

	if (!c->path)
		return -ENOENT;
	root_fd = open_root(e);
	return root_fd < 0 ? root_fd : open_both(root_fd, c, &leaf_fd, e);
}

int container_cgroup_open_processes(const struct state_cgroup *c, struct error *e)
{
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	CLEANUP(fd_cleanup) int fd = -EBADF;

	if (!c->path)
		return -ENOENT;
	root_fd = open_root(e);
	fd = root_fd < 0 ? root_fd : open_both(root_fd, c, &leaf_fd, e);
	if (fd < 0)
		return fd;
	/* In a cgroup that was there before us there may be others, too. */
	return c->top || c->unit ? fd_take(&fd) : fd_take(&leaf_fd);
}

int container_cgroup_require(
	const struct state_cgroup *c, const char *verb, const char *id, struct error *e)
{
	if (c->path)
		return 0;
	error_set(e, ENOTSUP, "cannot %s container '%s': it has no cgroup of its own", verb, id);
	return error_hint(e,
		"run it where one can be made: systemd-run --user --scope -p Delegate=yes lichen "
		"run %s, or with --systemd-cgroup",
		id);
}

/* ---- a further process ---- */

int container_cgroup_open_place(const struct state_cgroup *c, const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open_root(e);
	CLEANUP(fd_cleanup) int fd = -EBADF;
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	CLEANUP(fd_cleanup) int place_fd = -EBADF;

	if (root_fd < 0)
		return root_fd;
	fd = open_both(root_fd, c, &leaf_fd, e);
	place_fd = fd < 0 ? fd : cgroup_open(leaf_fd, path, e);
	if (place_fd < 0)
		return error_set(
			e, -place_fd, "open its cgroup '%s': %s", path, strerror(-place_fd));
	return fd_take(&place_fd);
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
	return scope_attach(&scope, pid, place, e);
}

bool container_cgroup_is_frozen(const struct state_cgroup *c)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open_processes(c, &ignored);

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

/* Made for this container, or by another lichen, who left it because we were there. */
static bool is_made(int root_fd, const struct state_cgroup *c, const char *path)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = cgroup_open(root_fd, path, &ignored);

	return (c->top && strlen(path) >= strlen(c->top)) || (fd >= 0 && cgroup_is_marked(fd));
}

int container_cgroup_base(const struct state_cgroup *c, char **out, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open_root(e);
	char *path;

	if (root_fd < 0)
		return root_fd;
	path = parent_of(c->path);
	while (path[1] && is_made(root_fd, c, path)) {
		char *parent = parent_of(path);

		free(path);
		path = parent;
	}
	*out = path;
	return 0;
}

/* The container's cgroup and those on the way to it, as far as nobody uses them. */
static void remove_path(int root_fd, const struct state_cgroup *c)
{
	CLEANUP(mem_free) char *path = xstrdup(c->path);

	while (path[1] && is_made(root_fd, c, path)) {
		char *parent = parent_of(path);

		if (unlinkat(root_fd, path + 1, AT_REMOVEDIR) < 0 && errno != ENOENT) {
			free(parent);
			return;
		}
		free(path);
		path = parent;
	}
}

/*
 * Without a leaf that is known to be ours nobody is ended: what is empty goes, and what is not is
 * somebody else's. One who was being born when its maker died is about to go.
 */
static void remove_empty(int root_fd, const struct state_cgroup *c)
{
	CLEANUP(mem_free) char *leaf = xasprintf("%s/" PLAN_CGROUP_LEAF, c->path);
	int64_t deadline = time_ms() + SETTLE_MS;

	while (unlinkat(root_fd, leaf + 1, AT_REMOVEDIR) < 0 && errno == EBUSY &&
		time_ms() < deadline)
		poll(NULL, 0, SETTLE_STEP_MS);
	remove_path(root_fd, c);
}

/* Of a cgroup that was there before us only the leaf is ours. */
static int remove_directory(const struct state_cgroup *c, struct error *e)
{
	int64_t deadline = time_ms() + REMOVE_TIMEOUT_MS;
	CLEANUP(mem_free)
	char *ours = c->top ? xstrdup(c->path) : xasprintf("%s/" PLAN_CGROUP_LEAF, c->path);
	CLEANUP(fd_cleanup) int root_fd = open_root(e);
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r;

	if (root_fd < 0)
		return root_fd == -ENOENT ? 0 : root_fd;
	fd = open_both(root_fd, c, &leaf_fd, e);
	if (fd == -ENOENT) {
		remove_empty(root_fd, c);
		return 0;
	}
	if (fd < 0)
		return fd;
	r = cgroup_kill(c->top ? fd : leaf_fd, deadline, e);
	if (r == 0)
		r = remove_one(root_fd, ours, deadline, e);
	if (r == 0)
		remove_path(root_fd, c);
	return r;
}

/* systemd would ask politely first, and wait (TimeoutStopSec=). Says whether it was there. */
static bool end_scope(int root_fd, const struct state_cgroup *c)
{
	int64_t deadline = time_ms() + REMOVE_TIMEOUT_MS;
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	CLEANUP(fd_cleanup) int fd = -EBADF;
	struct error ignored;

	if (root_fd < 0 || !c->path)
		return false;
	fd = open_both(root_fd, c, &leaf_fd, &ignored);
	if (fd < 0)
		return false;
	(void)cgroup_kill(fd, deadline, &ignored);
	(void)cgroup_remove(fd, PLAN_CGROUP_LEAF, deadline, &ignored);
	return true;
}

static int remove_scope(const struct state_cgroup *c, struct error *e)
{
	CLEANUP(mem_free) char *helper = host_find_helper("lichen-scope");
	struct error ignored;
	CLEANUP(fd_cleanup) int root_fd = open_root(&ignored);
	const struct scope scope = { .helper = helper,
		.systemd = c->systemd,
		.unit = c->unit,
		.description = c->description };
	bool was_there = end_scope(root_fd, c);

	if (!helper)
		error_set(e, ENOENT, "lichen-scope is not installed");
	else if (scope_stop(&scope, e) == 0)
		return 0;
	/* A manager that has gone has taken it along; one that does not answer collects it once it
	 * is empty. */
	if (!was_there || unlinkat(root_fd, c->path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	return error_hint(e, "systemctl --user stop %s (as root without --user)", c->unit);
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
