/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unit tests speak TAP: one line a check, the plan at the end. main() ends with `return done();`.
 * A failed check does not end the test.
 */
#pragma once

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int tap_count, tap_failed;

__attribute__((format(printf, 2, 0))) static inline bool tap_line(
	bool passed, const char *fmt, va_list ap)
{
	char name[1024];

	vsnprintf(name, sizeof(name), fmt, ap);
	/* TAP takes "#" for a directive and a line end for the end. */
	for (char *p = name; (p = strpbrk(p, "#\n\r"));)
		*p = ' ';
	tap_failed += !passed;
	printf("%sok %u - %s\n", passed ? "" : "not ", ++tap_count, name);
	return passed;
}

__attribute__((format(printf, 2, 3))) static inline bool ok(bool passed, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(passed, fmt, ap);
	va_end(ap);
	return passed;
}

/* NULL equals NULL alone. */
__attribute__((format(printf, 3, 4))) static inline bool is_str(
	const char *got, const char *want, const char *fmt, ...)
{
	bool passed = got && want ? strcmp(got, want) == 0 : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(passed, fmt, ap);
	va_end(ap);
	if (!passed)
		printf("# got:  %s\n# want: %s\n", got ? got : "(null)", want ? want : "(null)");
	return passed;
}

__attribute__((format(printf, 3, 4))) static inline bool is_int(
	int64_t got, int64_t want, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		printf("# got:  %" PRId64 "\n# want: %" PRId64 "\n", got, want);
	return got == want;
}

/* One check that cannot be made here, and what is missing. */
__attribute__((format(printf, 1, 2))) static inline void skip(const char *fmt, ...)
{
	va_list ap;

	printf("ok %u # SKIP ", ++tap_count);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* The plan, and main()'s status. */
static inline int done(void)
{
	printf("1..%u\n", tap_count);
	return fflush(stdout) == 0 && tap_failed == 0 && tap_count > 0 ? EXIT_SUCCESS
								       : EXIT_FAILURE;
}

/* A file of the test's data: below $srcdir/tests/data, which the build sets. */
static inline const char *tap_data(char *buffer, size_t size, const char *name)
{
	const char *dir = getenv("srcdir");

	snprintf(buffer, size, "%s/tests/data/%s", dir ? dir : ".", name);
	return buffer;
}
