/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plan of exec: a further process for a container that is there. It is what --process says, or
 * the container's own config.json; the command line changes that. A plan as any other, without
 * operations: the namespaces and the root are init's.
 */
#pragma once

#include "host/surroundings.h"
#include "plan/plan.h"

enum plan_choice { CHOICE_NOT_SAID, CHOICE_YES, CHOICE_NO };

/* What the command line says, as it was typed; what is NULL, empty or 0 changes nothing. */
struct plan_changes {
	struct strings args; /* in place of the others */
	const char *cwd;
	const char *user; /* UID or UID:GID */
	const char *apparmor_profile, *selinux_label;
	struct strings env; /* NAME=value each: added, or in place of the same name's */
	struct strings caps, groups; /* added */
	int terminal, no_new_privileges; /* enum plan_choice */
};

struct plan_exec_request {
	const struct spec *spec; /* the container's */
	const struct host *host;
	const struct surroundings *init; /* the container's first process' */
	const struct spec_process *process; /* of --process, or NULL */
	const char *process_name; /* what errors call it */
	const struct plan_changes *changes;
	unsigned int best_effort; /* enum plan_best_effort, or-ed */
	unsigned int n_fds; /* --preserve-fds */
	const char *seccomp_cache; /* a directory for compiled filters, or NULL */
	const char *cgroup; /* the container's, absolute in the hierarchy; or NULL */
	bool no_new_keyring, keep_groups;
	bool may_use_terminal; /* there is a console socket or a terminal to relay to */
};

/* Release with plan_release, also after a failure. */
int plan_make_exec(const struct plan_exec_request *request, struct plan *out, struct error *e);
