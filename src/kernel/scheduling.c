/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/scheduling.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched/types.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

int scheduling_set(const struct scheduling *s, struct error *e)
{
	struct sched_attr attr = { .size = sizeof(attr),
		.sched_policy = s->policy,
		.sched_flags = s->flags,
		.sched_nice = s->nice,
		.sched_priority = s->priority,
		.sched_runtime = s->runtime,
		.sched_deadline = s->deadline,
		.sched_period = s->period };

	if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
		return 0;
	error_errno(e, "set the scheduling policy");
	if (e->code == EPERM)
		return error_hint(e,
			"an ordinary user may lower priorities, and raise them as far as "
			"RLIMIT_NICE and RLIMIT_RTPRIO go: see ulimit -e, ulimit -r and "
			"/etc/security/limits.conf");
	return -e->code;
}

int scheduling_set_io(int class, int priority, struct error *e)
{
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PGRP, 0, IOPRIO_PRIO_VALUE(class, priority)) == 0)
		return 0;
	error_errno(e, "set the I/O priority");
	if (e->code == EPERM)
		return error_hint(e, "the real-time class is for root alone: use IOPRIO_CLASS_BE");
	return -e->code;
}

int memory_policy_set(const struct memory_policy *p, struct error *e)
{
	/* One more than there are bits: the kernel takes the number of the last one, plus one. */
	if (syscall(SYS_set_mempolicy, p->mode, p->nodes, MEMORY_NODES_MAX + 1) == 0)
		return 0;
	error_errno(e, "set the memory policy");
	if (e->code == EINVAL)
		return error_hint(e, "the nodes that there are: /sys/devices/system/node/online");
	return -e->code;
}

int scheduling_get_cpus(struct cpu_list *out, struct error *e)
{
	*out = (struct cpu_list){ 0 };
	if (syscall(SYS_sched_getaffinity, 0, sizeof(out->bits), out->bits) < 0)
		return error_errno(e, "read the CPUs");
	return 0;
}

int scheduling_set_cpus(const struct cpu_list *cpus, struct error *e)
{
	if (syscall(SYS_sched_setaffinity, 0, sizeof(cpus->bits), cpus->bits) == 0)
		return 0;
	error_errno(e, "set the CPUs");
	if (e->code == EINVAL)
		return error_hint(e,
			"none of them can be used here: see Cpus_allowed_list in "
			"/proc/self/status");
	return -e->code;
}

int personality_set(unsigned long domain, struct error *e)
{
	if (personality(domain) < 0)
		return error_errno(e, "set the personality");
	return 0;
}
