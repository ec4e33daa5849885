/* SPDX-License-Identifier: Apache-2.0 */
#include "net/vnet.h"

#include <errno.h>

enum { GATEWAY = 2, NAMESERVER = 3, GUEST = 100 };
#define NETWORK	 "10.0.2.0/24"
#define NETWORK6 "fd00::/64"
/* There has to be room for .100. */
#define BITS_MAX 25

static struct net_address address_in(const struct net_cidr *network, uint8_t last)
{
	struct net_address a = network->address;

	if (a.family == AF_INET)
		a.v4.s_addr |= htonl(last);
	/* The same digits, so that fd00::100 is what 10.0.2.100 is. */
	else if (last == GUEST)
		a.v6.s6_addr[14] = 1;
	else
		a.v6.s6_addr[15] = last;
	return a;
}

int vnet_plan(struct vnet *v, const char *cidr, struct error *e)
{
	struct net_cidr network, network6;

	if (net_cidr_parse(cidr ? cidr : NETWORK, &network) < 0 ||
		network.address.family != AF_INET || network.bits == 0 || network.bits > BITS_MAX) {
		error_set(e, EINVAL, "'%s' is no IPv4 network of 1 to %d bits", cidr, BITS_MAX);
		return error_hint(e, "such as " NETWORK);
	}
	(void)net_cidr_parse(NETWORK6, &network6);
	*v = (struct vnet){ .network = network,
		.network6 = network6,
		.gateway = address_in(&network, GATEWAY),
		.nameserver = address_in(&network, NAMESERVER),
		.guest = address_in(&network, GUEST),
		.gateway6 = address_in(&network6, GATEWAY),
		.nameserver6 = address_in(&network6, NAMESERVER),
		.guest6 = address_in(&network6, GUEST) };
	return 0;
}
