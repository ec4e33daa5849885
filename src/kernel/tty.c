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

int tty_open_pair(int root_fd, int *out_master_fd, int *out_slave_fd, struct error *e)
{
	CLEANUP(fd_cleanup)
	int node_fd = path_open(root_fd, "dev/pts/ptmx", O_PATH | O_NOFOLLOW, e);
	CLEANUP(fd_cleanup) int master_fd = -EBADF;
	CLEANUP(fd_cleanup) int slave_fd = -EBADF;
	struct statfs fs;
	int unlocked = 0;

	if (node_fd < 0) {
		error_context(e, "open a terminal");
		return error_hint(e, "a terminal needs a mount of type 'devpts' at /dev/pts");
	}
	if (fstatfs(node_fd, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return error_set(e, EINVAL, "'/dev/pts' is not a devpts file system");
	master_fd = open(fd_path(node_fd).s, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (master_fd < 0)
		return error_errno(e, "open '/dev/pts/ptmx'");
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
