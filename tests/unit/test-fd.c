/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include "base/fd.h"
#include "base/str.h"
#include "temp.h"

static void test_close(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), taken;

	errno = ENOTTY;
	is_int(fd_close(fd), -EBADF, "what is closed is none");
	is_int(errno, ENOTTY, "errno is kept");
	is_int(fcntl(fd, F_GETFD), -1, "it is closed");
	errno = ENOTTY;
	fd_close(fd);
	is_int(errno, ENOTTY, "also when it can't be closed");
	errno = ENOTTY;
	is_int(fd_close(-EBADF), -EBADF, "none can be closed");
	is_int(errno, ENOTTY, "without a trace in errno");
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	taken = fd_take(&fd);
	is_int(fd, -EBADF, "taken from where it was");
	ok(fcntl(taken, F_GETFD) >= 0, "and open");
	fd_cleanup(&taken);
	is_int(taken, -EBADF, "the cleanup says that there is none");
	is_str(fd_path(7).s, "/proc/self/fd/7", "its path");
	is_str(fd_path(2147483647).s, "/proc/self/fd/2147483647", "the longest");
}

/* A text of this size through a file and through a pipe, which does not tell its size. */
static void test_read_size(const struct temp *t, size_t size)
{
	CLEANUP(mem_free) char *want = xmalloc(size + 1);
	CLEANUP(mem_free) char *got = NULL;
	CLEANUP(mem_free) char *piped = NULL;
	size_t len = 4711;
	int fds[2];

	for (size_t i = 0; i < size; i++)
		want[i] = (char)('a' + i % 26);
	want[size] = '\0';
	temp_write(t, "text", want);
	is_int(file_read_text(t->fd, "text", size, &got, &len), 0, "%zu bytes of a file", size);
	is_int((int64_t)len, (int64_t)size, "are so many");
	ok(got && strcmp(got, want) == 0, "are the same");
	is_int(file_read_text(t->fd, "text", size, &piped, NULL), 0, "the length is optional");
	free(TAKE_PTR(piped));
	if (pipe(fds) < 0 || fcntl(fds[1], F_SETPIPE_SZ, 1 << 17) < 0)
		return;
	ok(fd_write_all(fds[1], want, size) == 0, "%zu bytes into a pipe", size);
	fd_close(fds[1]);
	is_int(fd_read_text(fds[0], size, &piped, &len), 0, "and out of it");
	ok(len == size && strcmp(piped, want) == 0, "are the same");
	fd_close(fds[0]);
}

static void test_read_text(const struct temp *t)
{
	static const size_t sizes[] = { 0, 1, 4095, 4096, 4097, 8191, 8192, 8193, 50000 };
	char *text = NULL;
	size_t len = 0;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		test_read_size(t, sizes[i]);
	temp_write(t, "ten", "0123456789");
	is_int(file_read_text(t->fd, "ten", 9, &text, &len), -EFBIG, "one byte too many");
	ok(!text, "gives nothing");
	is_int(file_read_text(t->fd, "ten", 10, &text, &len), 0, "exactly as many as allowed");
	free(TAKE_PTR(text));
	is_int(file_read_text(t->fd, "none", 10, &text, &len), -ENOENT, "a file that is not there");
	is_int(file_read_text(t->fd, ".", 10, &text, &len), -EISDIR, "a directory");
	ok(!text, "give nothing");
	is_int(file_read_text(AT_FDCWD, "/proc/self/status", 1 << 20, &text, &len), 0,
		"a file of /proc");
	ok(len > 100 && text && strlen(text) == len, "is read whole");
	free(TAKE_PTR(text));
	is_int(file_read_text(AT_FDCWD, "/proc/self/status", 10, &text, &len), -EFBIG,
		"and is bounded too");
	fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	is_int(fd_read_text(fd, 100000, &text, &len), -EFBIG, "what never ends is bounded");
	fd_close(fd);
	fd = openat(t->fd, "nul", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	fd_write_all(fd, "a\0b", 3);
	fd_close(fd);
	is_int(file_read_text(t->fd, "nul", 10, &text, &len), 0, "a NUL inside");
	ok(len == 3 && text && text[2] == 'b', "is a byte like others");
	free(TAKE_PTR(text));
}

static void test_write(const struct temp *t)
{
	CLEANUP(mem_free) char *text = NULL;
	CLEANUP(mem_free) char *left = xasprintf(".new.%d", getpid());
	struct stat st;
	int fd;

	temp_write(t, "control", "12345");
	is_int(file_write(t->fd, "control", "abc"), 0, "into an existing file");
	file_read_text(t->fd, "control", 100, &text, NULL);
	is_str(text, "abc45", "without truncating it");
	is_int(file_write(t->fd, "none", "abc"), -ENOENT, "none is made");
	is_int(file_write(t->fd, "none/x", "abc"), -ENOENT, "nor a directory");
	fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	is_int(fd_write_all(fd, "abc", 3), -ENOSPC, "no room is an error");
	is_int(file_write(AT_FDCWD, "/dev/full", "abc"), -ENOSPC, "here too");
	fd_close(fd);

	temp_write(t, left, "from somebody who was killed");
	umask(022);
	is_int(file_replace(t->fd, "new", 0600, "one", 3), 0, "a new file");
	fstatat(t->fd, "new", &st, 0);
	is_int(st.st_mode & 07777, 0600, "with the mode");
	is_int(st.st_size, 3, "and the text");
	is_int(file_replace(t->fd, "new", 0644, "second", 6), 0, "replaced");
	fstatat(t->fd, "new", &st, 0);
	is_int(st.st_size, 6, "by the other text");
	is_int(st.st_mode & 07777, 0644, "and mode");
	is_int(faccessat(t->fd, left, F_OK, 0), -1, "nothing is left of the way there");
	mkdirat(t->fd, "dir", 0755);
	is_int(file_replace(t->fd, "dir", 0644, "x", 1), -EISDIR, "a directory is not replaced");
	free(text);
	text = xasprintf(".dir.%d", getpid());
	is_int(faccessat(t->fd, text, F_OK, 0), -1, "and nothing is left of the try");
	is_int(file_replace(t->fd, "none/x", 0644, "x", 1), -ENOENT, "no directory, no file");
	is_int(symlinkat("control", t->fd, "link"), 0, "(a link)");
	is_int(file_replace(t->fd, "link", 0644, "x", 1), 0, "a link is replaced");
	fstatat(t->fd, "link", &st, AT_SYMLINK_NOFOLLOW);
	ok(S_ISREG(st.st_mode), "not followed");
}

static void test_read_all(void)
{
	char buf[16] = "";
	int fds[2];

	ok(pipe2(fds, O_NONBLOCK) == 0 && fd_write_all(fds[1], "abc", 3) == 0, "(a pipe)");
	is_int(fd_read_all(fds[0], buf, 2), 2, "as much as is asked for");
	is_int(fd_read_all(fds[0], buf, sizeof(buf)), -EAGAIN, "a failure on the way");
	fd_write_all(fds[1], "abc", 3);
	fd_close(fds[1]);
	is_int(fd_read_all(fds[0], buf, sizeof(buf)), 3, "until the end");
	is_int(fd_read_all(fds[0], buf, sizeof(buf)), 0, "nothing behind it");
	fd_close(fds[0]);
}

static void test_send_fds(size_t n)
{
	int pair[2], out[FD_SEND_MAX], in[FD_SEND_MAX];
	size_t n_in = 4711, fine = 0;
	char data[16] = "";

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		out[i] = open("/dev/null", O_RDONLY); /* not close-on-exec: it must become so */
	is_int(fd_send(pair[0], "hello", 5, out, n), 5, "send with %zu descriptors", n);
	is_int(fd_receive(pair[1], data, sizeof(data), in, &n_in), 5, "receive");
	is_int((int64_t)n_in, (int64_t)n, "as many came");
	is_str(data, "hello", "and the text");
	for (size_t i = 0; i < n_in; i++) {
		fine += fcntl(in[i], F_GETFD) == FD_CLOEXEC;
		fd_close(in[i]);
		fd_close(out[i]);
	}
	is_int((int64_t)fine, (int64_t)n, "all are close-on-exec");
	fd_close(pair[0]);
	fd_close(pair[1]);
}

static void test_send(void)
{
	int pair[2], fds[FD_SEND_MAX + 1] = { 0 };
	size_t n = 4711, before;
	char small[2];

	for (size_t i = 0; i <= FD_SEND_MAX; i++)
		test_send_fds(i);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	is_int(fd_send(pair[0], "x", 1, fds, FD_SEND_MAX + 1), -EINVAL, "too many descriptors");
	fd_send(pair[0], "long", 4, fds, 2);
	before = count_open_fds();
	is_int(fd_receive(pair[1], small, sizeof(small), fds, &n), -EMSGSIZE,
		"a message that is too long");
	is_int((int64_t)n, 0, "hands over no descriptor");
	is_int((int64_t)count_open_fds(), (int64_t)before, "and leaves none open");
	fd_close(pair[0]);
	is_int(fd_receive(pair[1], small, sizeof(small), fds, &n), 0, "the end of it");
	is_int(fd_send(pair[1], "x", 1, NULL, 0), -EPIPE, "nobody listens");
	fd_close(pair[1]);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return;
	fd_close(pair[0]);
	is_int(fd_send(pair[1], "x", 1, NULL, 0), -EPIPE, "nor at a stream, and we live");
	fd_close(pair[1]);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void test_wait(void)
{
	struct itimerval often = { { 0, 10000 }, { 0, 10000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm };
	int fds[2];
	int64_t start;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	is_int(fd_wait(fds[0], 0), 0, "nothing to read");
	start = time_ms();
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	is_int(fd_wait(fds[0], 150), 0, "the deadline passes");
	setitimer(ITIMER_REAL, &never, NULL);
	ok(time_ms() - start >= 150, "not before its time");
	ok(time_ms() - start < 5000, "nor much later, though signals came");
	ok(alarms > 0, "and they came (%d)", (int)alarms);
	fd_write_all(fds[1], "x", 1);
	is_int(fd_wait(fds[0], -1), 1, "something to read");
	fd_close(fds[1]);
	is_int(fd_wait(fds[0], -1), 1, "the end is something too");
	fd_close(fds[0]);
	is_int(fd_wait(fds[0], 0), 1, "a closed descriptor does not hang");
}

/* Whether a descriptor from first on is closed in a program, and one below stays. */
static void is_cloexec_from(unsigned int first, const char *how)
{
	int low = fcntl(STDIN_FILENO, F_DUPFD, 10), high = fcntl(STDIN_FILENO, F_DUPFD, 90);

	fd_cloexec_from(first);
	is_int(fcntl(low, F_GETFD), first > (unsigned int)low ? 0 : FD_CLOEXEC, "%s: a low one",
		how);
	is_int(fcntl(high, F_GETFD), FD_CLOEXEC, "%s: a high one", how);
	is_int(fcntl(STDIN_FILENO, F_GETFD), 0, "%s: not those below", how);
	close(low);
	close(high);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	ok(bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 && listen(fd, 1) == 0,
		"(a socket)");
	return fd;
}

/* In a child, late: says so through the pipe, and reads. */
static void read_late(int listen_fd, int pipe_fd)
{
	struct timespec late = { .tv_nsec = 100000000 };
	int fds[FD_SEND_MAX], fd = accept(listen_fd, NULL, NULL);
	size_t n;
	char text[16];

	nanosleep(&late, NULL);
	(void)!write(pipe_fd, "x", 1);
	_exit(fd_receive(fd, text, sizeof(text), fds, &n) == 4 && n == 1 ? 0 : 1);
}

static void test_hand_over(const struct temp *t)
{
	CLEANUP(mem_free) char *path = xasprintf("%s/socket", t->path);
	int listen_fd = listen_at(path), pipe_fds[2], fds[FD_SEND_MAX], status = 0, fd;
	struct error e = { 0 };
	char text[16];
	size_t n = 0;
	pid_t pid;

	ok(pipe2(pipe_fds, O_CLOEXEC) == 0, "(a pipe)");
	pid = fork();
	if (pid == 0)
		read_late(listen_fd, pipe_fds[1]);
	is_int(fd_hand_over(path, "it", "text", 0, &e), 0, "handed over %s", e.text);
	is_int(fd_wait(pipe_fds[0], 0), 1, "and read by then");
	ok(waitpid(pid, &status, 0) == pid && status == 0, "with its descriptor");
	is_int(fd_hand_over(path, "it", "text", 0, &e), 0, "who reads after our end %s", e.text);
	fd = accept(listen_fd, NULL, NULL);
	is_int(fd_receive(fd, text, sizeof(text), fds, &n), 4, "reads it all the same");
	is_int((int64_t)n, 1, "with its descriptor");
	fd_close(fds[0]);
	fd_close(fd);
	fd_close(listen_fd);
	fd_close(pipe_fds[0]);
	fd_close(pipe_fds[1]);
	is_int(fd_hand_over("/nowhere", "it", "text", 0, &e), -ENOENT, "nobody there");
	is_str(e.text, "connect to it '/nowhere': No such file or directory", "is said");
}

static bool block_close_range(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close_range, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void test_cloexec_from(void)
{
	is_cloexec_from(3, "close_range");
	is_cloexec_from(50, "from the middle");
	if (!block_close_range()) {
		skip("close_range can't be taken away here: %s", strerror(errno));
		return;
	}
	is_cloexec_from(3, "without close_range");
	is_cloexec_from(50, "without it, from the middle");
}

int main(void)
{
	struct temp t = temp_make();
	size_t before = count_open_fds();

	test_close();
	test_read_text(&t);
	test_write(&t);
	test_read_all();
	test_send();
	test_wait();
	test_hand_over(&t);
	test_cloexec_from();
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	temp_remove(&t);
	return done();
}
