/* SPDX-License-Identifier: Apache-2.0 */
/* What create, run and exec get from their caller and give back: descriptors, a file, sockets. */
#pragma once

#include "base/error.h"
#include "stage/parent.h"

/*
 * That the caller gave us descriptors up to 2+n. Those before may be closed, and stay so (podman
 * --preserve-fd); what we open in their place is close-on-exec, and never handed out
 * (CVE-2024-21626).
 */
int caller_check_fds(unsigned int n, struct error *e);

/* Where the process' number, its terminal and a descriptor of it go; NULL: nowhere. */
struct caller_wishes {
	const char *pid_file, *console_socket, *pidfd_socket;
	const char *pidfd_message; /* what comes along with the latter */
};

/* The terminal is theirs alone then. */
int caller_hand_over(const struct caller_wishes *wishes, struct stage *s, struct error *e);

int caller_write_pid_file(const struct caller_wishes *wishes, pid_t pid, struct error *e);
