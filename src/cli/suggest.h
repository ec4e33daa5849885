/* SPDX-License-Identifier: Apache-2.0 */
/*
 * "did you mean": the known name that is nearest to a mistyped one, by edit distance with swapped
 * neighbours counted once.
 */
#pragma once

#include <stddef.h>

struct suggestion {
	const char *typed;
	const char *name; /* the best so far, or NULL: nothing is near enough */
	size_t distance;
};

void suggest_start(struct suggestion *s, const char *typed);
void suggest_try(struct suggestion *s, const char *name);
