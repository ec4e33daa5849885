/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init: the container's first process, from its birth to execve.
 *
 * Where: a child of the process that creates, in the new user and PID namespaces.
 * May: everything inside; Must not: parse, decide, or keep a descriptor of the host past READY but
 * those that wait for start and its own files for security labels (kernel/lsm.h).
 */
#pragma once

#include "plan/plan.h"
#include "stage/hooks.h"

struct init_args {
	const struct plan *plan;
	const struct hook_state *state;
	const int *prepared; /* trees that the parent opened, one for each operation, or -EBADF */
	int sock_fd; /* to the parent */
	int start_fd; /* a listening socket: start connects to it */
	int lock_fd; /* held locked until execve closes it: "created", not "running" */
	int notify_fd; /* what the container's processes notify, for start to take; or -EBADF */
};

_Noreturn void init_main(const struct init_args *args);
