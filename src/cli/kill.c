/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cli/command.h"
#include "cli/match.h"
#include "cli/signal.h"

struct kill_values {
	const char *signal; /* of the form -TERM or --signal TERM */
	bool all, regex;
};

struct kill_request {
	int signal;
	unsigned int flags;
};

static int kill_one(const struct runtime *rt, const char *id, const void *arg, struct error *e)
{
	const struct kill_request *req = arg;

	return container_kill(rt, id, req->signal, req->flags, e);
}

static int kill_command(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct kill_values *v = values;
	struct kill_request req = { .flags = v->all ? KILL_ALL : 0 };
	const char *name = v->signal;
	int r;

	if (operands->n > 1 && name)
		return error_set(
			e, EINVAL, "kill: two signals: '%s' and '%s'", name, operands->v[1]);
	if (operands->n > 1)
		name = operands->v[1];
	r = signal_parse(name ? name : "TERM", &req.signal, e);
	if (r < 0)
		return r;
	if (v->regex)
		return match_each(&cli->runtime, operands->v[0], kill_one, &req, e);
	return kill_one(&cli->runtime, operands->v[0], &req, e);
}

#define AT(field) .offset = offsetof(struct kill_values, field)

static const struct option_def options[] = {
	{ .shorts = "a",
		.name = "all",
		.type = OPTION_FLAG,
		.help = "signal every process of the container",
		AT(all) },
	{ .shorts = "r",
		.name = "regex",
		.type = OPTION_FLAG,
		.help = "ID is an extended regular expression; every match is signalled",
		AT(regex) },
	{ .shorts = "s",
		.name = "signal",
		.value = "SIGNAL",
		.type = OPTION_STRING,
		.help = "the signal, as an option",
		.complete = COMPLETE_SIGNAL,
		AT(signal) },
	{ .value = "SIGNAL",
		.type = OPTION_DASHED,
		.help = "the same, as for kill(1): -9, -TERM",
		.accepts = signal_is_name,
		AT(signal) },
	OPTION_LAST_ROWS,
};

const struct command command_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.summary = "send a signal to the container's process",
	.details = "SIGNAL is a number or a name, with or without SIG (default: TERM).",
	.options = options,
	.values_size = sizeof(struct kill_values),
	.min_operands = 1,
	.max_operands = 2,
	.complete = { COMPLETE_CONTAINER, COMPLETE_SIGNAL },
	.run = kill_command,
};
