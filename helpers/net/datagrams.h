/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Published UDP ports: sockets of the host's whose datagrams reach a port of the container's, and
 * answers that leave by the same socket, from the address to which the peer wrote. libslirp keeps
 * neither apart, so it has no part in this.
 *
 * The container sees its peers' own addresses, but for those on the host's loopback, which are the
 * gateway to it: from their own port, or from another one where two of them have the same.
 */
#pragma once

#include "stack.h"

struct datagram_port;

/* -errno. */
int datagrams_open(struct stack *s, const struct net_address *host, uint16_t host_port,
	const struct net_address *guest, uint16_t guest_port, struct datagram_port **out);
/* May be NULL. */
void datagrams_close(struct datagram_port *p);

/* To a peer of a published port: VERDICT_ANSWER. */
void datagrams_answer(struct stack *s, const struct frame *f);
