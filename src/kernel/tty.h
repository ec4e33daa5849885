/* SPDX-License-Identifier: Apache-2.0 */
/* Pseudo-terminals: pty(7), ioctl_tty(2). */
#pragma once

#include <sys/ioctl.h>
#include <termios.h>

#include "base/error.h"

/*
 * Opens a new pair in the devpts that is mounted at dev/pts of root_fd. The slave comes from the
 * master itself (TIOCGPTPEER), not from a path that the container could have replaced.
 */
int tty_open_pair(int root_fd, int *out_master_fd, int *out_slave_fd, struct error *e);

/* Makes it the controlling terminal of our (new) session. */
int tty_make_controlling(int slave_fd, struct error *e);

/* Makes it descriptors 0, 1 and 2. */
int tty_make_standard(int slave_fd, struct error *e);

/* Raw mode; *out_saved is what to restore. */
int tty_set_raw(int fd, struct termios *out_saved, struct error *e);
