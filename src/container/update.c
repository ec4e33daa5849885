/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that exists, and what is recorded of them. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "container/cgroup.h"
#include "kernel/cgroup.h"
#include "spec/json.h"
#include "stage/limits.h"

/* The limits in force, in the state directory: those of config.json and of every update since. */
#define RESOURCES_FILE "resources.json"

/* Address space; twice what the settings of one parsed object need. */
#define SETTINGS_SIZE (64u << 20)

struct update {
	struct state_dir dir;
	struct state state;
	struct arena old_arena, request_arena, settings_arena;
	const struct json *old; /* or NULL: none */
	struct text merged;
	struct resource_settings before, after;
};

static void update_release(struct update *u)
{
	state_dir_close(&u->dir);
	state_release(&u->state);
	text_release(&u->merged);
	arena_release(&u->old_arena);
	arena_release(&u->request_arena);
	arena_release(&u->settings_arena);
}

static void resources_cleanup(const struct spec_resources_file **r)
{
	spec_resources_free(*r);
}

/* ---- the limits in force ---- */

static int parse_file(struct update *u, const char *name, const struct json **out, struct error *e)
{
	CLEANUP(mem_free) char *text = NULL;
	size_t len;
	int r = file_read_text(u->dir.fd, name, SPEC_SIZE_MAX, &text, &len);

	if (r < 0)
		return error_set(e, -r, "read '%s' of the container: %s", name, strerror(-r));
	arena_init(&u->old_arena, json_arena_size(len));
	return json_parse(&u->old_arena, name, text, len, out, e);
}

static const struct json *get(const struct json *object, const char *key)
{
	return object && object->type == JSON_OBJECT ? json_get(object, key) : NULL;
}

static int read_old(struct update *u, struct error *e)
{
	const struct json *config;
	int r = parse_file(u, RESOURCES_FILE, &u->old, e);

	if (r != -ENOENT)
		return r;
	r = parse_file(u, "config.json", &config, e);
	if (r == 0)
		u->old = get(get(config, "linux"), "resources");
	return r;
}

/* Objects member by member; everything else as the newer one has it. */
static void merge(
	struct json_out *o, const char *key, const struct json *older, const struct json *newer)
{
	if (!older || older->type != JSON_OBJECT || newer->type != JSON_OBJECT) {
		json_out_value(o, key, newer);
		return;
	}
	json_out_object(o, key);
	for (const struct json *j = older->child; j; j = j->next)
		if (json_get(newer, j->key))
			merge(o, j->key, j, json_get(newer, j->key));
		else
			json_out_value(o, j->key, j);
	for (const struct json *j = newer->child; j; j = j->next)
		if (!json_get(older, j->key))
			json_out_value(o, j->key, j);
	json_out_object_end(o);
}

/* ---- applying them ---- */

static int not_possible(void *arg, const char *object, const char *why, struct error *e)
{
	const struct strlist *left = arg;

	/* What create was allowed to leave out stays out. */
	for (size_t i = 0; i < left->n; i++)
		if (str_starts(left->v[i], "linux.resources.") &&
			streq(left->v[i] + strlen("linux.resources."), object))
			return 0;
	return error_set(e, ENOTSUP, "linux.resources.%s: %s", object, why);
}

static void leave_out(struct resource_settings *s, const struct strlist *left)
{
	struct error ignored;
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (not_possible((void *)(uintptr_t)left, s->v[i].object, "", &ignored) < 0)
			s->v[n++] = s->v[i];
	s->n = n;
}

static int digest(struct update *u, const char *text, size_t len, struct resource_settings *out,
	struct error *e)
{
	CLEANUP(resources_cleanup) const struct spec_resources_file *file = NULL;
	const struct resource_policy policy = { .not_possible = not_possible,
		.arg = &u->state.not_applied };
	int r = spec_parse_resources(text, len, "linux.resources", &file, e);

	if (r == 0)
		r = resources_digest(&file->resources, &policy, &u->settings_arena, out, e);
	if (r == 0)
		leave_out(out, &u->state.not_applied);
	return r;
}

/* For undoing; what can't be digested was never applied. */
static void digest_old(struct update *u)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;
	struct error ignored;

	if (!u->old)
		return;
	json_out_init(&o, &text, 0);
	json_out_value(&o, NULL, u->old);
	if (digest(u, text.s, text.len, &u->before, &ignored) < 0)
		u->before = (struct resource_settings){ 0 };
}

static int apply(struct update *u, const struct resource_settings *settings, struct error *e)
{
	CLEANUP(strlist_release) struct strlist left = { 0 };
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(&u->state.cgroup, e);
	int r;

	if (fd < 0)
		return fd;
	leaf_fd = cgroup_open(fd, PLAN_CGROUP_LEAF, &ignored);
	r = limits_check(fd, settings, e);
	if (r == 0)
		r = container_cgroup_tell(&u->state.cgroup, settings, e);
	return r < 0 ? r : limits_write(fd, leaf_fd, settings, LIMITS_MUST_HOLD, &left, e);
}

static int merge_with(struct update *u, const struct update_request *req, struct error *e)
{
	const struct json *newer;
	struct json_out o;
	int r;

	arena_init(&u->request_arena, json_arena_size(req->len));
	r = json_parse(&u->request_arena, req->name, req->json, req->len, &newer, e);
	if (r == 0 && newer->type != JSON_OBJECT)
		return error_set(e, EINVAL, "%s: expected an object, found %s", req->name,
			json_type_name(newer->type));
	if (r < 0)
		return r;
	json_out_init(&o, &u->merged, 0);
	merge(&o, NULL, u->old, newer);
	return 0;
}

/* The request by itself first: its own mistakes are told by its own name. */
static int check_request(const struct update_request *req, struct error *e)
{
	CLEANUP(resources_cleanup) const struct spec_resources_file *file = NULL;

	return spec_parse_resources(req->json, req->len, req->name, &file, e);
}

static int open_container(
	const struct runtime *rt, const char *id, struct update *u, struct error *e)
{
	int r = state_dir_open(rt, id, STATE_LOCKED, &u->dir, e);

	if (r == 0)
		r = state_read(&u->dir, &u->state, e);
	if (r < 0)
		return r;
	switch (u->dir.locked ? state_status(&u->dir, &u->state) : STATUS_CREATING) {
	case STATUS_CREATED:
	case STATUS_RUNNING:
	case STATUS_PAUSED:
		break;
	case STATUS_STOPPED:
	case STATUS_CREATING:
		return error_set(
			e, ESRCH, "cannot update container '%s': container not running", id);
	}
	return container_cgroup_require(&u->state.cgroup, "update", id, e);
}

int container_update(
	const struct runtime *rt, const char *id, const struct update_request *req, struct error *e)
{
	CLEANUP(update_release) struct update u = { .dir = STATE_DIR_NONE };
	struct error ignored;
	int r = check_request(req, e);

	if (r == 0)
		r = open_container(rt, id, &u, e);
	if (r < 0)
		return r;
	arena_init(&u.settings_arena, SETTINGS_SIZE);
	r = read_old(&u, e);
	if (r == 0)
		r = merge_with(&u, req, e);
	if (r == 0)
		r = digest(&u, u.merged.s, u.merged.len, &u.after, e);
	if (r < 0)
		return r;
	digest_old(&u);
	r = apply(&u, &u.after, e);
	if (r == 0) {
		r = file_replace(u.dir.fd, RESOURCES_FILE, 0600, u.merged.s, u.merged.len);
		if (r < 0)
			error_set(
				e, -r, "record the limits of container '%s': %s", id, strerror(-r));
	}
	if (r < 0)
		(void)apply(&u, &u.before, &ignored);
	return r;
}

char *container_updated_resources(const struct state_dir *dir)
{
	char *text = NULL;

	return file_read_text(dir->fd, RESOURCES_FILE, SPEC_SIZE_MAX, &text, NULL) < 0 ? NULL
										       : text;
}
