/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/cgroup.h"
#include "plan/plan.h"

/* A kernel without swap, or a machine without any, holds every limit of it. */
static bool has_swap(void)
{
	CLEANUP(mem_free) char *text = NULL;
	const char *second;

	if (file_read_text(AT_FDCWD, "/proc/swaps", 1u << 16, &text, NULL) < 0)
		return false;
	second = strchr(text, '\n');
	return second && second[1];
}

/* The kernel would end the container; the caller wants to be told instead. */
int limits_check(int fd, const struct resource_settings *settings, struct error *e)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct resource_setting *s = &settings->v[i];
		uint64_t used, limit;

		if (s->check_usage && str_u64(s->value, UINT64_MAX, &limit) == 0 &&
			cgroup_read_number(fd, "memory.current", NULL, &used) == 0 && used > limit)
			return error_set(e, EBUSY,
				"linux.resources.%s: %llu bytes are in use, above the new limit of "
				"%llu, and memory.checkBeforeUpdate is set",
				s->object, (unsigned long long)used, (unsigned long long)limit);
	}
	return 0;
}

static int write_either(int fd, const struct resource_setting *s, struct error *e)
{
	const struct resource_setting *other = s->alternative;
	struct error ignored;
	int r = cgroup_write(fd, s->file, s->value, e);

	if (other && cgroup_write(fd, other->file, other->value, r < 0 ? &ignored : e) == 0)
		return 0;
	/* The one that exists decides. */
	if (other && r == 0 && e->code == ENOENT)
		return 0;
	if (r == -ENOENT && s->needs_swap && !has_swap())
		return 0;
	return r < 0 ? r : other ? -e->code : 0;
}

static int explain(
	const struct limits_place *place, const struct resource_setting *s, struct error *e)
{
	error_context(e, "%slinux.resources.%s", place->prefix, s->object);
	if (e->code == ENOENT && s->needs_swap)
		return error_hint(e,
			"this kernel does not count swap: boot it with swapaccount=1, or swapoff "
			"-a");
	if (e->code == ENOENT)
		return error_hint(e,
			"this kernel's cgroups have no file '%s': remove the limit, or go without: "
			"lichen --best-effort=cgroup ...",
			s->file);
	if (e->code == EACCES || e->code == EPERM)
		return error_hint(e,
			"the file belongs to somebody else: start lichen in a cgroup that was "
			"delegated to you, systemd-run --user --scope -p Delegate=yes lichen ...");
	return -e->code;
}

static int no_controller(
	const struct limits_place *place, const struct resource_setting *s, struct error *e)
{
	error_set(e, ENOTSUP,
		"%slinux.resources.%s: the container's cgroup has not been given the controller "
		"'%s'",
		place->prefix, s->object, s->controller);
	return plan_hint_delegate(place->host, place->path, s->controller, e);
}

static int write_one(
	const struct limits_place *place, const struct resource_setting *s, struct error *e)
{
	int r;

	if (s->controller && !cgroup_has(place->fd, "cgroup.controllers", s->controller))
		return s->lifts ? 0 : no_controller(place, s, e);
	r = write_either(place->fd, s, e);
	if (r == 0 && place->leaf_fd >= 0 && s->controller &&
		cgroup_has(place->leaf_fd, "cgroup.controllers", s->controller))
		r = write_either(place->leaf_fd, s, e);
	return r < 0 ? explain(place, s, e) : 0;
}

static int write_all(const struct limits_place *place, const struct resource_settings *settings,
	struct strlist *out_left, struct error *e)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct resource_setting *s = &settings->v[i];

		if (write_one(place, s, e) == 0)
			continue;
		if (place->effort == LIMITS_MUST_HOLD)
			return -e->code;
		strlist_printf(out_left, "linux.resources.%s", s->object);
	}
	return 0;
}

/*
 * One may be possible only after another one: a quota below the present burst, or a burst above the
 * present quota. Then the first round makes way for the second.
 */
int limits_write(const struct limits_place *place, const struct resource_settings *settings,
	struct strlist *out_left, struct error *e)
{
	struct limits_place attempt = *place;
	CLEANUP(strlist_release) struct strlist first = { 0 };

	attempt.effort = LIMITS_BEST_EFFORT;
	(void)write_all(&attempt, settings, &first, e);
	return first.n == 0 ? 0 : write_all(place, settings, out_left, e);
}

/* ---- and back ---- */

/* Files with a line for each device: what undoes one that was not there. */
static const char *reset_of(const char *file)
{
	static const struct {
		const char *file, *reset;
	} resets[] = { { "io.max", "rbps=max wbps=max riops=max wiops=max" },
		{ "io.weight", "default" }, { "io.bfq.weight", "default" },
		{ "rdma.max", "hca_handle=max hca_object=max" } };

	for (size_t i = 0; i < ARRAY_SIZE(resets); i++)
		if (streq(resets[i].file, file))
			return resets[i].reset;
	return NULL;
}

/* The line of text that has the same key as value, or the one that takes it away. */
static char *line_of(const char *text, const char *value, const char *reset)
{
	size_t len = strcspn(value, " ");

	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (strncmp(line, value, len) == 0 && line[len] == ' ')
			return xstrndup(line, strcspn(line, "\n"));
	return xasprintf("%.*s %s", (int)len, value, reset);
}

static bool save_one(int fd, const struct resource_setting *s, const char *controller,
	struct arena *arena, struct resource_setting *out)
{
	CLEANUP(mem_free) char *now = cgroup_read(fd, s->file);
	CLEANUP(mem_free) char *line = NULL;
	const char *reset = reset_of(s->file);

	if (!now)
		return false;
	line = reset ? line_of(now, s->value, reset) : xstrdup(now);
	*out = *s;
	out->value = arena_strndup(arena, line, strlen(line));
	out->controller = controller;
	out->alternative = NULL;
	return true;
}

void limits_save(int fd, const struct resource_settings *settings, struct arena *arena,
	struct resource_settings *out)
{
	*out = (struct resource_settings){ .arena = arena };
	out->v = arena_alloc(arena, (2 * settings->n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < settings->n; i++) {
		const struct resource_setting *s = &settings->v[i];

		out->n += save_one(fd, s, s->controller, arena, &out->v[out->n]);
		if (s->alternative)
			out->n += save_one(
				fd, s->alternative, s->controller, arena, &out->v[out->n]);
	}
}
