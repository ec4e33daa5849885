/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/fd.h"
#include "container/destruction.h"

/* All in all as long as another operation would wait; a hook of start may end by itself before. */
#define FORCE_MS       30000
#define FORCE_STEP_MS  200
#define FORCE_GRACE_MS 5000

static void state_cleanup(struct state *s)
{
	state_release(s);
}

/*
 * runtime.md: deleting a container that is not stopped is an error. One that was only created is
 * the exception that runc and crun make, and that Buildah relies on when a start has failed: no
 * program of the container has run yet.
 */
static int check_status(enum container_status status, const char *id, struct error *e)
{
	if (status == STATUS_STOPPED || status == STATUS_CREATED)
		return 0;
	error_set(e, EBUSY, "cannot delete container '%s' that is not stopped: %s", id,
		container_status_name(status));
	return error_hint(e, "lichen kill %s KILL, or: lichen delete --force %s", id, id);
}

/*
 * Whoever has the lock may be waiting for a hook. A creation, and a start before execve, end by
 * themselves once the container's process is dead; a start in its poststart hooks is told.
 */
static int lock_by_force(struct state_dir *dir, struct error *e)
{
	int64_t begin = time_ms();
	int r = state_dir_lock(dir, FORCE_STEP_MS, e);

	while (r == -EBUSY && time_ms() - begin < FORCE_MS) {
		CLEANUP(state_cleanup) struct state state = { 0 };
		struct error ignored;

		if (state_read(dir, &state, &ignored) < 0)
			state_read_birth(dir, &state);
		(void)destruction_kill(&state.init, dir->id, &ignored);
		if (time_ms() - begin >= FORCE_GRACE_MS)
			state_force(dir);
		r = state_dir_lock(dir, FORCE_STEP_MS, e);
	}
	return r;
}

static int delete_by_force(const struct runtime *rt, const char *id, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	int r;

	state_dir_sweep(rt);
	r = state_dir_open(rt, id, STATE_UNLOCKED, &dir, e);
	if (r == 0)
		r = lock_by_force(&dir, e);
	/* What is not there need not be forced away. */
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	/* A damaged file must not make a container immortal. */
	if (state_read(&dir, &state, e) < 0)
		state_read_birth(&dir, &state);
	return destruction_do(rt, &dir, &state, e);
}

int container_delete(const struct runtime *rt, const char *id, unsigned int flags, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	int r;

	if (flags & DELETE_FORCE)
		return delete_by_force(rt, id, e);
	r = state_dir_open(rt, id, STATE_LOCKED, &dir, e);
	if (r == 0)
		r = state_read(&dir, &state, e);
	if (r == 0)
		r = check_status(dir.locked ? state_status(&dir, &state) : STATUS_CREATING, id, e);
	return r < 0 ? r : destruction_do(rt, &dir, &state, e);
}
