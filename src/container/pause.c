/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume: the freezer of cgroup v2 (cgroup-v2.rst, cgroup.freeze; Linux 5.2). */
#include <errno.h>

#include "base/fd.h"
#include "container/cgroup.h"
#include "kernel/cgroup.h"

/* Processes in an uninterruptible wait freeze when that ends. */
#define FREEZE_TIMEOUT_MS 10000

struct paused {
	struct state_dir dir;
	struct state state;
};

static void paused_release(struct paused *p)
{
	state_dir_close(&p->dir);
	state_release(&p->state);
}

static int check_status(
	enum container_status status, enum cgroup_freezing how, const char *id, struct error *e)
{
	if (how == CGROUP_THAW)
		return status == STATUS_PAUSED
			? 0
			: error_set(e, EINVAL, "cannot resume container '%s': container not paused",
				  id);
	if (status == STATUS_RUNNING || status == STATUS_CREATED)
		return 0;
	if (status == STATUS_PAUSED)
		return error_set(
			e, EALREADY, "cannot pause container '%s': it is paused already", id);
	return error_set(e, ESRCH, "cannot pause container '%s': container not running", id);
}

static int explain_delay(const struct state_cgroup *c, enum cgroup_freezing how, struct error *e)
{
	if (how == CGROUP_FREEZE)
		return error_hint(e,
			"a process waits inside the kernel, for a disk or a network file system: "
			"try again later");
	return error_hint(e, "is a cgroup above '%s' frozen? See cgroup.freeze there", c->path);
}

static int set(const struct runtime *rt, const char *id, enum cgroup_freezing how, struct error *e)
{
	CLEANUP(paused_release) struct paused p = { .dir = STATE_DIR_NONE };
	const char *verb = how == CGROUP_FREEZE ? "pause" : "resume";
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = state_dir_open(rt, id, STATE_LOCKED, &p.dir, e);

	if (r == 0)
		r = state_read(&p.dir, &p.state, e);
	if (r == 0)
		r = check_status(p.dir.locked ? state_status(&p.dir, &p.state) : STATUS_CREATING,
			how, id, e);
	if (r == 0)
		r = container_cgroup_require(&p.state.cgroup, verb, id, e);
	if (r < 0)
		return r;
	fd = container_cgroup_open_processes(&p.state.cgroup, e);
	if (fd == -ENOENT)
		return error_set(
			e, ENOENT, "cannot %s container '%s': its cgroup has gone", verb, id);
	r = fd < 0 ? fd : cgroup_freeze(fd, how, time_ms() + FREEZE_TIMEOUT_MS, e);
	if (r == 0)
		return 0;
	error_context(e, "cannot %s container '%s'", verb, id);
	return r == -ETIMEDOUT ? explain_delay(&p.state.cgroup, how, e) : r;
}

int container_pause(const struct runtime *rt, const char *id, struct error *e)
{
	return set(rt, id, CGROUP_FREEZE, e);
}

int container_resume(const struct runtime *rt, const char *id, struct error *e)
{
	return set(rt, id, CGROUP_THAW, e);
}
