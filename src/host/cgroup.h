/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cgroup tree as this user finds it: how it is mounted, where we stand in it, where a container
 * could get a cgroup of its own, and whether a systemd is there to be asked for one.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

/* How cgroups are mounted: cgroups(7). */
enum host_cgroup_kind {
	HOST_CGROUP_NONE,
	HOST_CGROUP_V1, /* no unified hierarchy at all */
	HOST_CGROUP_HYBRID, /* v1 holds the controllers, a unified tree without them stands beside
			     */
	HOST_CGROUP_V2,
};

struct host_cgroup {
	enum host_cgroup_kind kind;
	char *mount; /* where the unified hierarchy is mounted, or NULL */
	char *path; /* our place in it, absolute, or NULL */
	/* of host_cgroup_probe_delegation */
	char *base; /* the cgroup beneath which we may make others, absolute, or NULL */
	struct strlist controllers; /* that base has */
	/* of host_cgroup_probe_systemd: how lichen-scope reaches it, or NULL */
	char *systemd;
	struct strlist known; /* controllers that the hierarchy's root has */
	bool systemd_runs; /* the machine's, whether it answers us or not: sd_booted(3) */
};

/* The path of the cgroup that we stand in, of the unified hierarchy; the caller's to free, or NULL.
 */
char *host_cgroup_own_path(void);

/* By what is mounted, not by what the distribution is called; guesses nothing. */
void host_cgroup_probe(struct host_cgroup *out);

/*
 * Where path would be made: its nearest ancestor that exists, if we may write there and move a
 * process of ours there. For path NULL, and for one that begins nowhere, the unit of systemd that
 * we are in or, without a systemd, our own cgroup's parent or that itself, if we may write there.
 */
void host_cgroup_probe_delegation(struct host_cgroup *cgroup, const char *path);

/*
 * Whether the manager of this user (or, for_system, of the machine) has a socket that takes us, and
 * knows our processes and cgroups by the same numbers and paths as we do.
 */
void host_cgroup_probe_systemd(struct host_cgroup *cgroup, int for_system, uid_t uid);

void host_cgroup_release(struct host_cgroup *cgroup);

/* Whether base has this controller. */
bool host_cgroup_has(const struct host_cgroup *cgroup, const char *controller);

/* A helper program of ours ("lichen-scope"): the caller's to free, or NULL. */
char *host_find_helper(const char *name);
