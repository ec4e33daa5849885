/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/sockios.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

int fd_close(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

void fd_cleanup(int *fd)
{
	*fd = fd_close(*fd);
}

int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* Who reads later than that does so after our end. */
#define READ_TIMEOUT_MS 1000

/* Where there is no limit, nobody has that many open. */
#define FD_LIKELY_MAX 65536

void fd_cloexec_from(unsigned int first)
{
	struct rlimit limit = { 0 };

	if (syscall(SYS_close_range, first, ~0u, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	/* Before Linux 5.11, or a sandbox around us does not know it. */
	getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned int fd = first; fd < limit.rlim_max && fd < FD_LIKELY_MAX; fd++)
		fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

int fd_write_all(int fd, const void *data, size_t size)
{
	const char *p = data;

	while (size > 0) {
		ssize_t n = write(fd, p, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		size -= (size_t)n;
	}
	return 0;
}

ssize_t fd_read_all(int fd, void *data, size_t size)
{
	char *p = data;
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, p + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int fd_read_text(int fd, size_t max, char **out_text, size_t *out_len)
{
	CLEANUP(mem_free) char *text = NULL;
	size_t size = 0, len = 0;
	struct stat st;

	/* Sized by the file where it tells; files of /proc say 0. One more byte shows the end. */
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size <= max)
		size = (size_t)st.st_size + 1;
	else
		size = 4096;
	for (;;) {
		ssize_t n;

		text = xrealloc(text, size + 1, 1);
		n = fd_read_all(fd, text + len, size - len);
		if (n < 0)
			return (int)n;
		len += (size_t)n;
		if (len > max)
			return -EFBIG;
		if (len < size)
			break;
		size *= 2;
	}
	text[len] = '\0';
	*out_text = TAKE_PTR(text);
	if (out_len)
		*out_len = len;
	return 0;
}

int file_read_text(int dir_fd, const char *path, size_t max, char **out_text, size_t *out_len)
{
	CLEANUP(fd_cleanup) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return -errno;
	return fd_read_text(fd, max, out_text, out_len);
}

int file_write(int dir_fd, const char *path, const char *text)
{
	CLEANUP(fd_cleanup) int fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t size = strlen(text);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = write(fd, text, size);
	if (n < 0)
		return -errno;
	return (size_t)n == size ? 0 : -EIO;
}

/* Where there is no such file yet it appears whole, and a kill -9 leaves nothing. */
static int file_place(int dir_fd, const char *name, mode_t mode, const char *data, size_t size)
{
	CLEANUP(fd_cleanup) int fd = openat(dir_fd, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
	int r;

	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, data, size);
	if (r == 0 && linkat(AT_FDCWD, fd_path(fd).s, dir_fd, name, AT_SYMLINK_FOLLOW) < 0)
		r = -errno;
	return r;
}

int file_replace(int dir_fd, const char *name, mode_t mode, const char *data, size_t size)
{
	CLEANUP(mem_free) char *temporary = xasprintf(".%s.%d", name, getpid());
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = file_place(dir_fd, name, mode, data, size);

	/* One is there, or the file system has no unnamed files, or there is no /proc. */
	if (r == 0)
		return 0;
	/* One left by a process of our number that was killed is nobody's. */
	unlinkat(dir_fd, temporary, 0);
	fd = openat(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return -errno;
	r = fd_write_all(fd, data, size);
	if (r == 0 && renameat(dir_fd, temporary, dir_fd, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir_fd, temporary, 0);
	return r;
}

struct fd_path fd_path(int fd)
{
	struct fd_path p;

	snprintf(p.s, sizeof(p.s), "/proc/self/fd/%d", fd);
	return p;
}

union fd_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int) * FD_SEND_MAX)];
};

ssize_t fd_send(int sock_fd, const void *data, size_t size, const int *fds, size_t n_fds)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	if (n_fds > FD_SEND_MAX)
		return -EINVAL;
	if (n_fds > 0) {
		struct cmsghdr *c;

		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * n_fds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * n_fds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * n_fds);
	}
	do
		n = sendmsg(sock_fd, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

ssize_t fd_receive(int sock_fd, void *data, size_t size, int *fds, size_t *out_n_fds)
{
	union fd_control control = { 0 };
	struct iovec iov = { .iov_base = data, .iov_len = size };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.space,
		.msg_controllen = sizeof(control.space) };
	ssize_t n;

	*out_n_fds = 0;
	do
		n = recvmsg(sock_fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(fds, CMSG_DATA(c), count * sizeof(int));
		*out_n_fds = count;
	}
	if (msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		for (size_t i = 0; i < *out_n_fds; i++)
			fd_close(fds[i]);
		*out_n_fds = 0;
		return -EMSGSIZE;
	}
	return n;
}

/* unix(7), SIOCOUTQ: what the other side has not read yet. */
static void wait_until_read(int sock_fd)
{
	int64_t deadline = time_ms() + READ_TIMEOUT_MS;
	int left;

	while (ioctl(sock_fd, SIOCOUTQ, &left) == 0 && left > 0 && time_ms() < deadline)
		if (fd_wait(sock_fd, 1) != 0)
			return;
}

int fd_hand_over(const char *path, const char *what, const char *data, int fd, struct error *e)
{
	CLEANUP(fd_cleanup) int sock_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	ssize_t n;

	if (sock_fd < 0)
		return error_errno(e, "open a socket");
	if (strlen(path) >= sizeof(addr.sun_path))
		return error_set(e, ENAMETOOLONG, "connect to %s '%s': %s", what, path,
			strerror(ENAMETOOLONG));
	strcpy(addr.sun_path, path);
	if (connect(sock_fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return error_errno(e, "connect to %s '%s'", what, path);
	n = fd_send(sock_fd, data, strlen(data), &fd, 1);
	if (n < 0)
		return error_set(e, (int)-n, "send to %s '%s': %s", what, path, strerror((int)-n));
	wait_until_read(sock_fd);
	return 0;
}

int fd_wait(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t deadline = timeout_ms < 0 ? 0 : time_ms() + timeout_ms;

	for (;;) {
		int r = poll(&p, 1, timeout_ms);

		if (r >= 0)
			return r;
		if (errno != EINTR)
			return -errno;
		if (timeout_ms >= 0) {
			int64_t left = deadline - time_ms();

			timeout_ms = left > 0 ? (int)left : 0;
		}
	}
}

int64_t time_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
