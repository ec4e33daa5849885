/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes belong to a container. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "container/state_dir.h"

/*
 * Those in the container's cgroup. Without one to ask: those in init's PID namespace or descended
 * from init, when that namespace is the container's own; else those in its mount namespace, and
 * only those descended from init unless that one is the container's own. Numbers of our PID
 * namespace, init first; *out_pids is the caller's to free.
 */
int processes_find(const struct state *state, pid_t **out_pids, size_t *out_n, struct error *e);

/* A signal for all of them; those that are gone meanwhile are no error. */
int processes_kill_all(const struct state *state, int sig, struct error *e);
