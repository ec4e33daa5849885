/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "base/str.h"
#include "stage/message.h"
#include "temp.h"

#define PHASE "made coffee"

static void make_pair(int pair[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		printf("Bail out! no socketpair\n");
		exit(EXIT_FAILURE);
	}
}

static void close_pair(int pair[2])
{
	fd_close(pair[0]);
	fd_close(pair[1]);
}

static void test_names(void)
{
	static const struct name names[] = {
		{ "BORN", MESSAGE_BORN },
		{ "MAPPED", MESSAGE_MAPPED },
		{ "PLACED", MESSAGE_PLACED },
		{ "TERMINAL", MESSAGE_TERMINAL },
		{ "MOUNTED", MESSAGE_MOUNTED },
		{ "HOOKED", MESSAGE_HOOKED },
		{ "READY", MESSAGE_READY },
		{ "COMMITTED", MESSAGE_COMMITTED },
		{ "START", MESSAGE_START },
		{ "EXECUTING", MESSAGE_EXECUTING },
		{ "LISTENER", MESSAGE_LISTENER },
		{ "ERROR", MESSAGE_ERROR },
		{ 0 },
	};
	enum message_kind last = 0;

	for (const struct name *n = names; n->name; n++)
		is_str(message_name((enum message_kind)n->value), n->name, "%s", n->name);
	while (!streq(message_name(++last), "an unknown message"))
		;
	is_int(last, MESSAGE_ERROR + 1, "every one has a name");
	is_str(message_name((enum message_kind)0), "an unknown message", "0 is none");
}

static void test_round_trip(void)
{
	struct message m = { .kind = 4711 };
	struct error e = { 0 };
	int pair[2], fd = 4711;

	make_pair(pair);
	is_int(message_send(pair[0], MESSAGE_BORN, 123456, -EBADF, &e), 0, "a number is sent");
	is_int(message_receive(pair[1], time_ms() + 10000, PHASE, &m, &fd, &e), 0, "and received");
	is_int(m.kind, MESSAGE_BORN, "its kind");
	is_int(m.value, 123456, "its value");
	is_int(fd, -EBADF, "no descriptor came");
	message_send(pair[0], MESSAGE_LISTENER, -1, -EBADF, &e);
	message_receive(pair[1], INT64_MAX, PHASE, &m, NULL, &e);
	is_int(m.value, -1, "a negative value");
	message_send(pair[0], MESSAGE_READY, 0, -EBADF, &e);
	is_int(message_expect(pair[1], MESSAGE_READY, INT64_MAX, PHASE, &e), 0, "what is expected");
	message_send(pair[0], MESSAGE_READY, 0, -EBADF, &e);
	is_int(message_expect(pair[1], MESSAGE_MAPPED, INT64_MAX, PHASE, &e), -EPROTO,
		"what is not");
	is_str(e.text, "READY instead of MAPPED while it " PHASE, "is named");
	close_pair(pair);
}

static void test_descriptor(void)
{
	struct message m;
	struct error e;
	size_t before;
	int pair[2], fd = 4711;

	make_pair(pair);
	before = count_open_fds();
	message_send(pair[0], MESSAGE_TERMINAL, 0, STDIN_FILENO, &e);
	is_int(message_receive(pair[1], INT64_MAX, PHASE, &m, &fd, &e), 0, "with a descriptor");
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "it came, close-on-exec");
	fd_close(fd);
	message_send(pair[0], MESSAGE_READY, 0, STDIN_FILENO, &e);
	is_int(message_expect(pair[1], MESSAGE_READY, INT64_MAX, PHASE, &e), 0,
		"one that nobody asked for");
	is_int((int64_t)count_open_fds(), (int64_t)before, "is closed");
	close_pair(pair);
}

static void test_error(void)
{
	struct error sent = { 0 }, e = { 0 };
	struct message m;
	int pair[2];

	make_pair(pair);
	error_set(&sent, EPERM, "config.json: mounts[2]: no");
	error_hint(&sent, "do this");
	message_send_error(pair[0], &sent);
	is_int(message_expect(pair[1], MESSAGE_READY, INT64_MAX, PHASE, &e), -EPERM,
		"an error in place of what is expected");
	is_str(e.text, "config.json: mounts[2]: no", "comes whole: its text");
	is_str(e.hint, "do this", "its hint");
	is_int(e.code, EPERM, "its code");
	/* A process that may be the container's already is not trusted. */
	memset(&sent, 'x', sizeof(sent));
	sent.code = -5;
	message_send_error(pair[0], &sent);
	is_int(message_receive(pair[1], INT64_MAX, PHASE, &m, NULL, &e), -EIO,
		"a code that is none");
	is_int((int64_t)strlen(e.text), ERROR_TEXT_MAX - 1, "a text without an end");
	is_int((int64_t)strlen(e.hint), ERROR_HINT_MAX - 1, "a hint without one");
	close_pair(pair);
}

static void is_bad(int sock_fd, int peer_fd, const void *data, size_t size, const char *what)
{
	CLEANUP(mem_free) char *want = xasprintf("a message of %zu bytes while it " PHASE, size);
	struct message m;
	struct error e = { 0 };

	fd_send(peer_fd, data, size, NULL, 0);
	is_int(message_receive(sock_fd, INT64_MAX, PHASE, &m, NULL, &e), -EPROTO, "%s", what);
	is_str(e.text, want, "and its size is named");
}

static void test_strange(void)
{
	struct {
		struct message m;
		char more;
	} large = { .m.kind = MESSAGE_READY };
	struct message m;
	struct error e = { 0 };
	int pair[2];

	make_pair(pair);
	is_bad(pair[1], pair[0], &large, 1, "a byte is no message");
	is_bad(pair[1], pair[0], &large, offsetof(struct message, error) + 1, "nor half an error");
	is_bad(pair[1], pair[0], &large, sizeof(m), "nor READY with an error behind it");
	fd_send(pair[0], &large, sizeof(large), NULL, 0);
	is_int(message_receive(pair[1], INT64_MAX, PHASE, &m, NULL, &e), -EMSGSIZE,
		"nor more than the longest");
	message_send(pair[0], (enum message_kind)99, 0, -EBADF, &e);
	is_int(message_expect(pair[1], MESSAGE_READY, INT64_MAX, PHASE, &e), -EPROTO,
		"an unknown kind");
	is_str(e.text, "an unknown message instead of READY while it " PHASE, "says so");
	close_pair(pair);
}

static void test_end(void)
{
	struct message m;
	struct error e = { 0 };
	int64_t start = time_ms();
	int pair[2];

	make_pair(pair);
	is_int(message_receive(pair[1], start + 100, PHASE, &m, NULL, &e), -ETIMEDOUT,
		"the deadline passes");
	is_str(e.text, "timed out while it " PHASE, "and what was waited for is said");
	ok(time_ms() - start >= 100 && time_ms() - start < 10000, "in time");
	is_int(message_receive(pair[1], start - 1000, PHASE, &m, NULL, &e), -ETIMEDOUT,
		"a deadline in the past");
	message_send(pair[0], MESSAGE_READY, 0, -EBADF, &e);
	is_int(message_expect(pair[1], MESSAGE_READY, start - 1000, PHASE, &e), 0,
		"but what is there is taken");
	fd_close(pair[0]);
	is_int(message_receive(pair[1], INT64_MAX, PHASE, &m, NULL, &e), -EPIPE, "the peer's end");
	is_str(e.text, "the container's process died while it " PHASE, "is named");
	is_int(message_send(pair[1], MESSAGE_MAPPED, 0, -EBADF, &e), -EPIPE, "nobody is told");
	is_str(e.text, "send MAPPED: Broken pipe", "and what is named");
	message_send_error(pair[1], &e);
	ok(true, "nor of an error");
	fd_close(pair[1]);

	/* Data that the peer never read resets the connection. */
	make_pair(pair);
	message_send(pair[1], MESSAGE_MAPPED, 0, -EBADF, &e);
	fd_close(pair[0]);
	is_int(message_receive(pair[1], INT64_MAX, PHASE, &m, NULL, &e), -EPIPE,
		"the end of a peer with unread messages");
	is_str(e.text, "the container's process died while it " PHASE, "is named the same");
	fd_close(pair[1]);
}

int main(void)
{
	size_t before = count_open_fds();

	test_names();
	test_round_trip();
	test_descriptor();
	test_error();
	test_strange();
	test_end();
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	return done();
}
