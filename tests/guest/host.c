/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest program does outside of containers: hooks, listeners, and an attacker's renames.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

#define MANAGER_TIMEOUT_S 60

static void add_exe(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	if (n >= 0)
		json_bytes("exe", path, (size_t)n);
}

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
	add_exe();
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

/* One connection; with the socket's file gone, everybody sees that it has come. */
static int accept_one(const char *path)
{
	int fd = accept(listen_at(path, 1), NULL, NULL);

	unlink(path);
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

/* accept-fds SOCKET: what a runtime sends to a console socket or a listener, and whether that is
 * all. */
static void act_accept_fds(char **args)
{
	static char text[1 << 16];
	int fds[16], n, sock = accept_one(args[0]);
	ssize_t len;

	n = receive_fds(sock, text, sizeof(text), &len, fds, 16);
	json_bytes("text", text, len < 0 ? 0 : (size_t)len);
	json_number("n_fds", n);
	json_bool("end", read(sock, text, sizeof(text)) == 0);
	report_fds();
}

/* The capabilities of a process, as proc(5) has them: a process that waits for us does not change.
 */
static void add_caps_of(pid_t pid)
{
	static const char *const sets[] = { "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb" };
	char path[64], text[8192];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	if (read_text(path, text, sizeof(text)) < 0)
		return;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		const char *line = strstr(text, sets[i]);

		if (line)
			json_bytes(sets[i], line + strlen("CapEff:\t"), 16);
	}
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
 * manager SOCKET COUNT: a service manager's end of sd_notify(3): COUNT datagrams, with how many
 * descriptors came along; those are closed. One that waits in vain dies.
 */
static void act_manager(char **args)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", args[0]);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		exit(99);
	alarm(MANAGER_TIMEOUT_S);
	json_array("datagrams");
	for (int i = 0; i < atoi(args[1]); i++) {
		static char text[1 << 16];
		int fds[16], n;
		ssize_t len;

		n = receive_fds(fd, text, sizeof(text), &len, fds, 16);
		for (int j = 0; j < n; j++)
			close(fds[j]);
		json_object(NULL);
		json_bytes("text", text, len < 0 ? 0 : (size_t)len);
		json_number("n_fds", n);
		json_object_end();
	}
	json_array_end();
	alarm(0);
}

/*
 * notify SOCKET COUNT ERRNO: the other side of SCMP_ACT_NOTIFY; answers COUNT calls with ERRNO, and
 * with ERRNO 0 lets them go on. "callers" is what the processes were when they asked.
 */
static void act_notify(char **args)
{
	static char text[1 << 16];
	int fds[16], n, sock = accept_one(args[0]);
	int calls[64], n_calls = 0;
	ssize_t len;

	n = receive_fds(sock, text, sizeof(text) - 1, &len, fds, 16);
	json_bytes("text", text, len < 0 ? 0 : (size_t)len);
	json_number("n_fds", n);
	json_array("callers");
	for (int i = 0; n > 0 && i < atoi(args[1]) && i < 64; i++) {
		struct seccomp_notif request = { 0 };
		struct seccomp_notif_resp response = { 0 };

		if (ioctl(fds[0], SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			break;
		calls[n_calls++] = request.data.nr;
		json_object(NULL);
		add_caps_of((pid_t)request.pid);
		json_object_end();
		response.id = request.id;
		response.error = -atoi(args[2]);
		response.flags = atoi(args[2]) ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fds[0], SECCOMP_IOCTL_NOTIF_SEND, &response);
	}
	json_array_end();
	json_array("calls");
	for (int i = 0; i < n_calls; i++)
		json_number(NULL, calls[i]);
	json_array_end();
}

/* All that comes out of a terminal until nobody has its other side any more, which is EIO. */
static void copy_terminal(int master_fd)
{
	char buf[4096];
	ssize_t n;

	while ((n = read(master_fd, buf, sizeof(buf))) > 0)
		if (write(STDERR_FILENO, buf, (size_t)n) != n)
			break;
}

/*
 * pty ROWS COLUMNS PROGRAM...: runs a program in a terminal of that size, as a person at a screen
 * does; what it says is on standard error.
 */
static void act_pty(char **args)
{
	struct winsize size = { .ws_row = (unsigned short)atoi(args[0]),
		.ws_col = (unsigned short)atoi(args[1]) };
	int master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status = 0;
	pid_t pid;

	if (master_fd < 0 || grantpt(master_fd) < 0 || unlockpt(master_fd) < 0 ||
		ioctl(master_fd, TIOCSWINSZ, &size) < 0)
		_exit(99);
	pid = fork();
	if (pid == 0) {
		char name[64];
		int fd;

		setsid();
		fd = ptsname_r(master_fd, name, sizeof(name)) ? -1 : open(name, O_RDWR);
		if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
			_exit(98);
		execv(args[2], args + 2);
		_exit(127);
	}
	copy_terminal(master_fd);
	waitpid(pid, &status, 0);
	json_number("status", status);
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
	{ "hold", 2, act_hold }, { "manager", 2, act_manager }, { "notify", 3, act_notify },
	{ "exchange", 2, act_exchange }, { "exchange-once", 2, act_exchange_once },
	{ "leak", 3, act_leak }, { "pty", 3, act_pty }, { 0 } };
