/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `lichen __complete WORD...`: what may stand in the place of the last word, for the scripts in
 * completions/. One candidate a line, behind a tab its explanation; a line ":file" or ":directory"
 * leaves the rest to the shell.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/globals.h"
#include "cli/signal.h"

/* Where the words before the last one lead to. */
struct place {
	const struct command *command; /* or NULL: still the global options */
	const struct option_def *options;
	const struct option_def *pending; /* the option whose value comes next, or NULL */
	size_t n_operands;
	bool ended; /* no more options */
};

/* The option that word ends with and that still wants its value from the next word, or NULL. */
static const struct option_def *wants_value(const struct option_def *options, const char *word)
{
	const char *name = word + strspn(word, "-");
	size_t len = strcspn(name, "=");
	const struct option_def *def = NULL;

	if (name[len])
		return NULL;
	if (word[1] == '-' || len > 1)
		def = option_find(options, name, len);
	for (const char *s = name; !def && word[1] != '-' && *s; s++) {
		def = option_find_short(options, *s);
		if (def && def->value)
			return s[1] ? NULL : def;
		def = NULL;
	}
	return def && def->value ? def : NULL;
}

static void enter(struct place *p, const char *word)
{
	struct error e;

	if (p->command) {
		p->n_operands++;
		p->ended = p->ended || p->command->order == OPTIONS_FIRST;
		return;
	}
	p->command = command_find("", word, &e);
	p->options = p->command ? p->command->options : NULL;
	p->ended = !p->command;
}

static void walk(struct place *p, const char *word)
{
	if (p->pending)
		p->pending = NULL;
	else if (!p->ended && streq(word, "--"))
		p->ended = true;
	else if (!p->ended && word[0] == '-' && word[1])
		p->pending = wants_value(p->options, word);
	else
		enter(p, word);
}

/* What is completed: the word's fixed beginning, which is repeated, and the part to match. */
struct target {
	const char *fixed;
	size_t fixed_len;
	const char *part;
};

static void offer(const struct target *t, const char *candidate, const char *help)
{
	if (str_starts(candidate, t->part))
		printf("%.*s%s\t%s\n", (int)t->fixed_len, t->fixed, candidate, help);
}

static int offer_containers(const struct cli *cli, const struct target *t, struct error *e)
{
	CLEANUP(container_infos_release) struct container_infos infos = { 0 };
	int r = container_list(&cli->runtime, &infos, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < infos.n; i++)
		offer(t, infos.v[i].id, container_status_name(infos.v[i].status));
	return 0;
}

static void offer_commands(const struct target *t)
{
	for (const struct command *const *c = commands; *c; c++)
		if ((*c)->visibility == COMMAND_SHOWN)
			offer(t, (*c)->name, (*c)->summary);
}

static int offer_kind(
	const struct cli *cli, enum complete kind, const struct target *t, struct error *e)
{
	switch (kind) {
	case COMPLETE_NOTHING:
		return 0;
	case COMPLETE_FILE:
		puts(":file");
		return 0;
	case COMPLETE_DIRECTORY:
		puts(":directory");
		return 0;
	case COMPLETE_CONTAINER:
		return offer_containers(cli, t, e);
	case COMPLETE_SIGNAL:
		for (const struct name *s = signal_names; s->name; s++)
			offer(t, s->name, "");
		return 0;
	case COMPLETE_COMMAND:
		offer_commands(t);
		return 0;
	}
	return 0;
}

static int offer_values(
	const struct cli *cli, const struct option_def *def, struct target t, struct error *e)
{
	const char *comma = def->type == OPTION_SET ? strrchr(t.part, ',') : NULL;

	if (!def->choices)
		return offer_kind(cli, def->complete, &t, e);
	if (comma) {
		t.part = comma + 1;
		t.fixed_len = (size_t)(t.part - t.fixed);
	}
	for (const struct name *c = def->choices; c->name; c++)
		offer(&t, c->name, "");
	return 0;
}

static void offer_options(const struct option_def *options, const struct target *t)
{
	for (const struct option_def *row = options; row->help; row++) {
		CLEANUP(mem_free) char *name = row->name ? xasprintf("--%s", row->name) : NULL;

		if (name)
			offer(t, name, row->help);
	}
}

static int offer_word(
	const struct cli *cli, const struct place *p, const char *word, struct error *e)
{
	const char *equals = !p->ended && str_starts(word, "--") ? strchr(word, '=') : NULL;
	struct target t = { word, 0, word };

	if (p->pending)
		return offer_values(cli, p->pending, t, e);
	if (equals) {
		const struct option_def *def = option_find(
			p->options, word + 2, (size_t)(equals - word - 2));

		t = (struct target){ word, (size_t)(equals + 1 - word), equals + 1 };
		return def && def->value ? offer_values(cli, def, t, e) : 0;
	}
	if (!p->ended && word[0] == '-') {
		offer_options(p->options, &t);
		return 0;
	}
	if (!p->command)
		return offer_kind(cli, p->ended ? COMPLETE_NOTHING : COMPLETE_COMMAND, &t, e);
	if (p->n_operands >= COMMAND_OPERANDS_MAX)
		return 0;
	return offer_kind(cli, p->command->complete[p->n_operands], &t, e);
}

/* The --root among the words counts for the containers that are offered. */
static void use_root(struct cli *cli, const struct strings *words)
{
	CLEANUP(mem_free) const char **before = xcalloc(words->n, sizeof(*before));
	struct option_grammar g = { cli->program, global_options, NULL, OPTIONS_FIRST };
	struct global_values values = { 0 };
	struct strings operands;
	struct error e;

	memcpy(before, words->v, (words->n - 1) * sizeof(*before));
	options_parse(&g, before, &values, &operands, &e);
	free(operands.v);
	if (values.root)
		cli->runtime.root = values.root;
}

static int complete(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	struct place place = { .options = global_options };
	struct cli with_root = *cli;

	(void)values;
	use_root(&with_root, operands);
	for (size_t i = 0; i + 1 < operands->n; i++)
		walk(&place, operands->v[i]);
	return offer_word(&with_root, &place, operands->v[operands->n - 1], e);
}

static const struct option_def options[] = { OPTION_LAST_ROWS };

const struct command command_complete = {
	.name = "__complete",
	.operands = "WORD...",
	.summary = "candidates for the last word, for the shells' completion",
	.options = options,
	.order = OPTIONS_FIRST,
	.min_operands = 1,
	.max_operands = SIZE_MAX,
	.visibility = COMMAND_HIDDEN,
	.run = complete,
};
