/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "spec/json.h"

void hook_state_json(const struct hook_state *state, struct text *out)
{
	struct json_out o;

	json_out_init(&o, out, 0);
	json_out_object(&o, NULL);
	json_out_string(&o, "ociVersion", SPEC_VERSION);
	json_out_string(&o, "id", state->id);
	json_out_string(&o, "status", state->status);
	if (state->pid > 0)
		json_out_i64(&o, "pid", state->pid);
	json_out_string(&o, "bundle", state->bundle);
	if (state->annotations->n > 0) {
		json_out_object(&o, "annotations");
		for (size_t i = 0; i < state->annotations->n; i++)
			json_out_string(
				&o, state->annotations->v[i].key, state->annotations->v[i].value);
		json_out_object_end(&o);
	}
	json_out_object_end(&o);
}

static int64_t timeout_of(const struct spec_hook *hook)
{
	return hook->timeout.set && hook->timeout.v < INT32_MAX ? hook->timeout.v * 1000
								: INT64_MAX;
}

int64_t hooks_time(const struct spec_hooks *hooks)
{
	int64_t sum = 0;

	for (size_t i = 0; i < hooks->n; i++) {
		if (timeout_of(&hooks->v[i]) == INT64_MAX)
			return INT64_MAX;
		sum += timeout_of(&hooks->v[i]);
	}
	return sum;
}

static int run_one(const struct spec_hook *hook, const char *name, size_t i,
	const struct text *state, int cwd_fd, const struct hooks_place *place, struct error *e)
{
	CLEANUP(child_release)
	struct child c = { .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
	CLEANUP(text_release) struct text how = { 0 };
	const char *only_path[] = { hook->path, NULL };
	struct spawn s = { .path = hook->path,
		.argv = hook->args.n > 0 ? hook->args.v : only_path,
		.envp = hook->env_set ? hook->env.v
			: place->env  ? place->env
				      : (const char *const *)environ,
		.input = state->s,
		.input_len = state->len,
		.cwd_fd = cwd_fd };
	int64_t limit = timeout_of(hook);
	int status, r = spawn_start(&s, &c, e);

	c.until_fd = place->until_fd;
	if (r == 0)
		r = spawn_wait(&c, limit == INT64_MAX ? limit : time_ms() + limit, &status, e);
	if (r == -ESRCH)
		return error_set(e, ESRCH, "%s[%zu]: %s while hook '%s' ran", name, i, place->until,
			hook->path);
	if (r == -ETIMEDOUT)
		return error_set(e, ETIMEDOUT,
			"%s[%zu]: hook '%s' was killed after its timeout of %lld s", name, i,
			hook->path, (long long)hook->timeout.v);
	if (r < 0)
		return error_context(e, "%s[%zu]", name, i);
	if (status == 0)
		return 0;
	spawn_describe(&c, status, &how);
	return error_set(e, ECANCELED, "%s[%zu]: hook '%s' %s", name, i, hook->path, how.s);
}

int hooks_run(const struct spec_hooks *hooks, const char *name, const struct hook_state *state,
	const struct hooks_place *place, struct error *e)
{
	CLEANUP(text_release) struct text json = { 0 };
	CLEANUP(fd_cleanup) int cwd_fd = -EBADF;

	if (hooks->n == 0)
		return 0;
	if (place->cwd == HOOKS_IN_BUNDLE)
		cwd_fd = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	hook_state_json(state, &json);
	for (size_t i = 0; i < hooks->n; i++) {
		int r = run_one(&hooks->v[i], name, i, &json, cwd_fd, place, e);

		if (r < 0)
			return r;
	}
	return 0;
}
