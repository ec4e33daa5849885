/* SPDX-License-Identifier: Apache-2.0 */
/* What delete, a failed create and a failed start share: the end of a container. */
#pragma once

#include "container/state_dir.h"

/* The poststop hooks; that one fails is a warning (runtime.md, lifecycle, step 13). */
void destruction_run_hooks(
	const struct runtime *rt, const struct spec *spec, const struct state *state);

/* SIGKILL, and until it is dead; bounded in time. */
int destruction_kill(const struct process_ref *init, const char *id, struct error *e);

/* Ends what still runs, removes everything, runs the poststop hooks. */
int destruction_do(const struct runtime *rt, struct state_dir *dir, const struct state *state,
	struct error *e);
