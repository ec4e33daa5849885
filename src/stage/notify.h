/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sd_notify(3) of a container's processes. They send to a socket of ours, and what is fit for a
 * service manager goes on to the one at NOTIFY_SOCKET: numbers of processes and descriptors of
 * theirs mean nothing out here, and who may notify is none of their business.
 *
 * Where: start until READY=1, run in the foreground to the end.
 */
#pragma once

#include <poll.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct notify {
	int manager_fd; /* non-blocking; -EBADF: nobody wants to know */
	int container_fd; /* -EBADF: the container was created without */
	pid_t main_pid; /* whom the manager is to watch once it is ready */
	int ready;
	struct text pending; /* what the manager has had no room for yet */
};

#define NOTIFY_NONE                                          \
	{                                                    \
		.manager_fd = -EBADF, .container_fd = -EBADF \
	}

/* Connects to NOTIFY_SOCKET; without that variable all stays as it is. */
int notify_open(struct notify *n, struct error *e);
void notify_release(struct notify *n);

/*
 * One datagram as the manager gets it, in out, which may remain empty; 1 if it says READY=1. For
 * tests and for notify_pass_on.
 */
int notify_filter(const char *text, size_t len, pid_t main_pid, struct text *out);

/* When to call notify_pass_on: the container speaks, or the manager has room again. */
struct pollfd notify_poll(const struct notify *n);

/*
 * What has come by now, as far as the manager has room for it: it never waits, however slow that is
 * and however much is said. A manager that is gone is no error.
 */
void notify_pass_on(struct notify *n);

/* The same at the end; waits some seconds for a manager that has no room. */
void notify_finish(struct notify *n);

/* Until READY=1 or the process' end, and until the manager has heard of it. */
void notify_wait_ready(struct notify *n, int pidfd);
