/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of the guest program; see guest.c. */
#pragma once

#include <stddef.h>

/* An action gets its arguments, NULL-terminated, and adds its results to the open JSON object. */
struct action {
	const char *name;
	int min_args;
	void (*run)(char **args);
};

extern const struct action act_actions[], host_actions[];
extern const struct action serve_actions[], call_actions[], frame_actions[];

/* What this process is: report.c. */
void report(char **args);
void report_link(char **args);
void report_namespaces(void);
void report_fds(void);
void report_strings(const char *key, char *const *list);
void report_cwd(void);
void report_placement(void); /* placement.c */

/* At most size - 1 bytes, with a NUL after them; the length, or -errno. */
long read_text(const char *path, char *buf, size_t size);
/* Adds "errno" with the name's number, 0 for success. */
void add_errno(int failed);
