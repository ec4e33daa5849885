/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The values of linux.resources → the files of a container's cgroup. For create and for update.
 */
#pragma once

#include "host/cgroup.h"
#include "plan/resources.h"

enum limits_effort { LIMITS_MUST_HOLD, LIMITS_BEST_EFFORT };

/* Where they are written, and what is said of it. */
struct limits_place {
	int fd; /* the cgroup that holds them */
	int leaf_fd; /* its child, out of whose namespace they are seen; or -EBADF */
	const char *path; /* of fd */
	const struct host_cgroup *host; /* for hints */
	const char *prefix; /* of error texts: "config.json: ", or "" */
	enum limits_effort effort;
};

/* checkBeforeUpdate: EBUSY if more is in use than a new limit allows. Changes nothing. */
int limits_check(int fd, const struct resource_settings *settings, struct error *e);

/*
 * All of them, into both. With best effort those that can't be held are named in out_left, which is
 * the caller's to release; else the first one that can't be is an error.
 */
int limits_write(const struct limits_place *place, const struct resource_settings *settings,
	struct strlist *out_left, struct error *e);

/* What would bring the same files back to what they are now. Everything in *out is in the arena. */
void limits_save(int fd, const struct resource_settings *settings, struct arena *arena,
	struct resource_settings *out);
