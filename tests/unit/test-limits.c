/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits into files: a directory stands in for a cgroup, whose files say what was written last.
 * What the kernel makes of it is rootless-tests/50-cgroups.t's.
 */
#include "tap.h"

#include <errno.h>

#include "base/fd.h"
#include "stage/limits.h"
#include "temp.h"

#define SET(f, v)                                                                \
	{                                                                        \
		.controller = "memory", .file = (f), .value = (v), .object = (f) \
	}
#define SETTINGS(list)                             \
	{                                          \
		.n = ARRAY_SIZE(list), .v = (list) \
	}

static struct host_cgroup host = { .kind = HOST_CGROUP_V2, .mount = (char[]){ "/sys/fs/cgroup" } };

static struct limits_place place_in(const struct temp *t, enum limits_effort effort)
{
	return (struct limits_place){ .fd = t->fd,
		.leaf_fd = -EBADF,
		.path = "/box",
		.host = &host,
		.prefix = "here: ",
		.effort = effort };
}

/* A plain file keeps the end of a longer text; the kernel does not. */
static void is_file(const struct temp *t, const char *name, const char *want, const char *what)
{
	char *text = NULL;

	file_read_text(t->fd, name, 4096, &text, NULL);
	ok(text && strncmp(text, want, strlen(want)) == 0, "%s: %s", what, text ? text : "(none)");
	free(text);
}

static void test_write(const struct temp *t)
{
	struct resource_setting list[] = { SET("memory.max", "4096"), SET("memory.low", "1") };
	const struct resource_settings settings = SETTINGS(list);
	const struct limits_place place = place_in(t, LIMITS_MUST_HOLD);
	struct strlist left = { 0 };
	struct error e = { 0 };

	temp_write(t, "cgroup.controllers", "cpu memory\n");
	temp_write(t, "memory.max", "max\n");
	temp_write(t, "memory.low", "0\n");
	is_int(limits_write(&place, &settings, &left, &e), 0, "written %s", e.text);
	is_file(t, "memory.max", "4096", "the first");
	is_file(t, "memory.low", "1", "the second");
	is_int((int64_t)left.n, 0, "nothing is left out");
}

static void test_missing(const struct temp *t)
{
	struct resource_setting list[] = { SET("memory.max", "8192"), SET("memory.nothing", "1"),
		SET("memory.low", "2") };
	struct resource_setting foreign[] = { SET("io.max", "8:0 rbps=1") };
	const struct resource_settings settings = SETTINGS(list), others = SETTINGS(foreign);
	struct limits_place place = place_in(t, LIMITS_MUST_HOLD);
	struct strlist left = { 0 };
	struct error e = { 0 };

	is_int(limits_write(&place, &settings, &left, &e), -ENOENT, "a file that is not there");
	is_str(e.text,
		"here: linux.resources.memory.nothing: open 'memory.nothing': No such file or "
		"directory",
		"… is named");
	ok(strstr(e.hint, "no file 'memory.nothing'"), "… with a hint: %s", e.hint);
	is_int((int64_t)left.n, 0, "… and nothing is left out in silence");
	place.effort = LIMITS_BEST_EFFORT;
	is_int(limits_write(&place, &settings, &left, &e), 0, "with best effort it may be missing");
	ok(left.n == 1 && streq(left.v[0], "linux.resources.memory.nothing"), "… and is told");
	is_file(t, "memory.low", "2", "… the rest is written");
	strlist_release(&left);
	foreign[0].controller = "io";
	place.effort = LIMITS_MUST_HOLD;
	is_int(limits_write(&place, &others, &left, &e), -ENOTSUP,
		"a controller that is not there");
	is_str(e.text,
		"here: linux.resources.io.max: the container's cgroup has not been given the "
		"controller 'io'",
		"… is named");
	foreign[0].lifts = true;
	is_int(limits_write(&place, &others, &left, &e), 0, "no limit needs no controller");
}

static void test_alternative(const struct temp *t)
{
	const struct resource_setting bfq = SET("io.bfq.weight", "500");
	struct resource_setting list[] = { SET("io.weight", "default 4950") };
	const struct resource_settings settings = SETTINGS(list);
	const struct limits_place place = place_in(t, LIMITS_MUST_HOLD);
	struct strlist left = { 0 };
	struct error e = { 0 };

	list[0].alternative = &bfq;
	is_int(limits_write(&place, &settings, &left, &e), -ENOENT, "neither of two files");
	temp_write(t, "io.bfq.weight", "100\n");
	is_int(limits_write(&place, &settings, &left, &e), 0, "the other one");
	is_file(t, "io.bfq.weight", "500", "… has it");
	temp_write(t, "io.weight", "default 100 and more\n");
	is_int(limits_write(&place, &settings, &left, &e), 0, "both");
	is_file(t, "io.weight", "default 4950", "… the one");
	unlinkat(t->fd, "io.bfq.weight", 0);
	is_int(limits_write(&place, &settings, &left, &e), 0, "the one alone");
}

static void test_check(const struct temp *t)
{
	struct resource_setting list[] = { SET("memory.max", "4096") };
	const struct resource_settings settings = SETTINGS(list);
	struct error e = { 0 };

	temp_write(t, "memory.current", "4097\n");
	is_int(limits_check(t->fd, &settings, &e), 0, "nobody wants it checked");
	list[0].check_usage = true;
	is_int(limits_check(t->fd, &settings, &e), -EBUSY, "more is in use");
	temp_write(t, "memory.current", "4096\n");
	is_int(limits_check(t->fd, &settings, &e), 0, "just so much");
	list[0].value = "max";
	temp_write(t, "memory.current", "99999999\n");
	is_int(limits_check(t->fd, &settings, &e), 0, "no limit");
}

static void is_saved(
	const struct resource_settings *s, size_t i, const char *file, const char *value)
{
	ok(i < s->n && streq(s->v[i].file, file) && streq(s->v[i].value, value), "%s: %s", file,
		i < s->n ? s->v[i].value : "(none)");
}

static void test_save(const struct temp *t)
{
	const struct resource_setting bfq = SET("io.bfq.weight", "8:0 500");
	struct resource_setting list[] = { SET("memory.max", "1"), SET("cpuset.cpus", "1"),
		SET("io.max", "8:0 rbps=5"), SET("io.max", "8:16 wbps=5"), SET("memory.none", "1"),
		SET("io.weight", "8:0 4950"), SET("rdma.max", "mlx hca_handle=1") };
	const struct resource_settings settings = SETTINGS(list);
	struct resource_settings saved;
	struct arena arena;

	list[5].alternative = &bfq;
	arena_init(&arena, 1 << 20);
	temp_write(t, "memory.max", "max\n");
	temp_write(t, "cpuset.cpus", "\n");
	temp_write(t, "io.max", "8:1 rbps=1 wbps=max\n8:16 rbps=max wbps=7 riops=max wiops=max\n");
	temp_write(t, "io.weight", "default 100\n8:0 30\n");
	temp_write(t, "io.bfq.weight", "default 100\n");
	temp_write(t, "rdma.max", "");
	limits_save(t->fd, &settings, &arena, &saved);
	is_int((int64_t)saved.n, 7, "what is there");
	is_saved(&saved, 0, "memory.max", "max");
	is_saved(&saved, 1, "cpuset.cpus", "");
	is_saved(&saved, 2, "io.max", "8:0 rbps=max wbps=max riops=max wiops=max");
	is_saved(&saved, 3, "io.max", "8:16 rbps=max wbps=7 riops=max wiops=max");
	is_saved(&saved, 4, "io.weight", "8:0 30");
	is_saved(&saved, 5, "io.bfq.weight", "8:0 default");
	is_saved(&saved, 6, "rdma.max", "mlx hca_handle=max hca_object=max");
	arena_release(&arena);
}

int main(void)
{
	struct temp t = temp_make();
	size_t n_fds = count_open_fds();

	test_write(&t);
	test_missing(&t);
	test_alternative(&t);
	test_check(&t);
	test_save(&t);
	is_int((int64_t)count_open_fds(), (int64_t)n_fds, "no descriptor is left open");
	temp_remove(&t);
	return done();
}
