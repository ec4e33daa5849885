/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as config.json, as process and as resources. Whatever is accepted is read
 * to its ends and must, written and parsed again, be accepted too; whatever is refused has an
 * error on one line.
 *
 *   clang -fsanitize=fuzzer,address,undefined ... && ./fuzz-spec tests/fuzz/corpus/spec
 */
#include <stdint.h>
#include <string.h>

#include "spec/json.h"
#include "spec/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void check_error(int r, const struct error *e)
{
	require(r < 0 && -r == e->code);
	require(str_starts(e->text, "fuzz: ") && strlen(e->text) > 6);
	for (const char *p = e->text; *p; p++)
		require((unsigned char)*p >= 0x20);
	require(strlen(e->text) < sizeof(e->text) && strlen(e->hint) < sizeof(e->hint));
}

/* The text of a tree, and of that text's tree, are the same. */
static void check_writer(const char *text, size_t size)
{
	CLEANUP(arena_release) struct arena a = { 0 }, b = { 0 };
	CLEANUP(text_release) struct text first = { 0 }, second = { 0 };
	const struct json *j, *k;
	struct error e = { 0 };
	struct json_out o;

	arena_init(&a, json_arena_size(size));
	if (json_parse(&a, "fuzz", text, size, &j, &e) < 0)
		return;
	json_out_init(&o, &first, 2);
	json_out_value(&o, NULL, j);
	arena_init(&b, json_arena_size(first.len));
	require(json_parse(&b, "fuzz", first.s, first.len, &k, &e) == 0);
	json_out_init(&o, &second, 2);
	json_out_value(&o, NULL, k);
	require(first.len == second.len && memcmp(first.s, second.s, first.len) == 0);
}

/* Reads a little of everything that has a length. */
static size_t touch(const struct spec *s)
{
	size_t n = strlen(s->oci_version);

	for (size_t i = 0; i < s->mounts.n; i++) {
		n += strlen(s->mounts.v[i].destination);
		for (size_t k = 0; k < s->mounts.v[i].options.n; k++)
			n += strlen(s->mounts.v[i].options.v[k]);
	}
	for (size_t i = 0; i < s->annotations.n; i++)
		n += strlen(s->annotations.v[i].key) + strlen(s->annotations.v[i].value);
	for (size_t i = 0; i < s->unknown.n; i++)
		n += strlen(s->unknown.v[i]);
	if (s->process)
		n += strlen(s->process->cwd) + strlen(s->process->args.v[0]);
	if (s->linux.seccomp)
		for (size_t i = 0; i < s->linux.seccomp->syscalls.n; i++)
			n += strlen(s->linux.seccomp->syscalls.v[i].names.v[0]);
	for (size_t i = 0; i < s->linux.devices.n; i++)
		n += strlen(s->linux.devices.v[i].path);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(mem_free) char *text = xmalloc(size);
	CLEANUP(spec_cleanup) const struct spec *s = NULL;
	const struct spec_process_file *p = NULL;
	const struct spec_resources_file *f = NULL;
	struct error e = { 0 };
	int r;

	memcpy(text, data, size);
	r = spec_parse(text, size, "fuzz", &s, &e);
	if (r < 0)
		check_error(r, &e);
	else
		require(touch(s) > 0 && s->arena.used <= s->arena.size);
	r = spec_parse_process(text, size, "fuzz", &p, &e);
	if (r < 0)
		check_error(r, &e);
	spec_process_free(p);
	r = spec_parse_resources(text, size, "fuzz", &f, &e);
	if (r < 0)
		check_error(r, &e);
	spec_resources_free(f);
	check_writer(text, size);
	return 0;
}
