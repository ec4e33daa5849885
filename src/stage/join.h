/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Joining a running container: a process that enters init's namespaces, and its sibling, born in
 * them, which becomes exec's program.
 *
 * Where: the first is a child of the calling process, in the host's PID namespace still; the second
 * is the caller's child too. May: setns, be moved into the container's cgroup, whatever init may.
 * Must not: be looked into from inside, or take more with it than the descriptors that the caller
 * named (CVE-2016-9962, CVE-2024-21626).
 */
#pragma once

#include "plan/plan.h"

struct join_args {
	const struct plan *plan;
	pid_t init_pid;
	int init_pidfd;
	int root_fd; /* init's root, if the plan has init_root; or -EBADF */
	int sock_fd; /* to the parent */
};

/* Tells the parent BORN with the second one's PID and exits. */
_Noreturn void join_main(const struct join_args *args);
