/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last steps of a process that becomes the container's, init or one that joins it: the program
 * is found, the credentials are taken on, and it is executed.
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

/* Opens what the labels will be written to. proc_fd is the host's procfs. */
int exec_prepare_labels(
	const struct plan *plan, int proc_fd, struct exec_program *out, struct error *e);

/* A new session keyring, if there is to be one, with the process' label. */
int exec_make_keyring(const struct plan_process *p, int proc_fd, struct error *e);

/* While the host's procfs is there, and before we hide: then our files in it are root's. */
int exec_adjust_oom_score(const struct plan *plan, struct error *e);

/* How it runs and where its memory lies; with whatever capabilities there still are for it. */
int exec_apply_placement(const struct plan_process *p, struct error *e);

/*
 * Inside the root: looks for args[0], in PATH if it has no slash, and makes the environment. Fails
 * now rather than at start if there is no such program.
 */
int exec_find(const struct plan *plan, struct exec_program *out, struct error *e);

/*
 * Becomes the program; comes back only to say why not. state: for the startContainer hooks, which
 * init runs before; NULL for none.
 */
int exec_run(const struct plan *plan, struct exec_program *program, const struct hook_state *state,
	int connection_fd, struct error *e);
