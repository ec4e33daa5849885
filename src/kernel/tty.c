/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

static int check_devpts(int fd, const char *path, struct error *e)
{
	struct statfs fs;

	if (fstatfs(fd, &fs) == 0 && fs.f_type == DEVPTS_SUPER_MAGIC)
		return 0;
	return error_set(e, EINVAL, "open a terminal: '%s' is not of a devpts file system", path);
}

/*
 * By descriptors alone, not through /proc/self/fd: in a running container, /proc is what that has
 * made of it. In a devpts the node is the kernel's, unless something is mounted over it.
 */
static int open_master(int root_fd, struct error *e)
{
	CLEANUP(fd_cleanup)
	int dir_fd = path_open(root_fd, "dev/pts", O_PATH | O_DIRECTORY, e);
	CLEANUP(fd_cleanup) int fd = -EBADF;

	if (dir_fd < 0) {
		error_context(e, "open a terminal");
		return error_hint(e, "a terminal needs a mount of type 'devpts' at /dev/pts");
	}
	if (check_devpts(dir_fd, "/dev/pts", e) < 0)
		return -e->code;
	fd = openat(dir_fd, "ptmx", O_RDWR | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "open '/dev/pts/ptmx'");
	return check_devpts(fd, "/dev/pts/ptmx", e) < 0 ? -e->code : fd_take(&fd);
}

int tty_open_pair(int root_fd, int *out_master_fd, int *out_slave_fd, struct error *e)
{
	CLEANUP(fd_cleanup) int master_fd = open_master(root_fd, e);
	CLEANUP(fd_cleanup) int slave_fd = -EBADF;
	int unlocked = 0;

	if (master_fd < 0)
		return master_fd;
	if (ioctl(master_fd, TIOCSPTLCK, &unlocked) < 0)
		return error_errno(e, "unlock the terminal");
	slave_fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave_fd < 0)
		return error_errno(e, "open the terminal's other side");
	*out_master_fd = fd_take(&master_fd);
	*out_slave_fd = fd_take(&slave_fd);
	return 0;
}

int tty_make_controlling(int slave_fd, struct error *e)
{
	if (ioctl(slave_fd, TIOCSCTTY, 0) < 0)
		return error_errno(e, "make the terminal the controlling one");
	return 0;
}

int tty_make_standard(int slave_fd, struct error *e)
{
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave_fd, fd) < 0)
			return error_errno(e, "make the terminal descriptor %d", fd);
	return 0;
}

int tty_set_raw(int fd, struct termios *out_saved, struct error *e)
{
	struct termios raw;

	if (tcgetattr(fd, &raw) < 0)
		return error_errno(e, "read the terminal's settings");
	*out_saved = raw;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return error_errno(e, "change the terminal's settings");
	return 0;
}
