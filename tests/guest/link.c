/* SPDX-License-Identifier: Apache-2.0 */
/* "link NAME": one network device, as getifaddrs(3) and netdevice(7) show it. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

static int prefix_of(const unsigned char *mask, size_t size)
{
	int n = 0;

	for (size_t i = 0; i < size; i++)
		n += __builtin_popcount(mask[i]);
	return n;
}

/* The bytes of an address; how many. */
static size_t bytes_of(const struct sockaddr *address, unsigned char *out)
{
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	if (address->sa_family == AF_INET6) {
		memcpy(&v6, address, sizeof(v6));
		memcpy(out, &v6.sin6_addr, sizeof(v6.sin6_addr));
		return sizeof(v6.sin6_addr);
	}
	memcpy(&v4, address, sizeof(v4));
	memcpy(out, &v4.sin_addr, sizeof(v4.sin_addr));
	return sizeof(v4.sin_addr);
}

static void add_address(const struct ifaddrs *a)
{
	unsigned char address[16], mask[16];
	char text[INET6_ADDRSTRLEN] = "", full[INET6_ADDRSTRLEN + 16];
	size_t size = bytes_of(a->ifa_addr, address);

	bytes_of(a->ifa_netmask, mask);
	inet_ntop(a->ifa_addr->sa_family, address, text, sizeof(text));
	snprintf(full, sizeof(full), "%s/%d", text, prefix_of(mask, size));
	json_string(NULL, full);
}

static void add_addresses(const struct ifaddrs *all, const char *name)
{
	json_array("addresses");
	for (const struct ifaddrs *a = all; a; a = a->ifa_next)
		if (strcmp(a->ifa_name, name) == 0 && a->ifa_addr && a->ifa_netmask &&
			(a->ifa_addr->sa_family == AF_INET || a->ifa_addr->sa_family == AF_INET6))
			add_address(a);
	json_array_end();
}

static void add_hardware(const struct ifaddrs *all, const char *name)
{
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		const struct sockaddr_ll *l = (const void *)a->ifa_addr;
		char text[32];

		if (strcmp(a->ifa_name, name) != 0 || !l || l->sll_family != AF_PACKET)
			continue;
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", l->sll_addr[0],
			l->sll_addr[1], l->sll_addr[2], l->sll_addr[3], l->sll_addr[4],
			l->sll_addr[5]);
		json_string("address", text);
		json_bool("up", (a->ifa_flags & IFF_UP) != 0);
	}
}

void report_link(char **args)
{
	struct ifreq request = { 0 };
	struct ifaddrs *all = NULL;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", args[0]);
	add_errno(ioctl(fd, SIOCGIFMTU, &request) < 0);
	json_number("mtu", request.ifr_mtu);
	if (getifaddrs(&all) == 0) {
		add_hardware(all, args[0]);
		add_addresses(all, args[0]);
		freeifaddrs(all);
	}
	close(fd);
}
