/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/create.h"

#include <stdio.h>
#include <string.h>

#include "cli/command.h"

struct create_request create_request(
	const struct create_values *values, const struct network_words *words, const char *id)
{
	unsigned int flags = 0;

	if (values->no_pivot)
		flags |= CREATE_NO_PIVOT;
	if (values->no_new_keyring)
		flags |= CREATE_NO_NEW_KEYRING;
	if (values->keep_groups)
		flags |= CREATE_KEEP_GROUPS;
	if (values->detach)
		flags |= CREATE_DETACH;
	if (values->keep)
		flags |= CREATE_KEEP;
	return (struct create_request){
		.id = id,
		.bundle = values->bundle ? values->bundle : ".",
		.config = values->config,
		.console_socket = values->console_socket,
		.pid_file = values->pid_file,
		.pidfd_socket = values->pidfd_socket,
		.network = words,
		.preserve_fds = values->preserve_fds,
		.flags = flags,
	};
}

int create_print_plan(const struct runtime *rt, const struct create_request *req, struct error *e)
{
	CLEANUP(text_release) struct text plan = { 0 };
	char *save = NULL;
	int r = container_dry_run(rt, req, &plan, e);

	if (r < 0)
		return r;
	/* It has words of config.json in it. */
	for (char *line = strtok_r(plan.s, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		CLEANUP(text_release) struct text printable = { 0 };

		text_puts_printable(&printable, line);
		printf("%s\n", printable.s);
	}
	return 0;
}

static int create(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(network_words_release) struct network_words words = { 0 };
	const struct create_values *v = values;
	struct create_request req = create_request(v, &words, operands->v[0]);

	if (network_values_read(&v->network, &words, e) < 0)
		return -e->code;
	if (v->dry_run)
		return create_print_plan(&cli->runtime, &req, e);
	return container_create(&cli->runtime, &req, e);
}

static const struct option_def options[] = { CREATE_OPTION_ROWS, OPTION_LAST_ROWS };

const struct command command_create = {
	.name = "create",
	.operands = "ID",
	.summary = "make a container; its process waits for 'start'",
	.options = options,
	.values_size = sizeof(struct create_values),
	.min_operands = 1,
	.max_operands = 1,
	.reach = COMMAND_ENTERS,
	.run = create,
};
