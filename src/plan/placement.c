/* SPDX-License-Identifier: Apache-2.0 */
/* scheduler, ioPriority, memoryPolicy, personality: how the process runs and where its memory lies.
 */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "plan/parts.h"

static void plan_scheduler(struct plan_builder *b)
{
	const struct spec_scheduler *from = b->process->scheduler;
	struct scheduling *s;

	if (!from)
		return;
	s = arena_alloc(&b->plan->arena, sizeof(*s));
	*s = (struct scheduling){ .policy = (uint32_t)from->policy,
		.flags = from->flags,
		/* What is absent is 0, as config.md has it; the call sets all. */
		.nice = (int32_t)from->nice.v,
		.priority = (uint32_t)from->priority.v,
		.runtime = from->runtime.v,
		.deadline = from->deadline.v,
		.period = from->period.v };
	b->plan->process.scheduling = s;
}

#define LONG_BITS (8 * sizeof(unsigned long))

static int add_range(const char *from, const char *to, unsigned long *bits, size_t max)
{
	uint64_t first, last;

	if (str_u64(from, max - 1, &first) < 0 || str_u64(to, max - 1, &last) < 0 || first > last)
		return -EINVAL;
	for (uint64_t i = first; i <= last; i++)
		bits[i / LONG_BITS] |= 1ul << i % LONG_BITS;
	return 0;
}

int plan_parse_list(const char *list, unsigned long *bits, size_t max)
{
	CLEANUP(mem_free) char *copy = xstrdup(list);
	char *save = NULL;

	for (char *item = strtok_r(copy, ", ", &save); item; item = strtok_r(NULL, ", ", &save)) {
		char *dash = strchr(item, '-');

		if (dash)
			*dash = '\0';
		if (add_range(item, dash ? dash + 1 : item, bits, max) < 0)
			return -EINVAL;
	}
	return 0;
}

static int plan_memory_policy(struct plan_builder *b, struct error *e)
{
	const struct spec_memory_policy *from = b->spec->linux.memory_policy;
	struct memory_policy *p;

	if (!from)
		return 0;
	p = arena_alloc(&b->plan->arena, sizeof(*p));
	p->mode = (int)((uint64_t)from->mode | from->flags);
	if (from->nodes && plan_parse_list(from->nodes, p->nodes, MEMORY_NODES_MAX) < 0)
		return error_set(e, EINVAL,
			"config.json: linux.memoryPolicy.nodes: '%s' is not a list of "
			"nodes from 0 to %d",
			from->nodes, MEMORY_NODES_MAX - 1);
	b->plan->process.memory_policy = p;
	return 0;
}

int plan_placement(struct plan_builder *b, struct error *e)
{
	const struct spec_personality *personality = b->spec->linux.personality;

	plan_scheduler(b);
	b->plan->process.io_priority = b->process->io_priority;
	if (personality)
		b->plan->process.personality = (struct opt_u64){ .set = true,
			.v = (uint64_t)personality->domain };
	return plan_memory_policy(b, e);
}
