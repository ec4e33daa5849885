/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/info.h"

enum list_format { LIST_TABLE, LIST_JSON };

struct list_values {
	int format;
	bool quiet;
};

enum {
	COLUMN_ID,
	COLUMN_PID,
	COLUMN_STATUS,
	COLUMN_BUNDLE,
	COLUMN_CREATED,
	COLUMN_OWNER,
	N_COLUMNS
};

/* As runc's table: columns of at least 12, three blanks between them. */
#define COLUMN_WIDTH_MIN 12
#define COLUMN_GAP	 3

static const char *const headings[N_COLUMNS] = {
	[COLUMN_ID] = "ID",
	[COLUMN_PID] = "PID",
	[COLUMN_STATUS] = "STATUS",
	[COLUMN_BUNDLE] = "BUNDLE",
	[COLUMN_CREATED] = "CREATED",
	[COLUMN_OWNER] = "OWNER",
};

struct row {
	const char *cells[N_COLUMNS];
	char pid[16];
};

static void fill(struct row *row, const struct container_info *info)
{
	snprintf(row->pid, sizeof(row->pid), "%d", info->pid);
	row->cells[COLUMN_ID] = info->id;
	row->cells[COLUMN_PID] = row->pid;
	row->cells[COLUMN_STATUS] = container_status_name(info->status);
	row->cells[COLUMN_BUNDLE] = info->bundle;
	row->cells[COLUMN_CREATED] = info->created;
	row->cells[COLUMN_OWNER] = info->owner;
}

static void widen(int *widths, const char *const *cells)
{
	for (size_t i = 0; i < N_COLUMNS; i++) {
		int width = (int)strlen(cells[i]) + COLUMN_GAP;

		if (widths[i] < width)
			widths[i] = width;
	}
}

static void print_cells(const int *widths, const char *const *cells)
{
	for (size_t i = 0; i + 1 < N_COLUMNS; i++)
		printf("%-*s", widths[i], cells[i]);
	puts(cells[N_COLUMNS - 1]);
}

static void print_table(const struct container_infos *infos)
{
	CLEANUP(mem_free) struct row *rows = xcalloc(infos->n + 1, sizeof(*rows));
	int widths[N_COLUMNS];

	for (size_t i = 0; i < N_COLUMNS; i++)
		widths[i] = COLUMN_WIDTH_MIN;
	for (size_t i = 0; i < infos->n; i++) {
		fill(&rows[i], &infos->v[i]);
		widen(widths, rows[i].cells);
	}
	print_cells(widths, headings);
	for (size_t i = 0; i < infos->n; i++)
		print_cells(widths, rows[i].cells);
}

/* One line, and an empty array where there is none: runc's "null" is more than `jq .[]` bears. */
static void print_json(const struct container_infos *infos)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out j;

	json_out_init(&j, &text, 0);
	json_out_array(&j, NULL);
	for (size_t i = 0; i < infos->n; i++)
		info_write(&j, NULL, &infos->v[i]);
	json_out_array_end(&j);
	puts(text.s);
}

static void print_ids(const struct container_infos *infos)
{
	for (size_t i = 0; i < infos->n; i++)
		puts(infos->v[i].id);
}

static int list(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(container_infos_release) struct container_infos infos = { 0 };
	const struct list_values *v = values;
	int r = container_list(&cli->runtime, &infos, e);

	(void)operands;
	if (r < 0)
		return r;
	info_warn(&infos, cli->runtime.log);
	if (v->quiet)
		print_ids(&infos);
	else if (v->format == LIST_JSON)
		print_json(&infos);
	else
		print_table(&infos);
	return 0;
}

#define AT(field) .offset = offsetof(struct list_values, field)

static const struct name formats[] = {
	{ "table", LIST_TABLE },
	{ "json", LIST_JSON },
	{ NULL, 0 },
};

static const struct option_def options[] = {
	{ .shorts = "f",
		.name = "format",
		.value = "FORMAT",
		.help = "how the containers are printed",
		.type = OPTION_CHOICE,
		.choices = formats,
		AT(format) },
	{ .shorts = "q",
		.name = "quiet",
		.help = "print the IDs alone",
		.type = OPTION_FLAG,
		AT(quiet) },
	OPTION_LAST_ROWS,
};

const struct command command_list = {
	.name = "list",
	.operands = "",
	.summary = "list the containers",
	.options = options,
	.values_size = sizeof(struct list_values),
	.run = list,
};
