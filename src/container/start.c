/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/destruction.h"
#include "spec/json.h"
#include "stage/hooks.h"
#include "stage/message.h"

/* A seccomp listener appears as soon as the filter is loaded, right after init told its number. */
#define LISTENER_TIMEOUT_MS 10000

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
		return error_hint(e, "lichen delete %s, then create it anew", id);
	case STATUS_PAUSED:
		error_set(e, EBUSY, "cannot start a container that is paused: '%s'", id);
		return error_hint(e, "lichen resume %s", id);
	case STATUS_CREATING:
		break;
	}
	return error_set(e, EBUSY, "cannot start a container that is being created: '%s'", id);
}

/* config-linux.md, The Container Process State. */
static void process_state_json(const struct start *s, struct text *out)
{
	const struct spec_seccomp *seccomp = s->spec->linux.seccomp;
	CLEANUP(text_release) struct text state = { 0 };
	struct json_out o;

	hook_state_json(&s->hook_state, &state);
	json_out_init(&o, out, 0);
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersion", SPEC_VERSION);
	json_out_array(&o, "fds");
	json_out_string(&o, NULL, "seccompFd");
	json_out_array_end(&o);
	json_out_i64(&o, "pid", s->state.init.pid);
	json_out_string_if(&o, "metadata", seccomp->listener_metadata);
	json_out_object_end(&o);
	/* The state is an object of its own: put in before the closing brace. */
	out->len--;
	text_printf(out, ",\"state\":%s}", state.s);
}

static int send_listener(const struct start *s, int listener_fd, struct error *e)
{
	CLEANUP(text_release) struct text json = { 0 };

	process_state_json(s, &json);
	if (fd_hand_over(s->spec->linux.seccomp->listener_path, "the seccomp listener's socket",
		    json.s, listener_fd, e) < 0)
		return error_context(e, "config.json: linux.seccomp.listenerPath");
	return 0;
}

static int is_listener(int fd)
{
	char target[64];
	ssize_t n = readlink(fd_path(fd).s, target, sizeof(target) - 1);

	if (n < 0)
		return 0;
	target[n] = '\0';
	return streq(target, "anon_inode:seccomp notify");
}

/*
 * Fetched from init rather than sent by it: once the filter is loaded, init's own calls may be what
 * the listener has to answer.
 */
static int fetch_listener(const struct start *s, int number, struct error *e)
{
	CLEANUP(fd_cleanup) int pidfd = process_open(&s->state.init);
	int64_t deadline = time_ms() + LISTENER_TIMEOUT_MS;

	if (pidfd < 0)
		return error_set(
			e, ESRCH, "the container's first process died of its seccomp filter");
	while (time_ms() < deadline) {
		CLEANUP(fd_cleanup) int fd = (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);

		if (fd >= 0 && is_listener(fd))
			return send_listener(s, fd, e);
		if (fd < 0 && errno != EBADF)
			return error_errno(e, "fetch the seccomp listener");
		if (fd_wait(pidfd, 1) > 0)
			return error_set(e, ESRCH,
				"the container's first process died of its seccomp filter");
	}
	return error_set(e, ETIMEDOUT, "fetch the seccomp listener: timed out");
}

/* Of an init that is gone: what it said of its filter is more than that it died. */
static int explain_death(int fd, struct error *e)
{
	struct error said = { 0 };
	struct message m;

	if (e->code == ESRCH &&
		message_receive(fd, time_ms() + 1000, "was started", &m, NULL, &said) < 0 &&
		said.code != EPIPE && said.code != ETIMEDOUT)
		*e = said;
	return -e->code;
}

/* Until the connection's end, which is execve's. */
static int converse(struct start *s, int fd, struct error *e)
{
	int r = message_send(fd, MESSAGE_START, 0, -EBADF, e);

	while (r == 0) {
		struct message m;

		r = message_receive(fd, INT64_MAX, "was started", &m, NULL, e);
		if (r == -EPIPE && s->is_executing)
			return 0;
		if (r == 0 && m.kind == MESSAGE_LISTENER)
			r = fetch_listener(s, m.value, e) < 0
				? explain_death(fd, e)
				: message_send(fd, MESSAGE_FETCHED, 0, -EBADF, e);
		else if (r == 0 && m.kind == MESSAGE_EXECUTING)
			s->is_executing = true;
		else if (r == 0)
			r = error_set(e, EPROTO, "%s while it started", message_name(m.kind));
	}
	return r;
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

int container_start(const struct runtime *rt, const char *id, struct error *e)
{
	CLEANUP(start_release) struct start s = { .rt = rt, .dir = STATE_DIR_NONE };
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = state_dir_open(rt, id, STATE_LOCKED, &s.dir, e);

	if (r == 0)
		r = state_read(&s.dir, &s.state, e);
	if (r == 0)
		r = check_status(&s, e);
	if (r == 0)
		r = state_read_config(&s.dir, &s.spec, e);
	if (r < 0)
		return r;
	s.hook_state = (struct hook_state){ .id = s.dir.id,
		.status = "created",
		.pid = s.state.init.pid,
		.bundle = s.state.bundle,
		.annotations = &s.spec->annotations };
	fd = state_connect(&s.dir, e);
	if (fd < 0)
		return fd;
	r = converse(&s, fd, e);
	unlinkat(s.dir.fd, "start.sock", 0);
	if (r < 0)
		return fail(&s, e);
	r = run_poststart(&s, e);
	return r < 0 ? fail_by_hook(&s, e) : 0;
}
