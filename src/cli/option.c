/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/option.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "cli/suggest.h"

static const struct name bool_names[] = {
	{ "true", true },
	{ "false", false },
	{ "1", true },
	{ "0", false },
	{ NULL, 0 },
};

/* One run of the parser over the words. */
struct parse {
	const struct option_grammar *g;
	const char *const *words;
	void *values;
	struct strings *operands;
	struct error *e;
};

/* An option as it was met: what the user typed, and the value behind "=" or NULL. */
struct met {
	const struct option_def *def;
	char spelled[64];
	const char *value;
};

static int usage_hint(const struct parse *p)
{
	return error_hint(p->e, "see '%s --help'", p->g->command);
}

static bool name_is(const struct option_def *def, const char *name, size_t len)
{
	return def->name && strlen(def->name) == len && strncmp(def->name, name, len) == 0;
}

static const struct option_def *find_exact(
	const struct option_def *options, const char *name, size_t len)
{
	for (const struct option_def *row = options; row->help; row++)
		if (name_is(row, name, len))
			return row;
	return NULL;
}

/* The rows whose name begins so; returns how many, and the first. */
static size_t find_prefix(const struct option_def *options, const char *name, size_t len,
	const struct option_def **out_first, struct text *names)
{
	size_t n = 0;

	for (const struct option_def *row = options; row->help; row++) {
		if (!row->name || strncmp(row->name, name, len) != 0)
			continue;
		if (n++ == 0)
			*out_first = row;
		text_printf(names, "%s'--%s'", n > 1 ? ", " : "", row->name);
	}
	return n;
}

const struct option_def *option_find(const struct option_def *options, const char *name, size_t len)
{
	CLEANUP(text_release) struct text names = { 0 };
	const struct option_def *def = find_exact(options, name, len);

	if (!def && find_prefix(options, name, len, &def, &names) != 1)
		return NULL;
	return def;
}

const struct option_def *option_find_short(const struct option_def *options, char letter)
{
	for (const struct option_def *row = options; row->help; row++)
		if (row->shorts && letter && strchr(row->shorts, letter))
			return row;
	return NULL;
}

static void suggest_option(const struct parse *p, const char *name)
{
	struct suggestion best;

	suggest_start(&best, name);
	for (const struct option_def *row = p->g->options; row->help; row++)
		if (row->name)
			suggest_try(&best, row->name);
	if (best.name)
		error_hint(p->e, "did you mean '--%s'? see '%s --help'", best.name, p->g->command);
}

static bool is_elsewhere(const struct parse *p, const char *name, size_t len)
{
	return p->g->elsewhere && find_exact(p->g->elsewhere, name, len);
}

static int unknown_option(const struct parse *p, const char *word)
{
	const char *name = word + strspn(word, "-");
	size_t len = strcspn(name, "=");
	CLEANUP(mem_free) char *bare = xstrndup(name, len);

	error_set(p->e, EINVAL, "unknown option '%.*s'", (int)(name - word + (ptrdiff_t)len), word);
	if (is_elsewhere(p, name, len))
		return error_hint(
			p->e, "'--%s' is a global option: put it before the command", bare);
	suggest_option(p, bare);
	return usage_hint(p);
}

static int bad_value(const struct parse *p, const struct met *met, const char *expected)
{
	error_set(p->e, EINVAL, "option '%s': expected %s, found '%s'", met->spelled, expected,
		met->value);
	return usage_hint(p);
}

static int bad_choice(const struct parse *p, const struct met *met)
{
	CLEANUP(text_release) struct text expected = { 0 };

	for (const struct name *c = met->def->choices; c->name; c++)
		text_printf(&expected, "%s%s",
			c == met->def->choices ? ""
				: c[1].name    ? ", "
					       : " or ",
			c->name);
	return bad_value(p, met, expected.s);
}

static int store_flag(const struct parse *p, const struct met *met, bool *out)
{
	const struct name *value = name_find(bool_names, met->value ? met->value : "true");

	if (!value)
		return bad_value(p, met, "true or false");
	if (out)
		*out = value->value;
	return 0;
}

static int store_switch(const struct parse *p, const struct met *met, int *out)
{
	bool on;
	int r = store_flag(p, met, &on);

	if (r == 0)
		*out = on ? SWITCH_ON : SWITCH_OFF;
	return r;
}

static int store_number(const struct parse *p, const struct met *met, unsigned int *out)
{
	uint64_t value;

	if (str_u64(met->value, INT_MAX, &value) < 0)
		return bad_value(p, met, "a number");
	*out = (unsigned int)value;
	return 0;
}

static int store_choice(const struct parse *p, const struct met *met, int *out)
{
	const struct name *choice = name_find(met->def->choices, met->value);

	if (!choice)
		return bad_choice(p, met);
	*out = (int)choice->value;
	return 0;
}

static int store_set(const struct parse *p, const struct met *met, unsigned int *out)
{
	unsigned int set = *out;

	for (const char *s = met->value; *s; s += strspn(s, ",")) {
		size_t len = strcspn(s, ",");
		CLEANUP(mem_free) char *item = xstrndup(s, len);
		const struct name *choice = name_find(met->def->choices, item);
		struct met bad = *met;

		bad.value = item;
		if (!choice)
			return bad_choice(p, &bad);
		set |= (unsigned int)choice->value;
		s += len;
	}
	*out = set;
	return 0;
}

static void add_to_list(struct strings *list, const char *value)
{
	list->v = xrealloc(list->v, list->n + 2, sizeof(*list->v));
	list->v[list->n++] = value;
	list->v[list->n] = NULL;
}

static int store(const struct parse *p, const struct met *met)
{
	void *at = (char *)p->values + met->def->offset;

	switch (met->def->type) {
	case OPTION_HELP:
	case OPTION_IGNORED:
		return met->def->value ? 0 : store_flag(p, met, NULL);
	case OPTION_FLAG:
		return store_flag(p, met, at);
	case OPTION_SWITCH:
		return store_switch(p, met, at);
	case OPTION_NUMBER:
		return store_number(p, met, at);
	case OPTION_CHOICE:
		return store_choice(p, met, at);
	case OPTION_SET:
		return store_set(p, met, at);
	case OPTION_LIST:
		add_to_list(at, met->value);
		return 0;
	case OPTION_TEXT:
		*(const char **)at = met->value;
		return 0;
	case OPTION_STRING:
	case OPTION_DASHED:
		*(const char **)at = *met->value ? met->value : NULL;
		return 0;
	}
	return 0;
}

/* Takes the value from the next word where the option needs one and none was attached. */
static int apply(struct parse *p, struct met *met)
{
	if (met->def->type == OPTION_HELP)
		return OPTIONS_HELP;
	if (met->def->value && !met->value) {
		if (!*p->words) {
			error_set(p->e, EINVAL, "option '%s' requires an argument", met->spelled);
			return usage_hint(p);
		}
		met->value = *p->words++;
	}
	return store(p, met);
}

static void spell(struct met *met, const char *dashes, const char *name, size_t len)
{
	size_t n = strlen(dashes);
	size_t room = sizeof(met->spelled) - n - 1;

	memcpy(met->spelled, dashes, n);
	len = len < room ? len : room;
	memcpy(met->spelled + n, name, len);
	met->spelled[n + len] = '\0';
}

static int parse_long(struct parse *p, const char *word)
{
	CLEANUP(text_release) struct text names = { 0 };
	const char *name = word + 2;
	size_t len = strcspn(name, "=");
	struct met met = { .def = find_exact(p->g->options, name, len) };
	size_t n = 0;

	/* `spec --root DIR` is a mistake, not an abbreviation of --rootless. */
	if (!met.def && len > 0 && !is_elsewhere(p, name, len))
		n = find_prefix(p->g->options, name, len, &met.def, &names);
	if (n > 1) {
		error_set(
			p->e, EINVAL, "option '--%.*s' is ambiguous: %s", (int)len, name, names.s);
		return usage_hint(p);
	}
	if (!met.def)
		return unknown_option(p, word);
	spell(&met, "--", met.def->name, strlen(met.def->name));
	met.value = name[len] == '=' ? name + len + 1 : NULL;
	return apply(p, &met);
}

static int parse_cluster(struct parse *p, const char *word)
{
	for (const char *s = word + 1; *s; s++) {
		struct met met = { .def = option_find_short(p->g->options, *s) };
		int r;

		if (!met.def)
			return unknown_option(p, word);
		spell(&met, "-", s, 1);
		if (s[1] == '=')
			met.value = s + 2;
		else if (met.def->value && s[1])
			met.value = s + 1;
		r = apply(p, &met);
		if (r != 0 || met.def->value || met.value)
			return r;
	}
	return 0;
}

static int parse_dash(struct parse *p, const char *word)
{
	const char *name = word + 1;
	size_t len = strcspn(name, "=");
	struct met met = { .def = len > 1 ? find_exact(p->g->options, name, len) : NULL };

	if (met.def) {
		spell(&met, "-", name, len);
		met.value = name[len] == '=' ? name + len + 1 : NULL;
		return apply(p, &met);
	}
	for (const struct option_def *row = p->g->options; row->help; row++) {
		if (row->type != OPTION_DASHED || !row->accepts(name))
			continue;
		met = (struct met){ .def = row, .value = name };
		return store(p, &met);
	}
	return parse_cluster(p, word);
}

static void add_operand(struct parse *p, const char *word)
{
	p->operands->v[p->operands->n++] = word;
	p->operands->v[p->operands->n] = NULL;
}

static int parse_words(struct parse *p)
{
	while (*p->words) {
		const char *word = *p->words++;
		int r = 0;

		if (streq(word, "--"))
			break;
		if (word[0] != '-' || !word[1]) {
			add_operand(p, word);
			if (p->g->order == OPTIONS_FIRST)
				break;
		} else if (word[1] == '-') {
			r = parse_long(p, word);
		} else {
			r = parse_dash(p, word);
		}
		if (r != 0)
			return r;
	}
	while (*p->words)
		add_operand(p, *p->words++);
	return 0;
}

int options_parse(const struct option_grammar *g, const char *const *words, void *values,
	struct strings *out_operands, struct error *e)
{
	struct parse p = { g, words, values, out_operands, e };
	size_t n = 0;

	while (words[n])
		n++;
	*out_operands = (struct strings){ .v = xcalloc(n + 1, sizeof(char *)) };
	return parse_words(&p);
}

void options_release(const struct option_def *options, void *values)
{
	for (const struct option_def *row = options; row->help; row++) {
		struct strings *list = (void *)((char *)values + row->offset);

		if (row->type != OPTION_LIST)
			continue;
		free(list->v);
		*list = (struct strings){ 0 };
	}
}
