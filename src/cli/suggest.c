/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/suggest.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

/* No name of ours is longer; a longer word is never a slip of the finger. */
#define NAME_LEN_MAX 32

static size_t min(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein distance by the usual table. */
static size_t distance(const char *a, const char *b)
{
	size_t d[NAME_LEN_MAX + 1][NAME_LEN_MAX + 1];
	size_t n_a = strlen(a), n_b = strlen(b);

	if (n_a > NAME_LEN_MAX || n_b > NAME_LEN_MAX)
		return NAME_LEN_MAX;
	for (size_t i = 0; i <= n_a; i++)
		d[i][0] = i;
	for (size_t j = 0; j <= n_b; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= n_a; i++) {
		for (size_t j = 1; j <= n_b; j++) {
			size_t replace = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = min(replace, 1 + min(d[i - 1][j], d[i][j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1);
		}
	}
	return d[n_a][n_b];
}

void suggest_start(struct suggestion *s, const char *typed)
{
	/* A third of the letters may be wrong, but not more than three. */
	*s = (struct suggestion){ .typed = typed, .distance = min(strlen(typed) / 3 + 1, 3) + 1 };
}

void suggest_try(struct suggestion *s, const char *name)
{
	size_t d = distance(s->typed, name);

	if (d >= s->distance)
		return;
	s->name = name;
	s->distance = d;
}
