/* SPDX-License-Identifier: Apache-2.0 */
/* The process in the container's network namespace (request.h). */
#pragma once

#include "request.h"

struct inside {
	pid_t pid;
	int pidfd;
	int tap_fd;
	/*
	 * For each byte that is sent comes one, with a new TCP socket (IPv4, non-blocking) of the
	 * container's network namespace, or without; the process ends when our end is closed.
	 */
	int sockets_fd;
};

/* Frames of the tap device are preceded by a struct virtio_net_hdr of this size: tun(4). */
#define TAP_HEADER_SIZE 10

/* The process answers within this time, or is killed. */
#define INSIDE_TIMEOUT_MS 10000

int inside_start(const struct request *q, struct inside *out, struct error *e);
/* Also ends the process. */
void inside_release(struct inside *i);
