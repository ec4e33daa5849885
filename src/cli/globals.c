/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/globals.h"

#include <errno.h>

static const struct name log_formats[] = {
	{ "text", LOG_TEXT },
	{ "json", LOG_JSON },
	{ NULL, 0 },
};

static const struct name log_levels[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "debug", LOG_LEVEL_DEBUG },
	{ NULL, 0 },
};

static const struct name cgroup_managers[] = {
	{ "systemd", CGROUP_MANAGER_SYSTEMD },
	{ "cgroupfs", CGROUP_MANAGER_CGROUPFS },
	{ "disabled", CGROUP_MANAGER_DISABLED },
	{ NULL, 0 },
};

static const struct name best_efforts[] = {
	{ "cgroup", BEST_EFFORT_CGROUP },
	{ "rlimits", BEST_EFFORT_RLIMITS },
	{ "oom", BEST_EFFORT_OOM },
	{ "devices", BEST_EFFORT_DEVICES },
	{ NULL, 0 },
};

#define AT(field) .offset = offsetof(struct global_values, field)

const struct option_def global_options[] = {
	{ .name = "root",
		.value = "DIR",
		.help = "directory of the containers' state",
		.type = OPTION_STRING,
		.complete = COMPLETE_DIRECTORY,
		AT(root) },
	{ .name = "best-effort",
		.value = "LIST",
		.choices = best_efforts,
		.type = OPTION_SET,
		.help = "leave out what this host can't do, of",
		AT(best_effort) },
	{ .name = "cgroup-manager",
		.value = "MANAGER",
		.choices = cgroup_managers,
		.type = OPTION_CHOICE,
		.help = "who makes the container's cgroup",
		AT(cgroup_manager) },
	{ .name = "systemd-cgroup",
		.help = "the same as --cgroup-manager=systemd",
		.type = OPTION_FLAG,
		AT(systemd_cgroup) },
	{ .name = "log",
		.value = "FILE",
		.type = OPTION_STRING,
		.complete = COMPLETE_FILE,
		.help = "append errors to FILE, too; or syslog:TAG, journald:TAG",
		AT(log) },
	{ .name = "log-format",
		.value = "FORMAT",
		.choices = log_formats,
		.type = OPTION_CHOICE,
		.help = "how the log is written",
		AT(log_format) },
	{ .name = "log-level",
		.value = "LEVEL",
		.choices = log_levels,
		.type = OPTION_CHOICE,
		.help = "what is worth a record",
		AT(log_level) },
	{ .name = "debug",
		.help = "the same as --log-level=debug",
		.type = OPTION_FLAG,
		AT(debug) },
	{ .name = "rootless",
		.value = "MODE",
		.help = "ignored: lichen finds out by itself",
		.type = OPTION_IGNORED },
	{ .shorts = "vV",
		.name = "version",
		.help = "print the version and exit",
		.type = OPTION_FLAG,
		AT(version) },
	OPTION_LAST_ROWS,
};

struct log globals_log(const struct global_values *values)
{
	return (struct log){
		.fd = -EBADF,
		.syslog_fd = -EBADF,
		.format = (enum log_format)values->log_format,
		.level = values->debug ? LOG_LEVEL_DEBUG : (enum log_level)values->log_level,
	};
}

struct runtime globals_runtime(
	const struct global_values *values, const char *root, const struct log *log)
{
	struct runtime rt = {
		.root = root,
		.cgroup_manager = (enum cgroup_manager)values->cgroup_manager,
		.best_effort = values->best_effort,
		.log = log,
	};

	/* A manager that was named counts more than the flag that callers always pass. */
	if (values->systemd_cgroup && rt.cgroup_manager == CGROUP_MANAGER_AUTO)
		rt.cgroup_manager = CGROUP_MANAGER_SYSTEMD;
	return rt;
}
