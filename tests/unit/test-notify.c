/* SPDX-License-Identifier: Apache-2.0 */
/* What a service manager gets to hear of what a container says. */
#include "tap.h"

#include <sys/socket.h>

#include "base/fd.h"
#include "stage/notify.h"

static const struct {
	const char *said, *heard;
	int ready;
} cases[] = {
	{ "READY=1", "READY=1\nMAINPID=42\n", 1 },
	{ "READY=1\n", "READY=1\nMAINPID=42\n", 1 },
	{ "STATUS=half way\nREADY=1", "STATUS=half way\nREADY=1\nMAINPID=42\n", 1 },
	{ "STATUS=", "STATUS=\n", 0 },
	{ "STATUS=READY=1", "STATUS=READY=1\n", 0 },
	{ "READY=0", "", 0 },
	{ "READY=10", "", 0 },
	{ "READY=1x", "", 0 },
	{ "XREADY=1", "", 0 },
	{ "ready=1", "", 0 },
	{ " READY=1", "", 0 },
	{ "", "", 0 },
	{ "\n\n", "", 0 },
	{ "STOPPING=1\nSTATUS=bye", "STOPPING=1\nSTATUS=bye\n", 0 },
	{ "RELOADING=1\nMONOTONIC_USEC=7", "RELOADING=1\nMONOTONIC_USEC=7\n", 0 },
	{ "WATCHDOG=1\nWATCHDOG_USEC=5", "WATCHDOG=1\nWATCHDOG_USEC=5\n", 0 },
	{ "EXTEND_TIMEOUT_USEC=5\nERRNO=2\nEXIT_STATUS=3",
		"EXTEND_TIMEOUT_USEC=5\nERRNO=2\nEXIT_STATUS=3\n", 0 },
	/* What would be about our processes and descriptors, or give others a say. */
	{ "MAINPID=1\nREADY=1", "READY=1\nMAINPID=42\n", 1 },
	{ "MAINPIDFDID=1", "", 0 },
	{ "BARRIER=1", "", 0 },
	{ "FDSTORE=1\nFDNAME=x\nFDPOLL=0\nFDSTOREREMOVE=1", "", 0 },
	{ "NOTIFYACCESS=all", "", 0 },
	{ "X_OWN=1", "", 0 },
};

static void test_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP(text_release) struct text out = { 0 };
		int ready = notify_filter(cases[i].said, strlen(cases[i].said), 42, &out);

		is_str(out.s ? out.s : "", cases[i].heard, "case %zu", i);
		is_int(ready, cases[i].ready, "case %zu: ready", i);
	}
}

static void test_nul(void)
{
	static const char said[] = "STATUS=x\0MAINPID=1\nREADY=1";
	CLEANUP(text_release) struct text out = { 0 };

	is_int(notify_filter(said, sizeof(said) - 1, 42, &out), 1, "a NUL");
	is_str(out.s, "READY=1\nMAINPID=42\n", "takes its line along");
}

static void test_pass_on(void)
{
	struct notify n = NOTIFY_NONE;
	char buf[256], long_one[5000] = "STATUS=";
	int to[2], from[2];
	ssize_t len;

	ok(socketpair(AF_UNIX, SOCK_DGRAM, 0, to) == 0 &&
			socketpair(AF_UNIX, SOCK_DGRAM, 0, from) == 0,
		"(sockets)");
	n.manager_fd = to[0];
	n.container_fd = from[0];
	n.main_pid = 42;
	notify_pass_on(&n);
	is_int(fd_wait(to[1], 0), 0, "nothing said, nothing heard");
	ok(send(from[1], "STATUS=a", 8, 0) == 8 && send(from[1], "FDSTORE=1", 9, 0) == 9 &&
			send(from[1], "READY=1", 7, 0) == 7,
		"(three)");
	notify_pass_on(&n);
	len = recv(to[1], buf, sizeof(buf) - 1, MSG_DONTWAIT);
	buf[len > 0 ? len : 0] = '\0';
	is_str(buf, "STATUS=a\n", "the first");
	len = recv(to[1], buf, sizeof(buf) - 1, MSG_DONTWAIT);
	buf[len > 0 ? len : 0] = '\0';
	is_str(buf, "READY=1\nMAINPID=42\n", "the third");
	is_int(n.ready, 1, "is ready");
	is_int(fd_wait(to[1], 0), 0, "and no more");
	memset(long_one + 7, 'x', sizeof(long_one) - 7);
	ok(send(from[1], long_one, sizeof(long_one), 0) > 4096, "(a long one)");
	notify_pass_on(&n);
	is_int(fd_wait(to[1], 0), 0, "which is not cut, but dropped");
	fd_close(to[1]);
	ok(send(from[1], "STATUS=b", 8, 0) == 8, "(one more)");
	notify_pass_on(&n);
	ok(true, "a manager that is gone is no error");
	fd_close(from[1]);
	notify_release(&n);
}

/* One that takes nothing for a while holds up nobody but the container. */
static void test_slow_manager(void)
{
	CLEANUP(notify_release) struct notify n = NOTIFY_NONE;
	int to[2], from[2], filled = 0;
	char buf[256];
	ssize_t len;

	ok(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, to) == 0 &&
			socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, from) == 0,
		"(sockets)");
	n.manager_fd = to[0];
	n.container_fd = from[0];
	while (send(to[0], "x", 1, 0) == 1)
		filled++;
	ok(send(from[1], "STATUS=a", 8, 0) == 8 && send(from[1], "STATUS=b", 8, 0) == 8, "(two)");
	notify_pass_on(&n);
	notify_pass_on(&n);
	is_int(notify_poll(&n).fd, n.manager_fd, "full: it is waited for");
	is_int(fd_wait(from[0], 0), 1, "full: the second is with the container");
	for (int i = 0; i < filled; i++)
		(void)!recv(to[1], buf, sizeof(buf), 0);
	notify_pass_on(&n);
	is_int(notify_poll(&n).fd, n.container_fd, "room: the container is waited for");
	len = recv(to[1], buf, sizeof(buf) - 1, 0);
	buf[len > 0 ? len : 0] = '\0';
	is_str(buf, "STATUS=a\n", "room: the first");
	len = recv(to[1], buf, sizeof(buf) - 1, 0);
	buf[len > 0 ? len : 0] = '\0';
	is_str(buf, "STATUS=b\n", "room: the second");
	fd_close(to[1]);
	fd_close(from[1]);
}

/* One who never stops talking gets a turn, and no more. */
static void test_talker(void)
{
	CLEANUP(notify_release) struct notify n = NOTIFY_NONE;
	int from[2], said = 0;

	ok(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, from) == 0, "(sockets)");
	n.container_fd = from[0];
	while (send(from[1], "X=1", 3, 0) == 3)
		said++;
	notify_pass_on(&n);
	is_int(fd_wait(from[0], 0), 1, "of %d some are left for later", said);
	fd_close(from[1]);
}

/* An empty one is no end of what there is to read. */
static void test_empty(void)
{
	CLEANUP(notify_release) struct notify n = NOTIFY_NONE;
	int from[2];

	ok(socketpair(AF_UNIX, SOCK_DGRAM, 0, from) == 0, "(sockets)");
	n.container_fd = from[0];
	ok(send(from[1], "", 0, 0) == 0 && send(from[1], "READY=1", 7, 0) == 7, "(two)");
	notify_pass_on(&n);
	is_int(n.ready, 1, "behind an empty one");
	fd_close(from[1]);
}

static void test_open(void)
{
	struct notify n = NOTIFY_NONE;
	struct error e = { 0 };

	unsetenv("NOTIFY_SOCKET");
	is_int(notify_open(&n, &e), 0, "no variable");
	is_int(n.manager_fd, -EBADF, "nobody");
	setenv("NOTIFY_SOCKET", "", 1);
	is_int(notify_open(&n, &e), 0, "an empty one");
	setenv("NOTIFY_SOCKET", "vsock:2:1", 1);
	is_int(notify_open(&n, &e), -EAFNOSUPPORT, "one of another kind");
	is_str(e.text, "NOTIFY_SOCKET 'vsock:2:1': neither a path nor an abstract name",
		"is named");
	setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
	is_int(notify_open(&n, &e), -ENOENT, "nobody there");
	is_str(e.text, "connect to NOTIFY_SOCKET '/nowhere/notify': No such file or directory",
		"is named");
	is_int(n.manager_fd, -EBADF, "still nobody");
	unsetenv("NOTIFY_SOCKET");
}

int main(void)
{
	test_cases();
	test_nul();
	test_pass_on();
	test_slow_manager();
	test_talker();
	test_empty();
	test_open();
	return done();
}
