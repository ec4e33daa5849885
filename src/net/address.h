/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Addresses and prefixes of IPv4 and IPv6, as words and as values. No scope identifiers: an address
 * here means the same on every link (resolver_file.h keeps them where resolv.conf(5) has them).
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

/* All zeros (AF_UNSPEC) is "no address", or "all addresses" where a header says so. */
struct net_address {
	sa_family_t family; /* AF_UNSPEC, AF_INET or AF_INET6 */
	union { /* in network byte order, as always */
		struct in_addr v4;
		struct in6_addr v6;
	};
};

struct net_cidr {
	struct net_address address; /* no bit is set behind the first `bits` */
	uint8_t bits; /* up to 32 or 128 */
};

/* Room for the longest of each, with its end. */
#define NET_ADDRESS_SIZE INET6_ADDRSTRLEN
#define NET_CIDR_SIZE	 (INET6_ADDRSTRLEN + 4)

/*
 * "10.0.2.3", "fd00::3" or "[fd00::3]"; 0 or -EINVAL. IPv4 is four decimal numbers without leading
 * zeros: what inet_aton(3) reads otherwise (octal, "127.1") is refused.
 */
int net_address_parse(const char *s, struct net_address *out);

/* Without brackets, IPv6 as in RFC 5952; "" for AF_UNSPEC. Returns buffer. */
const char *net_address_print(const struct net_address *a, char buffer[NET_ADDRESS_SIZE]);

/* Of one family and the same; two of AF_UNSPEC are equal. */
bool net_address_equal(const struct net_address *a, const struct net_address *b);

/* An IPv4 address from a number in host byte order: INADDR_LOOPBACK and the like. */
struct net_address net_address_v4(uint32_t number);
struct net_address net_address_v6(const struct in6_addr *v6);

/* ::ffff:0:0/96, IPv4 in an IPv6 address (RFC 4291, section 2.5.5.2): sockets would use IPv4. */
bool net_address_is_mapped(const struct net_address *a);

/*
 * "10.0.0.0/8", "fd00::/8", "[fd00::/8]", or an address alone: all of its bits. 0, -EINVAL (not
 * one), or -ERANGE (bits are set behind the prefix, so that it names no network).
 */
int net_cidr_parse(const char *s, struct net_cidr *out);

/* Without brackets, and without "/32" or "/128" behind a whole address. Returns buffer. */
const char *net_cidr_print(const struct net_cidr *c, char buffer[NET_CIDR_SIZE]);

/* Whether the address lies in the prefix; false if the families differ or one is AF_UNSPEC. */
bool net_cidr_has(const struct net_cidr *c, const struct net_address *a);

/* Whether all of inner lies in outer. */
bool net_cidr_within(const struct net_cidr *outer, const struct net_cidr *inner);
