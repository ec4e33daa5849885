/* SPDX-License-Identifier: Apache-2.0 */
/* Clients of the servers in serve.c. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"
#include "net.h"

#define TRIES 5 /* of what may get lost */

/* $FROM is the address that the caller has, $FROM_PORT its port. */
static void bind_as_told(int fd)
{
	struct place from;

	if (!getenv("FROM"))
		return;
	from = place_of(getenv("FROM"), getenv("FROM_PORT") ? getenv("FROM_PORT") : "0");
	if (bind(fd, (struct sockaddr *)&from.a, from.size) < 0)
		_exit(98);
}

static int connect_to(const struct place *p)
{
	int fd = open_socket(p, SOCK_STREAM);

	bind_as_told(fd);
	if (connect(fd, (const struct sockaddr *)&p->a, p->size) == 0)
		return fd;
	/* connect(2): EINPROGRESS is what SO_SNDTIMEO makes of a time-out. */
	if (errno == EINPROGRESS)
		errno = ETIMEDOUT;
	return -1;
}

static void add_count(const struct count *c)
{
	json_number("bytes", (long long)c->bytes);
	json_number("wrong", c->wrong);
}

/* Sends and receives at the same time: neither side has room for all of it. */
static bool exchange(int fd, uint64_t bytes)
{
	struct count c;
	pid_t pid = fork();
	int status = 0;
	bool done;

	if (pid == 0) {
		bool sent = send_pattern(fd, bytes);

		shutdown(fd, SHUT_WR);
		_exit(sent ? 0 : errno);
	}
	done = receive_pattern(fd, &c);
	waitpid(pid, &status, 0);
	add_count(&c);
	/* A reset is told once, to either. */
	if (status)
		errno = WEXITSTATUS(status);
	return done && status == 0;
}

static bool source(int fd)
{
	struct count c;
	bool done = receive_pattern(fd, &c);

	add_count(&c);
	return done;
}

static bool text(int fd)
{
	char out[256];

	errno = 0;
	receive_text(fd, out, sizeof(out));
	json_string("text", out);
	return errno == 0;
}

/* Half-close: the answer comes when all has been sent. */
static bool sink(int fd, uint64_t bytes)
{
	bool sent = send_pattern(fd, bytes);

	shutdown(fd, SHUT_WR);
	return text(fd) && sent;
}

/* The server's end comes first. */
static bool late(int fd, uint64_t bytes)
{
	return text(fd) && send_pattern(fd, bytes);
}

/* What is not sent until the urgent byte has come can't be taken for it. */
static bool urgent(int fd)
{
	char told;

	send_all(fd, "abc", 3);
	send(fd, "!", 1, MSG_OOB | MSG_NOSIGNAL);
	recv(fd, &told, 1, 0);
	send_all(fd, "def", 3);
	shutdown(fd, SHUT_WR);
	return text(fd);
}

/* Ends the connection by a reset as soon as the server waits. */
static bool cut(int fd)
{
	const struct linger now = { 1, 0 };
	char go[2];

	return recv(fd, go, 2, MSG_WAITALL) == 2 &&
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)) == 0;
}

/* tcp ADDRESS PORT COMMAND [BYTES] */
static void act_tcp(char **args)
{
	struct place p = place_of(args[0], args[1]);
	uint64_t bytes = args[3] ? strtoull(args[3], NULL, 10) : 0;
	int fd = connect_to(&p);
	char line[64];
	bool done;

	if (fd < 0) {
		add_errno(1);
		return;
	}
	snprintf(line, sizeof(line), strcmp(args[2], "source") == 0 ? "%s %llu\n" : "%s\n", args[2],
		(unsigned long long)bytes);
	if (!send_all(fd, line, strlen(line)))
		done = false;
	else if (strcmp(args[2], "echo") == 0)
		done = exchange(fd, bytes);
	else if (strcmp(args[2], "sink") == 0)
		done = sink(fd, bytes);
	else if (strcmp(args[2], "source") == 0)
		done = source(fd);
	else if (strcmp(args[2], "late") == 0)
		done = late(fd, bytes);
	else if (strcmp(args[2], "abort") == 0)
		done = cut(fd);
	else if (strcmp(args[2], "urgent") == 0)
		done = urgent(fd);
	else
		done = text(fd);
	add_errno(!done);
	close(fd);
}

/* many N ADDRESS PORT: so many connections, of which none ends before the last has begun. */
static void act_many(char **args)
{
	struct place p = place_of(args[1], args[2]);
	int n = atoi(args[0]), opened = 0, answered = 0;
	int *fds = calloc((size_t)n, sizeof(*fds));
	struct rlimit files;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	while (opened < n && (fds[opened] = connect_to(&p)) >= 0)
		send_all(fds[opened++], "echo\n", 5);
	add_errno(opened < n);
	for (int i = 0; i < opened; i++) {
		char want[16], got[16] = "";

		snprintf(want, sizeof(want), "%08d", i);
		send_all(fds[i], want, 8);
		recv(fds[i], got, 8, MSG_WAITALL);
		answered += strcmp(want, got) == 0;
	}
	json_number("opened", opened);
	json_number("answered", answered);
	free(fds);
}

/* Sends until something comes back; errno is the last one's. */
static ssize_t ask(int fd, const void *data, size_t n, void *out, size_t size)
{
	const struct timeval second = { .tv_sec = 1 };
	ssize_t got = -1;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof(second));
	for (int i = 0; i < TRIES; i++) {
		if (send(fd, data, n, MSG_NOSIGNAL) >= 0)
			got = recv(fd, out, size, 0);
		if (got >= 0 || errno != EAGAIN)
			break;
	}
	return got;
}

/* talk SOCKET TEXT: a request to a Unix socket, and what comes back, on a line of its own. */
static void act_talk(char **args)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char out[65536];
	bool done;

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", args[0]);
	done = connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0 &&
		send_all(fd, args[1], strlen(args[1])) && shutdown(fd, SHUT_WR) == 0;
	add_errno(!done);
	if (!done)
		return;
	receive_text(fd, out, sizeof(out));
	json_string("answer", out);
	close(fd);
}

/* udp ADDRESS PORT BYTES|who: a datagram, and what comes back. */
static void act_udp(char **args)
{
	static uint8_t answer[65536];
	struct place p = place_of(args[0], args[1]);
	bool who = strcmp(args[2], "who") == 0;
	const void *data = who ? (const void *)"who" : pattern_at(0);
	size_t n = who ? 3 : (size_t)atoi(args[2]);
	int fd = open_socket(&p, SOCK_DGRAM);
	ssize_t got = -1;

	bind_as_told(fd);
	if (connect(fd, (struct sockaddr *)&p.a, p.size) == 0)
		got = ask(fd, data, n, answer, sizeof(answer) - 1);
	add_errno(got < 0);
	if (who)
		json_bytes("text", (char *)answer, got < 0 ? 0 : (size_t)got);
	else
		json_bool("same", got == (ssize_t)n && memcmp(answer, data, n) == 0);
	close(fd);
}

/* send ADDRESS PORT TEXT [FROM-PORT]: a datagram alone. */
static void act_send(char **args)
{
	struct place p = place_of(args[0], args[1]);
	struct place from = place_of(
		p.a.ss_family == AF_INET ? "0.0.0.0" : "::", args[3] ? args[3] : "0");
	int fd = open_socket(&p, SOCK_DGRAM);

	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &(int){ 1 }, sizeof(int));
	bind(fd, (struct sockaddr *)&from.a, from.size);
	add_errno(sendto(fd, args[2], strlen(args[2]), 0, (struct sockaddr *)&p.a, p.size) < 0);
	close(fd);
}

/* ---- names ---- */

static size_t make_question(uint8_t *q, const char *name, int type)
{
	static const uint8_t header[12] = { 0x4c, 0x69, 1, 0, 0, 1 };
	size_t n = sizeof(header);

	memcpy(q, header, n);
	while (*name) {
		size_t label = strcspn(name, ".");

		q[n++] = (uint8_t)label;
		memcpy(q + n, name, label);
		n += label;
		name += label + (name[label] == '.');
	}
	memcpy(q + n, (uint8_t[]){ 0, 0, (uint8_t)type, 0, 1 }, 5);
	return n + 5;
}

static size_t after_name(const uint8_t *m, size_t n, size_t at)
{
	while (at < n && m[at] && m[at] < 0xc0)
		at += 1u + m[at];
	return at + (at < n && m[at] ? 2 : 1);
}

static void add_addresses(const uint8_t *m, size_t n)
{
	size_t at = after_name(m, n, 12) + 4;
	char line[INET6_ADDRSTRLEN];

	json_array("addresses");
	for (int i = 0; i < m[7] && at < n; i++) {
		size_t data = after_name(m, n, at) + 10, size;

		if (data > n)
			break;
		size = (size_t)(m[data - 2] << 8 | m[data - 1]);
		if (size == 4 || size == 16)
			json_string(NULL,
				inet_ntop(size == 4 ? AF_INET : AF_INET6, m + data, line,
					sizeof(line)));
		at = data + size;
	}
	json_array_end();
}

static ssize_t ask_by_tcp(const struct place *p, const uint8_t *q, size_t n, uint8_t *out)
{
	uint8_t length[2] = { 0, (uint8_t)n };
	int fd = connect_to(p);
	ssize_t got = -1;

	if (fd < 0)
		return -1;
	send_all(fd, length, 2);
	send_all(fd, q, n);
	if (recv(fd, length, 2, MSG_WAITALL) == 2)
		got = recv(fd, out, (size_t)(length[0] << 8 | length[1]), MSG_WAITALL);
	close(fd);
	return got;
}

static ssize_t ask_by_udp(const struct place *p, const uint8_t *q, size_t n, uint8_t *out)
{
	int fd = open_socket(p, SOCK_DGRAM);
	ssize_t got = -1;

	if (connect(fd, (const struct sockaddr *)&p->a, p->size) == 0)
		got = ask(fd, q, n, out, 65535);
	close(fd);
	return got;
}

/* ask SERVER PORT NAME A|AAAA [tcp] */
static void act_ask(char **args)
{
	static uint8_t out[65536];
	struct place p = place_of(args[0], args[1]);
	uint8_t q[512];
	size_t n = make_question(q, args[2], strcmp(args[3], "A") == 0 ? 1 : 28);
	ssize_t got = args[4] ? ask_by_tcp(&p, q, n, out) : ask_by_udp(&p, q, n, out);

	add_errno(got < 0);
	if (got < 12)
		return;
	json_bool("same", memcmp(out, q, 2) == 0);
	json_number("rcode", out[3] & 15);
	add_addresses(out, (size_t)got);
}

/* ---- echo ---- */

/* The type of the ICMP message that came back for ours, or -1. */
static int wait_for_echo(int fd, bool v6)
{
	static uint8_t m[65536];

	for (int i = 0; i < 100; i++) {
		size_t at;

		if (recv(fd, m, sizeof(m), 0) < 0)
			return -1;
		at = v6 ? 0 : (size_t)(m[0] & 15) * 4;
		/* Our own, where we talk to ourselves. */
		if (m[at] != (v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO) &&
			!(v6 && m[at] >= ND_ROUTER_SOLICIT))
			return m[at];
	}
	return -1;
}

static uint16_t checksum(const uint8_t *p, size_t n)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < n; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* ping ADDRESS [BYTES]: "type" is what came back. */
static void act_ping(char **args)
{
	struct place p = place_of(args[0], "0");
	bool v6 = p.a.ss_family == AF_INET6;
	size_t n = 8 + (args[1] ? (size_t)atoi(args[1]) & ~1u : 56);
	const char *seconds = getenv("WAIT");
	const struct timeval wait = { .tv_sec = seconds ? atoi(seconds) : 10 };
	int fd = socket(p.a.ss_family, SOCK_RAW | SOCK_CLOEXEC, v6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
	static uint8_t m[65536];
	uint16_t sum;

	memcpy(m + 8, pattern_at(0), n - 8);
	m[0] = v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO;
	m[5] = 7;
	sum = checksum(m, n);
	if (!v6)
		memcpy(m + 2, (uint8_t[]){ (uint8_t)(sum >> 8), (uint8_t)sum }, 2);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	add_errno(sendto(fd, m, n, 0, (struct sockaddr *)&p.a, p.size) < 0);
	json_number("type", wait_for_echo(fd, v6));
	close(fd);
}

/* ---- how long a connection takes ---- */

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* In ns, from connect(2) over a byte there and back to close(2); or -1. */
static int64_t one_turn(const struct place *p)
{
	int64_t began = now_ns();
	int fd = connect_to(p);
	char byte = '?';
	ssize_t got = -1;

	if (fd < 0)
		return -1;
	if (send_all(fd, &byte, 1))
		got = recv(fd, &byte, 1, 0);
	if (got == 0)
		errno = ENODATA;
	close(fd);
	return got == 1 ? now_ns() - began : -1;
}

static int compare_ns(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

/*
 * turns N ADDRESS PORT: so many connections, one after the other, up to the first that fails. What
 * they took, in us: the median, and what 95 of 100 don't exceed.
 */
static void act_turns(char **args)
{
	struct place p = place_of(args[1], args[2]);
	int n = atoi(args[0]), done = 0;
	int64_t *ns = calloc(n > 0 ? (size_t)n : 1, sizeof(*ns));

	errno = EINVAL;
	while (done < n && (ns[done] = one_turn(&p)) >= 0)
		done++;
	add_errno(done < n || n < 1);
	json_number("done", done);
	if (done > 0) {
		qsort(ns, (size_t)done, sizeof(*ns), compare_ns);
		json_number("median", ns[(done - 1) / 2] / 1000);
		json_number("p95", ns[(done - 1) * 95 / 100] / 1000);
	}
	free(ns);
}

const struct action call_actions[] = { { "tcp", 3, act_tcp }, { "talk", 2, act_talk },
	{ "many", 3, act_many }, { "turns", 3, act_turns }, { "udp", 3, act_udp },
	{ "send", 3, act_send }, { "ask", 4, act_ask }, { "ping", 1, act_ping }, { 0 } };
