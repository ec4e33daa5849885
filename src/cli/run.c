/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/create.h"

static int run(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(network_words_release) struct network_words words = { 0 };
	const struct create_values *v = values;
	struct create_request req = create_request(v, &words, operands->v[0]);
	int status = 0, r;

	if (network_values_read(&v->network, &words, e) < 0)
		return -e->code;
	if (v->dry_run)
		return create_print_plan(&cli->runtime, &req, e);
	r = container_run(&cli->runtime, &req, &status, e);
	return r < 0 ? r : status;
}

static const struct option_def options[] = {
	CREATE_OPTION_ROWS,
	{ .shorts = "d",
		.name = "detach",
		.type = OPTION_FLAG,
		.help = "return when the container has started",
		CREATE_AT(detach) },
	{ .name = "keep",
		.type = OPTION_FLAG,
		.help = "keep the container when its process has ended",
		CREATE_AT(keep) },
	OPTION_LAST_ROWS,
};

const struct command command_run = {
	.name = "run",
	.operands = "ID",
	.summary = "make a container, start it, wait for it and delete it",
	.details = "Ends with the exit status of the container's process, or 128 + its signal.",
	.options = options,
	.values_size = sizeof(struct create_values),
	.min_operands = 1,
	.max_operands = 1,
	.reach = COMMAND_ENTERS,
	.run = run,
};
