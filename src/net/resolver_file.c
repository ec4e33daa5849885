/* SPDX-License-Identifier: Apache-2.0 */
#include "net/resolver_file.h"

#include <string.h>

#include "base/str.h"

/* Longer than any line of use: what does not fit is left out whole. */
#define LINE_SIZE (RESOLVER_WORDS_SIZE + 16)

static const char blanks[] = " \t\r";

/* The next word of a line, or NULL at its end; ends the word. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, blanks), *end;

	if (*word == '\0')
		return NULL;
	end = word + strcspn(word, blanks);
	*line = *end ? end + 1 : end;
	*end = '\0';
	return word;
}

/* Adds a line's words with one blank between; all of them, or none if there is no room. */
static void add_words(char *to, char *line)
{
	char all[RESOLVER_WORDS_SIZE];
	size_t n = strlen(to);
	char *word;

	memcpy(all, to, n + 1);
	while ((word = next_word(&line))) {
		size_t size = strlen(word), gap = n > 0;

		if (n + gap + size >= sizeof(all))
			return;
		all[n] = ' ';
		memcpy(all + n + gap, word, size + 1);
		n += gap + size;
	}
	memcpy(to, all, n + 1);
}

/* "fe80::1%eth0": a scope counts for what is of one link alone. */
static void add_server(struct resolver_file *f, char *line)
{
	struct resolver_server s = { 0 };
	char *word = next_word(&line), *percent = word ? strchr(word, '%') : NULL;

	if (percent)
		*percent++ = '\0';
	if (!word || f->n == RESOLVER_SERVERS_MAX || *word == '[' ||
		net_address_parse(word, &s.address) < 0)
		return;
	if (percent) {
		if (s.address.family != AF_INET6 || *percent == '\0' ||
			strlen(percent) >= sizeof(s.scope))
			return;
		memcpy(s.scope, percent, strlen(percent) + 1);
	}
	f->servers[f->n++] = s;
}

/* Keywords begin in the first column, as the C library has it. */
static void parse_line(struct resolver_file *f, char *line)
{
	char *keyword = line, *rest = line + strcspn(line, blanks);

	if (*rest)
		*rest++ = '\0';
	if (streq(keyword, "nameserver")) {
		add_server(f, rest);
	} else if (streq(keyword, "search")) {
		f->search[0] = '\0';
		add_words(f->search, rest);
	} else if (streq(keyword, "domain")) {
		char *domain = next_word(&rest);

		f->search[0] = '\0';
		if (domain)
			add_words(f->search, domain);
	} else if (streq(keyword, "options")) {
		add_words(f->options, rest);
	}
}

void resolver_file_parse(const char *text, size_t n, struct resolver_file *out)
{
	char line[LINE_SIZE];

	memset(out, 0, sizeof(*out));
	while (n > 0) {
		const char *end = memchr(text, '\n', n);
		size_t size = end ? (size_t)(end - text) : n, step = end ? size + 1 : n;

		/* A line with a NUL in it is none of a text file. */
		if (size < sizeof(line) && !memchr(text, '\0', size)) {
			memcpy(line, text, size);
			line[size] = '\0';
			parse_line(out, line);
		}
		text += step;
		n -= step;
	}
	if (out->n == 0)
		out->servers[out->n++].address = net_address_v4(INADDR_LOOPBACK);
}
