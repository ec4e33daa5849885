/* SPDX-License-Identifier: Apache-2.0 */
/* pause and resume, which differ in one word. */
#include "cli/command.h"

static int pause_command(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)values;
	return container_pause(&cli->runtime, operands->v[0], e);
}

static int resume_command(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)values;
	return container_resume(&cli->runtime, operands->v[0], e);
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_pause = {
	.name = "pause",
	.operands = "ID",
	.summary = "suspend every process of a container",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = pause_command,
};

const struct command command_resume = {
	.name = "resume",
	.operands = "ID",
	.summary = "let a paused container go on",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = resume_command,
};
