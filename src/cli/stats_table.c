/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stats_table.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/size.h"
#include "spec/json.h"

#define NS_PER_MS 1000000

void samples_release(struct samples *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->v[i].id);
		cgroup_stats_release(&s->v[i].stats);
	}
	free(s->v);
	*s = (struct samples){ 0 };
}

/* ---- figures ---- */

/* A later container of the same name has used less. */
static uint64_t cpu_of(const struct sample *before, const struct sample *now)
{
	int64_t elapsed_ms = before ? now->time_ms - before->time_ms : 0;
	uint64_t used_ns;

	if (elapsed_ms <= 0 || !(before->stats.parts & now->stats.parts & CGROUP_CPU) ||
		now->stats.cpu.usage_ns < before->stats.cpu.usage_ns)
		return FIGURE_UNKNOWN;
	used_ns = now->stats.cpu.usage_ns - before->stats.cpu.usage_ns;
	return used_ns / (uint64_t)elapsed_ms * 10000 / NS_PER_MS;
}

/* The inactive part of the page cache counts for the limit and never brings it about. */
static uint64_t memory_of(const struct cgroup_memory *m)
{
	uint64_t cache = cgroup_number(&m->details, "inactive_file");

	return m->memory.usage > cache ? m->memory.usage - cache : 0;
}

static uint64_t share_of(uint64_t part, uint64_t whole)
{
	if (whole == 0 || whole == CGROUP_NO_LIMIT)
		return FIGURE_UNKNOWN;
	return (uint64_t)((double)part * 10000 / (double)whole);
}

void figures_of(const struct sample *before, const struct sample *now, struct figures *out)
{
	const struct cgroup_stats *s = &now->stats;

	*out = (struct figures){ .id = now->id,
		.has_cgroup = now->has_cgroup,
		.cpu = cpu_of(before, now),
		.memory = FIGURE_UNKNOWN,
		.memory_limit = FIGURE_UNKNOWN,
		.memory_share = FIGURE_UNKNOWN,
		.pids = FIGURE_UNKNOWN,
		.pids_limit = FIGURE_UNKNOWN,
		.read = FIGURE_UNKNOWN,
		.written = FIGURE_UNKNOWN };
	if (s->parts & CGROUP_MEMORY) {
		out->memory = memory_of(&s->memory);
		out->memory_limit = s->memory.memory.limit;
		out->memory_share = share_of(out->memory, out->memory_limit);
	}
	if (s->parts & CGROUP_PIDS) {
		out->pids = s->pids.current;
		out->pids_limit = s->pids.limit;
	}
	if (s->parts & CGROUP_IO) {
		out->read = out->written = 0;
		for (size_t i = 0; i < s->io.n; i++) {
			out->read += s->io.v[i].read_bytes;
			out->written += s->io.v[i].written_bytes;
		}
	}
}

static const struct sample *find(const struct samples *samples, const char *id)
{
	for (size_t i = 0; i < samples->n; i++)
		if (streq(samples->v[i].id, id))
			return &samples->v[i];
	return NULL;
}

struct figures *figures_of_all(const struct samples *before, const struct samples *now)
{
	struct figures *figures = xcalloc(now->n + 1, sizeof(*figures));

	for (size_t i = 0; i < now->n; i++)
		figures_of(find(before, now->v[i].id), &now->v[i], &figures[i]);
	return figures;
}

/* ---- the table ---- */

enum { COLUMN_ID, COLUMN_CPU, COLUMN_MEMORY, COLUMN_SHARE, COLUMN_PIDS, COLUMN_IO, N_COLUMNS };

#define COLUMN_GAP   2
#define ID_WIDTH_MIN 8

struct row {
	char *cells[N_COLUMNS];
};

struct rows {
	size_t n;
	struct row *v;
};

static void rows_release(struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		for (size_t k = 0; k < N_COLUMNS; k++)
			free(rows->v[i].cells[k]);
	free(rows->v);
}

static struct row heading(void)
{
	static const char *const headings[N_COLUMNS] = {
		[COLUMN_ID] = "ID",
		[COLUMN_CPU] = "CPU %",
		[COLUMN_MEMORY] = "MEM USAGE / LIMIT",
		[COLUMN_SHARE] = "MEM %",
		[COLUMN_PIDS] = "PIDS",
		[COLUMN_IO] = "BLOCK READ / WRITE",
	};
	struct row row;

	for (size_t i = 0; i < N_COLUMNS; i++)
		row.cells[i] = xstrdup(headings[i]);
	return row;
}

static char *percent(uint64_t hundredths)
{
	if (hundredths == FIGURE_UNKNOWN)
		return xstrdup("-");
	return xasprintf("%llu.%02llu%%", (unsigned long long)(hundredths / 100),
		(unsigned long long)(hundredths % 100));
}

static char *two_sizes(uint64_t known, uint64_t a, uint64_t b)
{
	return known == FIGURE_UNKNOWN ? xstrdup("-")
				       : xasprintf("%s / %s", size_print(a).s, size_print(b).s);
}

static struct row row_of(const struct figures *f)
{
	return (struct row){ .cells = {
				     [COLUMN_ID] = xstrdup(f->id),
				     [COLUMN_CPU] = percent(f->cpu),
				     [COLUMN_MEMORY] = two_sizes(
					     f->memory, f->memory, f->memory_limit),
				     [COLUMN_SHARE] = percent(f->memory_share),
				     [COLUMN_PIDS] = f->pids == FIGURE_UNKNOWN
					     ? xstrdup("-")
					     : xasprintf("%llu", (unsigned long long)f->pids),
				     [COLUMN_IO] = two_sizes(f->read, f->read, f->written),
			     } };
}

static void measure(const struct rows *rows, size_t columns, size_t *widths)
{
	/* What numbers usually need, so that the columns don't jump from one second to the next. */
	static const size_t usual[N_COLUMNS] = {
		[COLUMN_ID] = ID_WIDTH_MIN,
		[COLUMN_CPU] = sizeof("100.00%") - 1,
		[COLUMN_MEMORY] = sizeof("999.9 MiB / 999.9 MiB") - 1,
		[COLUMN_SHARE] = sizeof("100.00%") - 1,
		[COLUMN_PIDS] = sizeof("PIDS") - 1,
		[COLUMN_IO] = sizeof("999.9 MiB / 999.9 MiB") - 1,
	};
	size_t others = 0;

	for (size_t k = 0; k < N_COLUMNS; k++) {
		widths[k] = usual[k];
		for (size_t i = 0; i < rows->n; i++)
			if (strlen(rows->v[i].cells[k]) > widths[k])
				widths[k] = strlen(rows->v[i].cells[k]);
		if (k != COLUMN_ID)
			others += widths[k] + COLUMN_GAP;
	}
	/* The names give way to the numbers. */
	if (columns > 0 && widths[COLUMN_ID] + others > columns)
		widths[COLUMN_ID] = columns > others + ID_WIDTH_MIN ? columns - others
								    : ID_WIDTH_MIN;
}

static void write_row(struct text *out, const struct row *row, const size_t *widths)
{
	size_t id_width = widths[COLUMN_ID];

	if (strlen(row->cells[COLUMN_ID]) > id_width)
		text_printf(out, "%.*s+", (int)id_width - 1, row->cells[COLUMN_ID]);
	else
		text_printf(out, "%-*s", (int)id_width, row->cells[COLUMN_ID]);
	for (size_t k = 1; k < N_COLUMNS; k++)
		text_printf(out, "%*s%-*s", COLUMN_GAP, "", k + 1 < N_COLUMNS ? (int)widths[k] : 0,
			row->cells[k]);
	text_puts(out, "\n");
}

static void write_note(struct text *out, const struct figures *figures, size_t n)
{
	bool is_first = true;

	for (size_t i = 0; i < n; i++) {
		if (figures[i].has_cgroup)
			continue;
		if (is_first)
			text_puts(out, "\nNot counted, without a cgroup of its own:");
		text_printf(out, " %s", figures[i].id);
		is_first = false;
	}
	if (!is_first)
		text_puts(out, "\n");
}

void stats_table_write(struct text *out, const struct figures *figures, size_t n, size_t columns)
{
	CLEANUP(rows_release)
	struct rows rows = { .n = n + 1, .v = xcalloc(n + 1, sizeof(*rows.v)) };
	size_t widths[N_COLUMNS];

	rows.v[0] = heading();
	for (size_t i = 0; i < n; i++)
		rows.v[i + 1] = row_of(&figures[i]);
	measure(&rows, columns, widths);
	for (size_t i = 0; i < rows.n; i++)
		write_row(out, &rows.v[i], widths);
	write_note(out, figures, n);
}

/* ---- JSON ---- */

static void add_number(struct json_out *j, const char *key, uint64_t value)
{
	if (value == FIGURE_UNKNOWN)
		json_out_null(j, key);
	else
		json_out_u64(j, key, value);
}

static void add_percent(struct json_out *j, const char *key, uint64_t hundredths)
{
	if (hundredths == FIGURE_UNKNOWN)
		json_out_null(j, key);
	else
		json_out_hundredths(j, key, hundredths);
}

void stats_json_write(struct text *out, const struct figures *figures, size_t n)
{
	struct json_out j;

	json_out_init(&j, out, 0);
	json_out_array(&j, NULL);
	for (size_t i = 0; i < n; i++) {
		const struct figures *f = &figures[i];

		json_out_object(&j, NULL);
		json_out_string(&j, "id", f->id);
		add_percent(&j, "cpuPercent", f->cpu);
		add_number(&j, "memoryUsage", f->memory);
		add_number(&j, "memoryLimit", f->memory_limit);
		add_percent(&j, "memoryPercent", f->memory_share);
		add_number(&j, "pids", f->pids);
		add_number(&j, "pidsLimit", f->pids_limit);
		add_number(&j, "blockRead", f->read);
		add_number(&j, "blockWritten", f->written);
		if (!f->has_cgroup)
			json_out_string(&j, "note", "no cgroup of its own");
		json_out_object_end(&j);
	}
	json_out_array_end(&j);
}
