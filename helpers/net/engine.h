/* SPDX-License-Identifier: Apache-2.0 */
/* The process with the TCP/IP stack (request.h). */
#pragma once

#include "control.h"
#include "request.h"

struct engine {
	pid_t pid;
	int pidfd;
	int control_fd;
};

/* Takes part in nothing until CONTROL_SEAL has been answered. The descriptors stay the caller's. */
int engine_start(
	const struct request *q, int tap_fd, int sockets_fd, struct engine *out, struct error *e);
/* Also ends the process. */
void engine_release(struct engine *n);

/* In the engine: never returns. tap_fd, sockets_fd and control_fd alone are open. */
_Noreturn void engine_main(const struct request *q, int tap_fd, int sockets_fd, int control_fd,
	unsigned long namespaces);
