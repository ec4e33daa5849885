/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/fd.h"
#include "container/cgroup.h"
#include "kernel/cgroup_stats.h"

static void state_cleanup(struct state *s)
{
	state_release(s);
}

static int not_running(const char *id, struct error *e)
{
	return error_set(e, ESRCH, "cannot measure container '%s': container not running", id);
}

int container_stats(
	const struct runtime *rt, const char *id, struct cgroup_stats *out, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &dir, e);

	if (r == 0)
		r = state_read(&dir, &state, e);
	if (r < 0)
		return r;
	if (!container_status_has_process(state_status(&dir, &state)))
		return not_running(id, e);
	r = container_cgroup_require(&state.cgroup, "measure", id, e);
	if (r < 0)
		return r;
	fd = container_cgroup_open(&state.cgroup, e);
	if (fd < 0)
		return fd == -ENOENT ? not_running(id, e) : fd;
	cgroup_stats_read(fd, out);
	return 0;
}
