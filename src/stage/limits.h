/* SPDX-License-Identifier: Apache-2.0 */
/* Writing linux.resources to a cgroup: for the birth of a container and for update. */
#pragma once

#include "plan/resources.h"

/* What to do about a controller that the cgroup has not been given. */
enum limits_effort { LIMITS_MUST_HOLD, LIMITS_BEST_EFFORT };

/* Where config.json asks for it: EBUSY if more is in use than the new limit would allow. */
int limits_check(int fd, const struct resource_settings *settings, struct error *e);

/*
 * fd is the container's cgroup, leaf_fd (or -EBADF) the one that its processes are in, where the
 * same is written so that they see it. What best effort has left out is added to out_left.
 */
int limits_write(int fd, int leaf_fd, const struct resource_settings *settings,
	enum limits_effort effort, struct strlist *out_left, struct error *e);
