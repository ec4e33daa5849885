/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that connects a container: lichen-net or pasta. The parent starts it as soon as init
 * has its namespaces and can be looked at, so that it works while init mounts. It has to be ready
 * before the runtime's hooks run and before the container is created. It outlives us, and is
 * nobody's child of ours.
 */
#pragma once

#include "base/spawn.h"
#include "plan/plan.h"

/* One that was started, or none; release with network_release, which lets it live. */
struct network {
	enum { NETWORK_IDLE, NETWORK_STARTING, NETWORK_READY } phase;
	int64_t deadline_ms;
	struct orphan slirp;
	struct child pasta; /* its first process, which ends when the network is ready */
};

#define NETWORK_IDLE_ONE                         \
	{                                        \
		.slirp = ORPHAN_NONE, .pasta = { \
			.pidfd = -EBADF,         \
			.in_fd = -EBADF,         \
			.out_fd = -EBADF         \
		}                                \
	}

/* state_fd: the state directory, where its files are. */
int network_start(
	struct network *n, const struct plan *plan, pid_t init, int state_fd, struct error *e);

/* Until it is ready; 0 at once if none was started, or it was waited for before. */
int network_wait(struct network *n, const struct plan *plan, struct error *e);

/* Ends it: the container has not come to be. */
void network_kill(struct network *n);

void network_release(struct network *n);
