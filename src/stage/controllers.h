/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Controllers that cgroups give to their children (cgroup.subtree_control), so that limits can be
 * written there.
 */
#pragma once

#include "host/cgroup.h"
#include "plan/resources.h"

/*
 * What the limits need is given to the children of this cgroup, or it is an error; the rest of
 * host->controllers where nothing is in the way. path is fd's.
 */
int controllers_give(const struct host_cgroup *host, const struct resource_settings *settings,
	int fd, const char *path, struct error *e);

/*
 * The same for a container's cgroup that exists, and for its child: from base, which is above
 * path, down. What base does not have, or is not ours to give, is left to whoever writes the
 * limits.
 */
int controllers_give_down_to(const struct host_cgroup *host,
	const struct resource_settings *settings, const char *base, const char *path,
	struct error *e);

/* For an error of access: what would help. Returns -e->code. */
int controllers_explain(struct error *e);
