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

static int explain(const struct resource_setting *s, struct error *e)
{
	error_context(e, "config.json: linux.resources.%s", s->object);
	if (e->code == ENOENT && s->needs_swap)
		return error_hint(e,
			"this kernel does not count swap: boot it with swapaccount=1, or swapoff "
			"-a");
	if (e->code == ENOENT)
		return error_hint(e, "this kernel's cgroups have no file '%s'", s->file);
	if (e->code == EACCES || e->code == EPERM)
		return error_hint(e,
			"the file belongs to somebody else: start lichen in a cgroup that was "
			"delegated to you, systemd-run --user --scope -p Delegate=yes lichen ...");
	return -e->code;
}

static int no_controller(const struct resource_setting *s, enum limits_effort effort,
	struct strlist *out_left, struct error *e)
{
	if (s->lifts)
		return 0;
	if (effort == LIMITS_BEST_EFFORT) {
		strlist_printf(out_left, "linux.resources.%s", s->object);
		return 0;
	}
	error_set(e, ENOTSUP,
		"config.json: linux.resources.%s: the container's cgroup has not been given the "
		"controller '%s'",
		s->object, s->controller);
	return plan_hint_delegate(s->controller, e);
}

int limits_write(int fd, int leaf_fd, const struct resource_settings *settings,
	enum limits_effort effort, struct strlist *out_left, struct error *e)
{
	for (size_t i = 0; i < settings->n; i++) {
		const struct resource_setting *s = &settings->v[i];
		int r;

		if (s->controller && !cgroup_has(fd, "cgroup.controllers", s->controller)) {
			r = no_controller(s, effort, out_left, e);
			if (r < 0)
				return r;
			continue;
		}
		r = write_either(fd, s, e);
		if (r == 0 && leaf_fd >= 0 && s->controller &&
			cgroup_has(leaf_fd, "cgroup.controllers", s->controller))
			r = write_either(leaf_fd, s, e);
		if (r < 0)
			return explain(s, e);
	}
	return 0;
}
