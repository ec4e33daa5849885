/* SPDX-License-Identifier: Apache-2.0 */
/* A container's groups of resctrl. Which of them are its own stands in its state. */
#pragma once

#include "container/state_dir.h"
#include "plan/plan.h"

/* What will be made, for the state: recorded before it exists. */
void rdt_describe(const struct plan_rdt *plan, struct state *state);

/* Makes the groups and puts the process into them; nothing if there are none. */
int rdt_apply(const struct plan_rdt *plan, const struct state_dir *dir, struct state *state,
	pid_t pid, struct error *e);

/* After that, if the container comes to nothing: also a class that would have stayed. */
void rdt_undo(const struct plan_rdt *plan);

/* Removes what was the container's own. */
int rdt_remove(const struct state *state, struct error *e);
