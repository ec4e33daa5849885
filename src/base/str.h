/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings and strict numbers. A number is decimal digits and nothing else: no sign where none is
 * allowed, no blanks, no prefix, no overflow (CVE-2026-30892 was a lax number).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/mem.h"

/* An immutable list of strings; v[n] is NULL, so that it also serves as an argv. */
struct strings {
	size_t n;
	const char **v;
};

bool streq(const char *a, const char *b) __attribute__((nonnull));
/* FNV-1a, 64 bits: against accidents, not against anybody. */
uint64_t str_hash(const void *data, size_t size);

bool str_starts(const char *s, const char *prefix) __attribute__((nonnull));

/* 0, -EINVAL (not a number) or -ERANGE (above max, below min). */
int str_u64(const char *s, uint64_t max, uint64_t *out);
int str_i64(const char *s, int64_t min, int64_t max, int64_t *out);

/* A growing string; release with text_release or take .s, which is then the caller's to free. */
struct text {
	char *s; /* NUL-terminated once anything was added */
	size_t len;
	size_t size;
};

void text_add(struct text *t, const char *s, size_t n);
void text_puts(struct text *t, const char *s);
void text_printf(struct text *t, const char *fmt, ...) ERROR_PRINTF(2, 3);
void text_release(struct text *t);

/* Bytes of the valid UTF-8 sequence at s (at most n), 0 if it is not one. */
size_t str_utf8(const char *s, size_t n);

/*
 * For terminals: what is no text (control characters, also those of ISO 6429 beyond ASCII, and what
 * is not UTF-8) becomes "\x1b".
 */
void text_puts_printable(struct text *t, const char *s);

/* A growing list of owned strings, NULL-terminated: an environment or an argument vector. */
struct strlist {
	size_t n;
	char **v;
};

void strlist_add(struct strlist *l, char *owned);
void strlist_printf(struct strlist *l, const char *fmt, ...) ERROR_PRINTF(2, 3);
/* Replaces the entry "NAME=..." or adds it. */
void strlist_setenv(struct strlist *l, const char *name, const char *value);
/* The value of NAME in the environment, or NULL. */
const char *strlist_getenv(const struct strlist *l, const char *name);
void strlist_release(struct strlist *l);

/* Two-way tables between the field's names and the kernel's numbers. */
struct name {
	const char *name;
	int64_t value;
};

/* The tables end with a NULL name. The first entry that matches counts; NULL if none does. */
const struct name *name_find(const struct name *table, const char *name);
const char *name_of(const struct name *table, int64_t value);
