/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process has to say between start and execve, init's or one of exec: that its hooks have
 * ended, and where its seccomp listener is, which goes on to the agent.
 */
#pragma once

#include "stage/hooks.h"

struct last_words {
	int sock_fd; /* to the process */
	pid_t pid;
	int pidfd; /* for a listener; or -EBADF where config.json names none */
	const struct spec *spec;
	const struct hook_state *container; /* what the agent is told of it */
	int *out_notify_fd; /* init's: the socket that the container notifies by; NULL: not asked */
};

/*
 * Until the connection's end, which is execve's. *out_executes, also after a failure: that its
 * hooks have ended.
 */
int last_words_hear(const struct last_words *w, bool *out_executes, struct error *e);
