/* SPDX-License-Identifier: Apache-2.0 */
#include "sockaddr.h"

#include <arpa/inet.h>

#include "base/str.h"

socklen_t sockaddr_of(const struct net_address *a, uint16_t port, struct sockaddr_storage *out)
{
	*out = (struct sockaddr_storage){ .ss_family = a->family };
	if (a->family == AF_INET) {
		struct sockaddr_in *in = (struct sockaddr_in *)out;

		in->sin_addr = a->v4;
		in->sin_port = htons(port);
		return sizeof(*in);
	}
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;

	in6->sin6_addr = a->v6;
	in6->sin6_port = htons(port);
	return sizeof(*in6);
}

int sockaddr_port(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)a)->sin_port);
	return a->ss_family == AF_INET6 ? ntohs(((const struct sockaddr_in6 *)a)->sin6_port) : -1;
}

struct net_address sockaddr_address(const struct sockaddr_storage *a)
{
	if (a->ss_family == AF_INET)
		return net_address_v4(ntohl(((const struct sockaddr_in *)a)->sin_addr.s_addr));
	if (a->ss_family == AF_INET6)
		return net_address_v6(&((const struct sockaddr_in6 *)a)->sin6_addr);
	return (struct net_address){ 0 };
}

uint32_t sockaddr_scope(const char *scope)
{
	uint64_t number = 0;

	return str_u64(scope, UINT32_MAX, &number) == 0 ? (uint32_t)number : 0;
}
