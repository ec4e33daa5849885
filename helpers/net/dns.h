/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DNS messages (RFC 1035, section 4) as far as a forwarder needs them that passes whole messages
 * on: the question, refusals, whether an answer is one to the question, and its addresses. Both
 * sides are hostile: the container asks, and strangers' servers answer. Nothing is allocated or
 * kept, and every loop is bounded by the message's length.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/address.h"

#define DNS_HEADER 12U
/* 255 octets on the wire (RFC 1035, section 2.3.4), where each may become four characters. */
#define DNS_NAME_SIZE 1024U
/* Without EDNS (section 4.2.1); a forwarder takes what UDP can carry. */
#define DNS_UDP_MAX 512U

enum dns_rcode { DNS_NOERROR, DNS_FORMERR, DNS_SERVFAIL, DNS_NXDOMAIN, DNS_NOTIMP, DNS_REFUSED };
enum dns_type { DNS_A = 1, DNS_CNAME = 5, DNS_AAAA = 28 };
enum { DNS_IN = 1 }; /* the class of the Internet */

struct dns_query {
	uint16_t id;
	uint16_t type, class; /* host byte order */
	size_t end; /* header and question are the first `end` bytes of the message */
	/*
	 * In lower case, without the dot at the end ("" is the root). What is neither letter,
	 * digit,
	 * "-" nor "_" is "\DDD" (RFC 1035, section 5.1), so that no label can look like two.
	 */
	char name[DNS_NAME_SIZE];
};

/*
 * Reads a query: 0; -EBADMSG: no query (too short for a header, or an answer), which is not
 * answered; -ENOTSUP: another operation than a standard query (answer: DNS_NOTIMP); -EINVAL: not
 * exactly one question (RFC 9619), answers in it, or a name that is cut, too long or compressed
 * (DNS_FORMERR).
 */
int dns_query_parse(const uint8_t *message, size_t n, struct dns_query *out);

/*
 * Writes an answer without records to a query into out: its header, and its question if it has a
 * well-formed one. Returns the length, or 0 if it is nothing to answer or there is no room;
 * n and DNS_HEADER are room enough.
 */
size_t dns_refuse(const uint8_t *query, size_t n, enum dns_rcode rcode, uint8_t *out, size_t size);

/*
 * The identifier: a forwarder asks with a random one of its own (RFC 5452, section 9.2) and puts
 * the container's back. The message has at least DNS_HEADER bytes.
 */
uint16_t dns_id(const uint8_t *message);
void dns_set_id(uint8_t *message, uint16_t id);

/* Whether a message answers q when that was asked with this identifier: the same question. */
bool dns_answers(const struct dns_query *q, uint16_t id, const uint8_t *message, size_t n);

struct dns_address {
	struct net_address address;
	uint32_t ttl; /* seconds; the least of the record's and of the aliases' that led to it */
};

/* A walk over the answer section; private but for its existence. */
struct dns_walk {
	const uint8_t *message;
	size_t n, at;
	uint16_t left;
	uint32_t ttl;
	char name[DNS_NAME_SIZE];
};

/*
 * Begins a walk over the addresses that an answer (dns_answers) has for the name of q: records of
 * that name, or of what its aliases lead to, in the order in which resolvers send them (RFC 1034,
 * section 4.3.2: an alias stands before what it leads to). Others' records are passed over.
 */
void dns_walk_begin(
	struct dns_walk *w, const struct dns_query *q, const uint8_t *message, size_t n);

/* 1 and an address; 0 at the end; -EBADMSG if the rest makes no sense, which ends the walk. */
int dns_walk_next(struct dns_walk *w, struct dns_address *out);
