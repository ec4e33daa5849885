/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The commands: one file each, and a row in commands[]. A command reads its values, calls one
 * operation of container/ and prints; what it prints to standard output is checked for write
 * errors by main.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/option.h"
#include "container/container.h"

/* sysexits.h has the same number; crun uses it too. */
#define EXIT_USAGE 64

#define COMMAND_OPERANDS_MAX 2

struct cli {
	const char *program; /* as it was called: "lichen", or "crun", "runc" through a link */
	struct runtime runtime;
};

struct command {
	const char *name;
	const char *operands; /* for the usage line: "ID [SIGNAL]" or "" */
	const char *summary;
	const char *details; /* more, for its own help; or NULL */
	const struct option_def *options;
	enum option_order order;
	size_t values_size; /* of the struct that the options are stored in, all zero at first */
	size_t min_operands, max_operands;
	enum complete complete[COMMAND_OPERANDS_MAX];
	enum { COMMAND_SHOWN, COMMAND_HIDDEN } visibility;
	/* Whether it makes processes that a container can look at: stage/self.h. */
	enum { COMMAND_STAYS_OUTSIDE, COMMAND_ENTERS } reach;
	int failure; /* the exit status of an error; 0: EXIT_FAILURE */
	/* Returns the exit status, or < 0 with e filled. */
	int (*run)(const struct cli *cli, const void *values, const struct strings *operands,
		struct error *e);
};

/* All of them, in the order of the help text; ends with NULL. */
extern const struct command *const commands[];

/* NULL and e, with the reason or with "did you mean", if there is none of this name. */
const struct command *command_find(const char *program, const char *name, struct error *e);

/* 0, or -EINVAL: too few or too many operands. */
int command_check_operands(const char *program, const struct command *command,
	const struct strings *operands, struct error *e);

extern const struct command command_complete;
extern const struct command command_create;
extern const struct command command_delete;
extern const struct command command_events;
extern const struct command command_exec;
extern const struct command command_features;
extern const struct command command_help;
extern const struct command command_kill;
extern const struct command command_list;
extern const struct command command_options;
extern const struct command command_pause;
extern const struct command command_port;
extern const struct command command_ps;
extern const struct command command_resume;
extern const struct command command_run;
extern const struct command command_spec;
extern const struct command command_start;
extern const struct command command_state;
extern const struct command command_stats;
extern const struct command command_update;
extern const struct command command_version;
