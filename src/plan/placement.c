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
	const struct spec_scheduler *from = b->spec->process->scheduler;
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

static int add_nodes(const char *from, const char *to, struct memory_policy *out)
{
	uint64_t first, last;

	if (str_u64(from, MEMORY_NODES_MAX - 1, &first) < 0 ||
		str_u64(to, MEMORY_NODES_MAX - 1, &last) < 0 || first > last)
		return -EINVAL;
	for (uint64_t node = first; node <= last; node++)
		out->nodes[node / MEMORY_NODE_BITS] |= 1ul << node % MEMORY_NODE_BITS;
	return 0;
}

/* "0-3, 7" */
static int parse_nodes(const char *list, struct memory_policy *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(list);
	char *save = NULL;

	for (char *item = strtok_r(copy, ", ", &save); item; item = strtok_r(NULL, ", ", &save)) {
		char *dash = strchr(item, '-');

		if (dash)
			*dash = '\0';
		if (add_nodes(item, dash ? dash + 1 : item, out) < 0)
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
	if (from->nodes && parse_nodes(from->nodes, p) < 0)
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
	b->plan->process.io_priority = b->spec->process->io_priority;
	if (personality)
		b->plan->process.personality = (struct opt_u64){ .set = true,
			.v = (uint64_t)personality->domain };
	return plan_memory_policy(b, e);
}
