/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "plan/parts.h"

/* setresuid(2) takes it for "no change", and so would leave us root. */
#define NOBODY UINT32_MAX

static bool maps(const struct idmap *map, uint32_t inside)
{
	for (size_t i = 0; i < map->n; i++)
		if (inside >= map->v[i].inside && inside - map->v[i].inside < map->v[i].count)
			return true;
	return false;
}

bool plan_uid_mapped(const struct plan_builder *b, uint32_t id)
{
	return id != NOBODY && (!b->uids || maps(b->uids, id));
}

bool plan_gid_mapped(const struct plan_builder *b, uint32_t id)
{
	return id != NOBODY && (!b->gids || maps(b->gids, id));
}

/* Root inside is the user; from 1 on follow the subordinate ranges, in their order. */
static struct idmap default_map(
	struct plan_builder *b, uint32_t own, const struct id_ranges *sub, bool use_ranges)
{
	size_t n = use_ranges ? sub->n : 0;
	struct idmap map = { .v = arena_alloc(&b->plan->arena, (n + 1) * sizeof(*map.v)) };
	uint32_t next = 1;

	map.v[map.n++] = (struct idmap_range){ 0, own, 1 };
	for (size_t i = 0; i < n; i++) {
		if (sub->v[i].count > UINT32_MAX - next)
			break;
		map.v[map.n++] = (struct idmap_range){ next, sub->v[i].first, sub->v[i].count };
		next += sub->v[i].count;
	}
	return map;
}

static struct idmap map_of_spec(struct plan_builder *b, const struct spec_idmaps *from)
{
	struct idmap map = { .v = arena_alloc(&b->plan->arena, (from->n + 1) * sizeof(*map.v)) };

	for (size_t i = 0; i < from->n; i++)
		map.v[map.n++] = (struct idmap_range){ from->v[i].container_id, from->v[i].host_id,
			from->v[i].size };
	return map;
}

/* user_namespaces(7): without privilege only our own ID alone can be mapped. */
static bool is_own_id_alone(const struct idmap *map, uint32_t own)
{
	return map->n == 1 && map->v[0].count == 1 && map->v[0].outside == own;
}

/* The kernel takes a line only if all of its IDs lie in one line of our own map. */
static bool is_ours(const struct idmap *own, const struct idmap_range *range)
{
	for (size_t i = 0; i < own->n; i++)
		if (range->outside >= own->v[i].inside &&
			(uint64_t)range->outside + range->count <=
				(uint64_t)own->v[i].inside + own->v[i].count)
			return true;
	return false;
}

static int check_own_map(
	const struct idmap *own, const struct idmap *map, const char *key, struct error *e)
{
	for (size_t i = 0; i < map->n; i++) {
		if (is_ours(own, &map->v[i]))
			continue;
		error_set(e, EINVAL,
			"config.json: linux.%s[%zu]: the IDs %u to %llu do not all exist in "
			"this user namespace",
			key, i, map->v[i].outside,
			(unsigned long long)map->v[i].outside + map->v[i].count - 1);
		return error_hint(e,
			"see /proc/self/%s: hostID counts in the namespace that lichen runs in",
			streq(key, "uidMappings") ? "uid_map" : "gid_map");
	}
	return 0;
}

/* user_namespaces(7): a map is written at once, and in less than a page. */
static bool fits_page(const struct idmap *map, size_t page)
{
	size_t len = 0;

	for (size_t i = 0; i < map->n; i++)
		len += (size_t)snprintf(NULL, 0, "%u %u %u\n", map->v[i].inside, map->v[i].outside,
			map->v[i].count);
	return len < page;
}

static int choose_how(
	struct plan_builder *b, enum idmap_kind kind, struct plan_ids *ids, struct error *e)
{
	const char *key = kind == IDMAP_UID ? "uidMappings" : "gidMappings";
	const char *program = kind == IDMAP_UID ? "newuidmap" : "newgidmap";
	uint32_t own = kind == IDMAP_UID ? b->host->ids.uid : b->host->ids.gid;

	if (ids->map.n > IDMAP_RANGES_MAX)
		return error_set(e, EINVAL, "config.json: linux.%s: more than %d ranges", key,
			IDMAP_RANGES_MAX);
	if (!fits_page(&ids->map, (size_t)sysconf(_SC_PAGESIZE)))
		return error_set(e, EINVAL,
			"config.json: linux.%s: the kernel takes at most %ld bytes of "
			"them: join ranges",
			key, sysconf(_SC_PAGESIZE) - 1);
	ids->how = MAP_DIRECT;
	if (b->host->ids.privilege != HOST_USER)
		return check_own_map(kind == IDMAP_UID ? &b->host->own_uids : &b->host->own_gids,
			&ids->map, key, e);
	if (is_own_id_alone(&ids->map, own))
		return 0;
	ids->how = MAP_HELPER;
	if (kind == IDMAP_UID ? b->host->newuidmap : b->host->newgidmap)
		return 0;
	error_set(e, ENOENT,
		"config.json: linux.%s: mapping more than one's own ID needs '%s', which "
		"was not found",
		key, program);
	return error_hint(e,
		"install the package uidmap (shadow-utils on Fedora), or map your own ID "
		"alone: { \"containerID\": 0, \"hostID\": %u, \"size\": 1 }",
		own);
}

static bool default_ranges_usable(const struct host *host)
{
	return host->newuidmap && host->newgidmap && host->sub_uids.n > 0 && host->sub_gids.n > 0;
}

void plan_setup_user(struct plan_builder *b)
{
	struct plan_process *p = &b->plan->process;
	const struct spec_user *u = &b->process->user;

	/* Whoever sets up must be mapped, or the files that it makes would belong to nobody. */
	p->setup_uid = plan_uid_mapped(b, 0) ? 0 : u->uid;
	p->setup_gid = plan_gid_mapped(b, 0) ? 0 : u->gid;
}

static int plan_maps(struct plan_builder *b, struct error *e)
{
	const struct spec_linux *l = &b->spec->linux;
	struct plan_namespaces *ns = &b->plan->namespaces;
	bool ranges = default_ranges_usable(b->host);
	int r;

	if (!plan_has_new(b, CLONE_NEWUSER))
		return 0;
	if (l->uid_mappings.n > 0) {
		ns->uids.map = map_of_spec(b, &l->uid_mappings);
		ns->gids.map = map_of_spec(b, &l->gid_mappings);
	} else if (b->host->ids.privilege == HOST_USER) {
		ns->uids.map = default_map(b, b->host->ids.uid, &b->host->sub_uids, ranges);
		ns->gids.map = default_map(b, b->host->ids.gid, &b->host->sub_gids, ranges);
	} else {
		return error_set(e, EINVAL,
			"config.json: linux.uidMappings: is required for a new user namespace");
	}
	r = choose_how(b, IDMAP_UID, &ns->uids, e);
	if (r == 0)
		r = choose_how(b, IDMAP_GID, &ns->gids, e);
	ns->deny_setgroups = b->host->ids.privilege == HOST_USER && ns->gids.how == MAP_DIRECT;
	return r;
}

int plan_ids(struct plan_builder *b, struct error *e)
{
	const struct plan_namespaces *ns = &b->plan->namespaces;
	bool joined = plan_has_joined(b, CLONE_NEWUSER);
	int r = plan_maps(b, e);

	if (r < 0)
		return r;
	if (joined) {
		b->uids = b->gids = NULL;
	} else if (plan_has_new(b, CLONE_NEWUSER)) {
		b->uids = &ns->uids.map;
		b->gids = &ns->gids.map;
	} else {
		b->uids = &b->host->own_uids;
		b->gids = &b->host->own_gids;
	}
	plan_setup_user(b);
	return 0;
}
