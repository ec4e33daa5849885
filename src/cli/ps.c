/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/ps_table.h"

enum ps_format { PS_TABLE, PS_JSON };

struct ps_values {
	int format;
};

/* One line; callers read an array of numbers, also an empty one. */
static void print_json(const struct pid_list *pids)
{
	putchar('[');
	for (size_t i = 0; i < pids->n; i++)
		printf("%s%d", i ? "," : "", pids->v[i]);
	puts("]");
}

static void print_column(const struct pid_list *pids)
{
	puts("PID");
	for (size_t i = 0; i < pids->n; i++)
		printf("%d\n", pids->v[i]);
}

static int print_table(const struct pid_list *pids, const char *const *args, struct error *e)
{
	int r;

	if (*args && streq(*args, "--"))
		args++;
	r = ps_table_print(pids, args, e);
	if (r != -ENOENT || *args)
		return r;
	print_column(pids);
	return 0;
}

static int ps(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct ps_values *v = values;
	CLEANUP(mem_free) pid_t *list = NULL;
	struct pid_list pids;
	int r = container_pids(&cli->runtime, operands->v[0], &list, &pids.n, e);

	if (r < 0)
		return r;
	pids.v = list;
	if (v->format == PS_TABLE)
		return print_table(&pids, operands->v + 1, e);
	print_json(&pids);
	return 0;
}

static const struct name formats[] = { { "table", PS_TABLE }, { "json", PS_JSON }, { NULL, 0 } };

static const struct option_def options[] = {
	{ .shorts = "f",
		.name = "format",
		.value = "FORMAT",
		.type = OPTION_CHOICE,
		.help = "how the processes are printed",
		.choices = formats,
		.offset = offsetof(struct ps_values, format) },
	OPTION_LAST_ROWS,
};

const struct command command_ps = {
	.name = "ps",
	.operands = "ID [PS-ARGUMENT...]",
	.summary = "list the processes of a container",
	.details = "What follows ID is for ps(1), whose lines the table is made of (default: -ef).",
	.options = options,
	.order = OPTIONS_FIRST,
	.values_size = sizeof(struct ps_values),
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.complete = { COMPLETE_CONTAINER },
	.run = ps,
};
