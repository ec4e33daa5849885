/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container's cgroup: a file of its own, so that it outlives a broken state.json.
 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "container/state_dir.h"
#include "spec/json.h"

#define CGROUP_FILE "cgroup.json"
#define CGROUP_MAX  (1u << 20)

static void arena_cleanup(struct arena *a)
{
	arena_release(a);
}

int state_write_cgroup(const struct state_dir *dir, const struct state_cgroup *c, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;
	int r;

	if (!c->path && !c->unit)
		return 0;
	json_out_init(&o, &text, 0);
	json_out_object(&o, NULL);
	json_out_string_if(&o, "path", c->path);
	json_out_string_if(&o, "top", c->top);
	json_out_u64(&o, "id", c->id);
	json_out_string_if(&o, "unit", c->unit);
	json_out_string_if(&o, "description", c->description);
	json_out_string_if(&o, "systemd", c->systemd);
	json_out_object_end(&o);
	r = file_replace(dir->fd, CGROUP_FILE, 0600, text.s, text.len);
	if (r < 0)
		return error_set(
			e, -r, "record the cgroup of container '%s': %s", dir->id, strerror(-r));
	return 0;
}

static uint64_t number_or_0(const struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);
	uint64_t number = 0;

	if (j && j->type == JSON_NUMBER)
		(void)json_u64(j, UINT64_MAX, &number);
	return number;
}

static char *string_or_null(const struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);

	return j && j->type == JSON_STRING ? xstrdup(j->text) : NULL;
}

void state_read_cgroup(const struct state_dir *dir, struct state_cgroup *out)
{
	CLEANUP(arena_cleanup) struct arena arena = { 0 };
	CLEANUP(mem_free) char *text = NULL;
	const struct json *root;
	struct error ignored;
	size_t len;

	*out = (struct state_cgroup){ 0 };
	if (file_read_text(dir->fd, CGROUP_FILE, CGROUP_MAX, &text, &len) < 0)
		return;
	arena_init(&arena, json_arena_size(len));
	if (json_parse(&arena, CGROUP_FILE, text, len, &root, &ignored) < 0 ||
		root->type != JSON_OBJECT)
		return;
	*out = (struct state_cgroup){ .path = string_or_null(root, "path"),
		.top = string_or_null(root, "top"),
		.id = number_or_0(root, "id"),
		.unit = string_or_null(root, "unit"),
		.description = string_or_null(root, "description"),
		.systemd = string_or_null(root, "systemd") };
	/* Without all of these systemd can't be asked; then there is the directory, if known. */
	if (out->unit && out->description && out->systemd)
		return;
	free(TAKE_PTR(out->unit));
	free(TAKE_PTR(out->description));
	free(TAKE_PTR(out->systemd));
}

void state_cgroup_release(struct state_cgroup *c)
{
	free(c->path);
	free(c->top);
	free(c->unit);
	free(c->description);
	free(c->systemd);
	*c = (struct state_cgroup){ 0 };
}
