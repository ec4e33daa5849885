/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: linux.seccomp. */
#include "spec/check.h"
#include "spec/tables.h"

static const struct bind arg_rows[] = {
	BIND_ROW_U32(
		"index", struct spec_seccomp_arg, index, BIND_RANGE(0, 5), .flags = BIND_REQUIRED),
	BIND_ROW_U64("value", struct spec_seccomp_arg, value, .flags = BIND_REQUIRED),
	BIND_ROW_U64("valueTwo", struct spec_seccomp_arg, value_two),
	BIND_ROW_ENUM(
		"op", struct spec_seccomp_arg, op, spec_seccomp_op_names, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object arg_table = { .rows = arg_rows };

/* The kernel would cut a larger value, in silence. */
static int check_errno(int64_t action, const struct json *j, struct error *e)
{
	unsigned int max = action == SECCOMP_ACT_TRACE ? UINT16_MAX : 4095;
	uint64_t value;

	if (action != SECCOMP_ACT_ERRNO && action != SECCOMP_ACT_TRACE)
		return json_error(
			j, e, "%s returns no errno", name_of(spec_seccomp_action_names, action));
	if (json_u64(j, max, &value) < 0)
		return json_error(j, e, "found %s, must be from 0 to %u", j->text, max);
	return 0;
}

static int errno_rule(const void *object, const struct json *j, struct error *e)
{
	return check_errno(((const struct spec_syscall *)object)->action, j, e);
}

static int default_errno_rule(const void *object, const struct json *j, struct error *e)
{
	return check_errno(((const struct spec_seccomp *)object)->default_action, j, e);
}

static int names_rule(const void *object, const struct json *j, struct error *e)
{
	if (((const struct spec_syscall *)object)->names.n == 0)
		return json_error(j, e, "must have at least one element");
	return 0;
}

static const struct bind syscall_rows[] = {
	BIND_ROW_STRINGS("names", struct spec_syscall, names, .flags = BIND_REQUIRED,
		.check = check_not_empty, .rule = names_rule),
	BIND_ROW_ENUM("action", struct spec_syscall, action, spec_seccomp_action_names,
		.flags = BIND_REQUIRED),
	BIND_ROW_OPT_U32("errnoRet", struct spec_syscall, errno_ret, .rule = errno_rule),
	BIND_ROW_LIST("args", struct spec_syscall, args, struct spec_seccomp_arg, &arg_table),
	BIND_END,
};

static const struct bind_object syscall_table = { .rows = syscall_rows };

static int needs_listener(const struct spec_seccomp *s, const struct json *j, struct error *e)
{
	if (s->listener_path)
		return 0;
	return json_error(j, e, "SCMP_ACT_NOTIFY needs linux.seccomp.listenerPath");
}

static int default_action_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_seccomp *s = object;

	return s->default_action == SECCOMP_ACT_NOTIFY ? needs_listener(s, j, e) : 0;
}

static int syscalls_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec_seccomp *s = object;

	for (size_t i = 0; i < s->syscalls.n; i++)
		if (s->syscalls.v[i].action == SECCOMP_ACT_NOTIFY && !s->listener_path)
			return needs_listener(s, json_get(json_at(list, i), "action"), e);
	return 0;
}

static int metadata_rule(const void *object, const struct json *j, struct error *e)
{
	if (((const struct spec_seccomp *)object)->listener_path)
		return 0;
	return json_error(j, e, "needs linux.seccomp.listenerPath");
}

#define S struct spec_seccomp

static const struct bind seccomp_rows[] = {
	BIND_ROW_ENUM("defaultAction", S, default_action, spec_seccomp_action_names,
		.flags = BIND_REQUIRED, .rule = default_action_rule),
	BIND_ROW_OPT_U32("defaultErrnoRet", S, default_errno_ret, .rule = default_errno_rule),
	BIND_ROW_STRINGS("architectures", S, architectures, .known = spec_seccomp_arch_names),
	BIND_ROW_STRINGS("flags", S, flags, .known = spec_seccomp_flag_names,
		.also = offsetof(S, flags_set)),
	BIND_ROW_STRING("listenerPath", S, listener_path, .flags = BIND_EMPTY_ABSENT,
		.check = check_absolute),
	BIND_ROW_STRING("listenerMetadata", S, listener_metadata, .flags = BIND_EMPTY_ABSENT,
		.rule = metadata_rule),
	BIND_ROW_LIST("syscalls", S, syscalls, struct spec_syscall, &syscall_table,
		.rule = syscalls_rule),
	BIND_END,
};

const struct bind_object spec_seccomp_table = { .rows = seccomp_rows };
