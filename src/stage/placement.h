/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's cgroup at its birth: made by us, or by systemd on our request.
 *
 * Where: the creating process. Removing is not done here but by whoever removes the container, by
 * what was recorded before any of this (container/cgroup.h).
 */
#pragma once

#include "base/spawn.h"
#include "plan/plan.h"

struct placement {
	int root_fd; /* the hierarchy's */
	int fd; /* the container's cgroup */
	int leaf_fd; /* its child, where init is */
	struct child asked; /* lichen-scope at work */
	char *path; /* of fd, absolute in the hierarchy */
	bool made; /* fd is of our making; else only leaf_fd is */
	bool is_silent; /* systemd did not answer in time: asking again would take as long */
	struct strlist left; /* limits that best effort has left out */
};

#define PLACEMENT_NONE                                                         \
	{                                                                      \
		.root_fd = -EBADF, .fd = -EBADF, .leaf_fd = -EBADF, .asked = { \
			.pidfd = -EBADF,                                       \
			.in_fd = -EBADF,                                       \
			.out_fd = -EBADF                                       \
		}                                                              \
	}

/*
 * Before the birth: a directory is made, so that init can be born in leaf_fd. EEXIST: it is another
 * container's, which may be about to be born in it.
 */
int placement_begin(const struct plan *plan, struct placement *out, struct error *e);

/* Right after it: systemd is asked to make a scope around the process. */
int placement_ask(const struct plan *plan, struct placement *p, pid_t pid, struct error *e);

/* Until the process is in the leaf and the limits hold. */
int placement_finish(const struct plan *plan, struct placement *p, pid_t pid, struct error *e);

void placement_release(struct placement *p);
