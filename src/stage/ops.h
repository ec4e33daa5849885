/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carrying out a plan's operations, in init.
 *
 * Where: in the container's namespaces, the host's root still in place until OP_PIVOT.
 * May: mount, make nodes, write beneath the root by descriptor. Must not: decide, parse, or use a
 * path of the container's side as a string.
 */
#pragma once

#include "kernel/mount.h"
#include "plan/plan.h"
#include "stage/hooks.h"

struct ops_run {
	const struct plan *plan;
	const struct hook_state *state; /* for createContainer */
	const int *prepared; /* trees that the parent opened, or -EBADF each */
	int sock_fd; /* to the parent */
	mode_t umask; /* the caller's, for hooks; the set-up has 0 */
	struct mount_tree *sources; /* one for each operation */
	int place_fd; /* the root file system's directory, which its mount goes on top of */
	int root_fd;
	char *cgroup; /* our own cgroup's path, since OP_CGROUP; or NULL */
	int proc_fd; /* a procfs of our own, for sysctls */
	int terminal_fd; /* our side of the terminal */
};

/* With the caller's own user and groups: whatever only they can reach is opened now. */
int ops_open_sources(struct ops_run *run, struct error *e);

/* The rest, as the container's root. */
int ops_execute(struct ops_run *run, struct error *e);

/* Closes all but the terminal. */
void ops_close(struct ops_run *run);
