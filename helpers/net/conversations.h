/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who talks by UDP with which port of the container's: peers that may be answered, and the way by
 * which answers to those of published ports leave. A table of fixed size; where it is full, the one
 * of a few that was silent longest is forgotten. Time is in seconds of a clock that never goes
 * back.
 */
#pragma once

#include <netinet/in.h>
#include <stdint.h>

#include "net/address.h"

#define CONVERSATIONS_MAX 2048
/* How long one may be silent (RFC 4787, REQ-5: at least 2 minutes). */
#define CONVERSATION_SECONDS 300

struct datagram_port;

struct conversation {
	struct net_address peer; /* as the container sees it */
	uint16_t peer_port, guest_port; /* host byte order */
	uint64_t until;
	uint64_t begun; /* its number among all of the table */
	/* The published port that it came to (datagrams.h); NULL: none, and nothing below. */
	const struct datagram_port *published;
	union {
		sa_family_t family;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} real; /* the peer's own address */
	struct net_address local; /* the host's, to which it wrote */
	unsigned int interface; /* whose address that is, if it is link-local */
};

/* All zeros is an empty one. */
struct conversations {
	uint32_t seed; /* that nobody knows, so that nobody aims at another's places */
	uint64_t n_begun;
	struct conversation v[CONVERSATIONS_MAX];
};

/* The one that has not ended, or NULL. Each datagram keeps it alive: set until anew. */
struct conversation *conversations_find(struct conversations *c, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port, uint64_t now);

/* The same or a new one, of no published port, which lives from now on. */
struct conversation *conversations_begin(struct conversations *c, const struct net_address *peer,
	uint16_t peer_port, uint16_t guest_port, uint64_t now);

/* All of a published port that is about to be closed. */
void conversations_end(struct conversations *c, const struct datagram_port *published);
