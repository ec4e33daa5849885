/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "cli/command.h"
#include "cli/suggest.h"

const struct command *const commands[] = {
	&command_create,
	&command_start,
	&command_run,
	&command_exec,
	&command_state,
	&command_kill,
	&command_pause,
	&command_resume,
	&command_update,
	&command_delete,
	&command_list,
	&command_ps,
	&command_port,
	&command_stats,
	&command_events,
	&command_spec,
	&command_features,
	&command_version,
	&command_help,
	&command_complete,
	&command_options,
	NULL,
};

/* What runc or crun has and lichen has not: who asks for it has not mistyped. */
static const struct {
	const char *name, *reason;
} absent[] = {
	{ "checkpoint", "not supported: rootless containers can't be restored (criu(8))" },
	{ "restore", "not supported: rootless containers can't be restored (criu(8))" },
	{ "mounts", "not supported: the mounts of a container are those of its config.json" },
};

static void suggest_command(const char *name, struct error *e)
{
	struct suggestion best;

	suggest_start(&best, name);
	for (const struct command *const *c = commands; *c; c++)
		if ((*c)->visibility == COMMAND_SHOWN)
			suggest_try(&best, (*c)->name);
	if (best.name)
		error_hint(e, "did you mean '%s'?", best.name);
}

const struct command *command_find(const char *program, const char *name, struct error *e)
{
	for (const struct command *const *c = commands; *c; c++)
		if (streq((*c)->name, name))
			return *c;
	for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
		if (streq(absent[i].name, name)) {
			error_set(e, EOPNOTSUPP, "%s: %s", name, absent[i].reason);
			return NULL;
		}
	error_set(e, EINVAL, "unknown command '%s'", name);
	suggest_command(name, e);
	error_hint(e, "see '%s --help'", program);
	return NULL;
}

int command_check_operands(const char *program, const struct command *command,
	const struct strings *operands, struct error *e)
{
	if (operands->n < command->min_operands)
		error_set(e, EINVAL, "%s: an argument is missing: expected %s", command->name,
			command->operands);
	else if (operands->n > command->max_operands)
		error_set(e, EINVAL, "%s: unexpected argument '%s'", command->name,
			operands->v[command->max_operands]);
	else
		return 0;
	return error_hint(e, "see '%s %s --help'", program, command->name);
}
