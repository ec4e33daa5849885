/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory. Allocation never fails: lichen is a short-lived program, so running out of memory ends
 * it with one line and status 1; whatever it had recorded is then removed by `delete --force`.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>

#include "base/error.h"

#define CLEANUP(release) __attribute__((cleanup(release)))

/* The cleanup of every pointer from malloc: `CLEANUP(mem_free) char *name = NULL;` */
static inline void mem_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

/* Moves ownership out of a variable that has a cleanup. */
#define TAKE_PTR(p)                         \
	({                                  \
		__typeof__(p) taken_ = (p); \
		(p) = NULL;                 \
		taken_;                     \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t n, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
char *xstrndup(const char *s, size_t n) __attribute__((malloc, returns_nonnull));
char *xasprintf(const char *fmt, ...) ERROR_PRINTF(1, 2) __attribute__((malloc, returns_nonnull));

/*
 * An arena: memory that is filled once, sealed read-only, and released as a whole. What is in it
 * is zeroed and aligned to 16 bytes. The address space is reserved at once; pages are used as they
 * are touched.
 */
struct arena {
	char *base;
	size_t used;
	size_t size;
};

void arena_init(struct arena *a, size_t size);
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_strndup(struct arena *a, const char *s, size_t n) __attribute__((returns_nonnull));
/* From here on the MMU enforces that nobody writes to it. */
void arena_seal(struct arena *a);
void arena_release(struct arena *a);
