/* SPDX-License-Identifier: Apache-2.0 */
/* config.json as a whole: what stands at its top, and parsing it. */
#include "spec/spec.h"

#include <linux/sched.h>
#include <string.h>

#include "spec/check.h"
#include "spec/tables.h"

/* One of SemVer's dot-separated parts; NULL if there is none. */
static const char *skip_identifier(const char *s, const char *allowed)
{
	size_t n = strspn(s, allowed);

	return n ? s + n : NULL;
}

/* Numbers have no leading zeros. */
static const char *skip_number(const char *s)
{
	const char *end = skip_identifier(s, "0123456789");

	return end && *s == '0' && end > s + 1 ? NULL : end;
}

#define ALPHANUMERIC "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

/* "-dev.1" and "+git.01"; the build's numbers may have leading zeros. */
static const char *skip_suffix(const char *s, char sign)
{
	const char *end, *digits_end;

	if (*s != sign)
		return s;
	do {
		end = skip_identifier(++s, ALPHANUMERIC);
		digits_end = skip_identifier(s, "0123456789");
		if (sign == '-' && end && end == digits_end && !skip_number(s))
			return NULL;
		s = end;
	} while (s && *s == '.');
	return s;
}

static bool is_version(const char *s)
{
	for (int i = 0; i < 3 && s; i++) {
		if (i > 0 && *s++ != '.')
			return false;
		s = skip_number(s);
	}
	if (s)
		s = skip_suffix(s, '-');
	if (s)
		s = skip_suffix(s, '+');
	return s && !*s;
}

static int check_version(const struct json *j, struct error *e)
{
	if (!is_version(j->text))
		return json_error(j, e, "%s is not a version such as \"%s\"", json_quote(j->text).s,
			SPEC_VERSION);
	if (!str_starts(j->text, "1."))
		return json_error(j, e, "version %s is not understood (%s to %s and later 1.x are)",
			json_quote(j->text).s, SPEC_VERSION_MIN, SPEC_VERSION);
	return 0;
}

/* Without a UTS namespace of its own it would set the host's. */
static int uts_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec *s = object;

	if (check_find_namespace(&s->linux, CLONE_NEWUTS))
		return 0;
	return json_error(j, e, "needs \"uts\" in linux.namespaces");
}

static const char *find_idmap_option(const struct spec_mount *m)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (streq(m->options.v[i], "idmap") || streq(m->options.v[i], "ridmap"))
			return m->options.v[i];
	return NULL;
}

/* An ID-mapped mount without mappings of its own takes those of the user namespace. */
static int mounts_rule(const void *object, const struct json *list, struct error *e)
{
	const struct spec *s = object;
	const struct json *j = list->child;
	const char *option;

	if (check_find_namespace(&s->linux, CLONE_NEWUSER))
		return 0;
	for (size_t i = 0; i < s->mounts.n; i++, j = j->next) {
		option = s->mounts.v[i].uid_mappings.n ? NULL : find_idmap_option(&s->mounts.v[i]);
		if (option)
			return json_error(j, e,
				"\"%s\" needs uidMappings here or \"user\" in linux.namespaces",
				option);
	}
	return 0;
}

static const struct bind root_rows[] = {
	BIND_ROW_STRING(
		"path", struct spec_root, path, .flags = BIND_REQUIRED, .check = check_path),
	BIND_ROW_BOOL("readonly", struct spec_root, readonly),
	BIND_END,
};

static const struct bind_object root_table = { .rows = root_rows };

static const struct bind spec_rows[] = {
	BIND_ROW_STRING("ociVersion", struct spec, oci_version, .flags = BIND_REQUIRED,
		.check = check_version),
	BIND_ROW_POINTER("root", struct spec, root, struct spec_root, &root_table),
	BIND_ROW_LIST("mounts", struct spec, mounts, struct spec_mount, &spec_mount_table,
		.rule = mounts_rule),
	BIND_ROW_POINTER("process", struct spec, process, struct spec_process, &spec_process_table),
	BIND_ROW_STRING("hostname", struct spec, hostname, .flags = BIND_EMPTY_ABSENT,
		.check = check_host_name, .rule = uts_rule),
	BIND_ROW_STRING("domainname", struct spec, domainname, .flags = BIND_EMPTY_ABSENT,
		.check = check_host_name, .rule = uts_rule),
	BIND_ROW_OBJECT("hooks", struct spec, hooks, struct spec_all_hooks, &spec_hooks_table),
	BIND_ROW_PAIRS("annotations", struct spec, annotations, .check = check_key),
	BIND_ROW_OBJECT("linux", struct spec, linux, struct spec_linux, &spec_linux_table,
		.also = offsetof(struct spec, linux_set)),
	BIND_ROW_IGNORED("solaris", struct spec, zos_or_other_platform),
	BIND_ROW_IGNORED("windows", struct spec, zos_or_other_platform),
	BIND_ROW_IGNORED("vm", struct spec, zos_or_other_platform),
	BIND_ROW_IGNORED("zos", struct spec, zos_or_other_platform),
	BIND_ROW_IGNORED("freebsd", struct spec, zos_or_other_platform),
	BIND_END,
};

const struct bind_object spec_table = { .rows = spec_rows };

/*
 * Every parsed file is one arena, whose first piece is a struct of size bytes with the arena itself
 * in it, at arena_offset.
 */
struct file {
	const struct bind_object *table;
	size_t size, arena_offset, object_offset;
	size_t unknown_offset; /* 0: none */
};

static int parse(const struct file *file, const char *text, size_t len, const char *name,
	const void **out, struct error *e)
{
	CLEANUP(arena_release) struct arena a = { 0 };
	const struct json *document;
	struct strings *unknown = NULL;
	char *s;
	int r;

	arena_init(&a, json_arena_size(len));
	s = arena_alloc(&a, file->size);
	if (file->unknown_offset)
		unknown = (void *)(s + file->unknown_offset);
	r = json_parse(&a, name, text, len, &document, e);
	if (r == 0)
		r = bind_document(&a, document, file->table, s + file->object_offset, unknown, e);
	if (r < 0)
		return r;
	memcpy(s + file->arena_offset, &a, sizeof(a));
	arena_seal(&a);
	a = (struct arena){ 0 };
	*out = s;
	return 0;
}

/* The arena lies in what it owns. */
static void release(const struct arena *owned)
{
	struct arena a = *owned;

	arena_release(&a);
}

int spec_parse(
	const char *text, size_t len, const char *name, const struct spec **out, struct error *e)
{
	static const struct file file = {
		.table = &spec_table,
		.size = sizeof(struct spec),
		.arena_offset = offsetof(struct spec, arena),
		.unknown_offset = offsetof(struct spec, unknown),
	};
	const void *s;
	int r = parse(&file, text, len, name, &s, e);

	if (r == 0)
		*out = s;
	return r;
}

void spec_free(const struct spec *s)
{
	if (s)
		release(&s->arena);
}

void spec_cleanup(const struct spec **s)
{
	spec_free(*s);
}

int spec_parse_process(const char *text, size_t len, const char *name,
	const struct spec_process_file **out, struct error *e)
{
	static const struct file file = {
		.table = &spec_process_table,
		.size = sizeof(struct spec_process_file),
		.arena_offset = offsetof(struct spec_process_file, arena),
		.object_offset = offsetof(struct spec_process_file, process),
	};
	const void *p;
	int r = parse(&file, text, len, name, &p, e);

	if (r == 0)
		*out = p;
	return r;
}

void spec_process_free(const struct spec_process_file *p)
{
	if (p)
		release(&p->arena);
}

int spec_parse_resources(const char *text, size_t len, const char *name,
	const struct spec_resources_file **out, struct error *e)
{
	static const struct file file = {
		.table = &spec_resources_table,
		.size = sizeof(struct spec_resources_file),
		.arena_offset = offsetof(struct spec_resources_file, arena),
		.object_offset = offsetof(struct spec_resources_file, resources),
	};
	const void *p;
	int r = parse(&file, text, len, name, &p, e);

	if (r == 0)
		*out = p;
	return r;
}

void spec_resources_free(const struct spec_resources_file *r)
{
	if (r)
		release(&r->arena);
}
