/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/terminal.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/tty.h"

int terminal_open(int root_fd, const struct plan_process *p, int *out_master_fd, int *out_slave_fd,
	struct error *e)
{
	CLEANUP(fd_cleanup) int master_fd = -EBADF;
	CLEANUP(fd_cleanup) int slave_fd = -EBADF;
	int r = tty_open_pair(root_fd, &master_fd, &slave_fd, e);

	if (r < 0)
		return r;
	if (p->window.set) {
		struct winsize size = { .ws_row = p->window.rows, .ws_col = p->window.columns };

		if (ioctl(master_fd, TIOCSWINSZ, &size) < 0)
			return error_errno(e, "set the terminal's size");
	}
	if (fchown(slave_fd, p->uid, (gid_t)-1) < 0 && errno != EPERM)
		return error_errno(e, "give the terminal to user %u", p->uid);
	*out_master_fd = fd_take(&master_fd);
	*out_slave_fd = fd_take(&slave_fd);
	return 0;
}

int terminal_use(int slave_fd, struct error *e)
{
	return slave_fd >= 0 ? tty_make_standard(slave_fd, e) : 0;
}

int terminal_attach(int *slave_fd, struct error *e)
{
	int r = 0;

	if (*slave_fd >= 0)
		r = tty_make_controlling(*slave_fd, e);
	*slave_fd = fd_close(*slave_fd);
	return r;
}
