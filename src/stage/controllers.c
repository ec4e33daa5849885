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

static bool has(int root_fd, const char *path, const char *controller)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = cgroup_open(root_fd, path, &ignored);

	return fd >= 0 && cgroup_has(fd, "cgroup.controllers", controller);
}

/* The cgroups of path from the one that is its first len bytes; 0: the hierarchy's root. */
static int give_from(const struct host_cgroup *host, int root_fd, const char *path, size_t len,
	const char *controller, struct error *e)
{
	for (;; len += 1 + strcspn(path + len + 1, "/")) {
		CLEANUP(mem_free) char *part = len ? xstrndup(path, len) : xstrdup("/");
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
	const struct resource_settings *settings, const char *base, const char *path,
	struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = open(host->mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t len = streq(base, "/") ? 0 : strlen(base);

	if (root_fd < 0)
		return error_errno(e, "open '%s'", host->mount);
	for (size_t i = 0; i < settings->n; i++) {
		const char *controller = settings->v[i].controller;
		int r = controller && has(root_fd, base, controller)
			? give_from(host, root_fd, path, len, controller, e)
			: 0;

		if (r == -EBUSY)
			return r;
	}
	return 0;
}
