/* SPDX-License-Identifier: Apache-2.0 */
/* --regex: one operation for every container whose ID matches a POSIX extended expression. */
#pragma once

#include "base/error.h"
#include "container/container.h"

/*
 * Calls fn for each match, also after a failure; the first failure is what is returned and put
 * into e. No match is no failure.
 */
int match_each(const struct runtime *rt, const char *pattern,
	int (*fn)(const struct runtime *rt, const char *id, const void *arg, struct error *e),
	const void *arg, struct error *e);
