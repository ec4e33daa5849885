/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the planning uses: the list of operations, memory, notes. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plan/parts.h"

/* Default devices, the root, what follows the mounts. */
#define OWN_OPS 64

void plan_reserve_ops(struct plan_builder *b, size_t n)
{
	struct plan *plan = b->plan;
	struct op *old = plan->ops;

	b->ops_size = n + OWN_OPS;
	plan->ops = arena_alloc(&plan->arena, b->ops_size * sizeof(*old));
	if (old)
		memcpy(plan->ops, old, plan->n_ops * sizeof(*old));
}

struct op *plan_add_op(struct plan_builder *b, enum op_kind kind)
{
	struct plan *plan = b->plan;

	if (plan->n_ops == b->ops_size)
		plan_reserve_ops(b, 2 * b->ops_size);
	plan->ops[plan->n_ops].kind = kind;
	return &plan->ops[plan->n_ops++];
}

char *plan_printf(struct plan_builder *b, const char *fmt, ...)
{
	CLEANUP(mem_free) char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return arena_strndup(&b->plan->arena, n < 0 ? "" : s, n < 0 ? 0 : (size_t)n);
}

static void add_note(struct strlist *l, const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) >= 0)
		strlist_add(l, s);
}

void plan_warn(struct plan_builder *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(&b->plan->warnings, fmt, ap);
	va_end(ap);
}

void plan_note(struct plan_builder *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(&b->plan->notes, fmt, ap);
	va_end(ap);
}

void plan_not_applied(struct plan_builder *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_note(&b->plan->not_applied, fmt, ap);
	va_end(ap);
}
