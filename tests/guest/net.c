/* SPDX-License-Identifier: Apache-2.0 */
#include "net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define PIECE 65536

struct place place_of(const char *address, const char *port)
{
	struct place p = { 0 };
	struct sockaddr_in *v4 = (void *)&p.a;
	struct sockaddr_in6 *v6 = (void *)&p.a;

	if (inet_pton(AF_INET, address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((uint16_t)atoi(port));
		p.size = sizeof(*v4);
	} else if (inet_pton(AF_INET6, address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((uint16_t)atoi(port));
		p.size = sizeof(*v6);
	} else {
		fprintf(stderr, "guest: %s is no address\n", address);
		exit(99);
	}
	return p;
}

void place_print(const struct place *p, char *out, size_t size)
{
	const struct sockaddr_in *v4 = (const void *)&p->a;
	const struct sockaddr_in6 *v6 = (const void *)&p->a;
	char text[INET6_ADDRSTRLEN] = "?";

	if (p->a.ss_family == AF_INET)
		inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text));
	else
		inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text));
	/* Both have the port at the same place. */
	snprintf(out, size, "%s %d", text, ntohs(v4->sin_port));
}

int open_socket(const struct place *p, int type)
{
	const char *seconds = getenv("WAIT");
	const struct timeval wait = { .tv_sec = seconds ? atoi(seconds) : 10 };
	int on = 1, fd = socket(p->a.ss_family, type | SOCK_CLOEXEC, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return fd;
}

const uint8_t *pattern_at(uint64_t i)
{
	static uint8_t bytes[PATTERN_PERIOD + PIECE];
	static bool made;
	uint32_t v = 1;

	for (size_t j = 0; !made && j < sizeof(bytes); j++) {
		v = v * 1664525 + 1013904223;
		bytes[j] = j < PATTERN_PERIOD ? (uint8_t)(v >> 24) : bytes[j - PATTERN_PERIOD];
	}
	made = true;
	return bytes + i % PATTERN_PERIOD;
}

static void look_at(const uint8_t *piece, size_t n, struct count *c)
{
	const uint8_t *want = pattern_at(c->bytes);

	for (size_t i = 0; c->wrong < 0 && memcmp(piece, want, n) != 0 && i < n; i++)
		if (piece[i] != want[i])
			c->wrong = (int64_t)(c->bytes + i);
	c->bytes += n;
}

bool receive_pattern(int fd, struct count *out)
{
	static uint8_t piece[PIECE];
	ssize_t n;

	*out = (struct count){ 0, -1 };
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		look_at(piece, (size_t)n, out);
	return n == 0;
}

bool send_all(int fd, const void *data, size_t n)
{
	const char *p = data;

	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

		if (sent < 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

bool send_pattern(int fd, uint64_t bytes)
{
	for (uint64_t i = 0; i < bytes;) {
		size_t n = bytes - i < PIECE ? (size_t)(bytes - i) : PIECE;

		if (!send_all(fd, pattern_at(i), n))
			return false;
		i += n;
	}
	return true;
}

void receive_text(int fd, char *out, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;

	while (got > 0 && n < size - 1) {
		got = read(fd, out + n, size - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	}
	out[n] = '\0';
}

pid_t background(void)
{
	pid_t pid = fork();
	int fd;

	if (pid != 0)
		return pid;
	setsid();
	fd = open("/dev/null", O_RDWR);
	for (int i = 0; i < 3; i++)
		if (fd < 0 || dup2(fd, i) < 0)
			close(i);
	return 0;
}
