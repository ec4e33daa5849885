/* SPDX-License-Identifier: Apache-2.0 */
/* The global options, which stand before the command. */
#pragma once

#include <stdbool.h>

#include "base/log.h"
#include "cli/option.h"
#include "container/container.h"

struct global_values {
	const char *root, *log;
	int log_format; /* enum log_format */
	int log_level; /* enum log_level */
	int cgroup_manager; /* enum cgroup_manager */
	unsigned int best_effort;
	bool debug, systemd_cgroup, version;
};

extern const struct option_def global_options[];

/* What they mean together. The log is not yet open. */
struct log globals_log(const struct global_values *values);
struct runtime globals_runtime(
	const struct global_values *values, const char *root, const struct log *log);
