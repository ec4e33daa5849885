/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: process; the same object is `exec --process`. */
#include <linux/sched.h>
#include <sched.h>
#include <string.h>

#include "spec/check.h"
#include "spec/tables.h"

#define P struct spec_process

static const struct bind console_size_rows[] = {
	BIND_ROW_U64("height", struct spec_console_size, height, .flags = BIND_REQUIRED),
	BIND_ROW_U64("width", struct spec_console_size, width, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object console_size_table = { .rows = console_size_rows };

static const struct bind user_rows[] = {
	BIND_ROW_U32("uid", struct spec_user, uid, .flags = BIND_REQUIRED),
	BIND_ROW_U32("gid", struct spec_user, gid, .flags = BIND_REQUIRED),
	BIND_ROW_OPT_U32("umask", struct spec_user, umask, BIND_RANGE(0, 0777)),
	BIND_ROW_U32S("additionalGids", struct spec_user, additional_gids),
	BIND_ROW_STRING("username", struct spec_user, username),
	BIND_END,
};

static const struct bind_object user_table = { .rows = user_rows };

static const struct bind capabilities_rows[] = {
	BIND_ROW_STRINGS("bounding", struct spec_capabilities, bounding),
	BIND_ROW_STRINGS("permitted", struct spec_capabilities, permitted),
	BIND_ROW_STRINGS("effective", struct spec_capabilities, effective),
	BIND_ROW_STRINGS("inheritable", struct spec_capabilities, inheritable),
	BIND_ROW_STRINGS("ambient", struct spec_capabilities, ambient),
	BIND_END,
};

static const struct bind_object capabilities_table = { .rows = capabilities_rows };

static int rlimit_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_rlimit *l = object;

	if (l->soft > l->hard)
		return json_error(j, e, "soft limit %llu is above the hard limit %llu",
			(unsigned long long)l->soft, (unsigned long long)l->hard);
	return 0;
}

static const struct bind rlimit_rows[] = {
	BIND_ROW_ENUM("type", struct spec_rlimit, type, spec_rlimit_names,
		.also = offsetof(struct spec_rlimit, name), .flags = BIND_REQUIRED),
	BIND_ROW_U64("soft", struct spec_rlimit, soft, .flags = BIND_REQUIRED),
	BIND_ROW_U64("hard", struct spec_rlimit, hard, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object rlimit_table = { .rows = rlimit_rows, .rule = rlimit_rule };

static int rlimits_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_rlimits *l = &((const P *)object)->rlimits;
	uint64_t seen = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (seen & 1ull << l->v[i].type)
			return json_error(json_get(json_at(list, i), "type"), e,
				"%s is there twice", l->v[i].name);
		seen |= 1ull << l->v[i].type;
	}
	return 0;
}

static const struct bind io_priority_rows[] = {
	BIND_ROW_ENUM(
		"class", struct spec_io_priority, class, spec_ioprio_names, .flags = BIND_REQUIRED),
	BIND_ROW_I64("priority", struct spec_io_priority, priority, BIND_RANGE(0, 7),
		.flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object io_priority_table = { .rows = io_priority_rows };

/* What the kernel would leave out without a word. */
static int priority_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_scheduler *s = object;

	if (s->priority.v != 0 && s->policy != SCHED_FIFO && s->policy != SCHED_RR)
		return json_error(j, e, "only SCHED_FIFO and SCHED_RR have a priority");
	return 0;
}

static int deadline_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_scheduler *s = object;

	if (s->policy != SCHED_DEADLINE && !streq(j->text, "0"))
		return json_error(j, e, "only SCHED_DEADLINE has a %s", j->key);
	return 0;
}

static const struct bind scheduler_rows[] = {
	BIND_ROW_ENUM("policy", struct spec_scheduler, policy, spec_sched_policy_names,
		.flags = BIND_REQUIRED),
	BIND_ROW_OPT_I64("nice", struct spec_scheduler, nice, BIND_RANGE(-20, 19)),
	BIND_ROW_OPT_I64("priority", struct spec_scheduler, priority, BIND_RANGE(0, 99),
		.rule = priority_rule),
	BIND_ROW_FLAGS("flags", struct spec_scheduler, flags, spec_sched_flag_names),
	BIND_ROW_OPT_U64("runtime", struct spec_scheduler, runtime, .rule = deadline_rule),
	BIND_ROW_OPT_U64("deadline", struct spec_scheduler, deadline, .rule = deadline_rule),
	BIND_ROW_OPT_U64("period", struct spec_scheduler, period, .rule = deadline_rule),
	BIND_END,
};

static const struct bind_object scheduler_table = { .rows = scheduler_rows };

static const struct bind cpu_affinity_rows[] = {
	BIND_ROW_STRING("initial", struct spec_cpu_affinity, initial, .flags = BIND_EMPTY_ABSENT,
		.check = check_cpu_list),
	BIND_ROW_STRING("final", struct spec_cpu_affinity, final, .flags = BIND_EMPTY_ABSENT,
		.check = check_cpu_list),
	BIND_END,
};

static const struct bind_object cpu_affinity_table = { .rows = cpu_affinity_rows };

static int check_size(const struct json *size, const char *key, struct error *e)
{
	const struct json *j = json_get(size, key);
	uint64_t value;

	if (json_u64(j, UINT16_MAX, &value) < 0)
		return json_error(j, e, "found %s, must be from 0 to %d", j->text, UINT16_MAX);
	return 0;
}

/* Without a terminal the size MUST be ignored, whatever it is. */
static int console_size_rule(const void *object, const struct json *j, struct error *e)
{
	const P *p = object;
	int r;

	if (!p->terminal)
		return 0;
	r = check_size(j, "height", e);
	return r < 0 ? r : check_size(j, "width", e);
}

static int args_rule(const void *object, const struct json *j, struct error *e)
{
	const P *p = object;

	if (p->args.n == 0)
		return json_error(j, e, "must have at least one element, the program");
	if (!*p->args.v[0])
		return json_error(json_at(j, 0), e, "the program's name is empty");
	return 0;
}

static const struct bind process_rows[] = {
	BIND_ROW_BOOL("terminal", P, terminal),
	BIND_ROW_POINTER("consoleSize", P, console_size, struct spec_console_size,
		&console_size_table, .rule = console_size_rule),
	BIND_ROW_STRING("cwd", P, cwd, .flags = BIND_REQUIRED, .check = check_absolute),
	BIND_ROW_STRINGS("env", P, env, .check = check_env),
	BIND_ROW_STRINGS("args", P, args, .flags = BIND_REQUIRED, .rule = args_rule),
	BIND_ROW_STRING("commandLine", P, command_line),
	BIND_ROW_OBJECT("user", P, user, struct spec_user, &user_table),
	BIND_ROW_POINTER(
		"capabilities", P, capabilities, struct spec_capabilities, &capabilities_table),
	BIND_ROW_LIST(
		"rlimits", P, rlimits, struct spec_rlimit, &rlimit_table, .rule = rlimits_rule),
	BIND_ROW_BOOL("noNewPrivileges", P, no_new_privileges,
		.also = offsetof(P, no_new_privileges_set)),
	BIND_ROW_STRING("apparmorProfile", P, apparmor_profile, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_STRING("selinuxLabel", P, selinux_label, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_OPT_I64("oomScoreAdj", P, oom_score_adj, BIND_RANGE(-1000, 1000)),
	BIND_ROW_POINTER("ioPriority", P, io_priority, struct spec_io_priority, &io_priority_table),
	BIND_ROW_POINTER("scheduler", P, scheduler, struct spec_scheduler, &scheduler_table),
	BIND_ROW_POINTER("execCPUAffinity", P, exec_cpu_affinity, struct spec_cpu_affinity,
		&cpu_affinity_table),
	BIND_END,
};

const struct bind_object spec_process_table = { .rows = process_rows };
