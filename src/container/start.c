/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/destruction.h"
#include "container/last_words.h"
#include "container/start.h"
#include "stage/hooks.h"
#include "stage/message.h"

struct start {
	const struct runtime *rt;
	struct state_dir dir;
	struct state state;
	const struct spec *spec;
	struct hook_state hook_state;
	bool is_executing; /* the startContainer hooks have ended */
};

static void start_release(struct start *s)
{
	state_dir_close(&s->dir);
	state_release(&s->state);
	spec_free(s->spec);
}

static int check_status(const struct start *s, struct error *e)
{
	/* A creation that has ended since then doesn't count. */
	enum container_status status = s->dir.locked ? state_status(&s->dir, &s->state)
						     : STATUS_CREATING;
	const char *id = s->dir.id;

	switch (status) {
	case STATUS_CREATED:
		return 0;
	case STATUS_RUNNING:
		return error_set(
			e, EALREADY, "cannot start an already running container: '%s'", id);
	case STATUS_STOPPED:
		error_set(e, ESRCH, "cannot start a container that has stopped: '%s'", id);
		/* by force, which is no mistake where `run` has deleted it by now */
		return error_hint(e, "lichen delete --force %s, then create it anew", id);
	case STATUS_PAUSED:
		error_set(e, EBUSY, "cannot start a container that is paused: '%s'", id);
		return error_hint(e, "lichen resume %s", id);
	case STATUS_CREATING:
		break;
	}
	return error_set(e, EBUSY, "cannot start a container that is being created: '%s'", id);
}

static int converse(struct start *s, int fd, int *out_notify_fd, struct error *e)
{
	const struct spec_seccomp *seccomp = s->spec->linux.seccomp;
	CLEANUP(fd_cleanup)
	int pidfd = seccomp && seccomp->listener_path ? process_open(&s->state.init) : -EBADF;
	const struct last_words words = { .sock_fd = fd,
		.pid = s->state.init.pid,
		.pidfd = pidfd,
		.spec = s->spec,
		.container = &s->hook_state,
		.out_notify_fd = out_notify_fd };
	int r = message_send(fd, MESSAGE_START, 0, -EBADF, e);

	return r < 0 ? r : last_words_hear(&words, &s->is_executing, e);
}

/* Under the lock: whoever deletes by force ends them all the same. */
static int run_poststart(struct start *s, struct error *e)
{
	CLEANUP(fd_cleanup) int forced_fd = -EBADF;
	struct hooks_place place = { .cwd = HOOKS_IN_BUNDLE,
		.until_fd = -EBADF,
		.until = "the container was deleted by force" };

	if (s->spec->hooks.poststart.n == 0)
		return 0;
	s->hook_state.status = "running";
	place.until_fd = forced_fd = state_watch_force(&s->dir);
	return hooks_run(&s->spec->hooks.poststart, "hooks.poststart", &s->hook_state, &place, e);
}

/* "Stop the container, and continue the lifecycle at step 12": runtime.md, steps 7 and 9. */
static int fail_by_hook(struct start *s, struct error *e)
{
	struct error ignored;

	(void)destruction_do(s->rt, &s->dir, &s->state, &ignored);
	return -e->code;
}

/* Without a hook's failure it stays, stopped, until the caller deletes it. */
static int fail(struct start *s, struct error *e)
{
	struct error ignored;

	if (s->spec->hooks.start_container.n > 0 && !s->is_executing)
		return fail_by_hook(s, e);
	(void)destruction_kill(&s->state.init, s->dir.id, &ignored);
	return -e->code;
}

int start_container(
	const struct runtime *rt, const char *id, struct notify *n, int *out_pidfd, struct error *e)
{
	CLEANUP(start_release) struct start s = { .rt = rt, .dir = STATE_DIR_NONE };
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = state_dir_open(rt, id, STATE_LOCKED, &s.dir, e);

	if (r == 0)
		r = state_read(&s.dir, &s.state, e);
	if (r == 0)
		r = check_status(&s, e);
	if (r == 0)
		r = notify_open(n, e);
	if (r == 0)
		r = state_read_config(&s.dir, &s.spec, e);
	if (r < 0)
		return r;
	s.hook_state = (struct hook_state){ .id = s.dir.id,
		.status = "created",
		.pid = s.state.init.pid,
		.bundle = s.state.bundle,
		.annotations = &s.spec->annotations };
	n->main_pid = s.state.init.pid;
	if (n->manager_fd >= 0 && out_pidfd)
		*out_pidfd = process_open(&s.state.init);
	fd = state_connect(&s.dir, e);
	if (fd < 0)
		return fd;
	r = converse(&s, fd, &n->container_fd, e);
	unlinkat(s.dir.fd, "start.sock", 0);
	if (r < 0)
		return fail(&s, e);
	r = run_poststart(&s, e);
	return r < 0 ? fail_by_hook(&s, e) : 0;
}

/* As runc and crun do; without a word from it until its end. Nobody waits for us meanwhile. */
int container_start(const struct runtime *rt, const char *id, struct error *e)
{
	CLEANUP(notify_release) struct notify n = NOTIFY_NONE;
	CLEANUP(fd_cleanup) int pidfd = -EBADF;
	int r = start_container(rt, id, &n, &pidfd, e);

	if (r == 0 && n.manager_fd >= 0 && n.container_fd >= 0)
		notify_wait_ready(&n, pidfd);
	return r;
}
