/* SPDX-License-Identifier: Apache-2.0 */
/*
 * That the model knows every property of the specification: those of v1.3.0 as listed in
 * tests/data/properties-1.3.0.txt, and those of whichever JSON schema is installed.
 *
 * `test-schema DIRECTORY` prints the properties of a schema; so the list was made.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fd.h"
#include "spec/tables.h"

#define DEBIAN_DIR     "/usr/share/gocode/src/github.com/opencontainers/runtime-spec/schema"
#define DEBIAN_PACKAGE "golang-github-opencontainers-specs-dev"
#define LIST	       "properties-1.3.0.txt"

/* Of older versions and no longer in 1.3.0: unknown, so reported and left alone. */
static const char *const removed[] = { "linux.intelRdt.enableCMT", "linux.intelRdt.enableMBM" };

/* A set of paths. */
static void add_path(const char *path, void *arg)
{
	struct strlist *l = arg;

	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i], path))
			return;
	strlist_add(l, xstrdup(path));
}

static bool has(const struct strlist *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i], path))
			return true;
	return false;
}

struct schema_file {
	char *name;
	const struct json *root;
	struct arena arena;
};

struct schema {
	const char *dir;
	struct schema_file files[16];
	size_t n_files;
	struct strlist paths;
	char *problem; /* a reference that leads nowhere */
};

static const struct json *load(struct schema *s, const char *name)
{
	CLEANUP(mem_free) char *path = xasprintf("%s/%s", s->dir, name);
	CLEANUP(mem_free) char *text = NULL;
	struct schema_file *f = &s->files[s->n_files];
	struct error e = { 0 };
	size_t len;

	for (size_t i = 0; i < s->n_files; i++)
		if (streq(s->files[i].name, name))
			return s->files[i].root;
	if (s->n_files == ARRAY_SIZE(s->files) ||
		file_read_text(AT_FDCWD, path, 1 << 20, &text, &len) < 0)
		return NULL;
	arena_init(&f->arena, json_arena_size(len));
	f->name = xstrdup(name);
	s->n_files++;
	return json_parse(&f->arena, path, text, len, &f->root, &e) < 0 ? NULL : f->root;
}

static void schema_release(struct schema *s)
{
	for (size_t i = 0; i < s->n_files; i++) {
		arena_release(&s->files[i].arena);
		free(s->files[i].name);
	}
	strlist_release(&s->paths);
	free(s->problem);
}

static void walk(struct schema *s, const struct json *node, const char *file, const char *path,
	unsigned int depth);

/* "defs.json#/definitions/Mount" */
static void follow(struct schema *s, const char *reference, const char *file, const char *path,
	unsigned int depth)
{
	CLEANUP(mem_free) char *copy = xstrdup(reference);
	char *rest = copy, *target = strsep(&rest, "#"), *part;
	const char *name = *target ? target : file;
	const struct json *node = load(s, name);

	while (node && (part = strsep(&rest, "/")))
		node = *part ? json_get(node, part) : node;
	if (node)
		walk(s, node, name, path, depth);
	else if (!s->problem)
		s->problem = xasprintf("%s in %s", reference, file);
}

static void walk_inner(struct schema *s, const struct json *node, const char *file,
	const char *path, const char *suffix, unsigned int depth)
{
	CLEANUP(mem_free) char *inner = xasprintf("%s%s", path, suffix);

	if (!node || node->type != JSON_OBJECT)
		return;
	add_path(inner, &s->paths);
	walk(s, node, file, inner, depth);
}

/* The sections of other systems are known by name alone. */
static bool is_foreign(const char *path)
{
	static const char *const names[] = { "solaris", "windows", "vm", "zos", "freebsd" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i], path))
			return true;
	return false;
}

static void walk_properties(struct schema *s, const struct json *node, const char *file,
	const char *path, unsigned int depth)
{
	const struct json *properties = json_get(node, "properties");

	for (const struct json *j = properties ? properties->child : NULL; j; j = j->next) {
		CLEANUP(mem_free)
		char *inner = xasprintf("%s%s%s", path, *path ? "." : "", j->key);

		add_path(inner, &s->paths);
		if (!is_foreign(inner))
			walk(s, j, file, inner, depth);
	}
}

static void walk(struct schema *s, const struct json *node, const char *file, const char *path,
	unsigned int depth)
{
	static const char *const lists[] = { "allOf", "anyOf", "oneOf" };
	const struct json *j = json_get(node, "$ref");

	if (depth++ > 64)
		return;
	if (j)
		follow(s, j->text, file, path, depth);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		j = json_get(node, lists[i]);
		for (j = j ? j->child : NULL; j; j = j->next)
			walk(s, j, file, path, depth);
	}
	walk_properties(s, node, file, path, depth);
	walk_inner(s, json_get(node, "items"), file, path, "[]", depth);
	walk_inner(s, json_get(node, "additionalProperties"), file, path, ".*", depth);
	j = json_get(node, "patternProperties");
	for (j = j ? j->child : NULL; j; j = j->next)
		walk_inner(s, j, file, path, ".*", depth);
}

/* -ENOENT when the directory has no schema. */
static int read_schema(struct schema *s, const char *dir)
{
	const struct json *root;

	s->dir = dir;
	root = load(s, "config-schema.json");
	if (!root)
		return -ENOENT;
	walk(s, root, "config-schema.json", "", 0);
	return 0;
}

static void test_schema(const struct strlist *model)
{
	CLEANUP(schema_release) struct schema s = { 0 };
	const char *dir = getenv("LICHEN_SCHEMA_DIR");

	if (read_schema(&s, dir ? dir : DEBIAN_DIR) < 0) {
		if (dir)
			ok(false, "no schema in %s", dir);
		else
			skip("no JSON schema is installed (Debian: %s)", DEBIAN_PACKAGE);
		return;
	}
	is_str(s.problem, NULL, "every reference of the schema leads somewhere");
	ok(s.paths.n > 200, "the schema has %zu places for values", s.paths.n);
	for (size_t i = 0; i < s.paths.n; i++) {
		bool is_removed = false;

		for (size_t k = 0; k < ARRAY_SIZE(removed); k++)
			is_removed |= streq(removed[k], s.paths.v[i]);
		if (!is_removed)
			ok(has(model, s.paths.v[i]), "of the schema: %s", s.paths.v[i]);
	}
}

static void test_list(const struct strlist *model)
{
	CLEANUP(strlist_release) struct strlist listed = { 0 };
	CLEANUP(mem_free) char *text = NULL;
	char path[512], *rest, *line;
	size_t len;

	tap_data(path, sizeof(path), LIST);
	if (!is_int(file_read_text(AT_FDCWD, path, 1 << 20, &text, &len), 0, "%s", path))
		return;
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line && *line != '#')
			add_path(line, &listed);
	ok(listed.n > 200, "the list has %zu places for values", listed.n);
	for (size_t i = 0; i < listed.n; i++)
		ok(has(model, listed.v[i]), "of the list: %s", listed.v[i]);
	for (size_t i = 0; i < model->n; i++)
		ok(has(&listed, model->v[i]), "of the model, and of the list: %s", model->v[i]);
}

static int print_schema(const char *dir)
{
	CLEANUP(schema_release) struct schema s = { 0 };

	if (read_schema(&s, dir) < 0 || s.problem) {
		fprintf(stderr, "%s: %s\n", dir, s.problem ? s.problem : "no config-schema.json");
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < s.paths.n; i++)
		puts(s.paths.v[i]);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	CLEANUP(strlist_release) struct strlist model = { 0 };

	if (argc > 1)
		return print_schema(argv[1]);
	bind_walk(&spec_table, add_path, &model);
	test_list(&model);
	test_schema(&model);
	return done();
}
