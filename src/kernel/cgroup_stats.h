/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cgroup has used, as the kernel counts it: cgroup-v2.rst, "Controllers". Reading and
 * parsing are apart, so that recorded texts can be parsed without a kernel that has all of it. What
 * a kernel or a cgroup has not is left out; what a newer kernel adds is passed over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The parts that are there; pressure is told apart, since the kernel counts it by itself. */
enum cgroup_part {
	CGROUP_CPU = 1u << 0,
	CGROUP_CPU_LIMIT = 1u << 1, /* periods and throttling: only with the controller */
	CGROUP_CPUSET = 1u << 2,
	CGROUP_MEMORY = 1u << 3,
	CGROUP_SWAP = 1u << 4,
	CGROUP_PIDS = 1u << 5,
	CGROUP_IO = 1u << 6,
	CGROUP_HUGETLB = 1u << 7,
};

#define CGROUP_NO_LIMIT UINT64_MAX

struct cgroup_pressure_line {
	unsigned int avg10, avg60, avg300; /* hundredths of a percent of the time */
	uint64_t total; /* microseconds */
};

/* Documentation/accounting/psi.rst; before Linux 5.13 the CPU's has no "full". */
struct cgroup_pressure {
	bool has_some, has_full;
	struct cgroup_pressure_line some, full;
};

/* Lines of "name number". */
struct cgroup_numbers {
	size_t n;
	struct cgroup_number {
		char *name;
		uint64_t value;
	} * v;
};

struct cgroup_cpu {
	uint64_t usage_ns, user_ns, kernel_ns;
	uint64_t periods, throttled_periods, throttled_ns;
	struct cgroup_pressure pressure;
};

/* Numbers of CPUs or of memory nodes. */
struct cgroup_set {
	size_t n;
	unsigned int *v;
};

struct cgroup_amount {
	uint64_t usage, limit, peak; /* bytes; peak is 0 where the kernel does not tell */
	uint64_t failures; /* how often the limit stood in the way */
};

/* How often the limit could be held by the OOM killer alone, and how many it has ended. */
struct cgroup_oom {
	uint64_t times, kills;
};

struct cgroup_memory {
	struct cgroup_amount memory, swap;
	struct cgroup_numbers details; /* memory.stat */
	struct cgroup_oom oom;
	struct cgroup_pressure pressure;
};

struct cgroup_io_device {
	unsigned int major, minor;
	uint64_t read_bytes, written_bytes, reads, writes;
};

struct cgroup_io {
	size_t n;
	struct cgroup_io_device *v;
	struct cgroup_pressure pressure;
};

struct cgroup_huge_pages {
	char size[16]; /* "2MB" */
	uint64_t usage, failures;
};

struct cgroup_stats {
	unsigned int parts; /* enum cgroup_part, or-ed; 0: the cgroup has gone */
	struct cgroup_cpu cpu;
	struct cgroup_set cpus, nodes;
	struct cgroup_memory memory;
	struct {
		uint64_t current, limit;
	} pids;
	struct cgroup_io io;
	struct {
		size_t n;
		struct cgroup_huge_pages *v;
	} huge_pages;
};

/* All of a cgroup's, by the descriptor of its directory. */
void cgroup_stats_read(int fd, struct cgroup_stats *out);
void cgroup_stats_release(struct cgroup_stats *stats);

/* Of memory.events, by a descriptor of it: 0, or -errno (ENODEV once the cgroup has gone). */
int cgroup_oom_read(int events_fd, struct cgroup_oom *out);

/* ---- texts of the kernel ---- */

void cgroup_parse_numbers(const char *text, struct cgroup_numbers *out);
void cgroup_numbers_release(struct cgroup_numbers *numbers);
/* The first of this name; 0 if there is none. */
uint64_t cgroup_number(const struct cgroup_numbers *numbers, const char *name);
bool cgroup_number_is_there(const struct cgroup_numbers *numbers, const char *name);

/* cpu.stat; returns the parts that it has. */
unsigned int cgroup_parse_cpu(const char *text, struct cgroup_cpu *out);
/* cpu.pressure and its like. */
void cgroup_parse_pressure(const char *text, struct cgroup_pressure *out);
/* "0-3,7", as cpuset.cpus.effective has it. */
void cgroup_parse_set(const char *text, struct cgroup_set *out);
/* io.stat */
void cgroup_parse_io(const char *text, struct cgroup_io *out);
/* memory.events */
void cgroup_parse_oom(const char *text, struct cgroup_oom *out);
