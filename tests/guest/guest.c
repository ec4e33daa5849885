/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest ACTION [ARGUMENT...] [, ACTION...]: the program that the behaviour tests run in containers
 * that have nothing else in them. Every action prints one JSON object on a line of its own: "do",
 * what it was; "errno", 0 if it succeeded; and what it found. It fails only if an action is
 * unknown: what a container may not do is a result, not a failure.
 *
 * report.c, placement.c: "report", what this process is; actions.c: system calls, and what comes of
 * them; host.c: hooks, listeners and attackers, on the other side; serve.c, call.c, frames.c: both
 * ends of a network.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

void add_errno(int failed)
{
	int code = errno;

	json_number("errno", failed ? code : 0);
	if (failed)
		json_string("error", strerrorname_np(code));
}

long read_text(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += (size_t)n;
	} while (n > 0 && len < size - 1);
	if (n < 0) {
		int code = errno;

		close(fd);
		errno = code;
		return -code;
	}
	close(fd);
	buf[len] = '\0';
	return (long)len;
}

static const struct action reports[] = { { "report", 0, report }, { "link", 1, report_link },
	{ 0 } };

static const struct action *find(const char *name)
{
	const struct action *const tables[] = { reports, act_actions, host_actions, serve_actions,
		call_actions, frame_actions };

	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		for (const struct action *a = tables[i]; a->name; a++)
			if (strcmp(a->name, name) == 0)
				return a;
	return NULL;
}

static void run_one(char **args)
{
	const struct action *action = find(args[0]);
	int n = 0;

	while (args[1 + n])
		n++;
	if (!action || n < action->min_args) {
		fprintf(stderr, "guest: %s: %s\n", args[0],
			action ? "arguments missing" : "unknown");
		exit(99);
	}
	json_object(NULL);
	json_string("do", args[0]);
	action->run(args + 1);
	json_object_end();
	json_line();
}

int main(int argc, char **argv)
{
	static char buf[1 << 21];
	int start = 1;

	/* A line is written at once. */
	setvbuf(stdout, buf, _IOFBF, sizeof(buf));
	for (int i = 1; i <= argc; i++) {
		if (i < argc && strcmp(argv[i], ",") != 0)
			continue;
		argv[i] = NULL;
		if (i > start)
			run_one(argv + start);
		start = i + 1;
	}
	return 0;
}
