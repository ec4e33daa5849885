/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of memory as people write and read them. */
#pragma once

#include <stdint.h>

/*
 * "1048576", "100m": digits, and one of b, k, m, g, t in either case, which count in
 * 1024s; "kb" and "kib" are the same. -1 stands for itself. 0, -EINVAL or -ERANGE.
 */
int size_parse(const char *text, int64_t *out);

/* "12.3 MiB", "512 B"; UINT64_MAX is "no limit". */
struct size_text {
	char s[24];
};
struct size_text size_print(uint64_t bytes);
