/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/match.h"

struct delete_values {
	bool force, regex;
};

static int delete_one(const struct runtime *rt, const char *id, const void *arg, struct error *e)
{
	const struct delete_values *v = arg;

	return container_delete(rt, id, v->force ? DELETE_FORCE : 0, e);
}

static int delete (
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct delete_values *v = values;

	if (v->regex)
		return match_each(&cli->runtime, operands->v[0], delete_one, v, e);
	return delete_one(&cli->runtime, operands->v[0], v, e);
}

#define AT(field) .offset = offsetof(struct delete_values, field)

static const struct option_def options[] = {
	{ .shorts = "f",
		.name = "force",
		.type = OPTION_FLAG,
		.help = "kill what still runs; a container that isn't there is no error",
		AT(force) },
	{ .shorts = "r",
		.name = "regex",
		.type = OPTION_FLAG,
		.help = "ID is an extended regular expression; every match is deleted",
		AT(regex) },
	OPTION_LAST_ROWS,
};

const struct command command_delete = {
	.name = "delete",
	.operands = "ID",
	.summary = "remove a container that is created or stopped",
	.options = options,
	.values_size = sizeof(struct delete_values),
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = delete,
};
