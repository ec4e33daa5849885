/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "kernel/cgroup.h"

/* Where the processes go that stand in the way of giving controllers to their cgroup's children. */
#define CALLERS "lichen-callers"

/* Another lichen may do the same at the same time. */
#define TRIES 20

int controllers_explain(struct error *e)
{
	if (e->code != EACCES && e->code != EPERM)
		return -e->code;
	return error_hint(e,
		"start lichen in a cgroup that is yours: systemd-run --user --scope -p "
		"Delegate=yes lichen ..., or let systemd make the cgroup: --systemd-cgroup");
}

static int open_callers(int fd, struct error *e)
{
	int callers_fd = cgroup_make(fd, CALLERS, e);

	return callers_fd == -EEXIST ? cgroup_open(fd, CALLERS, e) : callers_fd;
}

/*
 * cgroups(7), "no internal processes": only one without processes of its own gives controllers to
 * its children. Those of the cgroup that we stand in, which was delegated to us, go into a leaf.
 */
static int make_room(const struct host_cgroup *host, int fd, const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int callers_fd = -EBADF;

	if (!host->path || !streq(path, host->path)) {
		error_set(e, EBUSY, "the cgroup '%s' has processes of its own", path);
		return error_hint(e, "move them into a child of it, or name another cgroupsPath");
	}
	callers_fd = open_callers(fd, e);
	return callers_fd < 0 ? callers_fd : cgroup_move_all(fd, callers_fd, e);
}

static int give(const struct host_cgroup *host, int fd, const char *path, const char *controller,
	struct error *e)
{
	if (cgroup_has(fd, "cgroup.subtree_control", controller))
		return 0;
	for (int i = 0; i < TRIES; i++) {
		int r = cgroup_has_processes(fd) ? error_set(e, EBUSY, "it has processes")
						 : cgroup_enable(fd, controller, e);

		if (r != -EBUSY)
			return r;
		r = make_room(host, fd, path, e);
		if (r < 0)
			return r;
	}
	return -e->code;
}

int controllers_give(const struct host_cgroup *host, const struct resource_settings *settings,
	int fd, const char *path, struct error *e)
{
	const struct strlist *all = &host->controllers;
	struct error ignored;

	for (size_t i = 0; i < settings->n; i++) {
		const char *controller = settings->v[i].controller;
		int r = controller ? give(host, fd, path, controller, e) : 0;

		if (r < 0) {
			error_context(e, "give the controller '%s' to the children of '%s'",
				controller, path);
			return controllers_explain(e);
		}
	}
	for (size_t i = 0; i < all->n && !cgroup_has_processes(fd); i++)
		(void)cgroup_enable(fd, all->v[i], &ignored);
	return 0;
}

/* ---- for one that exists ---- */

/* How much of path is the nearest cgroup that has the controller; 0 if none below the root has. */
static size_t find_owner(int root_fd, const char *path, const char *controller)
{
	CLEANUP(mem_free) char *above = xstrdup(path);
	struct error ignored;

	for (char *end = above + strlen(above); end; end = strrchr(above, '/')) {
		CLEANUP(fd_cleanup) int fd = -EBADF;

		*end = '\0';
		fd = *above ? cgroup_open(root_fd, above, &ignored) : -ENOENT;
		if (fd >= 0 && cgroup_has(fd, "cgroup.controllers", controller))
			return strlen(above);
	}
	return 0;
}

/* The cgroups of path from the one that is its first len bytes. */
static int give_from(const struct host_cgroup *host, int root_fd, const char *path, size_t len,
	const char *controller, struct error *e)
{
	for (;; len += 1 + strcspn(path + len + 1, "/")) {
		CLEANUP(mem_free) char *part = xstrndup(path, len);
		CLEANUP(fd_cleanup) int fd = cgroup_open(root_fd, part, e);
		int r = fd < 0 ? fd : give(host, fd, part, controller, e);

		if (r < 0)
			return error_context(e, "give the controller '%s' to the children of '%s'",
				controller, part);
		if (!path[len])
			return 0;
	}
}

int controllers_give_down_to(const struct host_cgroup *host,
	const struct resource_settings *settings, const char *path, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open(host->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0)
		return error_errno(e, "open '%s'", host->mount);
	for (size_t i = 0; i < settings->n; i++) {
		const char *controller = settings->v[i].controller;
		size_t len = controller ? find_owner(root_fd, path, controller) : 0;
		int r = len ? give_from(host, root_fd, path, len, controller, e) : 0;

		if (r == -EBUSY)
			return r;
	}
	return 0;
}
