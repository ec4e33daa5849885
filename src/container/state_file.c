/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the state directory: written by us, read by us. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/fd.h"
#include "container/state_dir.h"
#include "spec/json.h"

#define STATE_MAX (16u << 20)

static void write_annotations(struct json_out *o, const struct state *s)
{
	json_out_object(o, "annotations");
	for (size_t i = 0; i < s->annotation_keys.n; i++)
		json_out_string(o, s->annotation_keys.v[i], s->annotation_values.v[i]);
	json_out_object_end(o);
}

int state_write(const struct state_dir *dir, const struct state *s, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;
	int r;

	json_out_init(&o, &text, 0);
	json_out_object(&o, NULL);
	json_out_string(&o, "id", s->id);
	json_out_bool(&o, "created", s->is_created);
	json_out_bool(&o, "ownPidNamespace", s->own_pid_namespace);
	json_out_bool(&o, "ownMountNamespace", s->own_mount_namespace);
	json_out_bool(&o, "keepsKeyring", s->keeps_keyring);
	json_out_bool(&o, "keepsGroups", s->keeps_groups);
	json_out_i64(&o, "pid", s->init.pid);
	json_out_u64(&o, "startTime", s->init.start_time);
	json_out_string(&o, "ociVersion", s->oci_version);
	json_out_string(&o, "bundle", s->bundle);
	json_out_string(&o, "rootfs", s->rootfs);
	json_out_string(&o, "createdAt", s->created);
	json_out_string(&o, "owner", s->owner);
	write_annotations(&o, s);
	json_out_array(&o, "notApplied");
	for (size_t i = 0; i < s->not_applied.n; i++)
		json_out_string(&o, NULL, s->not_applied.v[i]);
	json_out_array_end(&o);
	json_out_array(&o, "resctrl");
	for (size_t i = 0; i < s->resctrl.n; i++)
		json_out_string(&o, NULL, s->resctrl.v[i]);
	json_out_array_end(&o);
	json_out_object_end(&o);
	r = file_replace(dir->fd, "state.json", 0600, text.s, text.len);
	if (r < 0)
		return error_set(
			e, -r, "write the state of container '%s': %s", dir->id, strerror(-r));
	return 0;
}

/* NULL if it is missing or, in a file that was damaged, of another type. */
static const struct json *member(const struct json *object, const char *key, enum json_type type)
{
	const struct json *j = object ? json_get(object, key) : NULL;

	return j && j->type == type ? j : NULL;
}

static char *string_of(const struct json *object, const char *key)
{
	const struct json *j = member(object, key, JSON_STRING);

	return xstrdup(j ? j->text : "");
}

static void read_list(const struct json *root, const char *key, struct strlist *out)
{
	const struct json *list = member(root, key, JSON_ARRAY);

	for (const struct json *j = list ? list->child : NULL; j; j = j->next)
		strlist_add(out, xstrdup(j->text ? j->text : ""));
}

static int is_true(const struct json *object, const char *key)
{
	const struct json *j = member(object, key, JSON_BOOL);

	return j && streq(j->text, "true");
}

static void read_lists(const struct json *root, struct state *out)
{
	const struct json *annotations = member(root, "annotations", JSON_OBJECT);

	for (const struct json *j = annotations ? annotations->child : NULL; j; j = j->next) {
		strlist_add(&out->annotation_keys, xstrdup(j->key));
		strlist_add(&out->annotation_values, xstrdup(j->text ? j->text : ""));
	}
	read_list(root, "notApplied", &out->not_applied);
	read_list(root, "resctrl", &out->resctrl);
}

/* Before the state says "created", the birth's record says whom there is to end. */
static void read_init(const struct state_dir *dir, struct process_ref *out)
{
	CLEANUP(mem_free) char *text = NULL;
	unsigned long long start_time;
	int pid;

	if (file_read_text(dir->fd, "init", 64, &text, NULL) < 0)
		return;
	if (sscanf(text, "%d %llu", &pid, &start_time) == 2)
		*out = (struct process_ref){ .pid = pid, .start_time = start_time };
}

/* root: NULL if there is no file yet. */
static void read_fields(const struct state_dir *dir, const struct json *root, struct state *out)
{
	const struct json *pid = member(root, "pid", JSON_NUMBER);
	const struct json *time = member(root, "startTime", JSON_NUMBER);
	uint64_t number;

	*out = (struct state){ .id = string_of(root, "id"),
		.oci_version = string_of(root, "ociVersion"),
		.bundle = string_of(root, "bundle"),
		.rootfs = string_of(root, "rootfs"),
		.created = string_of(root, "createdAt"),
		.owner = string_of(root, "owner"),
		.is_created = is_true(root, "created"),
		.own_pid_namespace = is_true(root, "ownPidNamespace"),
		.own_mount_namespace = is_true(root, "ownMountNamespace"),
		.keeps_keyring = is_true(root, "keepsKeyring"),
		.keeps_groups = is_true(root, "keepsGroups") };
	if (pid && json_u64(pid, INT32_MAX, &number) == 0)
		out->init.pid = (pid_t)number;
	if (time && json_u64(time, UINT64_MAX, &number) == 0)
		out->init.start_time = number;
	if (!out->is_created)
		read_init(dir, &out->init);
	state_read_cgroup(dir, &out->cgroup);
	read_lists(root, out);
}

void state_read_birth(const struct state_dir *dir, struct state *out)
{
	read_fields(dir, NULL, out);
}

int state_read(const struct state_dir *dir, struct state *out, struct error *e)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	CLEANUP(mem_free) char *text = NULL;
	const struct json *root;
	size_t len;
	int r = file_read_text(dir->fd, "state.json", STATE_MAX, &text, &len);

	if (r == -ENOENT) {
		/* Its maker was killed between taking the name and writing the first line. */
		state_read_birth(dir, out);
		return 0;
	}
	if (r < 0)
		return error_set(
			e, -r, "read the state of container '%s': %s", dir->id, strerror(-r));
	arena_init(&arena, json_arena_size(len));
	r = json_parse(&arena, "state.json", text, len, &root, e);
	if (r == 0 && root->type != JSON_OBJECT)
		r = error_set(e, EBADMSG, "state.json: not an object");
	if (r < 0)
		return error_context(e, "read the state of container '%s'", dir->id);
	read_fields(dir, root, out);
	return 0;
}

void state_release(struct state *s)
{
	free(s->id);
	free(s->oci_version);
	free(s->bundle);
	free(s->rootfs);
	free(s->created);
	free(s->owner);
	state_cgroup_release(&s->cgroup);
	strlist_release(&s->annotation_keys);
	strlist_release(&s->annotation_values);
	strlist_release(&s->not_applied);
	strlist_release(&s->resctrl);
	*s = (struct state){ 0 };
}

int state_record_init(const struct state_dir *dir, const struct process_ref *init, struct error *e)
{
	CLEANUP(mem_free)
	char *text = xasprintf("%d %llu\n", init->pid, (unsigned long long)init->start_time);
	int r = file_replace(dir->fd, "init", 0600, text, strlen(text));

	if (r < 0)
		return error_set(e, -r, "record the first process of container '%s': %s", dir->id,
			strerror(-r));
	return 0;
}

int state_write_config(const struct state_dir *dir, const char *text, size_t len, struct error *e)
{
	int r = file_replace(dir->fd, "config.json", 0600, text, len);

	if (r < 0)
		return error_set(e, -r, "keep a copy of config.json: %s", strerror(-r));
	return 0;
}

int state_read_config(const struct state_dir *dir, const struct spec **out, struct error *e)
{
	CLEANUP(mem_free) char *text = NULL;
	size_t len;
	int r = file_read_text(dir->fd, "config.json", SPEC_SIZE_MAX, &text, &len);

	if (r < 0)
		return error_set(e, -r, "read the copy of config.json of container '%s': %s",
			dir->id, strerror(-r));
	return spec_parse(text, len, "config.json", out, e);
}

/* By touching a file that nobody has a reason to touch, or by removing it. */
int state_watch_force(const struct state_dir *dir)
{
	CLEANUP(fd_cleanup) int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	CLEANUP(mem_free) char *path = xasprintf("%s/config.json", fd_path(dir->fd).s);

	if (fd < 0 || inotify_add_watch(fd, path, IN_ATTRIB | IN_DELETE_SELF) < 0)
		return -EBADF;
	return fd_take(&fd);
}

void state_force(const struct state_dir *dir)
{
	(void)utimensat(dir->fd, "config.json", NULL, 0);
}
