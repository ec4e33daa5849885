/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdio.h>
#include <string.h>

#define DEPTH_MAX 16

static int depth, filled[DEPTH_MAX];

static void put_string(const char *s, size_t n)
{
	putchar('"');
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void put_key(const char *key)
{
	if (filled[depth]++)
		putchar(',');
	if (!key)
		return;
	put_string(key, strlen(key));
	putchar(':');
}

static void open_level(const char *key, char c)
{
	put_key(key);
	putchar(c);
	filled[++depth] = 0;
}

void json_object(const char *key)
{
	open_level(key, '{');
}

void json_array(const char *key)
{
	open_level(key, '[');
}

void json_object_end(void)
{
	depth--;
	putchar('}');
}

void json_array_end(void)
{
	depth--;
	putchar(']');
}

void json_bytes(const char *key, const char *s, size_t n)
{
	put_key(key);
	put_string(s, n);
}

void json_string(const char *key, const char *s)
{
	put_key(key);
	if (s)
		put_string(s, strlen(s));
	else
		printf("null");
}

void json_number(const char *key, long long n)
{
	put_key(key);
	printf("%lld", n);
}

void json_bool(const char *key, int b)
{
	put_key(key);
	printf(b ? "true" : "false");
}

void json_line(void)
{
	filled[0] = 0;
	putchar('\n');
	fflush(stdout);
}
