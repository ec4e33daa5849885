/* SPDX-License-Identifier: Apache-2.0 */
#include "container/destruction.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/cgroup.h"
#include "container/network.h"
#include "container/processes.h"
#include "container/rdt.h"
#include "stage/hooks.h"

/* A process in an uninterruptible wait (a dead NFS server) does not die; then we say so. */
#define DEATH_TIMEOUT_MS 10000

static void pairs_of(const struct state *s, struct spec_pairs *out)
{
	out->v = xcalloc(s->annotation_keys.n + 1, sizeof(*out->v));
	out->n = s->annotation_keys.n;
	for (size_t i = 0; i < out->n; i++)
		out->v[i] = (struct spec_pair){ s->annotation_keys.v[i],
			s->annotation_values.v[i] };
}

static void pairs_cleanup(struct spec_pairs *pairs)
{
	free(pairs->v);
}

void destruction_run_hooks(
	const struct runtime *rt, const struct spec *spec, const struct state *state)
{
	CLEANUP(pairs_cleanup) struct spec_pairs annotations = { 0 };
	struct hook_state hook_state = { .id = state->id,
		.status = "stopped",
		.bundle = state->bundle,
		.annotations = &annotations };
	const struct hooks_place place = { .cwd = HOOKS_IN_BUNDLE, .until_fd = -EBADF };
	struct error e = { 0 };

	if (!spec || spec->hooks.poststop.n == 0)
		return;
	pairs_of(state, &annotations);
	/* One that fails does not keep the others from running. */
	for (size_t i = 0; i < spec->hooks.poststop.n; i++) {
		struct spec_hooks one = { .n = 1, .v = &spec->hooks.poststop.v[i] };

		if (hooks_run(&one, "hooks.poststop", &hook_state, &place, &e) < 0)
			log_write(rt->log, LOG_LEVEL_WARNING, "%s", e.text);
	}
}

int destruction_kill(const struct process_ref *init, const char *id, struct error *e)
{
	CLEANUP(fd_cleanup) int pidfd = process_open(init);
	int r;

	if (pidfd < 0)
		return 0;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) < 0 && errno != ESRCH)
		return error_errno(e, "kill container '%s'", id);
	r = fd_wait(pidfd, DEATH_TIMEOUT_MS);
	/* Ours to reap, if we are its parent: `run` deletes what it has just run. */
	waitpid(init->pid, NULL, WNOHANG | __WALL);
	if (r > 0)
		return 0;
	error_set(e, EBUSY, "kill container '%s': process %d did not die in %d s", id, init->pid,
		DEATH_TIMEOUT_MS / 1000);
	return error_hint(e,
		"it waits inside the kernel: see /proc/%d/stack and the mounts that it uses",
		init->pid);
}

int destruction_do(
	const struct runtime *rt, struct state_dir *dir, const struct state *state, struct error *e)
{
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	struct error ignored;
	bool is_dead;
	int r;

	/* Without a readable config there are no hooks to run, but still a container to remove. */
	if (state->is_created)
		(void)state_read_config(dir, &spec, &ignored);
	r = processes_kill_all(state, SIGKILL, e);
	if (r == 0)
		r = destruction_kill(&state->init, dir->id, e);
	is_dead = r == 0;
	if (r == 0)
		r = container_cgroup_remove(&state->cgroup, e);
	if (r == 0)
		r = rdt_remove(state, e);
	/* Its end began with theirs, and takes the kernel a while. */
	if (is_dead)
		network_end(dir);
	if (r == 0)
		r = state_dir_remove(dir, e);
	if (r == 0)
		destruction_run_hooks(rt, spec, state);
	return r;
}
