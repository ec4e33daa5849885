/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as a container would write them, for tests that then look at them or break them. */
#pragma once

#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/address.h"
#include "wire.h"

/* Exactly as large as its contents, so that a sanitizer sees what is read beyond them. */
struct made {
	uint8_t *p;
	size_t n;
};

static inline void made_free(struct made *m)
{
	free(m->p);
}

static inline struct net_address made_address(const char *words)
{
	struct net_address a = { 0 };

	if (net_address_parse(words, &a) < 0)
		abort();
	return a;
}

/* Ethernet and IP around n bytes; checksums are not set. */
static inline struct made made_ip(
	const char *from, const char *to, uint8_t protocol, const uint8_t *rest, size_t n)
{
	static const uint8_t macs[12] = { 0x52, 0x55, 10, 0, 2, 2, 2, 0, 0, 0, 0, 1 };
	struct net_address source = made_address(from), destination = made_address(to);
	size_t header = source.family == AF_INET ? 20 : 40;
	struct made m = { .n = 14 + header + n };
	uint8_t *ip;

	m.p = calloc(1, m.n);
	if (!m.p || source.family != destination.family)
		abort();
	memcpy(m.p, macs, sizeof(macs));
	wire_put16(m.p + 12, source.family == AF_INET ? 0x0800 : 0x86dd);
	ip = m.p + 14;
	if (source.family == AF_INET) {
		ip[0] = 0x45;
		wire_put16(ip + 2, (uint16_t)(header + n));
		ip[8] = 64;
		ip[9] = protocol;
		memcpy(ip + 12, &source.v4, 4);
		memcpy(ip + 16, &destination.v4, 4);
	} else {
		ip[0] = 0x60;
		wire_put16(ip + 4, (uint16_t)n);
		ip[6] = protocol;
		ip[7] = 255;
		memcpy(ip + 8, &source.v6, 16);
		memcpy(ip + 24, &destination.v6, 16);
	}
	if (n > 0)
		memcpy(ip + header, rest, n);
	return m;
}

static inline struct made made_tcp(
	const char *from, const char *to, uint16_t sport, uint16_t dport, uint8_t flags)
{
	uint8_t tcp[20] = { [12] = 5 << 4, [13] = flags };

	wire_put16(tcp, sport);
	wire_put16(tcp + 2, dport);
	wire_put32(tcp + 4, 0xfffffffe);
	return made_ip(from, to, IPPROTO_TCP, tcp, sizeof(tcp));
}

static inline struct made made_udp(
	const char *from, const char *to, uint16_t sport, uint16_t dport, const char *payload)
{
	uint8_t udp[8 + 64] = { 0 };
	size_t n = strlen(payload);

	if (n > 64)
		abort();
	wire_put16(udp, sport);
	wire_put16(udp + 2, dport);
	wire_put16(udp + 4, (uint16_t)(8 + n));
	memcpy(udp + 8, payload, n);
	return made_ip(from, to, IPPROTO_UDP, udp, 8 + n);
}

/* ICMP or ICMPv6, as the addresses are. */
static inline struct made made_icmp(const char *from, const char *to, uint8_t type)
{
	uint8_t icmp[64] = { type };

	return made_ip(
		from, to, strchr(from, ':') ? IPPROTO_ICMPV6 : IPPROTO_ICMP, icmp, sizeof(icmp));
}

static inline struct made made_arp(const char *sender, const char *target)
{
	static const uint8_t head[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 6,
		0, 1, 8, 0, 6, 4, 0, 1, 2, 0, 0, 0, 0, 1 };
	struct net_address s = made_address(sender), t = made_address(target);
	struct made m = { .n = 42 };

	m.p = calloc(1, m.n);
	if (!m.p)
		abort();
	memcpy(m.p, head, sizeof(head));
	memcpy(m.p + 28, &s.v4, 4);
	memcpy(m.p + 38, &t.v4, 4);
	return m;
}

/* The field of IPv4 with the fragment's offset (in bytes) and whether more of them follow. */
static inline void made_fragment(struct made *m, unsigned int offset, unsigned int more)
{
	wire_put16(m->p + 20, (uint16_t)(offset / 8 | (more ? 0x2000 : 0)));
}
