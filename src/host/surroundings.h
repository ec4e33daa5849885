/* SPDX-License-Identifier: Apache-2.0 */
/* What another process stands in, as procfs shows it: what one has to know to join it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "kernel/idmap.h"

struct surroundings {
	uint64_t namespaces; /* CLONE_NEW*, or-ed: those that are not ours */
	struct idmap uids, gids; /* of its user namespace */
	bool denies_setgroups; /* user_namespaces(7) */
};

/* Wants the right to look into the process: PTRACE_MODE_READ of ptrace(2). */
int surroundings_probe(pid_t pid, struct surroundings *out, struct error *e);
void surroundings_release(struct surroundings *s);
