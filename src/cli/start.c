/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

static int start(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	(void)values;
	return container_start(&cli->runtime, operands->v[0], e);
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_start = {
	.name = "start",
	.operands = "ID",
	.summary = "start the process of a created container",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = start,
};
