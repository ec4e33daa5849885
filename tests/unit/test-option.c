/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>

#include "cli/option.h"
#include "cli/suggest.h"

struct values {
	const char *bundle, *signal;
	unsigned int fds, effort;
	int format, terminal;
	bool force, all;
	struct strings env;
	const char *user;
};

static const struct name formats[] = { { "table", 3 }, { "json", 4 }, { NULL, 0 } };
static const struct name efforts[] = { { "cgroup", 1 }, { "oom", 2 }, { "rlimits", 4 },
	{ NULL, 0 } };

static bool is_signal(const char *word)
{
	return streq(word, "9") || streq(word, "TERM");
}

#define AT(field) .offset = offsetof(struct values, field)

static const struct option_def rows[] = {
	{ .shorts = "b",
		.name = "bundle",
		.value = "DIR",
		.help = "",
		.type = OPTION_STRING,
		AT(bundle) },
	{ .shorts = "fF", .name = "force", .help = "", .type = OPTION_FLAG, AT(force) },
	{ .shorts = "a", .name = "all", .help = "", .type = OPTION_FLAG, AT(all) },
	{ .name = "format",
		.value = "FORMAT",
		.help = "",
		.type = OPTION_CHOICE,
		.choices = formats,
		AT(format) },
	{ .name = "best-effort",
		.value = "LIST",
		.help = "",
		.type = OPTION_SET,
		.choices = efforts,
		AT(effort) },
	{ .name = "preserve-fds", .value = "N", .help = "", .type = OPTION_NUMBER, AT(fds) },
	{ .name = "terminal", .help = "", .type = OPTION_SWITCH, AT(terminal) },
	{ .name = "no-subreaper", .help = "", .type = OPTION_IGNORED },
	{ .name = "rootless", .value = "MODE", .help = "", .type = OPTION_IGNORED },
	{ .shorts = "e",
		.name = "env",
		.value = "NAME=VALUE",
		.help = "",
		.type = OPTION_LIST,
		AT(env) },
	{ .shorts = "u",
		.name = "user",
		.value = "UID",
		.help = "",
		.type = OPTION_TEXT,
		AT(user) },
	{ .value = "SIGNAL", .help = "", .type = OPTION_DASHED, .accepts = is_signal, AT(signal) },
	OPTION_LAST_ROWS,
};

static const struct option_def elsewhere[] = {
	{ .name = "root", .value = "DIR", .help = "", .type = OPTION_STRING },
	OPTION_LAST_ROWS,
};

#define WORDS_MAX 8

/* A command line, what is stored of it and which operands are left, joined by blanks. */
struct good {
	const char *words[WORDS_MAX];
	struct values want;
	const char *operands;
};

static const struct good goods[] = {
	{ { "box" }, { 0 }, "box " },
	{ { "--bundle", "/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "--bundle=/b=c", "box" }, { .bundle = "/b=c" }, "box " },
	{ { "box", "-b", "/b" }, { .bundle = "/b" }, "box " },
	{ { "-b/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "-b=/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "-bundle", "/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "-bundle=/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "--bun", "/b", "box" }, { .bundle = "/b" }, "box " },
	{ { "--bundle", "--", "box" }, { .bundle = "--" }, "box " },
	{ { "--bundle=x", "--bundle", "y" }, { .bundle = "y" }, "" },
	{ { "--bundle=x", "--bundle=" }, { 0 }, "" },
	{ { "box", "--force" }, { .force = true }, "box " },
	{ { "--force=false", "-a=true" }, { .all = true }, "" },
	{ { "-fa", "box" }, { .force = true, .all = true }, "box " },
	{ { "-Fab", "/b" }, { .force = true, .all = true, .bundle = "/b" }, "" },
	{ { "-ab/b", "-f=0" }, { .all = true, .bundle = "/b" }, "" },
	{ { "--force", "--force=false" }, { 0 }, "" },
	{ { "--format", "json" }, { .format = 4 }, "" },
	{ { "--format=table" }, { .format = 3 }, "" },
	{ { "--best-effort=cgroup,rlimits" }, { .effort = 5 }, "" },
	{ { "--best=cgroup", "--best=oom," }, { .effort = 3 }, "" },
	{ { "--best-effort=" }, { 0 }, "" },
	{ { "--preserve-fds", "3" }, { .fds = 3 }, "" },
	{ { "--terminal" }, { .terminal = SWITCH_ON }, "" },
	{ { "--terminal=false" }, { .terminal = SWITCH_OFF }, "" },
	{ { "-no-subreaper", "box" }, { 0 }, "box " },
	{ { "--no-subreaper=false", "--rootless", "auto", "box" }, { 0 }, "box " },
	{ { "box", "-9" }, { .signal = "9" }, "box " },
	{ { "-TERM", "box" }, { .signal = "TERM" }, "box " },
	{ { "box", "--", "-9", "--force" }, { 0 }, "box -9 --force " },
	{ { "-", "" }, { 0 }, "-  " },
};

static struct option_grammar grammar(enum option_order order)
{
	return (struct option_grammar){ "lichen test", rows, elsewhere, order };
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

static bool same_values(const struct values *a, const struct values *b)
{
	return same(a->bundle, b->bundle) && same(a->signal, b->signal) && a->fds == b->fds &&
		a->effort == b->effort && a->format == b->format && a->terminal == b->terminal &&
		a->force == b->force && a->all == b->all;
}

static char *join(const struct strings *list)
{
	struct text t = { 0 };

	text_puts(&t, "");
	for (size_t i = 0; i < list->n; i++)
		text_printf(&t, "%s ", list->v[i]);
	return t.s;
}

static void test_good(const struct good *g)
{
	struct option_grammar gr = grammar(OPTIONS_ANYWHERE);
	struct strings operands, words = { 0, (const char **)(uintptr_t)g->words };
	struct values values = { 0 };
	struct error e = { 0 };
	CLEANUP(mem_free) char *line = NULL, *left = NULL;
	int r = options_parse(&gr, g->words, &values, &operands, &e);

	while (words.v[words.n])
		words.n++;
	line = join(&words);
	left = join(&operands);
	free(operands.v);
	is_int(r, 0, "%s: accepted %s", line, e.text);
	ok(same_values(&values, &g->want), "%s: stored", line);
	is_str(left, g->operands, "%s: operands", line);
}

struct bad {
	const char *words[WORDS_MAX];
	const char *text, *hint;
};

#define SEE "see 'lichen test --help'"

static const struct bad bads[] = {
	{ { "--bundel=x" }, "unknown option '--bundel'", "did you mean '--bundle'? " SEE },
	{ { "--xyzzy" }, "unknown option '--xyzzy'", SEE },
	{ { "--=x" }, "unknown option '--'", SEE },
	{ { "-x" }, "unknown option '-x'", SEE },
	{ { "-fx" }, "unknown option '-fx'", SEE },
	{ { "-nosubreaper" }, "unknown option '-nosubreaper'",
		"did you mean '--no-subreaper'? " SEE },
	{ { "--root", "/x" }, "unknown option '--root'",
		"'--root' is a global option: put it before the command" },
	{ { "--fo" }, "option '--fo' is ambiguous: '--force', '--format'", SEE },
	{ { "box", "--bundle" }, "option '--bundle' requires an argument", SEE },
	{ { "-b" }, "option '-b' requires an argument", SEE },
	{ { "--force=maybe" }, "option '--force': expected true or false, found 'maybe'", SEE },
	{ { "--no-subreaper=x" }, "option '--no-subreaper': expected true or false, found 'x'",
		SEE },
	{ { "--preserve-fds=-1" }, "option '--preserve-fds': expected a number, found '-1'", SEE },
	{ { "--preserve-fds=4294967296" },
		"option '--preserve-fds': expected a number, found '4294967296'", SEE },
	{ { "--format=yaml" }, "option '--format': expected table or json, found 'yaml'", SEE },
	{ { "--format=" }, "option '--format': expected table or json, found ''", SEE },
	{ { "--best-effort=oom,all" },
		"option '--best-effort': expected cgroup, oom or rlimits, found 'all'", SEE },
};

static void test_bad(const struct bad *b)
{
	struct option_grammar g = grammar(OPTIONS_ANYWHERE);
	struct strings operands;
	struct values values = { 0 };
	struct error e = { 0 };

	is_int(options_parse(&g, b->words, &values, &operands, &e), -EINVAL, "refused: %s",
		b->words[0]);
	is_str(e.text, b->text, "%s: text", b->words[0]);
	is_str(e.hint, b->hint, "%s: hint", b->words[0]);
	free(operands.v);
}

static void test_list(void)
{
	static const char *const words[] = { "-e", "A=1", "--env=B=x=y", "-eC=", "--env", "",
		NULL };
	struct option_grammar g = grammar(OPTIONS_ANYWHERE);
	struct values v = { 0 };
	struct strings operands;
	struct error e = { 0 };

	is_int(options_parse(&g, words, &v, &operands, &e), 0, "an option that is given again");
	is_int((long)v.env.n, 4, "is a list");
	is_str(v.env.v[0], "A=1", "of its values, in order");
	is_str(v.env.v[1], "B=x=y", "as they are");
	is_str(v.env.v[2], "C=", "(attached)");
	is_str(v.env.v[3], "", "also an empty one");
	ok(!v.env.v[4], "and NULL behind them");
	options_release(rows, &v);
	ok(!v.env.v && v.env.n == 0, "released");
	free(operands.v);
}

/* Where nothing is not the same as "not given": whom a program runs as. */
static void test_text(void)
{
	static const char *const words[] = { "--user", "5", "-u", "", NULL };
	struct option_grammar g = grammar(OPTIONS_ANYWHERE);
	struct values v = { 0 };
	struct strings operands;
	struct error e = { 0 };

	is_int(options_parse(&g, words, &v, &operands, &e), 0, "an empty text");
	is_str(v.user, "", "is a value, and counts as the last");
	free(operands.v);
}

static void test_order(void)
{
	static const char *const words[] = { "-a", "create", "-f", "--", NULL };
	static const char *const ended[] = { "-a", "--", "-f", NULL };
	struct option_grammar g = grammar(OPTIONS_FIRST);
	struct values values = { 0 };
	struct strings operands;
	struct error e = { 0 };
	CLEANUP(mem_free) char *left = NULL, *behind = NULL;

	is_int(options_parse(&g, words, &values, &operands, &e), 0,
		"the first operand ends options");
	left = join(&operands);
	free(operands.v);
	is_str(left, "create -f -- ", "what follows it is left alone");
	ok(values.all && !values.force, "what precedes it is stored");
	is_int(options_parse(&g, ended, &values, &operands, &e), 0, "two dashes end options");
	behind = join(&operands);
	free(operands.v);
	is_str(behind, "-f ", "and are not an operand");
}

static void test_help(void)
{
	static const char *const lines[][3] = { { "--help", "--bogus" }, { "box", "-h" }, { "-?" },
		{ "-fh" }, { "--usage" }, { "-help" } };
	struct option_grammar g = grammar(OPTIONS_ANYWHERE);

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct values values = { 0 };
		struct strings operands;
		struct error e = { 0 };

		is_int(options_parse(&g, lines[i], &values, &operands, &e), OPTIONS_HELP,
			"help: %s %s", lines[i][0], lines[i][1] ? lines[i][1] : "");
		free(operands.v);
	}
}

static const char *suggest(const char *typed)
{
	static const char *const names[] = { "create", "start", "state", "kill", "ps", NULL };
	struct suggestion s;

	suggest_start(&s, typed);
	for (const char *const *n = names; *n; n++)
		suggest_try(&s, *n);
	return s.name;
}

static void test_suggest(void)
{
	is_str(suggest("craete"), "create", "swapped letters");
	is_str(suggest("creat"), "create", "a missing letter");
	is_str(suggest("sttate"), "state", "a letter too many");
	is_str(suggest("kil"), "kill", "a short name");
	is_str(suggest("pz"), "ps", "a very short name");
	is_str(suggest("sp"), "ps", "swapped letters count once");
	is_str(suggest("xy"), NULL, "nothing of a very short name is left");
	is_str(suggest("checkpoint"), NULL, "nothing is near");
	is_str(suggest("createcreatecreatecreatecreatecreate"), NULL, "longer than any name");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(goods); i++)
		test_good(&goods[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bads); i++)
		test_bad(&bads[i]);
	test_list();
	test_text();
	test_order();
	test_help();
	test_suggest();
	return done();
}
