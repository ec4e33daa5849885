/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole of what `lichen spec` writes, against tests/data/template/. LICHEN_UPDATE_GOLDEN=1
 * writes these files anew; read the difference before you keep it.
 */
#include "tap.h"

#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"
#include "plan/template.h"
#include "spec/json.h"
#include "spec/spec.h"

#define RANGES(...)                                                                   \
	{                                                                             \
		sizeof((struct id_range[]){ __VA_ARGS__ }) / sizeof(struct id_range), \
			(struct id_range[])                                           \
		{                                                                     \
			__VA_ARGS__                                                   \
		}                                                                     \
	}

#define MAP(...)                                                                            \
	{                                                                                   \
		sizeof((struct idmap_range[]){ __VA_ARGS__ }) / sizeof(struct idmap_range), \
			(struct idmap_range[])                                              \
		{                                                                           \
			__VA_ARGS__                                                         \
		}                                                                           \
	}

struct golden {
	const char *name;
	struct template_request request;
};

static const struct golden goldens[] = {
	/* The ordinary case: one range for each, at a terminal. */
	{ "user",
		{ .privilege = HOST_USER,
			.uid = 1000,
			.gid = 1000,
			.sub_uids = RANGES({ 100000, 65536 }),
			.sub_gids = RANGES({ 100000, 65536 }),
			.terminal = true } },
	/* No ranges: the group of terminals does not exist. */
	{ "single", { .privilege = HOST_USER, .uid = 1000, .gid = 100 } },
	/* Several lines, one of them twice, one with the own ID; too few groups for gid 5. */
	{ "several",
		{ .privilege = HOST_USER,
			.uid = 1000,
			.gid = 1000,
			.sub_uids = RANGES({ 200000, 1000 }, { 100000, 65536 }, { 200000, 1000 },
				{ 500, 1000 }, { 300000, 1 }),
			.sub_gids = RANGES({ 100000, 4 }, { 100003, 10 }) } },
	/* Podman's namespace: no user namespace, all groups. */
	{ "nested",
		{ .privilege = HOST_NAMESPACE_ROOT,
			.own_gids = MAP({ 0, 1000, 1 }, { 1, 100000, 65536 }) } },
	/* unshare -r: no user namespace, one group. */
	{ "nested-single", { .privilege = HOST_NAMESPACE_ROOT, .own_gids = MAP({ 0, 1000, 1 }) } },
	{ "root",
		{ .privilege = HOST_ROOT,
			.own_gids = MAP({ 0, 0, 4294967295 }),
			.terminal = true } },
	/* Networks: an annotation, or whose it is. */
	{ "network-auto",
		{ .privilege = HOST_ROOT,
			.network = &(struct network_words){ .mode = NETWORK_AUTO } } },
	{ "network-slirp",
		{ .privilege = HOST_USER,
			.uid = 1000,
			.gid = 1000,
			.network = &(struct network_words){ .mode = NETWORK_SLIRP,
				.mtu = 1500,
				.publish = { 2,
					(char *[]){ (char[]){ "8080:80" }, (char[]){ "0:53/udp" },
						NULL } },
				.egress = { 1, (char *[]){ (char[]){ "deny" }, NULL } } } } },
	{ "network-host",
		{ .privilege = HOST_ROOT,
			.network = &(struct network_words){ .mode = NETWORK_HOST } } },
	{ "network-path",
		{ .privilege = HOST_ROOT,
			.network = &(struct network_words){ .mode = NETWORK_PATH,
				.path = (char[]){ "/run/netns/blue" } } } },
};

static void test_is_accepted(const char *name, const struct text *text)
{
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	struct error e = { 0 };

	ok(spec_parse(text->s, text->len, "config.json", &spec, &e) == 0, "%s: is accepted %s",
		name, e.text);
	is_int(spec ? (int64_t)spec->unknown.n : -1, 0, "%s: every property is known", name);
}

static void test_golden(const struct golden *g)
{
	char dir[PATH_MAX];
	CLEANUP(mem_free) char *file = xasprintf("%s.json", g->name);
	CLEANUP(fd_cleanup)
	int dir_fd = open(tap_data(dir, sizeof(dir), "template"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(text_release) struct text found = { 0 };
	CLEANUP(mem_free) char *wanted = NULL;

	template_config(&g->request, &found);
	if (getenv("LICHEN_UPDATE_GOLDEN"))
		file_replace(dir_fd, file, 0644, found.s, found.len);
	ok(file_read_text(dir_fd, file, 1 << 20, &wanted, NULL) == 0, "%s is there", file);
	is_str(found.s, wanted, "%s", g->name);
	test_is_accepted(g->name, &found);
}

/* How many lines the uid map has, and what is in one of them. */
struct line {
	size_t n;
	uint64_t inside, outside, size;
};

static struct line uid_map(const struct id_ranges *ranges, size_t i)
{
	struct template_request req = { .privilege = HOST_USER, .uid = 7, .sub_uids = *ranges };
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(arena_release) struct arena arena;
	const struct json *json, *map, *entry;
	struct line line = { 0 };
	struct error e = { 0 };

	template_config(&req, &text);
	arena_init(&arena, json_arena_size(text.len));
	if (json_parse(&arena, "config.json", text.s, text.len, &json, &e) < 0)
		return line;
	map = json_get(json_get(json, "linux"), "uidMappings");
	entry = json_at(map, i);
	line.n = map->n;
	if (entry) {
		json_u64(json_get(entry, "containerID"), UINT32_MAX, &line.inside);
		json_u64(json_get(entry, "hostID"), UINT32_MAX, &line.outside);
		json_u64(json_get(entry, "size"), UINT32_MAX, &line.size);
	}
	return line;
}

static void test_limits(void)
{
	struct id_range many[IDMAP_RANGES_MAX + 10];
	struct id_ranges all = { ARRAY_SIZE(many), many };
	struct id_ranges huge = RANGES({ 8, UINT32_MAX - 8 }, { 0, 5 }, { 5, 2 });
	struct id_ranges wild = RANGES({ UINT32_MAX - 5, 100 }, { 20, 0 });
	struct line line;

	for (uint32_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = (struct id_range){ 1000 + i, 1 };
	is_int(uid_map(&all, 0).n, IDMAP_RANGES_MAX, "not more lines than the kernel takes");
	line = uid_map(&huge, 3);
	is_int(line.n, 4, "every ID of the host fits");
	is_int(line.inside + line.size, UINT32_MAX, "up to the highest that there is");
	is_int(uid_map(&wild, 0).n, 1,
		"ranges beyond the highest ID, and empty ones, are left out");
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(goldens); i++)
		test_golden(&goldens[i]);
	test_limits();
	return done();
}
