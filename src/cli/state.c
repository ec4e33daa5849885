/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/command.h"
#include "cli/info.h"

static int state(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(container_info_release) struct container_info info = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out j;
	int r = container_state(&cli->runtime, operands->v[0], &info, e);

	(void)values;
	if (r < 0)
		return r;
	json_out_init(&j, &text, 2);
	info_write(&j, NULL, &info);
	puts(text.s);
	return 0;
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_state = {
	.name = "state",
	.operands = "ID",
	.summary = "print the state of a container as JSON",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = state,
};
