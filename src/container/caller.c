/* SPDX-License-Identifier: Apache-2.0 */
#include "container/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/fd.h"

int caller_check_fds(unsigned int n, struct error *e)
{
	unsigned int last = 2 + n;
	int flags = n > 0 ? fcntl((int)last, F_GETFD) : 0;

	if (flags >= 0 && !(flags & FD_CLOEXEC))
		return 0;
	error_set(e, EBADF, "pass descriptor %u to the container: it is not open", last);
	return error_hint(e, "--preserve-fds %u means the descriptors 3 to %u", n, last);
}

int caller_write_pid_file(const struct caller_wishes *wishes, pid_t pid, struct error *e)
{
	const char *path = wishes->pid_file;
	const char *slash, *name;
	CLEANUP(mem_free) char *dir = NULL;
	CLEANUP(mem_free) char *text = xasprintf("%d", pid);
	CLEANUP(fd_cleanup) int dir_fd = -EBADF;
	int r;

	if (!path)
		return 0;
	slash = strrchr(path, '/');
	name = slash ? slash + 1 : path;
	dir = slash ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
	dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return error_errno(e, "write the PID file '%s'", path);
	r = file_replace(dir_fd, name, 0644, text, strlen(text));
	if (r < 0)
		return error_set(e, -r, "write the PID file '%s': %s", path, strerror(-r));
	return 0;
}

/* conmon and containerd take the data for the terminal's name. */
int caller_hand_over(const struct caller_wishes *wishes, struct stage *s, struct error *e)
{
	int r = 0;

	if (s->terminal_fd >= 0 && wishes->console_socket) {
		r = fd_hand_over(wishes->console_socket, "the console socket", "/dev/ptmx",
			s->terminal_fd, e);
		s->terminal_fd = fd_close(s->terminal_fd);
	}
	if (r == 0 && wishes->pidfd_socket)
		r = fd_hand_over(wishes->pidfd_socket, "the pidfd socket", wishes->pidfd_message,
			s->pidfd, e);
	return r;
}
