/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/resources.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Ranges of the cgroup v1 values, and of cgroup v2's weights (cgroup-v2.rst). */
#define SHARES_MIN 2u
#define SHARES_MAX 262144u
#define WEIGHT_MAX 10000u

/* cpusets as large as any kernel's. */
#define MASK_BITS_MAX 8192

/* CFS's period unless another one is set (kernel/sched/core.c), in microseconds. */
#define PERIOD_DEFAULT 100000

/* systemd's and our "no limit". */
#define INFINITY_TEXT "18446744073709551615"

struct digest {
	const struct spec_resources *r;
	const struct resource_policy *policy;
	struct resource_settings *out;
};

static const char *print(struct digest *d, const char *fmt, ...) ERROR_PRINTF(2, 3);
static const char *print(struct digest *d, const char *fmt, ...)
{
	CLEANUP(mem_free) char *s = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&s, fmt, ap);
	va_end(ap);
	return arena_strndup(d->out->arena, n < 0 ? "" : s, n < 0 ? 0 : (size_t)n);
}

/* Room for one more, in the arena, where the old one is left behind. */
static void *grow(struct arena *arena, void *old, size_t n, size_t *size, size_t element)
{
	void *wider;

	if (n < *size)
		return old;
	*size = *size ? *size * 2 : 16;
	wider = arena_alloc(arena, *size * element);
	if (n > 0)
		memcpy(wider, old, n * element);
	return wider;
}

static struct resource_setting *set(
	struct digest *d, const char *object, const char *file, const char *value)
{
	struct resource_settings *out = d->out;
	struct resource_setting *s;

	out->v = grow(out->arena, out->v, out->n, &out->size, sizeof(*out->v));
	s = &out->v[out->n++];
	/* Copies: the specification's tree may be gone before this. */
	*s = (struct resource_setting){ .file = print(d, "%s", file),
		.value = print(d, "%s", value),
		.object = print(d, "%s", object) };
	if (!str_starts(file, "cgroup."))
		s->controller = print(d, "%.*s", (int)strcspn(file, "."), file);
	return s;
}

/* Whichever of the two files there is. */
static const struct resource_setting *other(
	struct digest *d, const char *object, const char *file, const char *value)
{
	struct resource_setting *s = arena_alloc(d->out->arena, sizeof(*s));

	*s = (struct resource_setting){ .file = file, .value = value, .object = object };
	return s;
}

void resources_add_property(
	struct resource_settings *out, const char *name, const char *signature, const char *value)
{
	out->properties = grow(out->arena, out->properties, out->n_properties,
		&out->properties_size, sizeof(*out->properties));
	out->properties[out->n_properties++] = (struct resource_property){ name, signature, value };
}

/* An older systemd may not know it ("?"): the file has the same. */
static void tell(struct digest *d, const char *name, const char *signature, const char *value)
{
	resources_add_property(d->out, print(d, "?%s", name), signature, value);
}

static int not_possible(struct digest *d, const char *object, const char *why, struct error *e)
{
	return d->policy->not_possible(d->policy->arg, object, why, e);
}

/* -1 means "no limit". */
static const char *limit_of(struct digest *d, int64_t limit, const char *none)
{
	return limit < 0 ? none : print(d, "%lld", (long long)limit);
}

static struct resource_setting *set_limit(
	struct digest *d, const char *object, const char *file, const char *property, int64_t limit)
{
	struct resource_setting *s = set(d, object, file, limit_of(d, limit, "max"));

	tell(d, property, "t", limit_of(d, limit, INFINITY_TEXT));
	s->lifts = limit < 0;
	return s;
}

/* ---- memory ---- */

/* config.json counts memory and swap together, the kernel each on its own. */
static int digest_swap(struct digest *d, const struct spec_memory *m, struct error *e)
{
	int64_t swap = m->swap.v;

	/* Without a limit of memory there is none of swap either, for what -1 says of both. */
	if (!m->swap.set && (!m->limit.set || m->limit.v >= 0))
		return 0;
	if (!m->swap.set || swap < 0) {
		set_limit(d, "memory.swap", "memory.swap.max", "MemorySwapMax", -1)->needs_swap =
			true;
		return 0;
	}
	if (!m->limit.set || m->limit.v < 0)
		return not_possible(d, "memory.swap",
			"it is the limit of memory and swap together, and memory.limit is not set",
			e);
	if (swap < m->limit.v)
		return not_possible(d, "memory.swap",
			"it is the limit of memory and swap together, and is below memory.limit",
			e);
	set_limit(d, "memory.swap", "memory.swap.max", "MemorySwapMax", swap - m->limit.v)
		->needs_swap = true;
	return 0;
}

static int refuse_memory_v1(struct digest *d, const struct spec_memory *m, struct error *e)
{
	const struct {
		const char *object;
		bool asked;
	} fields[] = {
		{ "memory.kernel", m->kernel.set && m->kernel.v >= 0 },
		{ "memory.kernelTCP", m->kernel_tcp.set && m->kernel_tcp.v >= 0 },
		{ "memory.swappiness", m->swappiness.set },
		{ "memory.disableOOMKiller", m->disable_oom_killer.v },
		{ "memory.useHierarchy", m->use_hierarchy.set && !m->use_hierarchy.v },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		int r = fields[i].asked
			? not_possible(d, fields[i].object, "cgroup v2 has nothing for it", e)
			: 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int digest_memory(struct digest *d, struct error *e)
{
	const struct spec_memory *m = d->r->memory;
	int r;

	if (!m)
		return 0;
	r = refuse_memory_v1(d, m, e);
	if (r < 0)
		return r;
	if (m->limit.set)
		set_limit(d, "memory.limit", "memory.max", "MemoryMax", m->limit.v)->check_usage =
			m->check_before_update.v;
	if (m->reservation.set)
		set_limit(d, "memory.reservation", "memory.low", "MemoryLow",
			m->reservation.v < 0 ? 0 : m->reservation.v)
			->lifts = m->reservation.v < 0;
	return digest_swap(d, m, e);
}

/* ---- cpu ---- */

unsigned int resources_cpu_weight(uint64_t shares)
{
	double l;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2((double)shares);
	return (unsigned int)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

char *resources_cpu_mask(const char *list)
{
	CLEANUP(mem_free) unsigned char *bits = xcalloc(MASK_BITS_MAX / 8, 1);
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(mem_free) char *copy = xstrdup(list);
	char *save = NULL, *hex;
	size_t n = 0;

	for (char *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *dash = strchr(part, '-');
		uint64_t first, last;

		part[strcspn(part, "\n")] = '\0';
		if (dash)
			*dash = '\0';
		if (str_u64(part, MASK_BITS_MAX - 1, &first) < 0 ||
			str_u64(dash ? dash + 1 : part, MASK_BITS_MAX - 1, &last) < 0 ||
			last < first)
			return NULL;
		for (uint64_t i = first; i <= last; i++)
			bits[i / 8] |= (unsigned char)(1u << (i % 8));
		n = last / 8 + 1 > n ? last / 8 + 1 : n;
	}
	for (size_t i = 0; i < n; i++)
		text_printf(&text, "%02x", bits[i]);
	hex = text.s;
	text.s = NULL;
	return hex;
}

static int digest_cpuset(struct digest *d, const char *object, const char *list, const char *file,
	const char *property, struct error *e)
{
	CLEANUP(mem_free) char *mask = NULL;

	if (!list)
		return 0;
	mask = resources_cpu_mask(list);
	if (!mask)
		return not_possible(d, object, "it is not a list such as 0-3,7", e);
	set(d, object, file, list);
	tell(d, property, "ay", print(d, "%s", mask));
	return 0;
}

/* Microseconds of each second; what is beyond every machine is no limit. */
static const char *quota_per_second(struct digest *d, int64_t quota, uint64_t period)
{
	double usec = (double)quota * 1e6 / (double)period;

	return usec < (double)INT64_MAX ? print(d, "%llu", (unsigned long long)usec)
					: INFINITY_TEXT;
}

/* 0 is what some callers write for "not set". */
static void digest_quota(struct digest *d, const struct spec_cpu *c)
{
	bool has_period = c->period.set && c->period.v > 0;
	uint64_t period = has_period ? c->period.v : PERIOD_DEFAULT;
	bool has_quota = c->quota.set && c->quota.v != 0;

	if (!has_quota && !has_period)
		return;
	if (has_quota && c->quota.v > 0)
		tell(d, "CPUQuotaPerSecUSec", "t", quota_per_second(d, c->quota.v, period));
	else if (has_quota)
		tell(d, "CPUQuotaPerSecUSec", "t", INFINITY_TEXT);
	if (has_period)
		tell(d, "CPUQuotaPeriodUSec", "t", print(d, "%llu", (unsigned long long)period));
	set(d, has_quota ? "cpu.quota" : "cpu.period", "cpu.max",
		has_period ? print(d, "%s %llu", limit_of(d, has_quota ? c->quota.v : -1, "max"),
				     (unsigned long long)period)
			   : limit_of(d, c->quota.v, "max"))
		->lifts = has_quota && c->quota.v < 0 && !has_period;
}

static int refuse_realtime(struct digest *d, const struct spec_cpu *c, struct error *e)
{
	int r = 0;

	if (c->realtime_runtime.set && c->realtime_runtime.v != 0)
		r = not_possible(d, "cpu.realtimeRuntime", "cgroup v2 has nothing for it", e);
	if (r == 0 && c->realtime_period.set && c->realtime_period.v != 0)
		r = not_possible(d, "cpu.realtimePeriod", "cgroup v2 has nothing for it", e);
	return r;
}

static int digest_cpu(struct digest *d, struct error *e)
{
	const struct spec_cpu *c = d->r->cpu;
	int r;

	if (!c)
		return 0;
	r = refuse_realtime(d, c, e);
	if (r < 0)
		return r;
	if (c->shares.set && c->shares.v > 0) {
		const char *weight = print(d, "%u", resources_cpu_weight(c->shares.v));

		tell(d, "CPUWeight", "t", weight);
		set(d, "cpu.shares", "cpu.weight", weight);
	}
	digest_quota(d, c);
	if (c->burst.set)
		set(d, "cpu.burst", "cpu.max.burst",
			print(d, "%llu", (unsigned long long)c->burst.v));
	if (c->idle.set)
		set(d, "cpu.idle", "cpu.idle", print(d, "%lld", (long long)c->idle.v));
	r = digest_cpuset(d, "cpu.cpus", c->cpus, "cpuset.cpus", "AllowedCPUs", e);
	return r < 0
		? r
		: digest_cpuset(d, "cpu.mems", c->mems, "cpuset.mems", "AllowedMemoryNodes", e);
}

/* ---- the others ---- */

static int digest_pids(struct digest *d, struct error *e)
{
	const struct spec_pids *p = d->r->pids;
	int64_t limit;

	(void)e;
	if (!p)
		return 0;
	limit = p->limit == 0 && d->policy->no_pids_means_any ? -1 : p->limit;
	/* systemd takes no 0. */
	if (limit != 0)
		tell(d, "TasksMax", "t", limit_of(d, limit, INFINITY_TEXT));
	set(d, "pids.limit", "pids.max", limit_of(d, limit, "max"))->lifts = limit < 0;
	return 0;
}

/* 10 to 1000 onto 1 to 10000; that of BFQ is as the one in config.json. */
static unsigned int io_weight(uint32_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

static void digest_weights(struct digest *d, const struct spec_blkio *b)
{
	struct resource_setting *s;

	if (b->weight.set && b->weight.v > 0) {
		const char *weight = print(d, "%u", io_weight(b->weight.v));

		tell(d, "IOWeight", "t", weight);
		s = set(d, "blockIO.weight", "io.weight", print(d, "default %s", weight));
		s->alternative = other(d, s->object, "io.bfq.weight", print(d, "%u", b->weight.v));
	}
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct spec_blkio_weight_device *w = &b->weight_device.v[i];

		if (!w->weight.set || w->weight.v == 0)
			continue;
		s = set(d, print(d, "blockIO.weightDevice[%zu]", i), "io.weight",
			print(d, "%lld:%lld %u", (long long)w->major, (long long)w->minor,
				io_weight(w->weight.v)));
		s->alternative = other(d, s->object, "io.bfq.weight",
			print(d, "%lld:%lld %u", (long long)w->major, (long long)w->minor,
				w->weight.v));
	}
}

static void digest_throttles(struct digest *d, const char *object,
	const struct spec_blkio_throttles *t, const char *key, const char *property)
{
	CLEANUP(text_release) struct text limits = { 0 };

	for (size_t i = 0; i < t->n; i++) {
		const struct spec_blkio_throttle *v = &t->v[i];
		const char *rate = v->rate.v == 0 ? "max"
						  : print(d, "%llu", (unsigned long long)v->rate.v);

		set(d, print(d, "blockIO.%s[%zu]", object, i), "io.max",
			print(d, "%lld:%lld %s=%s", (long long)v->major, (long long)v->minor, key,
				rate));
		text_printf(&limits, "/dev/block/%lld:%lld %s\n", (long long)v->major,
			(long long)v->minor, v->rate.v == 0 ? INFINITY_TEXT : rate);
	}
	if (t->n > 0)
		tell(d, property, "a(st)", print(d, "%s", limits.s));
}

static int refuse_leaf_weights(struct digest *d, const struct spec_blkio *b, struct error *e)
{
	static const char why[] = "cgroup v2 has nothing for it";
	int r = 0;

	if (b->leaf_weight.set && b->leaf_weight.v > 0)
		r = not_possible(d, "blockIO.leafWeight", why, e);
	for (size_t i = 0; r == 0 && i < b->weight_device.n; i++)
		if (b->weight_device.v[i].leaf_weight.set &&
			b->weight_device.v[i].leaf_weight.v > 0)
			r = not_possible(
				d, print(d, "blockIO.weightDevice[%zu].leafWeight", i), why, e);
	return r;
}

static int digest_block_io(struct digest *d, struct error *e)
{
	const struct spec_blkio *b = d->r->blkio;
	int r;

	if (!b)
		return 0;
	r = refuse_leaf_weights(d, b, e);
	if (r < 0)
		return r;
	digest_weights(d, b);
	digest_throttles(d, "throttleReadBpsDevice", &b->read_bps, "rbps", "IOReadBandwidthMax");
	digest_throttles(d, "throttleWriteBpsDevice", &b->write_bps, "wbps", "IOWriteBandwidthMax");
	digest_throttles(d, "throttleReadIOPSDevice", &b->read_iops, "riops", "IOReadIOPSMax");
	digest_throttles(d, "throttleWriteIOPSDevice", &b->write_iops, "wiops", "IOWriteIOPSMax");
	return 0;
}

/* Reservations fail at mmap(2) and not by SIGBUS later, where the kernel counts them (5.7). */
static int digest_huge_pages(struct digest *d, struct error *e)
{
	const struct spec_hugepage_limits *all = &d->r->hugepage_limits;

	(void)e;
	for (size_t i = 0; i < all->n; i++) {
		const char *value = print(d, "%llu", (unsigned long long)all->v[i].limit);
		struct resource_setting *s = set(d, print(d, "hugepageLimits[%zu]", i),
			print(d, "hugetlb.%s.max", all->v[i].page_size), value);

		s->alternative = other(
			d, s->object, print(d, "hugetlb.%s.rsvd.max", all->v[i].page_size), value);
	}
	return 0;
}

static int digest_rdma(struct digest *d, struct error *e)
{
	(void)e;
	for (size_t i = 0; i < d->r->rdma.n; i++) {
		const struct spec_rdma *v = &d->r->rdma.v[i];

		set(d, print(d, "rdma.%s", v->device), "rdma.max",
			print(d, "%s%s%s", v->device,
				v->hca_handles.set ? print(d, " hca_handle=%u", v->hca_handles.v)
						   : "",
				v->hca_objects.set ? print(d, " hca_object=%u", v->hca_objects.v)
						   : ""));
	}
	return 0;
}

static int refuse_network(struct digest *d, struct error *e)
{
	const struct spec_net_class *n = d->r->network;

	/* 0 and none are what callers write who fill in every field. */
	if (!n || ((!n->class_id.set || n->class_id.v == 0) && n->priorities.n == 0))
		return 0;
	return not_possible(d, "network",
		"cgroup v2 has neither net_cls nor net_prio: a firewall can match the cgroup "
		"itself",
		e);
}

/* ---- unified ---- */

static const char *unified_problem(const struct spec_pair *p)
{
	const char *dot = strchr(p->key, '.');

	if (!dot || dot == p->key || !dot[1])
		return "it is not the name of a cgroup's file, such as memory.high";
	for (const char *c = p->key; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr("._-", *c))
			return "it is not the name of a cgroup's file, such as memory.high";
	/* What moves processes, kills or freezes them is lichen's business. */
	if (str_starts(p->key, "cgroup.") && !streq(p->key, "cgroup.max.depth") &&
		!streq(p->key, "cgroup.max.descendants"))
		return "this file is not a limit";
	for (const char *c = p->value; *c; c++)
		if (iscntrl((unsigned char)*c) && *c != '\n' && *c != '\t')
			return "its value has a control character";
	return *p->value ? NULL : "its value is empty";
}

/* Those of systemd's properties that take the same value as the file. */
static void tell_unified(struct digest *d, const struct spec_pair *p)
{
	static const struct {
		const char *file, *property;
	} same[] = { { "memory.max", "MemoryMax" }, { "memory.high", "MemoryHigh" },
		{ "memory.low", "MemoryLow" }, { "memory.min", "MemoryMin" },
		{ "memory.swap.max", "MemorySwapMax" }, { "memory.zswap.max", "MemoryZSwapMax" },
		{ "pids.max", "TasksMax" }, { "cpu.weight", "CPUWeight" } };
	CLEANUP(mem_free) char *mask = NULL;
	uint64_t number;

	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		if (!streq(same[i].file, p->key))
			continue;
		if (streq(p->value, "max"))
			tell(d, same[i].property, "t", INFINITY_TEXT);
		else if (str_u64(p->value, UINT64_MAX, &number) == 0 && number > 0)
			tell(d, same[i].property, "t", print(d, "%s", p->value));
	}
	if (!streq(p->key, "cpuset.cpus") && !streq(p->key, "cpuset.mems"))
		return;
	mask = resources_cpu_mask(p->value);
	if (mask)
		tell(d, streq(p->key, "cpuset.cpus") ? "AllowedCPUs" : "AllowedMemoryNodes", "ay",
			print(d, "%s", mask));
}

/* Last, since these are the more exact ones. */
static int digest_unified(struct digest *d, struct error *e)
{
	for (size_t i = 0; i < d->r->unified.n; i++) {
		const struct spec_pair *p = &d->r->unified.v[i];
		const char *object = print(d, "unified[\"%s\"]", p->key);
		const char *problem = unified_problem(p);

		if (problem) {
			int r = not_possible(d, object, problem, e);

			if (r < 0)
				return r;
			continue;
		}
		tell_unified(d, p);
		set(d, object, p->key, p->value);
	}
	return 0;
}

int resources_digest(const struct spec_resources *r, const struct resource_policy *policy,
	struct arena *arena, struct resource_settings *out, struct error *e)
{
	static int (*const parts[])(struct digest *, struct error *) = { digest_memory, digest_cpu,
		digest_pids, digest_block_io, digest_huge_pages, refuse_network, digest_rdma,
		digest_unified };
	struct digest d = { .r = r, .policy = policy, .out = out };

	*out = (struct resource_settings){ .arena = arena };
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int result = parts[i](&d, e);

		if (result < 0)
			return result;
	}
	return 0;
}

/* ---- and back ---- */

static const struct resource_property *find_property(
	const struct resource_settings *s, const char *name)
{
	for (size_t i = s->n_properties; i > 0; i--)
		if (streq(s->properties[i - 1].name, name))
			return &s->properties[i - 1];
	return NULL;
}

/* systemd.resource-control(5): what a property is if nobody sets it. */
static const char *reset_of(const struct resource_property *p)
{
	if (p->signature[0] == 'a')
		return "";
	return streq(p->name, "?MemoryLow") || streq(p->name, "?MemoryMin") ? "0" : INFINITY_TEXT;
}

void resources_undo(const struct resource_settings *now, const struct resource_settings *then,
	struct resource_settings *out)
{
	out->properties = arena_alloc(
		out->arena, (now->n_properties + 1) * sizeof(*out->properties));
	for (size_t i = 0; i < now->n_properties; i++) {
		const struct resource_property *p = &now->properties[i];
		const struct resource_property *old = find_property(then, p->name);

		out->properties[out->n_properties] = *p;
		out->properties[out->n_properties++].value = old ? old->value : reset_of(p);
	}
}
