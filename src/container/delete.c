/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "container/destruction.h"

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

int container_delete(const struct runtime *rt, const char *id, unsigned int flags,
	struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	int r = state_dir_open(rt, id, STATE_LOCKED, &dir, e);

	/* What is not there need not be forced away. */
	if (r == -ENOENT && (flags & DELETE_FORCE))
		return 0;
	if (r < 0)
		return r;
	r = state_read(&dir, &state, e);
	/* A damaged file must not make a container immortal. */
	if (r < 0 && (flags & DELETE_FORCE)) {
		state_read_birth(&dir, &state);
		r = 0;
	}
	if (r == 0 && !(flags & DELETE_FORCE))
		r = check_status(state_status(&dir, &state), id, e);
	return r < 0 ? r : destruction_do(rt, &dir, &state, e);
}
