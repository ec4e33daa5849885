/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <fcntl.h>
#include <linux/seccomp.h>

#include "base/fd.h"
#include "kernel/caps.h"
#include "kernel/seccomp.h"
#include "plan/features.h"
#include "plan/mount_options.h"
#include "spec/json.h"
#include "spec/spec.h"

/* The value at a path of keys, NULL where it ends early. */
static const struct json *at(const struct json *j, const char *const *keys)
{
	for (; j && *keys; keys++)
		j = json_get(j, *keys);
	return j;
}

#define AT(document, ...) at(document, (const char *const[]){ __VA_ARGS__, NULL })

static const char *text_of(const struct json *j)
{
	return j ? j->text : NULL;
}

static bool has(const struct json *list, const char *word)
{
	for (size_t i = 0; list && i < list->n; i++)
		if (streq(json_at(list, i)->text, word))
			return true;
	return false;
}

static size_t count_names(const struct name *table)
{
	size_t n = 0;

	while (table[n].name)
		n++;
	return n;
}

static void test_general(const struct json *d)
{
	is_str(text_of(AT(d, "ociVersionMin")), SPEC_VERSION_MIN, "oldest version");
	is_str(text_of(AT(d, "ociVersionMax")), SPEC_VERSION, "newest version");
	is_int(AT(d, "hooks")->n, 6, "hooks");
	ok(has(AT(d, "hooks"), "createContainer"), "a hook by name");
	is_str(text_of(AT(d, "annotations", "io.github.seccomp.libseccomp.version")), "9.8.7",
		"the version of libseccomp");
	is_str(text_of(AT(d, "annotations", "lichen.version")), "1.2.3", "our version");
	ok(has(AT(d, "potentiallyUnsafeConfigAnnotations"), "run.oci.keep_original_groups"),
		"an annotation that an image must not bring");
	ok(has(AT(d, "potentiallyUnsafeConfigAnnotations"), "org.systemd.property."),
		"and all of a kind");
}

/* containerd decides by these. */
static void test_linux(const struct json *d)
{
	ok(has(AT(d, "mountOptions"), "rro"), "recursive read-only");
	ok(has(AT(d, "mountOptions"), "tmpcopyup"), "tmpcopyup");
	ok(has(AT(d, "mountOptions"), "idmap"), "idmap");
	is_str(text_of(AT(d, "linux", "mountExtensions", "idmap", "enabled")), "true",
		"and in the mount extensions");
	ok(has(AT(d, "linux", "memoryPolicy", "modes"), "MPOL_BIND"), "a mode of memory policy");
	ok(has(AT(d, "linux", "memoryPolicy", "flags"), "MPOL_F_STATIC_NODES"), "and a flag");
	ok(has(AT(d, "linux", "namespaces"), "user"), "user namespaces");
	is_int(AT(d, "linux", "namespaces")->n, count_names(spec_namespace_names), "all of them");
	is_int(AT(d, "linux", "capabilities")->n, count_names(cap_names), "capabilities");
	is_str(text_of(AT(d, "linux", "cgroup", "v1")), "false", "no cgroup v1");
}

static void test_seccomp(const struct json *d)
{
	const struct json *s = AT(d, "linux", "seccomp");

	is_str(text_of(AT(s, "enabled")), "true", "seccomp");
	ok(has(AT(s, "actions"), "SCMP_ACT_NOTIFY"), "an action");
	ok(has(AT(s, "operators"), "SCMP_CMP_MASKED_EQ"), "an operator");
	ok(has(AT(s, "archs"), "SCMP_ARCH_X86_64"), "an architecture");
	ok(!has(AT(s, "archs"), "SCMP_ARCH_NATIVE"), "none that config.json may not name");
	ok(has(AT(s, "supportedFlags"), "SECCOMP_FILTER_FLAG_LOG"), "a flag");
}

/* ---- that it is what the specification describes, no more and no less ---- */

static const char *type_of(const struct json *j)
{
	static const char *const names[] = { [JSON_STRING] = "string",
		[JSON_BOOL] = "boolean",
		[JSON_ARRAY] = "array",
		[JSON_OBJECT] = "object",
		[JSON_NUMBER] = "number" };

	return (size_t)j->type < ARRAY_SIZE(names) && names[j->type] ? names[j->type] : "null";
}

/* "linux.seccomp.archs[] string" for every place of the document, each once. */
static void list_places(const struct json *j, const char *path, struct strlist *out)
{
	CLEANUP(mem_free) char *line = xasprintf("%s %s", path, type_of(j));
	bool known = !*path;

	for (size_t i = 0; i < out->n && !known; i++)
		known = streq(out->v[i], line);
	if (!known)
		strlist_add(out, xstrdup(line));
	for (const struct json *k = j->child; k; k = k->next) {
		CLEANUP(mem_free)
		char *inner = j->type == JSON_ARRAY ? xasprintf("%s[]", path)
			: streq(path, "annotations")
			? xstrdup("annotations.*")
			: xasprintf("%s%s%s", path, *path ? "." : "", k->key);

		list_places(k, inner, out);
	}
}

static bool is_listed(const struct strlist *l, const char *line)
{
	for (size_t i = 0; i < l->n; i++)
		if (streq(l->v[i], line))
			return true;
	return false;
}

static void test_options(const struct json *d, char *names, size_t *n)
{
	char *save = NULL;

	for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
		ok(has(AT(d, "mountOptions"), name), "mount option %s", name);
		(*n)++;
	}
}

static void test_specification(const struct json *d)
{
	CLEANUP(strlist_release) struct strlist places = { 0 };
	CLEANUP(strlist_release) struct strlist wanted = { 0 };
	CLEANUP(mem_free) char *text = NULL;
	char path[512], *save = NULL;
	size_t n_options = 0;

	tap_data(path, sizeof(path), "features-1.3.0.txt");
	if (!is_int(file_read_text(AT_FDCWD, path, 1 << 20, &text, NULL), 0, "%s", path))
		return;
	list_places(d, "", &places);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (*line == '#')
			continue;
		if (str_starts(line, "option "))
			test_options(d, line + strlen("option "), &n_options);
		else
			strlist_add(&wanted, xstrdup(line));
	}
	for (size_t i = 0; i < wanted.n; i++)
		ok(is_listed(&places, wanted.v[i]), "has %s", wanted.v[i]);
	for (size_t i = 0; i < places.n; i++)
		ok(is_listed(&wanted, places.v[i]), "the specification has %s", places.v[i]);
	is_int(AT(d, "mountOptions")->n, n_options, "no other mount option");
}

/* Of the kernel's flags those alone. */
static void test_flags(void)
{
	struct features_request req = {
		.version = "1", .libseccomp_version = "2", .seccomp_flags = SECCOMP_FILTER_FLAG_LOG
	};
	CLEANUP(text_release) struct text text = { 0 };

	features_document(&req, &text);
	ok(strstr(text.s, "\"supportedFlags\": [\n        \"SECCOMP_FILTER_FLAG_LOG\"\n      ]") !=
			NULL,
		"supported flags are those of the kernel");
	ok(strstr(text.s, "\"SECCOMP_FILTER_FLAG_TSYNC\"") != NULL, "known flags are all");
	ok(seccomp_probe_flags() & SECCOMP_FILTER_FLAG_LOG, "this kernel knows LOG (since 4.14)");
	ok(!(seccomp_probe_flags() & 1u << 31), "and not one that there is not");
}

static void test_commit(const struct features_request *without)
{
	CLEANUP(text_release) struct text no = { 0 }, yes = { 0 };
	struct features_request with = *without;

	with.commit = "abc123";
	features_document(without, &no);
	features_document(&with, &yes);
	ok(!strstr(no.s, "commit"), "no commit where none is known");
	ok(strstr(yes.s, "\"lichen.commit\": \"abc123\"") != NULL, "the commit where it is");
}

int main(void)
{
	struct features_request req = {
		.version = "1.2.3", .libseccomp_version = "9.8.7", .seccomp_flags = ~0u
	};
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(arena_release) struct arena arena;
	const struct json *document = NULL;
	struct error e = { 0 };

	features_document(&req, &text);
	arena_init(&arena, json_arena_size(text.len));
	is_int(json_parse(&arena, "features", text.s, text.len, &document, &e), 0, "is JSON %s",
		e.text);
	if (document) {
		test_general(document);
		test_linux(document);
		test_seccomp(document);
		test_specification(document);
	}
	test_commit(&req);
	test_flags();
	return done();
}
