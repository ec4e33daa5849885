/* SPDX-License-Identifier: Apache-2.0 */
#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

/* Removes "[" and "]" around s; the result is in buffer, or NULL if it does not fit or match. */
static const char *without_brackets(const char *s, char *buffer, size_t size)
{
	size_t n = strlen(s);

	if (*s == '[') {
		if (n < 2 || s[n - 1] != ']')
			return NULL;
		s++;
		n -= 2;
	}
	if (n >= size)
		return NULL;
	memcpy(buffer, s, n);
	buffer[n] = '\0';
	return buffer;
}

/* Without brackets, which only an IPv6 address may have had. */
static int address_parse(const char *s, struct net_address *out)
{
	struct net_address a = { 0 };

	if (inet_pton(AF_INET, s, &a.v4) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, s, &a.v6) == 1)
		a.family = AF_INET6;
	else
		return -EINVAL;
	*out = a;
	return 0;
}

int net_address_parse(const char *s, struct net_address *out)
{
	char buffer[NET_ADDRESS_SIZE];
	struct net_address a;
	const char *bare = without_brackets(s, buffer, sizeof(buffer));

	if (!bare || address_parse(bare, &a) < 0 || (*s == '[' && a.family != AF_INET6))
		return -EINVAL;
	*out = a;
	return 0;
}

const char *net_address_print(const struct net_address *a, char buffer[NET_ADDRESS_SIZE])
{
	buffer[0] = '\0';
	if (a->family == AF_INET)
		inet_ntop(AF_INET, &a->v4, buffer, NET_ADDRESS_SIZE);
	else if (a->family == AF_INET6)
		inet_ntop(AF_INET6, &a->v6, buffer, NET_ADDRESS_SIZE);
	return buffer;
}

struct net_address net_address_v4(uint32_t number)
{
	return (struct net_address){ .family = AF_INET, .v4.s_addr = htonl(number) };
}

struct net_address net_address_v6(const struct in6_addr *v6)
{
	return (struct net_address){ .family = AF_INET6, .v6 = *v6 };
}

static size_t address_bytes(const struct net_address *a)
{
	return a->family == AF_INET ? sizeof(a->v4) : a->family == AF_INET6 ? sizeof(a->v6) : 0;
}

bool net_address_equal(const struct net_address *a, const struct net_address *b)
{
	return a->family == b->family && memcmp(&a->v6, &b->v6, address_bytes(a)) == 0;
}

bool net_address_is_mapped(const struct net_address *a)
{
	return a->family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->v6);
}

/* Whether the first `bits` of two addresses of one family are the same. */
static bool same_bits(const struct net_address *a, const struct net_address *b, unsigned int bits)
{
	const uint8_t *x = a->v6.s6_addr, *y = b->v6.s6_addr;
	unsigned int whole = bits / 8, rest = bits % 8;

	return memcmp(x, y, whole) == 0 &&
		(rest == 0 || (uint8_t)(x[whole] ^ y[whole]) >> (8 - rest) == 0);
}

/* Whether only the first `bits` of an address may be set, and they alone are. */
static bool ends_after(const struct net_address *a, unsigned int bits)
{
	const uint8_t *x = a->v6.s6_addr;

	for (unsigned int i = bits; i < 8 * address_bytes(a); i++)
		if (x[i / 8] & 0x80 >> i % 8)
			return false;
	return true;
}

int net_cidr_parse(const char *s, struct net_cidr *out)
{
	char buffer[NET_CIDR_SIZE];
	uint64_t bits;
	struct net_cidr c;
	char *slash;

	if (!without_brackets(s, buffer, sizeof(buffer)))
		return -EINVAL;
	slash = strchr(buffer, '/');
	if (slash)
		*slash++ = '\0';
	if (address_parse(buffer, &c.address) < 0 || (*s == '[' && c.address.family != AF_INET6))
		return -EINVAL;
	bits = 8 * address_bytes(&c.address);
	if (slash && str_u64(slash, bits, &bits) < 0)
		return -EINVAL;
	if (!ends_after(&c.address, (unsigned int)bits))
		return -ERANGE;
	c.bits = (uint8_t)bits;
	*out = c;
	return 0;
}

const char *net_cidr_print(const struct net_cidr *c, char buffer[NET_CIDR_SIZE])
{
	char address[NET_ADDRESS_SIZE];

	net_address_print(&c->address, address);
	if (c->bits == 8 * address_bytes(&c->address))
		snprintf(buffer, NET_CIDR_SIZE, "%s", address);
	else
		snprintf(buffer, NET_CIDR_SIZE, "%s/%u", address, c->bits);
	return buffer;
}

bool net_cidr_has(const struct net_cidr *c, const struct net_address *a)
{
	return c->address.family == a->family && a->family != AF_UNSPEC &&
		same_bits(&c->address, a, c->bits);
}

bool net_cidr_within(const struct net_cidr *outer, const struct net_cidr *inner)
{
	return inner->bits >= outer->bits && net_cidr_has(outer, &inner->address);
}
