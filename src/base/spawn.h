/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running another program: a hook, newuidmap, a helper. Each has its own process group and a
 * deadline, after which the group is killed. Its standard output and error are collected (bounded)
 * for the error text.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/str.h"

struct spawn {
	const char *path; /* absolute */
	const char *const *argv;
	const char *const *envp;
	const char *input; /* for its standard input; NULL: /dev/null */
	size_t input_len;
	int cwd_fd; /* -EBADF: ours */
};

/* A running program; release with child_release, which kills it if it still runs. */
struct child {
	pid_t pid;
	int pidfd;
	int in_fd;
	int out_fd;
	int until_fd; /* set by spawn_start to -EBADF; else it ends early when this is readable */
	const char *input;
	size_t input_left;
	struct text output; /* the first SPAWN_OUTPUT_MAX bytes */
};

#define SPAWN_OUTPUT_MAX 4096

int spawn_start(const struct spawn *s, struct child *out, struct error *e);

/*
 * Until it has ended. out_status is a wait(2) status. -ETIMEDOUT when deadline_ms (time_ms();
 * INT64_MAX for none) passed, -ESRCH when until_fd told so; then the whole group has been killed.
 */
int spawn_wait(struct child *c, int64_t deadline_ms, int *out_status, struct error *e);
void child_release(struct child *c);

/*
 * A program that outlives us. It is nobody's child of ours and has a session of its own, so that
 * neither our caller nor a terminal has to do with it. Its descriptor 3 is a pipe: a byte there
 * says that it is ready. Release with orphan_release, which lets it live.
 */
struct orphan {
	pid_t pid; /* 0: none */
	int pidfd; /* -EBADF if it has ended already */
	int ready_fd, out_fd;
	struct text output; /* the first SPAWN_OUTPUT_MAX bytes */
};

#define ORPHAN_NONE                                                   \
	{                                                             \
		.pidfd = -EBADF, .ready_fd = -EBADF, .out_fd = -EBADF \
	}

int spawn_orphan(const struct spawn *s, struct orphan *out, struct error *e);

/*
 * Until it says that it is ready: 0. -ECHILD when it ended before (its output may say why), or
 * -ETIMEDOUT, without a text in either case.
 */
int orphan_wait(struct orphan *o, int64_t deadline_ms);

/* Kills it, and waits a moment for its end. */
void orphan_kill(struct orphan *o);
void orphan_release(struct orphan *o);

/*
 * Reads on what a program says, up to SPAWN_OUTPUT_MAX bytes of it: one piece that is there, or all
 * that is there now. Return fd, or -EBADF once the program has closed its end.
 */
int spawn_collect(int fd, struct text *output);
int spawn_drain(int fd, struct text *output);

/* "exited with status 3", "was killed by signal 9", and the collected output on one line. */
void spawn_describe(const struct child *c, int status, struct text *out);
