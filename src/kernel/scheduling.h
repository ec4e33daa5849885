/* SPDX-License-Identifier: Apache-2.0 */
/* How this process runs and where its memory lies: sched_setattr(2), ioprio_set(2),
 * set_mempolicy(2), personality(2). */
#pragma once

#include <stdint.h>

#include "base/error.h"

struct scheduling {
	uint32_t policy; /* SCHED_* */
	uint64_t flags; /* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* nanoseconds */
};
int scheduling_set(const struct scheduling *s, struct error *e);

/* class: IOPRIO_CLASS_*; priority: 0 (high) to 7. For our process group, as config.md says. */
int scheduling_set_io(int class, int priority, struct error *e);

/* Nodes as a bit mask: CONFIG_NODES_SHIFT is at most 10. */
#define MEMORY_NODES_MAX 1024
struct memory_policy {
	int mode; /* MPOL_*, with MPOL_F_* or-ed */
	unsigned long nodes[MEMORY_NODES_MAX / (8 * sizeof(unsigned long))];
};
int memory_policy_set(const struct memory_policy *p, struct error *e);

/* Of the CPUs that are set those that there are; Linux has at most 8192 (CONFIG_NR_CPUS). */
#define CPUS_MAX 8192
struct cpu_list {
	unsigned long bits[CPUS_MAX / (8 * sizeof(unsigned long))];
};
int scheduling_get_cpus(struct cpu_list *out, struct error *e);
int scheduling_set_cpus(const struct cpu_list *cpus, struct error *e);

int personality_set(unsigned long domain, struct error *e);
