/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TCP/IP stack: libslirp between the tap device and the host's sockets. Each frame from the
 * container is judged by the policy before libslirp sees it.
 */
#pragma once

#include "loop.h"
#include "nameserver.h"
#include "net/publish.h"
#include "policy.h"
#include "request.h"

struct Slirp;

/* The part of all descriptors that is kept for published ports, questions and pipes: a sixteenth.
 */
#define STACK_RESERVE 16

struct stack {
	struct source tap; /* first: on_tap goes back from it to the rest */
	struct loop *loop;
	struct Slirp *slirp;
	struct policy policy;
	struct nameserver nameserver;
	const struct request *request;
	int64_t router_at; /* libslirp's only timer, in ms of time_ms(); INT64_MAX: off */
	bool resetting; /* a frame that passes is a reset */
	unsigned int burst; /* frames that are taken before sockets are looked at again */
	int fd_limit; /* RLIMIT_NOFILE */
	bool is_full; /* nearly: nobody gets a new socket until one is closed */
	int n_sockets; /* libslirp's */
	int n_live; /* of which it expected something in the last round */
	uint8_t to_nameserver[65536 / 8]; /* its TCP ports whose connection goes to port 53 */
	uint8_t listeners[65536 / 8]; /* descriptors of libslirp's that stack_publish has found */
	uint8_t gateway_mac[6],
		guest_mac[6]; /* as in the container's last frame from its own address */
	uint8_t in[FRAME_HEADER + 65536], out[FRAME_HEADER + 40 + 65536];
	uint8_t datagram[65536]; /* one of a published port's */
};

/* s stays where it is. The tap device is read as soon as stack_open_tap is called. */
int stack_init(
	struct stack *s, struct loop *l, const struct request *q, int tap_fd, struct error *e);
int stack_open_tap(struct stack *s, struct error *e);

/* Serves until the process is ended. Returns an error alone. */
int stack_run(struct stack *s, struct error *e);

/* The policy's clock. */
uint64_t stack_seconds(void);

/* A frame to the container; none if n is 0. */
void stack_send(struct stack *s, const uint8_t *bytes, size_t n);

/*
 * A TCP port of the host's that leads to one of the container's. The descriptor on which libslirp
 * listens, and which stays its own; or -errno.
 */
int stack_publish(
	struct stack *s, const struct sockaddr_storage *host, const struct sockaddr_storage *guest);
void stack_unpublish(struct stack *s, const struct sockaddr_storage *host, int fd);
