/* SPDX-License-Identifier: Apache-2.0 */
/* Lengths of time as runc's options take them. */
#pragma once

#include <stdint.h>

/*
 * "5s", "1m30s", "1.5h": numbers, perhaps with a fraction, each with one of the units h, m, s, ms,
 * us (or µs) and ns; perhaps a sign in front; "0" needs no unit. 0, -EINVAL or -ERANGE.
 */
int duration_parse(const char *text, int64_t *out_ns);
