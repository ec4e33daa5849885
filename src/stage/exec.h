/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps of a process that becomes the container's: the program is found, the credentials
 * are taken on, and it is executed.
 */
#pragma once

#include "plan/plan.h"
#include "stage/hooks.h"

/* What execve gets. */
struct exec_program {
	char *path;
	struct strlist env;
	struct lsm_exec labels[LSM_COUNT];
};

/* While the host's /proc is still there: opens what the labels will be written to. */
int exec_prepare_labels(const struct plan *plan, struct exec_program *out, struct error *e);

/*
 * Inside the root: looks for args[0], in PATH if it has no slash, and makes the environment. Fails
 * now rather than at start if there is no such program.
 */
int exec_find(const struct plan *plan, struct exec_program *out, struct error *e);

/* Runs the startContainer hooks and becomes the program; comes back only to say why not. */
int exec_run(const struct plan *plan, struct exec_program *program, const struct hook_state *state,
	int connection_fd, struct error *e);
