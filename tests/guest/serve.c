/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Servers: each listens before its action ends, and goes on in the background ("pid"). What a TCP
 * client wants is its first line; call.c has the other side.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"
#include "net.h"

#define BACKLOG 4096

static int listen_on(const struct place *p, int type)
{
	int fd = open_socket(p, type);
	struct timeval never = { 0 };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &never, sizeof(never));
	if (bind(fd, (const struct sockaddr *)&p->a, p->size) < 0)
		return -1;
	return type == SOCK_STREAM && listen(fd, BACKLOG) < 0 ? -1 : fd;
}

/* ---- what a TCP client may want ---- */

/* Reads no byte of what follows the line. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t n = 0;

	while (n < size - 1 && read(fd, line + n, 1) == 1 && line[n] != '\n')
		n++;
	line[n] = '\0';
	return n > 0;
}

static void echo(int fd)
{
	static char piece[65536];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) > 0)
		if (!send_all(fd, piece, (size_t)n))
			return;
}

/* Says when the urgent byte has come, then what was in line, and what was out of it. */
static void urgent(int fd)
{
	char text[64], byte = '?', answer[128];
	int marked = 0;
	bool told = false;
	size_t n = 0;
	ssize_t got;

	do {
		if (!marked && ioctl(fd, SIOCATMARK, &marked) == 0 && marked &&
			recv(fd, &byte, 1, MSG_OOB) != 1)
			marked = 0;
		if (!told && (byte == '!' || memchr(text, '!', n)))
			told = send_all(fd, "?", 1);
		got = read(fd, text + n, sizeof(text) - 1 - n);
		n += got > 0 ? (size_t)got : 0;
	} while (got > 0 && n < sizeof(text) - 1);
	text[n] = '\0';
	snprintf(answer, sizeof(answer), "%s %c", text, byte);
	send_all(fd, answer, strlen(answer));
}

static void reset(int fd)
{
	const struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void say_count(int fd, const struct count *c)
{
	char text[64];

	snprintf(
		text, sizeof(text), "%llu %lld", (unsigned long long)c->bytes, (long long)c->wrong);
	send_all(fd, text, strlen(text));
}

static void serve_client(int fd, const struct place *peer, struct count *last)
{
	char line[64], text[80];
	struct count c;

	if (!read_line(fd, line, sizeof(line)))
		return;
	if (strcmp(line, "echo") == 0) {
		echo(fd);
	} else if (strcmp(line, "sink") == 0) {
		receive_pattern(fd, &c);
		say_count(fd, &c);
	} else if (strncmp(line, "source ", 7) == 0) {
		send_pattern(fd, strtoull(line + 7, NULL, 10));
	} else if (strcmp(line, "who") == 0) {
		place_print(peer, text, sizeof(text));
		send_all(fd, text, strlen(text));
	} else if (strcmp(line, "urgent") == 0) {
		urgent(fd);
	} else if (strcmp(line, "reset") == 0) {
		reset(fd);
	} else if (strcmp(line, "late") == 0) {
		/* The server ends first, and what comes afterwards is told to who asks for it. */
		send_all(fd, "bye", 3);
		shutdown(fd, SHUT_WR);
		receive_pattern(fd, last);
	} else if (strcmp(line, "abort") == 0) {
		send_all(fd, "go", 2);
		last->bytes = 0;
		last->wrong = read(fd, text, 1) < 0 ? errno : 0;
	} else if (strcmp(line, "last") == 0) {
		say_count(fd, last);
	}
}

static void serve_tcp(int fd)
{
	struct count *last = mmap(
		NULL, sizeof(*last), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		struct place peer = { .size = sizeof(peer.a) };
		int client = accept(fd, (struct sockaddr *)&peer.a, &peer.size);

		if (client >= 0 && fork() == 0) {
			close(fd);
			serve_client(client, &peer, last);
			_exit(0);
		}
		close(client);
	}
}

/* "who" is told who it is; anything else comes back. */
static void serve_udp(int fd)
{
	static char data[65536];

	for (;;) {
		struct place peer = { .size = sizeof(peer.a) };
		ssize_t n = recvfrom(
			fd, data, sizeof(data), 0, (struct sockaddr *)&peer.a, &peer.size);

		if (n == 3 && memcmp(data, "who", 3) == 0) {
			place_print(&peer, data, sizeof(data));
			n = (ssize_t)strlen(data);
		}
		if (n >= 0)
			sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&peer.a, peer.size);
	}
}

/*
 * Its first byte comes back to each, one after the other: what is measured is not our fork. The
 * client closes first, always: a connection lives on at whoever does.
 */
static void serve_turns(int fd)
{
	const struct timeval wait = { .tv_sec = 10 };

	for (;;) {
		int client = accept(fd, NULL, NULL);
		char byte;

		setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
		if (recv(client, &byte, 1, 0) == 1)
			send_all(client, &byte, 1);
		(void)!recv(client, &byte, 1, 0);
		close(client);
	}
}

/* serve tcp|turns|udp ADDRESS PORT */
static void act_serve(char **args)
{
	struct place p = place_of(args[1], args[2]);
	void (*serve)(int) = serve_tcp;
	pid_t pid = 0;
	int fd;

	if (strcmp(args[0], "udp") == 0)
		serve = serve_udp;
	else if (strcmp(args[0], "turns") == 0)
		serve = serve_turns;
	fd = listen_on(&p, serve == serve_udp ? SOCK_DGRAM : SOCK_STREAM);
	add_errno(fd < 0);
	if (fd >= 0)
		pid = background();
	if (fd >= 0 && pid == 0)
		serve(fd);
	json_number("pid", pid);
}

/* ---- a name server with canned answers ---- */

struct message {
	uint8_t bytes[1024];
	size_t n;
};

static void put(struct message *m, const void *data, size_t n)
{
	memcpy(m->bytes + m->n, data, n);
	m->n += n;
}

static void put16(struct message *m, unsigned int v)
{
	const uint8_t bytes[] = { (uint8_t)(v >> 8), (uint8_t)v };

	put(m, bytes, 2);
}

static void put_name(struct message *m, const char *name)
{
	while (*name) {
		uint8_t n = (uint8_t)strcspn(name, ".");

		put(m, &n, 1);
		put(m, name, n);
		name += n + (name[n] == '.');
	}
	put(m, "", 1);
}

static void put_record(
	struct message *m, const char *name, unsigned int type, const void *data, size_t n)
{
	put_name(m, name);
	put16(m, type);
	put16(m, 1);
	put16(m, 0);
	put16(m, 60);
	put16(m, (unsigned int)n);
	put(m, data, n);
	m->bytes[7]++;
}

/* Adds the records of a name and of what it is an alias for; whether there is such a name. */
static bool put_answers(struct message *m, char *const *names, const char *name, unsigned int type)
{
	bool found = false;

	for (char *const *it = names; *it; it++) {
		const char *value = strchr(*it, '=') + 1;
		size_t n = (size_t)(value - 1 - *it);
		struct message alias = { .n = 0 };
		uint8_t a[16];

		if (strlen(name) != n || strncasecmp(*it, name, n) != 0)
			continue;
		found = true;
		if (*value == '+') {
			put_answers(m, names, value + 1, type);
		} else if (*value == '@') {
			put_name(&alias, value + 1);
			put_record(m, name, 5, alias.bytes, alias.n);
			put_answers(m, names, value + 1, type);
		} else if (type == 1 && inet_pton(AF_INET, value, a) == 1) {
			put_record(m, name, 1, a, 4);
		} else if (type == 28 && inet_pton(AF_INET6, value, a) == 1) {
			put_record(m, name, 28, a, 16);
		}
	}
	return found;
}

/* Makes the question in m its answer. */
static void answer_question(struct message *m, char *const *names)
{
	char name[256] = "";
	size_t at = 12, length = 0;

	while (at < m->n && m->bytes[at] && length + m->bytes[at] + 2 < sizeof(name)) {
		memcpy(name + length, m->bytes + at + 1, m->bytes[at]);
		length += m->bytes[at];
		name[length++] = '.';
		at += 1u + m->bytes[at];
	}
	name[length ? length - 1 : 0] = '\0';
	m->n = at + 5;
	m->bytes[2] = 0x85;
	m->bytes[3] = 0x80;
	memset(m->bytes + 6, 0, 6);
	if (!put_answers(m, names, name, m->bytes[at + 2]))
		m->bytes[3] |= 3;
}

static void serve_names_udp(int fd, char *const *names)
{
	for (;;) {
		struct place peer = { .size = sizeof(peer.a) };
		struct message m;
		ssize_t n = recvfrom(fd, m.bytes, 512, 0, (struct sockaddr *)&peer.a, &peer.size);

		if (n < 12)
			continue;
		m.n = (size_t)n;
		answer_question(&m, names);
		sendto(fd, m.bytes, m.n, 0, (struct sockaddr *)&peer.a, peer.size);
	}
}

/* One question a connection, with its length before it. */
static void serve_names_tcp(int fd, char *const *names)
{
	for (;;) {
		int client = accept(fd, NULL, NULL);
		struct message m = { .n = 0 };
		uint8_t length[2];

		if (recv(client, length, 2, MSG_WAITALL) == 2)
			m.n = (size_t)(length[0] << 8 | length[1]);
		if (m.n >= 12 && m.n <= 512 &&
			recv(client, m.bytes, m.n, MSG_WAITALL) == (ssize_t)m.n) {
			answer_question(&m, names);
			length[0] = (uint8_t)(m.n >> 8);
			length[1] = (uint8_t)m.n;
			send_all(client, length, 2);
			send_all(client, m.bytes, m.n);
		}
		close(client);
	}
}

/*
 * serve-names ADDRESS PORT [NAME=ADDRESS|NAME=@ALIAS|NAME=+OTHER...]: the same for UDP and TCP.
 * "+" adds another name's records, which nobody asked for.
 */
static void act_serve_names(char **args)
{
	struct place p = place_of(args[0], args[1]);
	int udp = listen_on(&p, SOCK_DGRAM), tcp = listen_on(&p, SOCK_STREAM);
	pid_t pid = 0;

	add_errno(udp < 0 || tcp < 0);
	if (udp >= 0 && tcp >= 0)
		pid = background();
	if (udp >= 0 && tcp >= 0 && pid == 0) {
		/* One group, so that both end with it. */
		if (fork() == 0)
			serve_names_tcp(tcp, args + 2);
		serve_names_udp(udp, args + 2);
	}
	json_number("pid", pid);
}

const struct action serve_actions[] = { { "serve", 3, act_serve },
	{ "serve-names", 2, act_serve_names }, { 0 } };
