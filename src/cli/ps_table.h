/* SPDX-License-Identifier: Apache-2.0 */
/* The table of `lichen ps`: the host's ps(1), of whose lines the container's are kept. */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct pid_list {
	size_t n;
	pid_t *v;
};

/*
 * Prints the heading and the lines of these processes. args are for ps (NULL-terminated; none:
 * -ef). -ENOENT if this machine has no ps.
 */
int ps_table_print(const struct pid_list *pids, const char *const *args, struct error *e);

/* The number that stands in column i of a line, or -1; the column that is called PID, or -1. */
pid_t ps_table_pid(const char *line, int column);
int ps_table_pid_column(const char *heading);
