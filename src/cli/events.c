/* SPDX-License-Identifier: Apache-2.0 */
/* events: a container's figures and the OOM killer's visits, for programs. */
#include <errno.h>
#include <stdio.h>

#include "cli/command.h"
#include "cli/duration.h"
#include "cli/event.h"

#define INTERVAL_DEFAULT "5s"
#define NS_PER_MS	 1000000

struct events_values {
	bool stats;
	const char *interval;
};

/* In whole milliseconds, and at least one. */
static int interval_of(const struct events_values *v, int64_t *out_ms, struct error *e)
{
	const char *text = v->interval ? v->interval : INTERVAL_DEFAULT;
	int64_t ns;

	if (duration_parse(text, &ns) < 0) {
		error_set(e, EINVAL, "option '--interval': expected a duration, found '%s'", text);
		return error_hint(e, "a number with its unit: 5s, 500ms, 1m30s");
	}
	if (ns <= 0)
		return error_set(
			e, EINVAL, "option '--interval': must be longer than 0, found '%s'", text);
	*out_ms = ns < NS_PER_MS ? 1 : ns / NS_PER_MS;
	return 0;
}

/* A line at a time: whoever reads them wants each one as it comes. */
static int print_line(struct text *line, struct error *e)
{
	text_puts(line, "\n");
	if (fputs(line->s, stdout) == EOF || fflush(stdout) == EOF)
		return error_errno(e, "write to standard output");
	return 0;
}

static int print(void *arg, const struct cgroup_stats *stats, struct error *e)
{
	CLEANUP(text_release) struct text line = { 0 };

	event_write(&line, arg, stats);
	return print_line(&line, e);
}

static int print_network(void *arg, const char *reason, struct error *e)
{
	CLEANUP(text_release) struct text line = { 0 };

	event_write_network(&line, arg, reason);
	return print_line(&line, e);
}

static void stats_cleanup(struct cgroup_stats *stats)
{
	cgroup_stats_release(stats);
}

static int print_once(const struct runtime *rt, const char *id, struct error *e)
{
	CLEANUP(stats_cleanup) struct cgroup_stats stats = { 0 };
	int r = container_stats(rt, id, &stats, e);

	return r < 0 ? r : print((void *)(uintptr_t)id, &stats, e);
}

static int events(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct events_values *v = values;
	const char *id = operands->v[0];
	const struct container_listener listener = { print, print_network, (void *)(uintptr_t)id };
	int64_t interval_ms = 0;
	int r = interval_of(v, &interval_ms, e);

	if (r < 0)
		return r;
	return v->stats ? print_once(&cli->runtime, id, e)
			: container_events(&cli->runtime, id, interval_ms, &listener, e);
}

#define AT(field) .offset = offsetof(struct events_values, field)

static const struct option_def options[] = {
	{ .name = "stats",
		.help = "print the figures once, and end",
		.type = OPTION_FLAG,
		AT(stats) },
	{ .name = "interval",
		.value = "DURATION",
		.help = "how often to print the figures (default: " INTERVAL_DEFAULT ")",
		.type = OPTION_STRING,
		AT(interval) },
	OPTION_LAST_ROWS,
};

const struct command command_events = {
	.name = "events",
	.operands = "ID",
	.summary = "print what a container uses and when it runs out of memory, as JSON",
	.details = "One object a line, until the container ends.",
	.options = options,
	.values_size = sizeof(struct events_values),
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = events,
};
