/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm DEVICE SECONDS [SEED]: writes frames to a network device that are almost right: Ethernet,
 * ARP, IPv4 and IPv6 with TCP, UDP, ICMP, DNS and neighbour discovery, each changed a little and
 * half of them with right checksums, so that they get past the first check. Prints how many.
 */
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 65550

static uint64_t state;

/* xorshift64*: the same storm again for the same seed. */
static uint32_t draw(uint32_t below)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 32) % below;
}

static unsigned char frame[FRAME_MAX];
static size_t n;

static void put(const void *data, size_t size)
{
	memcpy(frame + n, data, size);
	n += size;
}

static void put8(unsigned int v)
{
	frame[n++] = (unsigned char)v;
}

static void put16(unsigned int v)
{
	put8(v >> 8 & 255);
	put8(v & 255);
}

static void put32(uint32_t v)
{
	put16(v >> 16);
	put16(v & 65535);
}

static unsigned int add(const unsigned char *p, size_t size, unsigned int sum)
{
	for (size_t i = 0; i + 1 < size; i += 2)
		sum += (unsigned int)(p[i] << 8 | p[i + 1]);
	if (size % 2)
		sum += (unsigned int)p[size - 1] << 8;
	while (sum >> 16)
		sum = (sum & 65535) + (sum >> 16);
	return sum;
}

static void set16(size_t at, unsigned int v)
{
	frame[at] = (unsigned char)(v >> 8);
	frame[at + 1] = (unsigned char)v;
}

static void ethernet(unsigned int type)
{
	static const unsigned char to[] = { 0x52, 0x55, 10, 0, 2, 2 },
				   from[] = { 2, 0, 0, 0, 0, 1 };

	n = 0;
	put(to, 6);
	put(from, 6);
	put16(type);
}

/* Some of what exists, some of what the stack knows, some of what must never be reached. */
static const char *const hosts[] = { "198.51.100.1", "10.0.2.2", "10.0.2.3", "10.0.2.100",
	"10.0.2.9", "127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.251", "169.254.169.254",
	"10.0.2.255" };
static const char *const hosts6[] = { "2001:db8::1", "fd00::2", "fd00::3", "fd00::100", "fe80::2",
	"ff02::1", "ff02::2", "ff02::1:ff00:2", "::1", "::", "::ffff:127.0.0.1", "ff02::1:2" };

static void address(const char *text)
{
	unsigned char a[4];

	inet_pton(AF_INET, text, a);
	put(a, 4);
}

static void address6(const char *text)
{
	unsigned char a[16];

	inet_pton(AF_INET6, text, a);
	put(a, 16);
}

static void arp(void)
{
	ethernet(ETHERTYPE_ARP);
	put16(1);
	put16(ETHERTYPE_IP);
	put8(6);
	put8(4);
	put16(1 + draw(3));
	put(frame + 6, 6);
	address(draw(4) ? "10.0.2.100" : hosts[draw(11)]);
	put("\0\0\0\0\0\0", 6);
	address(hosts[draw(11)]);
}

static const unsigned int ports[] = { 53, 67, 68, 69, 80, 443, 546, 547, 7, 9, 21, 113, 6667, 0,
	65535 };

static unsigned int port(void)
{
	return draw(3) ? ports[draw(15)] : draw(65536);
}

static void noise(size_t size)
{
	for (size_t i = 0; i < size; i++)
		put8(draw(256));
}

static size_t size(void)
{
	static const unsigned int sizes[] = { 0, 1, 7, 8, 20, 64, 300, 1400, 9000, 30000 };

	return sizes[draw(draw(8) ? 7 : 10)];
}

static void tcp(void)
{
	static const unsigned char flags[] = { 2, 16, 18, 17, 4, 24, 48, 0, 255, 3, 32 };
	size_t options = draw(3) ? 0 : draw(11);

	put16(1024 + draw(64));
	put16(port());
	put32(draw(4) ? 1000 + draw(3000) : draw(UINT32_MAX));
	put32(draw(4) ? 1 + draw(2000) : draw(UINT32_MAX));
	put8((unsigned int)(5 + options) << 4);
	put8(draw(3) ? 2 + 14 * (draw(2)) : flags[draw(11)]);
	put16(draw(65536));
	put16(0);
	put16(draw(65536));
	for (size_t i = 0; i < options; i++)
		put32(draw(2) ? 0x02040000 + draw(65536) : draw(UINT32_MAX));
	noise(size());
}

static void dns(void)
{
	put16(draw(65536));
	put16(0x0100);
	put32(0x00010000);
	put32(draw(8) ? 0 : draw(UINT32_MAX));
	for (unsigned int i = 0; i < 1 + draw(4); i++) {
		unsigned int length = draw(20);

		put8(draw(16) ? length : draw(256));
		noise(length);
	}
	put8(0);
	put32(0x00010001);
}

static void udp(void)
{
	size_t begin = n;

	put16(1024 + draw(64));
	put16(port());
	put16(0);
	put16(0);
	if (draw(3))
		noise(size());
	else
		dns();
	set16(begin + 4, (unsigned int)(n - begin));
}

static void icmp(void)
{
	put8(draw(3) ? 8 : draw(256));
	put8(draw(3) ? 0 : draw(256));
	put16(0);
	noise(4 + size());
}

static void icmp6(void)
{
	put8(draw(4) ? 128 + draw(10) : draw(256));
	put8(0);
	put16(0);
	put32(0);
	address6(hosts6[draw(12)]);
	for (unsigned int i = 0; i < draw(4); i++) {
		put8(1 + draw(5));
		put8(draw(4));
		noise(6);
	}
}

static unsigned int transport(int v6)
{
	switch (draw(8)) {
	case 0:
	case 1:
	case 2:
		tcp();
		return 6;
	case 3:
	case 4:
		udp();
		return 17;
	case 5:
		noise(size());
		return draw(256);
	default:
		if (v6)
			icmp6();
		else
			icmp();
		return v6 ? 58 : 1;
	}
}

/* With the pseudo header, unless it is ICMP for IPv4. */
static void finish(size_t addresses, size_t begin, unsigned int protocol, size_t pseudo)
{
	static const size_t places[256] = { [1] = 2, [6] = 16, [17] = 6, [58] = 2 };
	size_t at = begin + places[protocol];
	unsigned int sum = 0;

	if (!places[protocol] || at + 2 > n)
		return;
	set16(at, 0);
	if (protocol != 1)
		sum = add(frame + addresses, pseudo, protocol + (unsigned int)(n - begin));
	set16(at, ~add(frame + begin, n - begin, sum) & 65535);
}

static void ipv4(void)
{
	size_t options = draw(8) ? 0 : draw(11), begin;
	unsigned int protocol;

	ethernet(ETHERTYPE_IP);
	put8(0x45 + (unsigned int)options);
	put8(draw(256));
	put16(0);
	put16(draw(8));
	put16(draw(6) ? 0x4000 : draw(2) ? 0x2000 : draw(65536));
	put8(draw(8) ? 64 : draw(3));
	put8(0);
	put16(0);
	address(draw(8) ? "10.0.2.100" : hosts[draw(11)]);
	address(hosts[draw(11)]);
	noise(options * 4);
	begin = n;
	protocol = transport(0);
	frame[23] = (unsigned char)protocol;
	set16(16, (unsigned int)(n - 14));
	finish(26, begin, protocol, 8);
	set16(24, ~add(frame + 14, begin - 14, 0) & 65535);
}

static void ipv6(void)
{
	unsigned int protocol;

	ethernet(ETHERTYPE_IPV6);
	put32(0x60000000 + draw(draw(2) ? 1 : 65536));
	put16(0);
	put8(0);
	put8(draw(4) ? 255 : draw(256));
	address6(draw(8) ? "fd00::100" : hosts6[draw(12)]);
	address6(hosts6[draw(12)]);
	protocol = transport(1);
	frame[20] = (unsigned char)protocol;
	set16(18, (unsigned int)(n - 54));
	finish(22, 54, protocol, 32);
}

/* A wrong byte, a wrong length, a cut; or none of these. */
static void damage(void)
{
	switch (draw(8)) {
	case 0:
		for (unsigned int i = 0; i <= draw(4); i++)
			frame[draw((uint32_t)(n < 80 ? n : 80))] = (unsigned char)draw(256);
		break;
	case 1:
		n = 1 + draw((uint32_t)n);
		break;
	case 2:
		set16(16, draw(65536));
		break;
	case 3:
		frame[draw((uint32_t)n)] ^= (unsigned char)(1u << draw(8));
		break;
	default:
		break;
	}
	if (n < 14)
		n = 14;
}

static void make_frame(void)
{
	switch (draw(8)) {
	case 0:
		arp();
		break;
	case 1:
	case 2:
	case 3:
		ipv6();
		break;
	default:
		ipv4();
	}
	damage();
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned long long sent = 0, lost = 0;
	time_t until;
	int fd;

	if (argc < 3)
		return 64;
	to.sll_ifindex = (int)if_nametoindex(argv[1]);
	until = time(NULL) + atoi(argv[2]);
	state = argc > 3 ? strtoull(argv[3], NULL, 0) : (uint64_t)time(NULL);
	printf("seed %llu\n", (unsigned long long)state);
	fflush(stdout);
	state = state * 2 + 1;
	fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("storm");
		return 1;
	}
	while (time(NULL) < until)
		for (int i = 0; i < 256; i++) {
			make_frame();
			if (send(fd, frame, n, 0) < 0)
				lost++;
			else
				sent++;
		}
	printf("%llu frames, %llu refused by the kernel\n", sent, lost);
	return 0;
}
