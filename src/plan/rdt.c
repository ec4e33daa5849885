/* SPDX-License-Identifier: Apache-2.0 */
/* linux.intelRdt: config-linux.md, IntelRdt; its rules in their order. */
#include <errno.h>
#include <string.h>

#include "plan/parts.h"

/* Directories of resctrl that are no groups. */
static const char *const reserved[] = { "info", "mon_data", "mon_groups" };

/* One of "0=7f0;1=1f": the value of an ID, without leading zeros; NULL if it isn't there. */
static const char *value_of(const char *list, const char *id, size_t id_len, size_t *out_len)
{
	for (const char *item = list; *item; item += strcspn(item, ";\n")) {
		item += strspn(item, "; ");
		if (strncmp(item, id, id_len) == 0 && item[id_len] == '=') {
			item += id_len + 1;
			item += strspn(item, "0");
			*out_len = strcspn(item, "; \n");
			return item;
		}
		if (*item == '\n')
			break;
	}
	return NULL;
}

/* The list of a resource's line: behind "   L3:". */
static const char *find_resource(const char *schemata, const char *name, size_t name_len)
{
	for (const char *line = schemata; *line;
		line += strcspn(line, "\n"), line += *line == '\n') {
		line += strspn(line, " ");
		if (strncmp(line, name, name_len) == 0 && line[name_len] == ':')
			return line + name_len + 1;
	}
	return NULL;
}

/* Whether a group has what one line wants; what that does not name may be anything. */
static bool has_line(const char *schemata, const char *line)
{
	size_t name_len = strcspn(line, ":"), got_len, want_len;
	const char *list = find_resource(schemata, line, name_len);

	if (!list || line[name_len] != ':')
		return false;
	for (const char *item = line + name_len + 1; *item && *item != '\n';) {
		size_t id_len = strcspn(item, "=");
		const char *got = value_of(list, item, id_len, &got_len);
		const char *want = value_of(item, item, id_len, &want_len);

		if (!got || !want || got_len != want_len || strncasecmp(got, want, got_len) != 0)
			return false;
		item += strcspn(item, ";\n");
		item += *item == ';';
	}
	return true;
}

static bool has_lines(const char *schemata, const char *lines)
{
	for (const char *line = lines; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (!has_line(schemata, line))
			return false;
	return true;
}

static int check_equal(const struct resctrl_facts *facts, const char *path, const char *wanted,
	const char *group, struct error *e)
{
	if (!wanted || has_lines(facts->schemata ? facts->schemata : "", wanted))
		return 0;
	error_set(e, EEXIST,
		"config.json: linux.intelRdt.%s: '%s' is not what the class '%s' has, which is "
		"there already",
		path, wanted, group);
	return error_hint(e, "leave out %s to take the class as it is, or name another", path);
}

static int check_reserved(const char *group, struct error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (streq(group, reserved[i]))
			return error_set(e, EINVAL,
				"config.json: linux.intelRdt.closID: '%s' is no class: resctrl has "
				"a directory of this name",
				group);
	return 0;
}

/* Makes the class, or takes the one that is there. */
static int choose_class(struct plan_builder *b, bool has_schemata, struct error *e)
{
	const struct spec_intel_rdt *from = b->spec->linux.intel_rdt;
	const struct resctrl_facts *facts = b->request->resctrl;
	struct plan_rdt *p = b->plan->rdt;
	int r;

	p->make = !facts->exists;
	p->remove = !from->clos_id;
	if (!from->clos_id && facts->exists) {
		error_set(e, EEXIST, "config.json: linux.intelRdt: a class '%s' is there already",
			p->group);
		return error_hint(e,
			"name it in linux.intelRdt.closID if the container is to use it, or "
			"choose another ID");
	}
	if (from->clos_id && !facts->exists && !has_schemata) {
		error_set(e, ENOENT,
			"config.json: linux.intelRdt.closID: there is no class '%s', and nothing "
			"says what it should be like",
			p->group);
		return error_hint(e, "add schemata, or make it: mkdir in the resctrl file system");
	}
	if (p->make)
		return 0;
	r = check_equal(facts, "l3CacheSchema", from->l3_cache_schema, p->group, e);
	return r < 0 ? r : check_equal(facts, "memBwSchema", from->mem_bw_schema, p->group, e);
}

static void add_schemata(struct plan_builder *b)
{
	const struct spec_intel_rdt *from = b->spec->linux.intel_rdt;
	struct strings *s = &b->plan->rdt->schemata;

	s->v = arena_alloc(&b->plan->arena, (from->schemata.n + 3) * sizeof(*s->v));
	if (from->l3_cache_schema)
		s->v[s->n++] = from->l3_cache_schema;
	if (from->mem_bw_schema)
		s->v[s->n++] = from->mem_bw_schema;
	for (size_t i = 0; i < from->schemata.n; i++)
		s->v[s->n++] = from->schemata.v[i];
}

static int check_host(const struct resctrl_facts *facts, struct error *e)
{
	if (!facts || !facts->mounted) {
		error_set(e, ENOTSUP,
			"config.json: linux.intelRdt: no resctrl file system is mounted");
		return error_hint(e,
			"on a processor that has it (rdt_a in /proc/cpuinfo), as root: "
			"mount -t resctrl resctrl /sys/fs/resctrl; or remove linux.intelRdt");
	}
	if (!facts->writable) {
		error_set(e, EACCES,
			"config.json: linux.intelRdt: we may not write to the resctrl file system");
		return error_hint(e,
			"root can make a class and give its files to you: chown USER "
			"/sys/fs/resctrl/CLASS/tasks; or remove linux.intelRdt");
	}
	return 0;
}

int plan_rdt(struct plan_builder *b, struct error *e)
{
	const struct spec_intel_rdt *from = b->spec->linux.intel_rdt;
	struct plan_rdt *p;
	int r;

	if (!from)
		return 0;
	r = check_host(b->request->resctrl, e);
	if (r < 0)
		return r;
	p = b->plan->rdt = arena_alloc(&b->plan->arena, sizeof(*p));
	p->group = plan_rdt_group(from, b->request->id);
	add_schemata(b);
	if (from->enable_monitoring)
		p->monitor = plan_printf(b, "%s/mon_groups/%s", p->group, b->request->id);
	r = check_reserved(p->group, e);
	return r < 0 ? r : choose_class(b, p->schemata.n > 0, e);
}

const char *plan_rdt_group(const struct spec_intel_rdt *from, const char *id)
{
	if (!from->clos_id)
		return id;
	return streq(from->clos_id, "/") ? "." : from->clos_id;
}
