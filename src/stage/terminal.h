/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's side of a terminal: made in its own devpts, given to its user, and at last the
 * controlling one of the process' session.
 */
#pragma once

#include "plan/plan.h"

/* A pair with the plan's size and owner. Both descriptors are the caller's. */
int terminal_open(int root_fd, const struct plan_process *p, int *out_master_fd, int *out_slave_fd,
	struct error *e);

/*
 * Our standard descriptors are the terminal's from now on, and no longer the caller's, who may wait
 * for the end of what it reads from them: containerd's shim does before it calls start. -EBADF,
 * here and below: there is no terminal, and all stays.
 */
int terminal_use(int slave_fd, struct error *e);

/*
 * For nothing but the program: a hang-up before it runs would end what has not begun. Closes
 * *slave_fd.
 */
int terminal_attach(int *slave_fd, struct error *e);
