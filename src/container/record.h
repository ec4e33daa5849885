/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records: small JSON objects, a file each in the state directory, so that they outlive a broken
 * state.json. What can't be read, or is of another type, is as if it were not there.
 */
#pragma once

#include "container/state_dir.h"
#include "spec/json.h"

/* what names it in errors: "cgroup". */
int record_write(const struct state_dir *dir, const char *name, const char *what,
	const struct text *text, struct error *e);

/* The object, or NULL. The arena, empty until now, is the caller's to release in either case. */
const struct json *record_read(const struct state_dir *dir, const char *name, struct arena *arena);

/* Members; object may be NULL. The string is the caller's to free, or NULL; the number is 0. */
char *record_string(const struct json *object, const char *key);
uint64_t record_number(const struct json *object, const char *key, uint64_t max);
/* The first element of an array, or NULL. */
const struct json *record_list(const struct json *object, const char *key);
