/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/exec.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <string.h>

#include "plan/parts.h"

/* Address space, not memory. */
#define PLAN_ARENA_SIZE (64u << 20)

static void append(struct strings *list, const char *s)
{
	list->v[list->n++] = s;
}

/* A copy with room for some more; both stay NULL-terminated. */
static struct strings copy_strings(struct plan_builder *b, const struct strings *from, size_t more)
{
	struct strings copy = { .v = arena_alloc(
					&b->plan->arena, (from->n + more + 1) * sizeof(char *)) };

	for (size_t i = 0; i < from->n; i++)
		append(&copy, from->v[i]);
	return copy;
}

/* ---- env ---- */

static bool same_variable(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && b[len] == '=';
}

/* Twice the same name would leave to the program which of the two it takes. */
static void set_variable(struct strings *env, const char *entry)
{
	for (size_t i = 0; i < env->n; i++)
		if (same_variable(entry, env->v[i])) {
			env->v[i] = entry;
			return;
		}
	append(env, entry);
}

static int change_env(
	struct plan_builder *b, const struct strings *env, struct spec_process *p, struct error *e)
{
	p->env = copy_strings(b, &p->env, env->n);
	for (size_t i = 0; i < env->n; i++) {
		const char *equals = strchr(env->v[i], '=');

		if (!equals || equals == env->v[i])
			return error_set(
				e, EINVAL, "--env: '%s' is not of the form NAME=value", env->v[i]);
		set_variable(&p->env, env->v[i]);
	}
	return 0;
}

/* ---- user ---- */

/* The last number of all is "none" for the system calls. */
static int parse_id(const char *s, uint32_t *out, struct error *e)
{
	uint64_t id;

	if (str_u64(s, UINT32_MAX - 1, &id) < 0)
		return error_set(e, EINVAL, "'%s' is not a number from 0 to %u", s, UINT32_MAX - 1);
	*out = (uint32_t)id;
	return 0;
}

/* Without a GID the group stays, as runc has it: crun makes it 0. */
static int change_user(const char *user, struct spec_user *out, struct error *e)
{
	const char *colon = strchr(user, ':');
	CLEANUP(mem_free)
	char *uid = xstrndup(user, colon ? (size_t)(colon - user) : strlen(user));
	int r = parse_id(uid, &out->uid, e);

	if (r == 0 && colon)
		r = parse_id(colon + 1, &out->gid, e);
	if (r == 0)
		return 0;
	error_context(e, "--user '%s'", user);
	return error_hint(e, "UID or UID:GID, in numbers: names are not looked up");
}

static size_t count_items(const struct strings *lists)
{
	size_t n = 0;

	for (size_t i = 0; i < lists->n; i++)
		for (const char *s = lists->v[i]; s; s = strchr(s, ',') ? strchr(s, ',') + 1 : NULL)
			n++;
	return n;
}

/* Each may be a list, "100,200". */
static int change_groups(struct plan_builder *b, const struct strings *groups,
	struct spec_user *user, struct error *e)
{
	struct spec_u32s *gids = &user->additional_gids;
	const struct spec_u32s old = *gids;
	size_t n = old.n + count_items(groups);

	gids->v = arena_alloc(&b->plan->arena, (n + 1) * sizeof(*gids->v));
	for (size_t i = 0; i < old.n; i++)
		gids->v[i] = old.v[i];
	for (size_t i = 0; i < groups->n; i++) {
		CLEANUP(mem_free) char *copy = xstrdup(groups->v[i]);
		char *rest = copy, *item;

		while ((item = strsep(&rest, ",")))
			if (parse_id(item, &gids->v[gids->n++], e) < 0)
				return error_context(e, "--additional-gids '%s'", groups->v[i]);
	}
	return 0;
}

/* ---- capabilities ---- */

/* "CAP_NET_RAW", "net_raw" */
static const char *find_cap(const char *word)
{
	const char *bare = strncasecmp(word, "CAP_", 4) == 0 ? word + 4 : word;

	for (const struct name *cap = cap_names; cap->name; cap++)
		if (strcasecmp(cap->name + 4, bare) == 0)
			return cap->name;
	return NULL;
}

static int add_caps(
	struct plan_builder *b, const struct strings *words, struct strings *set, struct error *e)
{
	*set = copy_strings(b, set, words->n);
	for (size_t i = 0; i < words->n; i++) {
		const char *name = find_cap(words->v[i]);

		if (!name)
			return error_set(e, EINVAL, "--cap: '%s' is not a capability", words->v[i]);
		append(set, name);
	}
	return 0;
}

/*
 * For a user other than root execve clears what is not ambient as well (capabilities(7)): without
 * that the option would do nothing.
 */
static int change_caps(struct plan_builder *b, const struct strings *words, struct spec_process *p,
	struct error *e)
{
	struct spec_capabilities *c = arena_alloc(&b->plan->arena, sizeof(*c));
	struct strings *sets[] = { &c->bounding, &c->permitted, &c->effective, &c->inheritable,
		&c->ambient };
	size_t n = p->user.uid == 0 ? 3 : ARRAY_SIZE(sets);

	if (p->capabilities)
		*c = *p->capabilities;
	for (size_t i = 0; i < n; i++) {
		int r = add_caps(b, words, sets[i], e);

		if (r < 0)
			return r;
	}
	p->capabilities = c;
	return 0;
}

/* ---- all of it ---- */

static void choose(bool *value, int choice)
{
	if (choice != CHOICE_NOT_SAID)
		*value = choice == CHOICE_YES;
}

static int change(struct plan_builder *b, const struct plan_changes *c, struct spec_process *p,
	struct error *e)
{
	int r = 0;

	if (c->args.n > 0)
		p->args = c->args;
	if (c->cwd)
		p->cwd = c->cwd;
	if (c->cwd && *c->cwd != '/')
		return error_set(e, EINVAL, "--cwd: '%s' is not an absolute path", c->cwd);
	if (c->apparmor_profile)
		p->apparmor_profile = c->apparmor_profile;
	if (c->selinux_label)
		p->selinux_label = c->selinux_label;
	choose(&p->terminal, c->terminal);
	choose(&p->no_new_privileges, c->no_new_privileges);
	if (c->user)
		r = change_user(c->user, &p->user, e);
	if (r == 0)
		r = change_groups(b, &c->groups, &p->user, e);
	if (r == 0 && c->caps.n > 0)
		r = change_caps(b, &c->caps, p, e);
	return r < 0 ? r : change_env(b, &c->env, p, e);
}

/*
 * What a file leaves open is as for the container's own process, where that keeps it within its
 * bounds; a file that came without a word on capabilities must not mean all of them, nor none.
 */
static void inherit(struct spec_process *p, const struct spec_process *own)
{
	if (!p->capabilities)
		p->capabilities = own->capabilities;
	if (!p->no_new_privileges_set)
		p->no_new_privileges = own->no_new_privileges;
	if (!p->apparmor_profile)
		p->apparmor_profile = own->apparmor_profile;
	if (!p->selinux_label)
		p->selinux_label = own->selinux_label;
	if (p->rlimits.n == 0)
		p->rlimits = own->rlimits;
	if (!p->oom_score_adj.set)
		p->oom_score_adj = own->oom_score_adj;
	if (!p->scheduler)
		p->scheduler = own->scheduler;
	if (!p->io_priority)
		p->io_priority = own->io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own->exec_cpu_affinity;
}

static int choose_process(
	struct plan_builder *b, const struct plan_exec_request *request, struct error *e)
{
	struct spec_process *p = arena_alloc(&b->plan->arena, sizeof(*p));

	b->process = p;
	if (request->process) {
		*p = *request->process;
		inherit(p, b->spec->process);
	} else {
		*p = *b->spec->process;
		/* The container's terminal is its own process' alone. */
		p->terminal = false;
		p->console_size = NULL;
	}
	return change(b, request->changes, p, e);
}

static int add_cpus(struct plan_builder *b, const char *key, const char *list,
	const struct cpu_list **out, struct error *e)
{
	struct cpu_list *cpus = arena_alloc(&b->plan->arena, sizeof(*cpus));

	if (plan_parse_list(list, cpus->bits, CPUS_MAX) < 0)
		return error_set(e, EINVAL,
			"%sexecCPUAffinity.%s: '%s' is not a list of CPUs from 0 to %d",
			b->plan->process.origin, key, list, CPUS_MAX - 1);
	*out = cpus;
	return 0;
}

/* config.md: without a final list, all that the container has; the kernel takes those out of all.
 */
static int plan_cpus(struct plan_builder *b, struct error *e)
{
	const struct spec_cpu_affinity *a = b->process->exec_cpu_affinity;
	struct plan_process *p = &b->plan->process;
	struct cpu_list *all;
	int r = 0;

	if (!a)
		return 0;
	if (a->initial)
		r = add_cpus(b, "initial", a->initial, &p->initial_cpus, e);
	if (r < 0 || a->final)
		return r < 0 ? r : add_cpus(b, "final", a->final, &p->final_cpus, e);
	all = arena_alloc(&b->plan->arena, sizeof(*all));
	memset(all->bits, 0xff, sizeof(all->bits));
	p->final_cpus = all;
	return 0;
}

static void take_surroundings(
	struct plan_builder *b, const struct surroundings *init, const char *cgroup)
{
	const struct spec_namespaces *all = &b->spec->linux.namespaces;
	struct plan_namespaces *ns = &b->plan->namespaces;

	ns->of_init = true;
	ns->init_flags = init->namespaces;
	ns->deny_setgroups = init->denies_setgroups;
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type == CLONE_NEWNS && all->v[i].path)
			ns->init_root = true;
	b->plan->cgroup.path = cgroup;
	b->has_filter = cgroup && b->spec->linux.resources &&
		b->spec->linux.resources->devices.n > 0;
	b->other_user_namespace = init->namespaces & CLONE_NEWUSER;
	b->uids = &init->uids;
	b->gids = &init->gids;
}

static int make(struct plan_builder *b, const struct plan_exec_request *request, struct error *e)
{
	static int (*const parts[])(struct plan_builder *, struct error *) = { plan_process_labels,
		plan_process, plan_placement, plan_cpus, plan_seccomp };
	int r = choose_process(b, request, e);

	if (r < 0)
		return r;
	take_surroundings(b, request->init, request->cgroup);
	plan_setup_user(b);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(parts); i++)
		r = parts[i](b, e);
	return r;
}

int plan_make_exec(const struct plan_exec_request *request, struct plan *out, struct error *e)
{
	struct plan_request common = { .spec = request->spec,
		.host = request->host,
		.best_effort = request->best_effort,
		.n_fds = request->n_fds,
		.seccomp_cache = request->seccomp_cache,
		.no_new_keyring = request->no_new_keyring,
		.keep_groups = request->keep_groups,
		.may_use_terminal = request->may_use_terminal };
	struct plan_builder b = { .request = &common,
		.spec = request->spec,
		.namespaces = &request->spec->linux.namespaces,
		.host = request->host,
		.plan = out };
	int r;

	/* The container's score may be one that this caller can't give; theirs then is higher. */
	if (!request->process || !request->process->oom_score_adj.set)
		common.best_effort |= PLAN_BEST_EFFORT_OOM;
	*out = (struct plan){ .spec = request->spec, .host = request->host };
	arena_init(&out->arena, PLAN_ARENA_SIZE + request->spec->arena.used);
	out->process.origin = request->process ? plan_printf(&b, "%s: ", request->process_name)
					       : "exec: process.";
	r = make(&b, request, e);
	arena_seal(&out->arena);
	return r;
}
