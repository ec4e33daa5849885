/* SPDX-License-Identifier: Apache-2.0 */
#include "container/record.h"

#include <errno.h>
#include <string.h>

#include "base/fd.h"

#define RECORD_MAX (1u << 20)

int record_write(const struct state_dir *dir, const char *name, const char *what,
	const struct text *text, struct error *e)
{
	int r = file_replace(dir->fd, name, 0600, text->s, text->len);

	return r < 0 ? error_set(e, -r, "record the %s of container '%s': %s", what, dir->id,
			       strerror(-r))
		     : 0;
}

const struct json *record_read(const struct state_dir *dir, const char *name, struct arena *arena)
{
	CLEANUP(mem_free) char *text = NULL;
	const struct json *root;
	struct error ignored;
	size_t len;

	if (file_read_text(dir->fd, name, RECORD_MAX, &text, &len) < 0)
		return NULL;
	arena_init(arena, json_arena_size(len));
	if (json_parse(arena, name, text, len, &root, &ignored) < 0)
		return NULL;
	return root->type == JSON_OBJECT ? root : NULL;
}

static const struct json *member(const struct json *object, const char *key, enum json_type type)
{
	const struct json *j = object ? json_get(object, key) : NULL;

	return j && j->type == type ? j : NULL;
}

char *record_string(const struct json *object, const char *key)
{
	const struct json *j = member(object, key, JSON_STRING);

	return j ? xstrdup(j->text) : NULL;
}

uint64_t record_number(const struct json *object, const char *key, uint64_t max)
{
	const struct json *j = member(object, key, JSON_NUMBER);
	uint64_t number = 0;

	if (j)
		(void)json_u64(j, max, &number);
	return number;
}

const struct json *record_list(const struct json *object, const char *key)
{
	const struct json *j = member(object, key, JSON_ARRAY);

	return j ? j->child : NULL;
}
