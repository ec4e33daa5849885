/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/scope.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static int start(
	const struct scope *s, const struct strlist *words, struct child *out, struct error *e)
{
	const struct spawn spawn = { .path = s->helper,
		.argv = (const char *const *)words->v,
		.envp = (const char *const *)environ,
		.cwd_fd = -EBADF };

	return spawn_start(&spawn, out, e);
}

static void begin(const struct scope *s, const char *command, struct strlist *words)
{
	strlist_add(words, xstrdup("lichen-scope"));
	strlist_add(words, xstrdup(s->systemd));
	strlist_add(words, xstrdup(command));
	strlist_add(words, xstrdup(s->unit));
}

static void add_properties(const struct resource_settings *settings, struct strlist *words)
{
	for (size_t i = 0; i < settings->n_properties; i++) {
		const struct resource_property *p = &settings->properties[i];

		strlist_add(words, xstrdup(p->name));
		strlist_add(words, xstrdup(p->signature));
		strlist_add(words, xstrdup(p->value));
	}
}

/* The first line of what it said is the cause, the second one what mends it. */
static int failure(const struct child *c, int status, struct error *e)
{
	const char *text = c->output.s ? c->output.s : "";
	size_t len = strcspn(text, "\n");
	const char *hint = text[len] ? text + len + 1 : "";

	if (WIFSIGNALED(status))
		return error_set(e, EIO, "lichen-scope was killed by signal %d", WTERMSIG(status));
	error_set(e, EIO, "%.*s", (int)len, len ? text : "lichen-scope said nothing");
	len = strcspn(hint, "\n");
	return len ? error_hint(e, "%.*s", (int)len, hint) : -e->code;
}

static int finish(struct child *c, struct error *e)
{
	int status, r = spawn_wait(c, time_ms() + SCOPE_TIMEOUT_MS, &status, e);

	if (r == -ETIMEDOUT) {
		error_set(e, ETIMEDOUT, "systemd did not answer within %d s",
			SCOPE_TIMEOUT_MS / 1000);
		return error_hint(e,
			"systemctl --user status shows what it is busy with; without it: lichen "
			"--cgroup-manager=cgroupfs ..., or --cgroup-manager=disabled");
	}
	if (r < 0)
		return error_context(e, "lichen-scope");
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failure(c, status, e);
}

int scope_ask(const struct scope *s, const char *slice, pid_t pid,
	const struct resource_settings *settings, struct child *out, struct error *e)
{
	CLEANUP(strlist_release) struct strlist words = { 0 };

	begin(s, "start", &words);
	strlist_add(&words, xstrdup(slice));
	strlist_add(&words, xstrdup(s->description));
	strlist_printf(&words, "%d", pid);
	add_properties(settings, &words);
	return start(s, &words, out, e);
}

int scope_answer(struct child *c, char **out_path, struct error *e)
{
	const char *path;
	int r = finish(c, e);

	if (r < 0)
		return r;
	path = c->output.s ? c->output.s : "";
	if (path[0] != '/')
		return error_set(e, EPROTO, "systemd named no cgroup");
	*out_path = xstrndup(path, strcspn(path, "\n"));
	return 0;
}

static int ask_and_wait(const struct scope *s, const struct strlist *words, struct error *e)
{
	CLEANUP(child_release)
	struct child c = { .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
	int r = start(s, words, &c, e);

	return r < 0 ? r : finish(&c, e);
}

int scope_set(const struct scope *s, const struct resource_settings *settings, struct error *e)
{
	CLEANUP(strlist_release) struct strlist words = { 0 };

	begin(s, "set", &words);
	strlist_add(&words, xstrdup(s->description));
	add_properties(settings, &words);
	return ask_and_wait(s, &words, e);
}

int scope_attach(const struct scope *s, pid_t pid, const char *subgroup, struct error *e)
{
	CLEANUP(strlist_release) struct strlist words = { 0 };

	begin(s, "attach", &words);
	strlist_add(&words, xstrdup(s->description));
	strlist_printf(&words, "%d", pid);
	strlist_add(&words, xstrdup(subgroup));
	return ask_and_wait(s, &words, e);
}

int scope_stop(const struct scope *s, struct error *e)
{
	CLEANUP(strlist_release) struct strlist words = { 0 };

	begin(s, "stop", &words);
	strlist_add(&words, xstrdup(s->description));
	return ask_and_wait(s, &words, e);
}
