/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest program does outside of containers: hooks, listeners, and an attacker's renames.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

/*
 * hook FILE [exit N|sleep S]: appends to FILE what this hook is and what it read. The line is
 * written at once, so that hooks of several processes do not mix.
 */
static void act_hook(char **args)
{
	static char text[1 << 16];
	size_t n = fread(text, 1, sizeof(text), stdin);
	int fd = open(args[0], O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
	struct stat st;

	if (fd < 0)
		_exit(99);
	/* What is printed so far is still in the buffer. */
	dup2(fd, STDOUT_FILENO);
	close(fd);
	json_bytes("stdin", text, n);
	json_number("pid", getpid());
	json_number("ppid", getppid());
	json_number("uid", geteuid());
	json_number("root", stat("/", &st) < 0 ? -1 : (long long)st.st_ino);
	report_strings("arguments", args + 1);
	report_strings("env", environ);
	json_number("umask", umask(0));
	report_cwd();
	report_namespaces();
	report_fds();
	json_object_end();
	json_line();
	if (args[1] && strcmp(args[1], "exit") == 0) {
		fprintf(stderr, "the hook says why\n");
		_exit(atoi(args[2]));
	}
	if (args[1] && strcmp(args[1], "sleep") == 0)
		sleep((unsigned int)atoi(args[2]));
	_exit(0);
}

static int listen_at(const char *path, int backlog)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		listen(fd, backlog) < 0)
		exit(99);
	return fd;
}

/* One message with the descriptors that came along: how many. */
static int receive_fds(int sock, char *text, size_t size, ssize_t *out_len, int *fds, int max)
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(16 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { text, size };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	int n = 0;

	*out_len = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	for (c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; CMSG_LEN((i + 1) * sizeof(int)) <= c->cmsg_len && n < max; i++)
			memcpy(&fds[n++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return n;
}

/* accept-fds SOCKET: what a runtime sends to a console socket or a listener. */
static void act_accept_fds(char **args)
{
	static char text[1 << 16];
	int fds[16], n, sock = accept(listen_at(args[0], 1), NULL, NULL);
	ssize_t len;

	n = receive_fds(sock, text, sizeof(text), &len, fds, 16);
	json_bytes("text", text, len < 0 ? 0 : (size_t)len);
	json_number("n_fds", n);
	report_fds();
}

/*
 * hold SOCKET FILE: a console socket that takes nobody until FILE is there: whoever connects waits
 * for so long. Then it takes two, the one that stands in the way and the one that was meant, reads
 * the terminal to its end, and says what was sent.
 */
static void act_hold(char **args)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct timespec t = { 0, 5000000 };
	static char text[1 << 16];
	int fds[16], n, sock, in_the_way, listener;
	ssize_t len;

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s.new", args[0]);
	listener = listen_at(addr.sun_path, 0);
	in_the_way = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(in_the_way, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
		rename(addr.sun_path, args[0]) < 0)
		exit(99);
	while (access(args[1], F_OK) < 0)
		nanosleep(&t, NULL);
	close(accept(listener, NULL, NULL));
	sock = accept(listener, NULL, NULL);
	n = receive_fds(sock, text, sizeof(text), &len, fds, 16);
	json_bytes("text", text, len < 0 ? 0 : (size_t)len);
	json_number("n_fds", n);
	while (n > 0 && read(fds[0], text, sizeof(text)) > 0)
		;
}

/*
 * notify SOCKET COUNT ERRNO: the other side of SCMP_ACT_NOTIFY; answers COUNT calls with ERRNO, and
 * with ERRNO 0 lets them go on.
 */
static void act_notify(char **args)
{
	static char text[1 << 16];
	int fds[16], n, sock = accept(listen_at(args[0], 1), NULL, NULL);
	ssize_t len;

	n = receive_fds(sock, text, sizeof(text) - 1, &len, fds, 16);
	json_bytes("text", text, len < 0 ? 0 : (size_t)len);
	json_number("n_fds", n);
	json_array("calls");
	for (int i = 0; n > 0 && i < atoi(args[1]); i++) {
		struct seccomp_notif request = { 0 };
		struct seccomp_notif_resp response = { 0 };

		if (ioctl(fds[0], SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			break;
		json_number(NULL, request.data.nr);
		response.id = request.id;
		response.error = -atoi(args[2]);
		response.flags = atoi(args[2]) ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fds[0], SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	json_array_end();
}

/* exchange A B: swaps them for ever (exchange-once: a single time), as somebody would who races
 * with the runtime. */
static void act_exchange(char **args)
{
	for (;;)
		if (syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD, args[1], 2) < 0 &&
			errno != ENOENT && errno != EBUSY)
			_exit(98);
}

static void act_exchange_once(char **args)
{
	add_errno(syscall(SYS_renameat2, AT_FDCWD, args[0], AT_FDCWD, args[1], 2) < 0);
}

/* leak N PATH PROGRAM...: descriptors that nobody asked for, open across execve. */
static void act_leak(char **args)
{
	for (int i = 0; i < atoi(args[0]); i++)
		if (open(args[1], O_RDONLY) < 0)
			_exit(99);
	execvp(args[2], args + 2);
	_exit(127);
}

const struct action host_actions[] = { { "hook", 1, act_hook }, { "accept-fds", 1, act_accept_fds },
	{ "hold", 2, act_hold }, { "notify", 3, act_notify }, { "exchange", 2, act_exchange },
	{ "exchange-once", 2, act_exchange_once }, { "leak", 3, act_leak }, { 0 } };
