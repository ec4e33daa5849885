/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a container may connect to, as words: --egress, and in a network annotation.
 *
 *   open | deny | allow=ITEM[,ITEM...]
 *
 * ITEM is an address or a network, or a name, with an optional port; IPv6 is in brackets if a port
 * follows: 10.0.0.0/8, 192.0.2.1:443, [fd00::/8]:443, example.org:443, *.example.org. "*.NAME" is
 * every name beneath NAME, not NAME itself. Said several times, allow adds up, and deny adds
 * nothing to it; open stands alone.
 */
#pragma once

#include "base/str.h"
#include "net/address.h"

#define EGRESS_RULES_MAX 128
/* 253 characters (RFC 1035, section 2.3.4, less the root and the first length) and the end. */
#define EGRESS_NAME_SIZE 254

enum egress_mode {
	EGRESS_UNSET, /* nothing was said; means open */
	EGRESS_OPEN,
	EGRESS_DENY,
	EGRESS_ALLOW, /* the rules, and nothing else */
};

enum egress_rule_kind {
	EGRESS_ADDRESS, /* cidr */
	EGRESS_NAME, /* name itself */
	EGRESS_BENEATH, /* every name that ends in "." and name */
};

struct egress_rule {
	enum egress_rule_kind kind;
	uint16_t port; /* host byte order, of TCP and UDP; 0: any, and ICMP echo too */
	struct net_cidr cidr;
	char name[EGRESS_NAME_SIZE]; /* lower case, without "*." and without the dot at the end */
};

/* Begins as all zeros; holds no pointers. */
struct egress {
	enum egress_mode mode;
	size_t n;
	struct egress_rule rules[EGRESS_RULES_MAX];
};

/* Adds what one --egress says; -EINVAL with the item, the reason and a hint, and nothing added. */
int egress_add(struct egress *to, const char *words, struct error *e);

/* Adds the words that mean the same to out; "open" for EGRESS_UNSET. */
void egress_print(const struct egress *g, struct text *out);

/*
 * Whether a rule for names means this name, which is in lower case and without the dot at the end
 * (as dns.h has them).
 */
bool egress_rule_names(const struct egress_rule *r, const char *name);
