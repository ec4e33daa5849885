/* SPDX-License-Identifier: Apache-2.0 */
#include "container/last_words.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "spec/json.h"
#include "stage/message.h"

/* A seccomp listener appears as soon as the filter is loaded, right after its number is told. */
#define LISTENER_TIMEOUT_MS 10000

/* config-linux.md, The Container Process State. */
static void process_state_json(const struct last_words *w, struct text *out)
{
	const struct spec_seccomp *seccomp = w->spec->linux.seccomp;
	CLEANUP(text_release) struct text state = { 0 };
	struct json_out o;

	hook_state_json(w->container, &state);
	json_out_init(&o, out, 0);
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersion", SPEC_VERSION);
	json_out_array(&o, "fds");
	json_out_string(&o, NULL, "seccompFd");
	json_out_array_end(&o);
	json_out_i64(&o, "pid", w->pid);
	json_out_string_if(&o, "metadata", seccomp->listener_metadata);
	json_out_object_end(&o);
	/* The state is an object of its own: put in before the closing brace. */
	out->len--;
	text_printf(out, ",\"state\":%s}", state.s);
}

static int send_listener(const struct last_words *w, int listener_fd, struct error *e)
{
	CLEANUP(text_release) struct text json = { 0 };

	process_state_json(w, &json);
	if (fd_hand_over(w->spec->linux.seccomp->listener_path, "the seccomp listener's socket",
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
static int fetch_listener(const struct last_words *w, int number, struct error *e)
{
	int64_t deadline = time_ms() + LISTENER_TIMEOUT_MS;

	if (w->pidfd < 0)
		return error_set(e, ESRCH, "the container's process died of its seccomp filter");
	while (time_ms() < deadline) {
		CLEANUP(fd_cleanup) int fd = (int)syscall(SYS_pidfd_getfd, w->pidfd, number, 0);

		if (fd >= 0 && is_listener(fd))
			return send_listener(w, fd, e);
		if (fd < 0 && errno != EBADF)
			return error_errno(e, "fetch the seccomp listener");
		if (fd_wait(w->pidfd, 1) > 0)
			return error_set(
				e, ESRCH, "the container's process died of its seccomp filter");
	}
	return error_set(e, ETIMEDOUT, "fetch the seccomp listener: timed out");
}

/* Of a process that is gone: what it said of its filter is more than that it died. */
static int explain_death(const struct last_words *w, struct error *e)
{
	struct error said = { 0 };
	struct message m;

	if (e->code == ESRCH &&
		message_receive(w->sock_fd, time_ms() + 1000, "was started", &m, NULL, &said) < 0 &&
		said.code != EPIPE && said.code != ETIMEDOUT)
		*e = said;
	return -e->code;
}

int last_words_hear(const struct last_words *w, bool *out_executes, struct error *e)
{
	int r = 0;

	*out_executes = false;
	while (r == 0) {
		CLEANUP(fd_cleanup) int fd = -EBADF;
		struct message m;

		r = message_receive(w->sock_fd, INT64_MAX, "was started", &m, &fd, e);
		if (r == -EPIPE && *out_executes)
			return 0;
		if (r == 0 && m.kind == MESSAGE_LISTENER)
			r = fetch_listener(w, m.value, e) < 0
				? explain_death(w, e)
				: message_send(w->sock_fd, MESSAGE_FETCHED, 0, -EBADF, e);
		else if (r == 0 && m.kind == MESSAGE_NOTIFIED && w->out_notify_fd)
			*w->out_notify_fd = fd_take(&fd);
		else if (r == 0 && m.kind == MESSAGE_EXECUTING)
			*out_executes = true;
		else if (r == 0)
			r = error_set(e, EPROTO, "%s while it started", message_name(m.kind));
	}
	return r;
}
