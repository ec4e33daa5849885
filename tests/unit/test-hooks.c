/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "stage/hooks.h"
#include "temp.h"

static const struct spec_pairs no_annotations;

static void is_state(const struct hook_state *state, const char *want, const char *what)
{
	CLEANUP(text_release) struct text got = { 0 };

	hook_state_json(state, &got);
	is_str(got.s, want, "%s", what);
}

/* runtime.md, State: what is required, and no byte more or less. */
static void test_state(void)
{
	struct spec_pair pairs[] = { { "org.example.a", "1" }, { "b", "" },
		{ "\"q\"", "\\\n\xc3\xa4" } };
	struct spec_pairs annotations = { 3, pairs };
	struct hook_state s = { .id = "box",
		.status = "creating",
		.pid = 4422,
		.bundle = "/b u/n",
		.annotations = &no_annotations };

	is_state(&s,
		"{\"ociVersion\":\"" SPEC_VERSION "\",\"id\":\"box\",\"status\":\"creating\","
		"\"pid\":4422,\"bundle\":\"/b u/n\"}",
		"without annotations");
	s.status = "stopped";
	s.pid = 0;
	is_state(&s,
		"{\"ociVersion\":\"" SPEC_VERSION "\",\"id\":\"box\",\"status\":\"stopped\","
		"\"bundle\":\"/b u/n\"}",
		"without a process");
	s.annotations = &annotations;
	is_state(&s,
		"{\"ociVersion\":\"" SPEC_VERSION "\",\"id\":\"box\",\"status\":\"stopped\","
		"\"bundle\":\"/b u/n\",\"annotations\":{\"org.example.a\":\"1\",\"b\":\"\","
		"\"\\\"q\\\"\":\"\\\\\\n\xc3\xa4\"}}",
		"with annotations, in their order");
}

static void test_time(void)
{
	struct spec_hook v[] = { { .path = "/a", .timeout = { true, 2 } },
		{ .path = "/b", .timeout = { true, 3 } } };
	struct spec_hooks hooks = { 2, v };

	is_int(hooks_time(&hooks), 5000, "the sum of the timeouts");
	v[1].timeout.set = false;
	ok(hooks_time(&hooks) == INT64_MAX, "one without: forever");
	v[1].timeout = (struct opt_i64){ true, INT64_MAX };
	ok(hooks_time(&hooks) == INT64_MAX, "more than can be counted: forever");
	hooks.n = 0;
	is_int(hooks_time(&hooks), 0, "none takes no time");
}

/* ---- hooks that are shell scripts ---- */

#define SHELL(...)                                                                    \
	{                                                                             \
		sizeof((const char *[]){ "sh", "-c", __VA_ARGS__ }) / sizeof(char *), \
			(const char *[])                                              \
		{                                                                     \
			"sh", "-c", __VA_ARGS__, NULL                                 \
		}                                                                     \
	}

/* The bundle is the test's directory. */
static struct hook_state state = {
	.id = "box", .status = "created", .pid = 7, .annotations = &no_annotations
};

static const char *const image_env[] = { "A=image", NULL };
static const struct hooks_place in_bundle = { .cwd = HOOKS_IN_BUNDLE, .until_fd = -EBADF };
static const struct hooks_place here = {
	.cwd = HOOKS_IN_OUR_CWD, .until_fd = -EBADF, .env = image_env
};

static void is_written(const struct temp *t, const char *name, const char *want, const char *what)
{
	CLEANUP(mem_free) char *text = NULL;

	file_read_text(t->fd, name, 1 << 20, &text, NULL);
	is_str(text, want, "%s", what);
}

static void test_run(const struct temp *t)
{
	static const char *env[] = { "B=2", NULL };
	struct spec_hook v[] = {
		{ .path = "/bin/sh", .args = SHELL("cat >first; pwd -P >where; echo $A >env") },
		{ .path = "/bin/sh",
			.args = SHELL("tr '\\0' '\\n' </proc/$$/environ >own; ls first >order"),
			.env = { 1, env },
			.env_set = true },
		{ .path = "/bin/sh",
			.args = SHELL("tr '\\0' '\\n' </proc/$$/environ >empty"),
			.env_set = true,
			.env.v = env + 1 },
		{ .path = "/bin/true" },
	};
	struct spec_hooks hooks = { 4, v };
	CLEANUP(mem_free) char *where = xasprintf("%s\n", t->path);
	CLEANUP(mem_free)
	char *json = xasprintf("{\"ociVersion\":\"" SPEC_VERSION
			       "\",\"id\":\"box\",\"status\":\"created\","
			       "\"pid\":7,\"bundle\":\"%s\"}",
		t->path);
	struct error e = { 0 };

	setenv("A", "ours", 1);
	is_int(hooks_run(&hooks, "hooks.prestart", &state, &in_bundle, &e), 0, "all run %s",
		e.text);
	is_written(t, "first", json, "the state on standard input");
	is_written(t, "where", where, "in the bundle");
	is_written(t, "env", "ours\n", "without env: our environment");
	is_written(t, "own", "B=2\n", "with env: that, and nothing else");
	is_written(t, "empty", "", "an empty env is one");
	is_written(t, "order", "first\n", "in their order");
	unlinkat(t->fd, "first", 0);
	mkdirat(t->fd, "here", 0755);
	hooks.n = 1;
	ok(chdir(t->path) == 0 && chdir("here") == 0, "(another directory)");
	hooks_run(&hooks, "hooks.startContainer", &state, &here, &e);
	is_written(t, "here/first", json, "or where we are");
	is_written(t, "here/env", "image\n", "with the environment of the image's programs");
	ok(chdir("/") == 0, "(and back)");
	hooks.n = 0;
	is_int(hooks_run(&hooks, "hooks.prestart", &state, &in_bundle, &e), 0, "none to run");
}

static void is_failure(const struct temp *t, struct spec_hook hook, int code, const char *text)
{
	struct spec_hook v[] = { { .path = "/bin/true" }, hook,
		{ .path = "/bin/sh", .args = SHELL("echo >never") } };
	struct spec_hooks hooks = { 3, v };
	struct error e = { 0 };

	is_int(hooks_run(&hooks, "hooks.poststart", &state, &in_bundle, &e), -code, "fails");
	is_str(e.text, text, "and why");
	is_int(faccessat(t->fd, "never", F_OK, 0), -1, "the next one does not run");
}

static void test_failures(const struct temp *t)
{
	int64_t start;

	is_failure(t, (struct spec_hook){ .path = "/bin/sh", .args = SHELL("exit 3") }, ECANCELED,
		"hooks.poststart[1]: hook '/bin/sh' exited with status 3");
	is_failure(t,
		(struct spec_hook){ .path = "/bin/sh",
			.args = SHELL("echo no network; echo at all >&2; exit 1") },
		ECANCELED,
		"hooks.poststart[1]: hook '/bin/sh' exited with status 1: no network / at all");
	is_failure(t, (struct spec_hook){ .path = "/bin/sh", .args = SHELL("kill -TERM $$") },
		ECANCELED, "hooks.poststart[1]: hook '/bin/sh' was killed by signal 15");
	is_failure(t, (struct spec_hook){ .path = "/none/hook" }, ENOENT,
		"hooks.poststart[1]: run '/none/hook': No such file or directory");
	start = time_ms();
	is_failure(t,
		(struct spec_hook){ .path = "/bin/sh",
			.args = SHELL("sleep 60 & sleep 60; wait"),
			.timeout = { true, 1 } },
		ETIMEDOUT,
		"hooks.poststart[1]: hook '/bin/sh' was killed after its timeout of 1 s");
	ok(time_ms() - start >= 1000 && time_ms() - start < 20000, "in time");
}

/* What is hooked dies: nothing is left to wait for. */
static void test_init_dies(void)
{
	struct spec_hook v[] = { { .path = "/bin/sh", .args = SHELL("sleep 60; exit 3") } };
	struct spec_hooks hooks = { 1, v };
	struct hooks_place with_init = in_bundle;
	int64_t start = time_ms();
	struct error e = { 0 };
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		usleep(200000);
		_exit(0);
	}
	with_init.until_fd = sys_pidfd_open(pid, 0);
	with_init.until = "it ended";
	is_int(hooks_run(&hooks, "hooks.prestart", &state, &with_init, &e), -ESRCH,
		"the first process dies meanwhile");
	is_str(e.text, "hooks.prestart[0]: it ended while hook '/bin/sh' ran", "and that is said");
	ok(time_ms() - start < 20000, "at once");
	waitpid(pid, NULL, 0);
	fd_close(with_init.until_fd);
}

/* A large state, and a hook that does not look at it. */
static void test_unread(const struct temp *t)
{
	CLEANUP(mem_free) char *value = xcalloc(1 << 20, 1);
	struct spec_pair pair = { "large", value };
	struct spec_pairs annotations = { 1, &pair };
	struct hook_state large = state;
	struct spec_hook v[] = { { .path = "/bin/true" },
		{ .path = "/bin/sh", .args = SHELL("wc -c >size") } };
	struct spec_hooks hooks = { 2, v };
	CLEANUP(text_release) struct text json = { 0 };
	CLEANUP(mem_free) char *size = NULL;
	struct error e = { 0 };

	memset(value, 'x', (1 << 20) - 1);
	large.annotations = &annotations;
	hook_state_json(&large, &json);
	size = xasprintf("%zu\n", json.len);
	is_int(hooks_run(&hooks, "hooks.poststart", &large, &in_bundle, &e), 0,
		"a hook need not read its input %s", e.text);
	is_written(t, "size", size, "and one that does gets all of it");
}

int main(void)
{
	struct temp t = temp_make();
	size_t before = count_open_fds();

	alarm(120);
	state.bundle = t.path;
	test_state();
	test_time();
	test_run(&t);
	test_failures(&t);
	test_init_dies();
	test_unread(&t);
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	temp_remove(&t);
	return done();
}
