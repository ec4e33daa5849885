/* SPDX-License-Identifier: Apache-2.0 */
/* What create, run and exec get from their caller and give back: descriptors, a file, sockets. */
#pragma once

#include "base/error.h"
#include "stage/parent.h"

/*
 * That the descriptors 3 to 2+n came from the caller: whatever we opened ourselves is
 * close-on-exec. A caller who counts wrong must not hand out ours (CVE-2024-21626).
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
