/* SPDX-License-Identifier: Apache-2.0 */
/* update: other limits for a container that exists, and what is recorded of them. */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "container/cgroup.h"
#include "kernel/cgroup.h"
#include "spec/json.h"
#include "stage/controllers.h"
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
	struct resource_settings same, changed; /* of after, by what is already so */
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

/* A set of digests: whoever wrote config.json decides how many limits there are. */
struct digests {
	uint64_t *v;
	size_t n;
};

static int compare_digests(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool has_digest(const struct digests *d, uint64_t digest)
{
	return d->n > 0 && bsearch(&digest, d->v, d->n, sizeof(digest), compare_digests);
}

static uint64_t digest_of_file(const struct resource_setting *s)
{
	return str_hash(s->file, strlen(s->file));
}

static uint64_t digest_of(const struct resource_setting *s)
{
	return digest_of_file(s) * 31 + str_hash(s->value, strlen(s->value));
}

/* The files of which a limit has changed: whole, since one limit may be on top of another. */
static void find_changed(struct update *u, struct digests *out)
{
	struct digests old = { .v = arena_alloc(
				       &u->settings_arena, (u->before.n + 1) * sizeof(*old.v)) };

	for (size_t i = 0; i < u->before.n; i++)
		old.v[old.n++] = digest_of(&u->before.v[i]);
	qsort(old.v, old.n, sizeof(*old.v), compare_digests);
	out->v = arena_alloc(&u->settings_arena, (u->after.n + 1) * sizeof(*out->v));
	for (size_t i = 0; i < u->after.n; i++)
		if (!has_digest(&old, digest_of(&u->after.v[i])))
			out->v[out->n++] = digest_of_file(&u->after.v[i]);
	qsort(out->v, out->n, sizeof(*out->v), compare_digests);
}

/* after → same and changed. */
static void divide(struct update *u)
{
	const size_t size = (u->after.n + 1) * sizeof(*u->after.v);
	struct digests changed = { 0 };

	find_changed(u, &changed);
	u->same.v = arena_alloc(&u->settings_arena, size);
	u->changed.v = arena_alloc(&u->settings_arena, size);
	for (size_t i = 0; i < u->after.n; i++) {
		const struct resource_setting *s = &u->after.v[i];
		struct resource_settings *to = has_digest(&changed, digest_of_file(s)) ? &u->changed
										       : &u->same;

		to->v[to->n++] = *s;
	}
}

static int apply(
	const struct limits_place *place, const struct resource_settings *settings, struct error *e)
{
	CLEANUP(strlist_release) struct strlist left = { 0 };

	return limits_write(place, settings, &left, e);
}

/* What was so before is only seen to; the kernel may take it no more: cpu.weight beside cpu.idle.
 */
static int apply_all(struct update *u, const struct limits_place *place, struct error *e)
{
	struct limits_place again = *place;
	struct error ignored;
	int r = container_cgroup_tell(&u->state.cgroup, &u->after, e);

	if (r < 0)
		return r;
	again.effort = LIMITS_BEST_EFFORT;
	(void)apply(&again, &u->same, &ignored);
	return apply(place, &u->changed, e);
}

static int record(struct update *u, struct error *e)
{
	int r = file_replace(u->dir.fd, RESOURCES_FILE, 0600, u->merged.s, u->merged.len);

	return r < 0 ? error_set(e, -r, "record the limits of container '%s': %s", u->state.id,
			       strerror(-r))
		     : 0;
}

/*
 * A cgroup of ours may lack controllers that no limit has needed yet, because processes were in the
 * way of giving them. A scope has all that systemd can give. Above what is ours they are systemd's:
 * it takes away what its own units don't need.
 */
static int provide(const struct update *u, const struct host_cgroup *host, struct error *e)
{
	const struct state_cgroup *c = &u->state.cgroup;
	CLEANUP(mem_free) char *base = NULL;

	if (c->unit)
		return 0;
	if (container_cgroup_base(c, &base, e) < 0)
		return -e->code;
	return controllers_give_down_to(host, &u->changed, base, c->path, e);
}

/* All of it or nothing. */
static int change(struct update *u, const struct limits_place *place, struct error *e)
{
	struct resource_settings undo;
	struct error ignored;
	int r = limits_check(place->fd, &u->changed, e);

	if (r == 0)
		r = provide(u, place->host, e);
	if (r < 0)
		return r;
	limits_save(place->fd, &u->changed, &u->settings_arena, &undo);
	resources_undo(&u->after, &u->before, &undo);
	r = apply_all(u, place, e);
	if (r == 0)
		r = record(u, e);
	if (r == 0)
		return 0;
	(void)container_cgroup_tell(&u->state.cgroup, &undo, &ignored);
	(void)apply(place, &undo, &ignored);
	return r;
}

static void host_cleanup(struct host_cgroup *host)
{
	host_cgroup_release(host);
}

static int change_cgroup(struct update *u, struct error *e)
{
	CLEANUP(host_cleanup) struct host_cgroup host = { 0 };
	CLEANUP(fd_cleanup) int leaf_fd = -EBADF;
	struct error ignored;
	CLEANUP(fd_cleanup) int fd = container_cgroup_open(&u->state.cgroup, e);
	struct limits_place place = {
		.fd = fd, .path = u->state.cgroup.path, .host = &host, .prefix = ""
	};

	if (fd < 0)
		return fd == -ENOENT
			? error_set(e, ENOENT, "cannot update container '%s': its cgroup has gone",
				  u->state.id)
			: fd;
	host_cgroup_probe(&host);
	host_cgroup_probe_delegation(&host, NULL);
	leaf_fd = cgroup_open(fd, PLAN_CGROUP_LEAF, &ignored);
	place.leaf_fd = leaf_fd;
	return change(u, &place, e);
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
	if (!u->dir.locked || !container_status_has_process(state_status(&u->dir, &u->state)))
		return error_set(
			e, ESRCH, "cannot update container '%s': container not running", id);
	return container_cgroup_require(&u->state.cgroup, "update", id, e);
}

int container_update(
	const struct runtime *rt, const char *id, const struct update_request *req, struct error *e)
{
	CLEANUP(update_release) struct update u = { .dir = STATE_DIR_NONE };
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
	divide(&u);
	return change_cgroup(&u, e);
}

char *container_updated_resources(const struct state_dir *dir)
{
	char *text = NULL;

	return file_read_text(dir->fd, RESOURCES_FILE, SPEC_SIZE_MAX, &text, NULL) < 0 ? NULL
										       : text;
}
