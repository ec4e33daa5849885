/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The short way of published TCP ports: a connection from the host's own loopback is joined to one
 * inside the container's network namespace by splice(2), so that its bytes pass neither libslirp
 * nor the tap device. The container sees its own address as the peer's, never its loopback, which
 * services trust (CVE-2021-20199). Urgent data arrives in line.
 */
#pragma once

#include "base/error.h"
#include "loop.h"
#include "net/address.h"

struct shortcuts {
	struct loop *loop;
	int sockets_fd; /* inside.h */
	int fd_limit; /* RLIMIT_NOFILE */
	struct shortcut_pipe *spare; /* empty pipes, to be used again */
	size_t n_spare;
};

/* A listening socket of the host's; the caller's to release with shortcut_close. */
struct shortcut;

/*
 * host and port are an address on the loopback. beside_fd is a socket of ours that listens for all
 * addresses on that port, and lets this one in for the moment only; or -EBADF. -errno.
 */
int shortcut_listen(struct shortcuts *s, const struct net_address *host, uint16_t port,
	int beside_fd, struct in_addr guest, uint16_t guest_port, struct shortcut **out);
void shortcut_close(struct shortcut *s);
