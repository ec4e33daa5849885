/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What our own processes give up, so that a flaw in the TCP/IP stack is worth nothing: the root
 * file system, capabilities, and every system call that they don't need (syscalls.c).
 */
#pragma once

#include "base/error.h"

/* An empty read-only root in a mount namespace of our own; wants CAP_SYS_ADMIN. */
int sandbox_enter_root(struct error *e);

enum sandbox_profile {
	SANDBOX_INSIDE, /* makes sockets and sends them */
	SANDBOX_ENGINE, /* uses sockets and a tap device */
};

/* No capabilities, no new ones, hidden from others, and the profile's system calls alone. */
int sandbox_lock(enum sandbox_profile profile, struct error *e);

/* The filter of a profile: seccomp(2). Another call kills the process, so that it is noticed. */
int sandbox_filter(enum sandbox_profile profile, struct error *e);
