/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calling process' half of a container's birth, and of that of a process which joins it.
 *
 * Where: the caller's namespaces. May: clone, map IDs, run the runtime's hooks. Must not: touch
 * anything of the container but through init.
 */
#pragma once

#include <sys/types.h>

#include "plan/plan.h"
#include "stage/hooks.h"
#include "stage/net_devices.h"
#include "stage/network.h"
#include "stage/placement.h"

/* A birth under way. Release with stage_release, which ends init unless it was committed. */
struct stage {
	pid_t pid;
	int pidfd;
	int sock_fd;
	int terminal_fd; /* the terminal's master, once READY */
	struct placement placement; /* in its cgroup */
	struct net_devices net_devices; /* devices that were moved */
	struct network network; /* what connects it */
	int state_fd; /* the caller's */
	int committed;
};

#define STAGE_NONE                                                            \
	{                                                                     \
		.pidfd = -EBADF, .sock_fd = -EBADF, .terminal_fd = -EBADF,    \
		.placement = PLACEMENT_NONE, .net_devices = NET_DEVICES_NONE, \
		.network = NETWORK_IDLE_ONE, .state_fd = -EBADF               \
	}

/* What init gets of the state directory (stage/init.h); they stay the caller's here. */
struct stage_fds {
	int start_fd, lock_fd, notify_fd;
	int state_fd; /* the directory itself, for what connects it; until READY */
};

/* init is born, and nothing has been changed yet: the caller can record its PID. */
int stage_begin(const struct plan *plan, const struct hook_state *state,
	const struct stage_fds *fds, struct stage *out, struct error *e);

/* exec's: not init is born but a process that joins it, in its namespaces; the rest is the same. */
struct stage_join {
	pid_t init_pid;
	int init_pidfd;
	int root_fd; /* init's root, if the plan has init_root; or -EBADF */
	int cgroup_fd; /* where it is born, or -EBADF: where we are */
	enum { JOIN_RUNNING, JOIN_FROZEN } cgroup; /* FROZEN: it takes until that thaws */
};
int stage_begin_join(
	const struct plan *plan, const struct stage_join *join, struct stage *out, struct error *e);

/* IDs, mounts, hooks prestart and createRuntime: until init is READY. state: for the hooks. */
int stage_set_up(
	struct stage *s, const struct plan *plan, const struct hook_state *state, struct error *e);

/* What the parent may set and init may not; then init waits for start. */
int stage_commit(struct stage *s, const struct plan *plan, struct error *e);

void stage_release(struct stage *s);
