/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/destruction.h"
#include "container/processes.h"

static void state_cleanup(struct state *s)
{
	state_release(s);
}

/* containerd and CRI-O look for "container not running" and "no such process". */
static int not_running(const char *id, struct error *e)
{
	return error_set(e, ESRCH,
		"cannot send a signal to container '%s': container not running: "
		"no such process",
		id);
}

int container_kill(
	const struct runtime *rt, const char *id, int sig, unsigned int flags, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	CLEANUP(fd_cleanup) int pidfd = -EBADF;
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &dir, e);

	/* Not locked: a signal is what ends a hook or a start that hangs. */
	if (r == 0)
		r = state_read(&dir, &state, e);
	if (r < 0)
		return r;
	switch (state_status(&dir, &state)) {
	case STATUS_CREATED:
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		break;
	case STATUS_STOPPED:
		/* runc's: usually there is nobody left, which is what "all" wants. */
		return flags & KILL_ALL ? processes_kill_all(&state, sig, e) : not_running(id, e);
	case STATUS_CREATING:
		return not_running(id, e);
	}
	if (flags & KILL_ALL)
		return processes_kill_all(&state, sig, e);
	pidfd = process_open(&state.init);
	if (pidfd < 0)
		return not_running(id, e);
	if (sys_pidfd_send_signal(pidfd, sig) < 0)
		return errno == ESRCH ? not_running(id, e)
				      : error_errno(e, "send signal %d to container '%s'", sig, id);
	return 0;
}

int container_pids(
	const struct runtime *rt, const char *id, pid_t **out_pids, size_t *out_n, struct error *e)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_cleanup) struct state state = { 0 };
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &dir, e);

	if (r == 0)
		r = state_read(&dir, &state, e);
	return r < 0 ? r : processes_find(&state, out_pids, out_n, e);
}
