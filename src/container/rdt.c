/* SPDX-License-Identifier: Apache-2.0 */
#include "container/rdt.h"

#include <errno.h>

#include "base/fd.h"
#include "kernel/resctrl.h"

/* In the order in which they can be removed. */
void rdt_describe(const struct plan_rdt *plan, struct state *state)
{
	if (plan && plan->monitor)
		strlist_add(&state->resctrl, xstrdup(plan->monitor));
	if (plan && plan->make && plan->remove)
		strlist_add(&state->resctrl, xstrdup(plan->group));
}

static void remove_made(const struct plan_rdt *plan, int root_fd)
{
	struct error ignored;

	if (plan->monitor)
		(void)resctrl_remove(root_fd, plan->monitor, &ignored);
	if (plan->make)
		(void)resctrl_remove(root_fd, plan->group, &ignored);
}

/* All or nothing; what somebody else has made meanwhile stays theirs. */
static int make_groups(const struct plan_rdt *plan, int root_fd, struct error *e)
{
	struct error ignored;
	int r = plan->make ? resctrl_make(root_fd, plan->group, e) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < plan->schemata.n; i++)
		r = resctrl_write(root_fd, plan->group, plan->schemata.v[i], e);
	if (r == 0 && plan->monitor)
		r = resctrl_make(root_fd, plan->monitor, e);
	if (r < 0 && plan->make)
		(void)resctrl_remove(root_fd, plan->group, &ignored);
	return r;
}

static int apply(const struct plan_rdt *plan, int root_fd, pid_t pid, struct error *e)
{
	int r = make_groups(plan, root_fd, e);

	if (r < 0)
		return r;
	r = resctrl_add(root_fd, plan->group, pid, e);
	if (r == 0 && plan->monitor)
		r = resctrl_add(root_fd, plan->monitor, pid, e);
	if (r < 0)
		remove_made(plan, root_fd);
	return r;
}

int rdt_apply(const struct plan_rdt *plan, const struct state_dir *dir, struct state *state,
	pid_t pid, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	struct error ignored;
	int r;

	if (!plan)
		return 0;
	root_fd = resctrl_open(e);
	r = root_fd < 0 ? root_fd : apply(plan, root_fd, pid, e);
	if (r == 0)
		return 0;
	/* There is nothing of ours. */
	strlist_release(&state->resctrl);
	(void)state_write(dir, state, &ignored);
	return error_context(e, "config.json: linux.intelRdt");
}

void rdt_undo(const struct plan_rdt *plan)
{
	struct error ignored;
	CLEANUP(fd_cleanup) int root_fd = plan ? resctrl_open(&ignored) : -EBADF;

	if (root_fd >= 0)
		remove_made(plan, root_fd);
}

int rdt_remove(const struct state *state, struct error *e)
{
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	struct error ignored;

	if (state->resctrl.n == 0)
		return 0;
	/* Not mounted any more: the kernel has removed them with it. */
	root_fd = resctrl_open(&ignored);
	for (size_t i = 0; root_fd >= 0 && i < state->resctrl.n; i++) {
		int r = resctrl_remove(root_fd, state->resctrl.v[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}
