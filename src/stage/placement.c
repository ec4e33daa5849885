/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/placement.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/cgroup.h"
#include "stage/controllers.h"
#include "stage/limits.h"
#include "stage/scope.h"

/* Another lichen may do the same at the same time. */
#define TRIES 20

static int open_hierarchy(const struct plan *plan, struct placement *p, struct error *e)
{
	p->root_fd = open(plan->host->cgroup.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->root_fd < 0)
		return error_errno(e, "open '%s'", plan->host->cgroup.mount);
	return 0;
}

/* ---- a directory of ours ---- */

/* *out_made: whether it was not there. */
static int open_or_make(int parent_fd, const char *name, bool *out_made, struct error *e)
{
	int fd = cgroup_make(parent_fd, name, e);

	*out_made = fd >= 0;
	return fd == -EEXIST ? cgroup_open(parent_fd, name, e) : fd;
}

/*
 * The cgroup at path, or the nearest one above that is there: another lichen had made it, and has
 * taken it away since we looked for a place. Cuts path down to what it has opened.
 */
static int open_nearest(int root_fd, char *path, struct error *e)
{
	int fd = cgroup_open(root_fd, path, e);

	while (fd == -ENOENT && path[1]) {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		fd = cgroup_open(root_fd, path, e);
	}
	return fd;
}

/* From base down to the container's cgroup, each with the controllers of the one above. */
static int make_path(const struct plan *plan, struct placement *p, struct error *e)
{
	const struct plan_cgroup *c = &plan->cgroup;
	const struct host_cgroup *host = &plan->host->cgroup;
	const struct resource_settings *settings = c->settings;
	CLEANUP(mem_free) char *path = xstrdup(c->path);
	CLEANUP(mem_free) char *base = xstrdup(c->base);
	CLEANUP(fd_cleanup) int fd = open_nearest(p->root_fd, base, e);
	size_t done = streq(base, "/") ? 0 : strlen(base);

	while (fd >= 0 && c->path[done]) {
		size_t len = strcspn(c->path + done + 1, "/");
		int next_fd;

		path[done] = '\0';
		if (controllers_give(host, settings, fd, done ? path : "/", e) < 0)
			return -e->code;
		path[done] = '/';
		path[done + 1 + len] = '\0';
		next_fd = open_or_make(fd, path + done + 1, &p->made, e);
		if (next_fd >= 0 && p->made)
			cgroup_mark(next_fd);
		fd_close(fd);
		fd = next_fd;
		path[done + 1 + len] = c->path[done + 1 + len];
		done += 1 + len;
	}
	if (fd < 0)
		return controllers_explain(e);
	p->fd = fd_take(&fd);
	return 0;
}

static int make_leaf(const struct plan *plan, struct placement *p, struct error *e)
{
	int r = controllers_give(&plan->host->cgroup, plan->cgroup.settings, p->fd, p->path, e);

	if (r < 0)
		return r;
	p->leaf_fd = cgroup_make(p->fd, PLAN_CGROUP_LEAF, e);
	if (p->leaf_fd == -EEXIST) {
		error_set(e, EEXIST, "the cgroup '%s' is another container's", p->path);
		return error_hint(e, "name another linux.cgroupsPath, or delete that container");
	}
	return p->leaf_fd < 0 ? p->leaf_fd : 0;
}

static int make_directory(const struct plan *plan, struct placement *p, struct error *e)
{
	int r = open_hierarchy(plan, p, e);

	p->path = xstrdup(plan->cgroup.path);
	if (r == 0)
		r = make_path(plan, p, e);
	return r < 0 ? r : make_leaf(plan, p, e);
}

/* Whoever removes the last container beneath a cgroup that we share may take it from under us. */
static bool was_removed(int r)
{
	return r == -ENOENT || r == -ENODEV;
}

int placement_begin(const struct plan *plan, struct placement *out, struct error *e)
{
	CLEANUP(placement_release) struct placement p = PLACEMENT_NONE;
	int r = 0;

	if (plan->cgroup.how == PLAN_CGROUP_NONE)
		return 0;
	if (plan->cgroup.how == PLAN_CGROUP_SCOPE)
		r = open_hierarchy(plan, &p, e);
	for (int i = 0; plan->cgroup.how == PLAN_CGROUP_DIRECTORY && i < TRIES; i++) {
		placement_release(&p);
		r = make_directory(plan, &p, e);
		if (!was_removed(r))
			break;
	}
	if (r < 0)
		return r;
	*out = p;
	p = (struct placement)PLACEMENT_NONE;
	return 0;
}

/* ---- a scope of systemd ---- */

int placement_ask(const struct plan *plan, struct placement *p, pid_t pid, struct error *e)
{
	const struct plan_cgroup *c = &plan->cgroup;
	const struct scope scope = { .helper = c->helper,
		.systemd = plan->host->cgroup.systemd,
		.unit = c->unit,
		.description = c->description };

	if (c->how != PLAN_CGROUP_SCOPE)
		return 0;
	return scope_ask(&scope, c->slice, pid, c->settings, &p->asked, e);
}

/* The controllers that the scope has, for its one child. */
static int pass_on(const struct placement *p)
{
	CLEANUP(mem_free) char *all = cgroup_read(p->fd, "cgroup.controllers");
	struct error ignored;
	char *save = NULL;

	for (char *w = all ? strtok_r(all, " ", &save) : NULL; w; w = strtok_r(NULL, " ", &save))
		(void)cgroup_enable(p->fd, w, &ignored);
	return 0;
}

static int receive_scope(struct placement *p, pid_t pid, struct error *e)
{
	int r = scope_answer(&p->asked, &p->path, e);

	p->is_silent = r == -ETIMEDOUT;
	if (r < 0)
		return r;
	p->made = true;
	p->fd = cgroup_open(p->root_fd, p->path, e);
	if (p->fd < 0)
		return error_context(e, "open the scope's cgroup");
	p->leaf_fd = cgroup_make(p->fd, PLAN_CGROUP_LEAF, e);
	if (p->leaf_fd < 0)
		return p->leaf_fd;
	r = cgroup_enter(p->leaf_fd, pid, e);
	return r < 0 ? r : pass_on(p);
}

static int give(const struct plan *plan, const struct placement *p, pid_t pid, struct error *e)
{
	uid_t uid;
	int r = host_uid_of_process(pid, plan->process.uid, &uid, e);

	if (r == 0)
		r = cgroup_give(p->leaf_fd, uid, e);
	return r < 0 ? error_context(e, "config.json: linux.cgroupsPath") : 0;
}

int placement_finish(const struct plan *plan, struct placement *p, pid_t pid, struct error *e)
{
	const struct plan_cgroup *c = &plan->cgroup;
	int r = c->how == PLAN_CGROUP_SCOPE ? receive_scope(p, pid, e) : 0;
	const struct limits_place place = { .fd = p->fd,
		.leaf_fd = p->leaf_fd,
		.path = p->path,
		.host = &plan->host->cgroup,
		.prefix = "config.json: ",
		.effort = c->best_effort ? LIMITS_BEST_EFFORT : LIMITS_MUST_HOLD };

	if (r < 0 || c->how == PLAN_CGROUP_NONE)
		return r;
	r = limits_write(&place, c->settings, &p->left, e);
	return r == 0 && c->give == PLAN_GIVE_OUTSIDE ? give(plan, p, pid, e) : r;
}

void placement_release(struct placement *p)
{
	fd_close(p->root_fd);
	fd_close(p->fd);
	fd_close(p->leaf_fd);
	child_release(&p->asked);
	free(p->path);
	strlist_release(&p->left);
	*p = (struct placement)PLACEMENT_NONE;
}
