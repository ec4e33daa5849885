/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per command says which options it has; parsing, --help, completion and the check of
 * the man pages read the same rows. Accepted spellings: --name=VALUE, --name VALUE, any unambiguous
 * beginning of a name, -n VALUE, -nVALUE, flags in clusters (-af), one dash before a whole long
 * name (-no-pivot), --flag=true|false. "--" ends the options. What comes last counts.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"

enum option_type {
	OPTION_IGNORED, /* accepted for callers' sake; stores nothing */
	OPTION_FLAG, /* bool */
	OPTION_SWITCH, /* int, enum option_switch: a flag where "not given" is a third answer */
	OPTION_STRING, /* const char *; an empty value is as good as none, as callers expect */
	OPTION_TEXT, /* const char *; an empty value is one, to be refused by who knows why */
	OPTION_LIST, /* struct strings, of each time that it is given; options_release() frees it */
	OPTION_NUMBER, /* unsigned int */
	OPTION_CHOICE, /* int: the value of one of .choices */
	OPTION_SET, /* unsigned int: the values of some of .choices, separated by commas */
	OPTION_DASHED, /* const char *: any word of one dash that .accepts knows (kill -TERM) */
	OPTION_HELP, /* ends the parsing with OPTIONS_HELP */
};

enum option_switch { SWITCH_NOT_GIVEN, SWITCH_ON, SWITCH_OFF };

/* What a value or an operand is, for completion. */
enum complete {
	COMPLETE_NOTHING,
	COMPLETE_FILE,
	COMPLETE_DIRECTORY,
	COMPLETE_CONTAINER,
	COMPLETE_SIGNAL,
	COMPLETE_COMMAND,
};

struct option_def {
	const char *shorts; /* its one-letter names, "vV"; or NULL */
	const char *name; /* its long name, or NULL */
	const char *value; /* what stands for the value in texts, or NULL: takes none */
	const char *help;
	enum option_type type;
	enum complete complete;
	const struct name *choices;
	bool (*accepts)(const char *word); /* OPTION_DASHED: the word behind the dash */
	size_t offset; /* where in the command's values it is stored */
};

/* The last rows of every table; one without help text ends it. */
/* clang-format off */
#define OPTION_LAST_ROWS                                                                           \
	{ .shorts = "h?", .name = "help", .help = "print this help and exit", .type = OPTION_HELP },   \
	{ .name = "usage", .help = "the same as --help", .type = OPTION_HELP },                        \
	{ .help = NULL }
/* clang-format on */

enum option_order {
	OPTIONS_ANYWHERE, /* before, between and after the operands */
	OPTIONS_FIRST, /* the first operand ends them */
};

struct option_grammar {
	const char *command; /* "lichen create", for hints */
	const struct option_def *options; /* ends with OPTION_LAST_ROWS */
	const struct option_def *elsewhere; /* known, but not here: the global ones; or NULL */
	enum option_order order;
};

#define OPTIONS_HELP 1

/*
 * Parses words (NULL-terminated) into *values, which holds the defaults. Returns 0; OPTIONS_HELP as
 * soon as help is asked for; or -EINVAL for a usage error. What was read until then is stored.
 * out_operands->v is the caller's to free; its strings are those of words.
 */
int options_parse(const struct option_grammar *g, const char *const *words, void *values,
	struct strings *out_operands, struct error *e);

/* Frees what options_parse allocated in *values. */
void options_release(const struct option_def *options, void *values);

/* The row of a long name, exact or abbreviated, else NULL; of one letter. */
const struct option_def *option_find(
	const struct option_def *options, const char *name, size_t len);
const struct option_def *option_find_short(const struct option_def *options, char letter);
