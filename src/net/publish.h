/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A published port as words: what is said after --publish, in a network annotation, in the API.
 *
 *   [ADDRESS:]HOST[-LAST]:GUEST[-LAST][/tcp|/udp]
 *
 * ADDRESS is the host's, IPv6 in brackets; none: all addresses of both families. HOST 0 is a port
 * that the kernel chooses. Ranges are of equal length. tcp is the default.
 */
#pragma once

#include <netinet/in.h>

#include "base/str.h"
#include "net/address.h"

enum publish_protocol { PUBLISH_TCP = IPPROTO_TCP, PUBLISH_UDP = IPPROTO_UDP };

/* So many ports lichen-net publishes. */
#define PUBLISH_MAX 4096

/* n ports from host_port to the n ports from guest_port. */
struct publication {
	struct net_address address; /* AF_UNSPEC: all, of both families */
	uint16_t host_port; /* host byte order; 0: a free one, then n is 1 */
	uint16_t guest_port; /* never 0 */
	uint16_t n; /* at least 1; neither range goes beyond 65535 */
	enum publish_protocol protocol;
};

/* -EINVAL with the words, the reason and a hint. */
int publication_parse(const char *words, struct publication *out, struct error *e);

/* Adds the words that mean the same, with the protocol: "127.0.0.1:8080-8081:80-81/tcp". */
void publication_print(const struct publication *p, struct text *out);

/* Whether they want a port of the host in common; free ports never do. */
bool publications_overlap(const struct publication *a, const struct publication *b);

/* "tcp" or "udp". */
const char *publish_protocol_name(enum publish_protocol protocol);
