/* SPDX-License-Identifier: Apache-2.0 */
/* The cgroup of a container that exists: by what its state says of it. */
#pragma once

#include "container/state_dir.h"
#include "plan/plan.h"

/*
 * What is going to be made, for the state, before it is made: EBUSY if the place is taken by
 * somebody's processes.
 */
int container_cgroup_expect(const struct plan *plan, struct state_cgroup *out, struct error *e);

/*
 * The container's cgroup as a descriptor: where its limits are. -ENOENT without an error text if it
 * has none, or if it has gone; another one of the same name is not it.
 */
int container_cgroup_open(const struct state_cgroup *c, struct error *e);

/* The same for all that concerns its processes: nobody else's are in it or beneath it. */
int container_cgroup_open_processes(const struct state_cgroup *c, struct error *e);

/* 0, or -ENOTSUP for a container without one: "cannot VERB container 'ID'", and what would help. */
int container_cgroup_require(
	const struct state_cgroup *c, const char *verb, const char *id, struct error *e);

/*
 * Where a further process is to be: path in the cgroup that the container's processes see as "/".
 * A descriptor; ENOENT with a text if there is none.
 */
int container_cgroup_open_place(const struct state_cgroup *c, const char *path, struct error *e);

/* The path there of the cgroup that a process is in, the caller's to free; NULL: not beneath. */
char *container_cgroup_place_of(pid_t pid, const struct state_cgroup *c);

/* For scopes alone: systemd moves a process to path, which we may not ourselves. */
int container_cgroup_attach(
	const struct state_cgroup *c, const char *path, pid_t pid, struct error *e);

/*
 * Where creation began for a directory of ours, which gives controllers from there down: the
 * nearest cgroup above it that lichen has not made. Absolute; the caller's to free.
 */
int container_cgroup_base(const struct state_cgroup *c, char **out, struct error *e);

bool container_cgroup_is_frozen(const struct state_cgroup *c);
/* 0 also where nobody counts. */
uint64_t container_cgroup_oom_kills(const struct state_cgroup *c);

/* Ends every process in it, removes it, and frees the scope's name; bounded in time. */
int container_cgroup_remove(const struct state_cgroup *c, struct error *e);

/* For scopes alone: systemd is told of new limits. */
int container_cgroup_tell(
	const struct state_cgroup *c, const struct resource_settings *settings, struct error *e);
