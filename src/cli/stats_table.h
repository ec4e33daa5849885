/* SPDX-License-Identifier: Apache-2.0 */
/* What `stats` shows: a container's figures as a person asks for them, as a table and as JSON. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "kernel/cgroup_stats.h"

/* One look at a container. */
struct sample {
	char *id;
	int64_t time_ms;
	int has_cgroup;
	struct cgroup_stats stats;
};

struct samples {
	size_t n;
	struct sample *v;
};
void samples_release(struct samples *s);

#define FIGURE_UNKNOWN UINT64_MAX

/* Each may be FIGURE_UNKNOWN: nobody counts it, or there is no limit. */
struct figures {
	const char *id; /* the sample's */
	int has_cgroup;
	uint64_t cpu; /* hundredths of a percent of one CPU, since the sample before */
	uint64_t memory, memory_limit; /* bytes; without the cache that is given up first */
	uint64_t memory_share; /* hundredths of a percent of the limit */
	uint64_t pids, pids_limit;
	uint64_t read, written; /* bytes, of all block devices */
};

/* before: the container's sample before, or NULL; the CPU's figure is unknown then. */
void figures_of(const struct sample *before, const struct sample *now, struct figures *out);

/* The figures of all of now, in an array that is the caller's to free. */
struct figures *figures_of_all(const struct samples *before, const struct samples *now);

/* Lines for a window of so many columns, or of any width for 0. */
void stats_table_write(struct text *out, const struct figures *figures, size_t n, size_t columns);
/* One array, on one line. */
void stats_json_write(struct text *out, const struct figures *figures, size_t n);
