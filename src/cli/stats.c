/* SPDX-License-Identifier: Apache-2.0 */
/* stats: what the running containers use, for a person. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/info.h"
#include "cli/screen.h"
#include "cli/stats_table.h"

#define INTERVAL_MS 1000

enum stats_format { STATS_TABLE, STATS_JSON };

struct stats_values {
	int format;
	bool no_stream;
};

static int take_one(const struct runtime *rt, const char *id, struct samples *out, struct error *e)
{
	struct sample sample = { .has_cgroup = 1 };
	int r = container_stats(rt, id, &sample.stats, e);

	if (r == -ENOTSUP)
		sample.has_cgroup = 0;
	else if (r < 0)
		return r;
	sample.id = xstrdup(id);
	sample.time_ms = time_ms();
	out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = sample;
	return 0;
}

/* One that has ended meanwhile is not there any more. */
static int is_gone(int r)
{
	return r == -ESRCH || r == -ENOENT;
}

/* What is wrong is told the first time, not each second. */
enum taking { TAKE_FIRST, TAKE_AGAIN };

static int take_running(
	const struct runtime *rt, enum taking when, struct samples *out, struct error *e)
{
	CLEANUP(container_infos_release) struct container_infos infos = { 0 };
	int r = container_list(rt, &infos, e);

	if (when == TAKE_FIRST)
		info_warn(&infos, rt->log);
	for (size_t i = 0; r == 0 && i < infos.n; i++) {
		if (infos.v[i].status != STATUS_RUNNING && infos.v[i].status != STATUS_PAUSED)
			continue;
		r = take_one(rt, infos.v[i].id, out, e);
		if (is_gone(r))
			r = 0;
	}
	return r;
}

/* One that is named and isn't there is a mistake, but may end meanwhile. */
static int take(const struct runtime *rt, const struct strings *ids, enum taking when,
	struct samples *out, struct error *e)
{
	int r = 0;

	if (ids->n == 0)
		return take_running(rt, when, out, e);
	for (size_t i = 0; r == 0 && i < ids->n; i++) {
		r = take_one(rt, ids->v[i], out, e);
		if (when == TAKE_AGAIN && is_gone(r))
			r = 0;
	}
	return r;
}

static void write_page(struct text *out, enum stats_format format, const struct samples *before,
	const struct samples *now, size_t columns)
{
	CLEANUP(mem_free) struct figures *figures = figures_of_all(before, now);

	if (format == STATS_TABLE) {
		stats_table_write(out, figures, now->n, columns);
		return;
	}
	stats_json_write(out, figures, now->n);
	text_puts(out, "\n");
}

static int print_once(const struct runtime *rt, const struct strings *ids, enum stats_format format,
	struct error *e)
{
	CLEANUP(samples_release) struct samples before = { 0 };
	CLEANUP(samples_release) struct samples now = { 0 };
	CLEANUP(text_release) struct text page = { 0 };
	int r = take(rt, ids, TAKE_FIRST, &before, e);

	if (r < 0)
		return r;
	if (before.n > 0)
		poll(NULL, 0, INTERVAL_MS);
	r = take(rt, ids, TAKE_AGAIN, &now, e);
	if (r < 0)
		return r;
	write_page(&page, format, &before, &now, 0);
	fputs(page.s, stdout);
	return 0;
}

static void paint(const struct samples *before, const struct samples *now)
{
	CLEANUP(text_release) struct text page = { 0 };

	write_page(&page, STATS_TABLE, before, now, screen_columns());
	screen_paint(page.s);
}

/* Until somebody has seen enough, or those that were named have ended. */
static int watch(const struct runtime *rt, const struct strings *ids, struct error *e)
{
	CLEANUP(samples_release) struct samples before = { 0 };
	CLEANUP(samples_release) struct samples now = { 0 };
	CLEANUP(screen_close) struct screen screen = SCREEN_NONE;
	int r = take(rt, ids, TAKE_FIRST, &now, e);

	if (r == 0)
		r = screen_open(&screen, e);
	while (r == 0 && (ids->n == 0 || now.n > 0)) {
		int64_t next_ms = time_ms() + INTERVAL_MS;
		enum screen_event event;

		do {
			paint(&before, &now);
			event = screen_wait(&screen, next_ms);
		} while (event == SCREEN_CHANGED);
		if (event == SCREEN_QUIT)
			return 0;
		samples_release(&before);
		before = now;
		now = (struct samples){ 0 };
		r = take(rt, ids, TAKE_AGAIN, &now, e);
	}
	return r;
}

static int stats(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct stats_values *v = values;

	if (v->format == STATS_TABLE && !v->no_stream && screen_is_possible())
		return watch(&cli->runtime, operands, e);
	return print_once(&cli->runtime, operands, (enum stats_format)v->format, e);
}

#define AT(field) .offset = offsetof(struct stats_values, field)

static const struct name formats[] = {
	{ "table", STATS_TABLE },
	{ "json", STATS_JSON },
	{ NULL, 0 },
};

static const struct option_def options[] = {
	{ .shorts = "f",
		.name = "format",
		.value = "FORMAT",
		.help = "how the figures are printed",
		.type = OPTION_CHOICE,
		.choices = formats,
		AT(format) },
	{ .name = "no-stream",
		.help = "print them once, also on a terminal",
		.type = OPTION_FLAG,
		AT(no_stream) },
	OPTION_LAST_ROWS,
};

const struct command command_stats = {
	.name = "stats",
	.operands = "[ID...]",
	.summary = "show what running containers use",
	.details = "On a terminal until q is pressed; else once, after a second.",
	.options = options,
	.values_size = sizeof(struct stats_values),
	.max_operands = SIZE_MAX,
	.complete = { COMPLETE_CONTAINER, COMPLETE_CONTAINER },
	.run = stats,
};
