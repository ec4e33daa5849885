/* SPDX-License-Identifier: Apache-2.0 */
/* Packets as they are: made by hand on one side, seen on the other. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netpacket/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_ether.h>

#include "guest.h"
#include "json.h"
#include "net.h"

static uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
	for (size_t i = 0; i < n; i++)
		sum += (uint32_t)(i % 2 ? p[i] : p[i] << 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void set16(uint8_t *p, unsigned int v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

struct packet {
	uint8_t bytes[2048];
	size_t header, n; /* of IP's header, and all of it */
	uint8_t protocol;
};

static const void *bytes_of(const struct place *p)
{
	return p->a.ss_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)&p->a)->sin_addr
		: &((const struct sockaddr_in6 *)&p->a)->sin6_addr;
}

static void put_header4(struct packet *p, const struct place *from, const struct place *to)
{
	uint8_t *b = p->bytes;

	b[0] = 0x45;
	set16(b + 2, (unsigned int)p->n);
	set16(b + 4, 0x1234);
	b[8] = 64;
	b[9] = p->protocol;
	memcpy(b + 12, bytes_of(from), 4);
	memcpy(b + 16, bytes_of(to), 4);
}

static void put_header6(struct packet *p, const struct place *from, const struct place *to)
{
	uint8_t *b = p->bytes;

	b[0] = 0x60;
	set16(b + 4, (unsigned int)(p->n - p->header));
	b[6] = p->protocol;
	b[7] = 64;
	memcpy(b + 8, bytes_of(from), 16);
	memcpy(b + 24, bytes_of(to), 16);
}

/* The transport's checksum is at an offset in it; ICMP of IPv4 has no pseudo header. */
static void put_checksum(struct packet *p, size_t offset)
{
	uint8_t *b = p->bytes + p->header;
	size_t n = p->n - p->header;
	uint32_t sum = 0;

	if (p->header == 40)
		sum = sum16(p->bytes + 8, 32, p->protocol + (uint32_t)n);
	else if (p->protocol != IPPROTO_ICMP)
		sum = sum16(p->bytes + 12, 8, p->protocol + (uint32_t)n);
	set16(b + offset, 0);
	set16(b + offset, ~sum16(b, n, sum) & 0xffff);
}

/* "\N" in the words is the byte N, of one digit. */
static size_t decode(const char *words, uint8_t *out)
{
	size_t n = 0;

	for (; words && *words; words++)
		out[n++] = *words == '\\' ? (uint8_t)(*++words - '0') : (uint8_t)*words;
	return n;
}

static void put_transport(struct packet *p, const char *kind, char **args)
{
	uint8_t *b = p->bytes + p->header;
	size_t text = 0;

	if (args[0] && args[1]) {
		set16(b, (unsigned int)atoi(args[0]));
		set16(b + 2, (unsigned int)atoi(args[1]));
	}
	if (strncmp(kind, "tcp-", 4) == 0) {
		p->protocol = IPPROTO_TCP;
		set16(b + 6, 1);
		b[12] = 5 << 4;
		b[13] = strstr(kind, "ack") ? TH_ACK : TH_SYN;
		set16(b + 14, 8192);
		p->n = p->header + 20;
	} else if (strncmp(kind, "echo", 4) == 0) {
		p->protocol = p->header == 40 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
		memset(b, 0, 8);
		b[0] = p->header == 40 ? 128 : 8;
		p->n = p->header + 8;
	} else if (strncmp(kind, "protocol-", 9) == 0) {
		p->protocol = (uint8_t)atoi(kind + 9);
		p->n = p->header + 8;
	} else {
		p->protocol = IPPROTO_UDP;
		if (args[0] && args[1])
			text = decode(args[2], b + 8);
		set16(b + 4, (unsigned int)(8 + text));
		p->n = p->header + 8 + text;
	}
}

static size_t checksum_offset(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2;
}

/* A hop-by-hop header without options before the transport's. */
static void put_extension(struct packet *p)
{
	uint8_t *b = p->bytes + p->header;

	memmove(b + 8, b, p->n - p->header);
	memcpy(b, (uint8_t[]){ p->protocol, 0, 1, 4, 0, 0, 0, 0 }, 8);
	p->bytes[6] = 0;
	p->n += 8;
	set16(p->bytes + 4, (unsigned int)(p->n - p->header));
}

static void send_packet(const char *device, const struct packet *p, const char *kind, size_t n,
	unsigned int fragment)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_protocol = htons(p->header == 40 ? ETH_P_IPV6 : ETH_P_IP),
		.sll_ifindex = (int)if_nametoindex(device),
		.sll_halen = 6,
		.sll_addr = { 0x52, 0x55, 0x0a, 0, 2, 2 } };
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint8_t bytes[2048];
	size_t skip = (fragment & 0x1fff) * 8;

	/* A frame of another type than it says. */
	if (strcmp(kind, "other-udp") == 0)
		to.sll_protocol = htons(0x88b5);
	memcpy(bytes, p->bytes, p->header);
	memcpy(bytes + p->header, p->bytes + p->header + skip, n);
	if (p->header == 20) {
		set16(bytes + 2, (unsigned int)(p->header + n));
		set16(bytes + 6, fragment);
		set16(bytes + 10, 0);
		set16(bytes + 10, ~sum16(bytes, 20, 0) & 0xffff);
	}
	add_errno(sendto(fd, bytes, p->header + n, 0, (struct sockaddr *)&to, sizeof(to)) < 0);
	close(fd);
}

/*
 * frame DEVICE KIND FROM TO [FROM-PORT PORT [TEXT]]: tcp-syn, tcp-ack, udp, echo, protocol-N;
 * NAME-fragments: in two; udp-extension: behind a header of IPv6; other-udp: in a frame that
 * is of another type.
 */
static void act_frame(char **args)
{
	struct place from = place_of(args[2], "0"), to = place_of(args[3], "0");
	struct packet p = { .header = to.a.ss_family == AF_INET ? 20 : 40 };
	const char *kind = args[1];
	size_t n;

	put_transport(&p, kind, args + 4);
	if (p.header == 20)
		put_header4(&p, &from, &to);
	else
		put_header6(&p, &from, &to);
	put_checksum(&p, checksum_offset(p.protocol));
	if (strcmp(kind, "udp-extension") == 0)
		put_extension(&p);
	n = p.n - p.header;
	if (!strstr(kind, "fragments")) {
		send_packet(args[0], &p, kind, n, 0);
		return;
	}
	json_array("parts");
	json_object(NULL);
	send_packet(args[0], &p, kind, 8, 0x2000);
	json_object_end();
	json_object(NULL);
	send_packet(args[0], &p, kind, n - 8, 1);
	json_object_end();
	json_array_end();
}

/* ---- the other side ---- */

static const char *kind_of(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return "icmp";
	default:
		return "other";
	}
}

/*
 * What a datagram says, if it is a word, so that one is known again. A question to a name server
 * is none, even if its identifier may be.
 */
static void word_of(const uint8_t *p, size_t n, char out[32])
{
	size_t i = 0;

	while (i < n && i < 31 && p[i] > ' ' && p[i] < 127) {
		out[i] = (char)p[i];
		i++;
	}
	out[i < n ? 0 : i] = '\0';
}

/* "udp FROM PORT TO PORT WORD" */
static void describe(const uint8_t *p, size_t n, char *out, size_t size)
{
	bool v6 = p[0] >> 4 == 6;
	size_t header = v6 ? 40 : (size_t)(p[0] & 15) * 4;
	uint8_t protocol = v6 ? p[6] : p[9];
	char from[INET6_ADDRSTRLEN], to[INET6_ADDRSTRLEN], word[32] = "";
	unsigned int ports[2] = { 0, 0 };

	inet_ntop(v6 ? AF_INET6 : AF_INET, p + (v6 ? 8 : 12), from, sizeof(from));
	inet_ntop(v6 ? AF_INET6 : AF_INET, p + (v6 ? 24 : 16), to, sizeof(to));
	if (n >= header + 8) {
		ports[0] = (unsigned int)(p[header] << 8 | p[header + 1]);
		ports[1] = (unsigned int)(p[header + 2] << 8 | p[header + 3]);
	}
	if (protocol == IPPROTO_UDP && n > header + 8)
		word_of(p + header + 8, n - header - 8, word);
	snprintf(out, size, "%s %s %u %s %u %s\n", kind_of(protocol), from, ports[0], to, ports[1],
		word);
}

static void watch(int fd, int out_fd)
{
	static uint8_t p[65536];
	struct sockaddr_ll from;
	char line[256];

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, p, sizeof(p), 0, (struct sockaddr *)&from, &size);

		/* The loopback device shows every packet twice. */
		if (n < 20 || from.sll_pkttype == PACKET_OUTGOING ||
			(from.sll_protocol != htons(ETH_P_IP) &&
				from.sll_protocol != htons(ETH_P_IPV6)))
			continue;
		if (p[0] >> 4 == 6 && n < 40)
			continue;
		describe(p, (size_t)n, line, sizeof(line));
		if (write(out_fd, line, strlen(line)) < 0)
			_exit(98);
	}
}

/* watch FILE: a line for every packet that comes in, in the background. */
static void act_watch(char **args)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_ALL));
	int out_fd = open(args[0], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	pid_t pid = 0;

	add_errno(fd < 0 || out_fd < 0);
	if (fd >= 0 && out_fd >= 0)
		pid = background();
	if (fd >= 0 && out_fd >= 0 && pid == 0)
		watch(fd, out_fd);
	json_number("pid", pid);
}

const struct action frame_actions[] = { { "frame", 4, act_frame }, { "watch", 1, act_watch },
	{ 0 } };
