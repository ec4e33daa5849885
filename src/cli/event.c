/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event.h"

#include "spec/json.h"

static void add_pressure_line(
	struct json_out *j, const char *key, const struct cgroup_pressure_line *line)
{
	json_out_object(j, key);
	json_out_hundredths(j, "avg10", line->avg10);
	json_out_hundredths(j, "avg60", line->avg60);
	json_out_hundredths(j, "avg300", line->avg300);
	json_out_u64(j, "total", line->total);
	json_out_object_end(j);
}

static void add_pressure(struct json_out *j, const struct cgroup_pressure *p)
{
	if (!p->has_some && !p->has_full)
		return;
	json_out_object(j, "psi");
	if (p->has_some)
		add_pressure_line(j, "some", &p->some);
	if (p->has_full)
		add_pressure_line(j, "full", &p->full);
	json_out_object_end(j);
}

static void add_cpu(struct json_out *j, const struct cgroup_stats *s)
{
	const struct cgroup_cpu *cpu = &s->cpu;

	if (!(s->parts & CGROUP_CPU))
		return;
	json_out_object(j, "cpu");
	json_out_object(j, "usage");
	json_out_u64(j, "total", cpu->usage_ns);
	json_out_u64(j, "kernel", cpu->kernel_ns);
	json_out_u64(j, "user", cpu->user_ns);
	json_out_object_end(j);
	if (s->parts & CGROUP_CPU_LIMIT) {
		json_out_object(j, "throttling");
		json_out_u64(j, "periods", cpu->periods);
		json_out_u64(j, "throttledPeriods", cpu->throttled_periods);
		json_out_u64(j, "throttledTime", cpu->throttled_ns);
		json_out_object_end(j);
	}
	add_pressure(j, &cpu->pressure);
	json_out_object_end(j);
}

static void add_set(struct json_out *j, const char *key, const struct cgroup_set *set)
{
	json_out_array(j, key);
	for (size_t i = 0; i < set->n; i++)
		json_out_u64(j, NULL, set->v[i]);
	json_out_array_end(j);
}

static void add_cpuset(struct json_out *j, const struct cgroup_stats *s)
{
	if (!(s->parts & CGROUP_CPUSET))
		return;
	json_out_object(j, "cpuset");
	add_set(j, "cpus", &s->cpus);
	add_set(j, "mems", &s->nodes);
	json_out_object_end(j);
}

static void add_amount(struct json_out *j, const char *key, const struct cgroup_amount *a)
{
	json_out_object(j, key);
	json_out_u64(j, "limit", a->limit);
	json_out_u64(j, "usage", a->usage);
	if (a->peak > 0)
		json_out_u64(j, "max", a->peak);
	json_out_u64(j, "failcnt", a->failures);
	json_out_object_end(j);
}

static uint64_t sum_or_no_limit(uint64_t a, uint64_t b)
{
	return a > CGROUP_NO_LIMIT - b ? CGROUP_NO_LIMIT : a + b;
}

/* As in cgroup v1, and so in runc: memory and swap together. */
static struct cgroup_amount with_swap(const struct cgroup_memory *m)
{
	return (struct cgroup_amount){ .usage = m->memory.usage + m->swap.usage,
		.limit = sum_or_no_limit(m->memory.limit, m->swap.limit),
		.failures = m->swap.failures };
}

/* A share of the whole that has no limit of its own. */
static void add_share(
	struct json_out *j, const char *key, const struct cgroup_memory *m, const char *detail)
{
	const struct cgroup_amount amount = { .usage = cgroup_number(&m->details, detail),
		.limit = CGROUP_NO_LIMIT };

	if (cgroup_number_is_there(&m->details, detail))
		add_amount(j, key, &amount);
}

static void add_memory(struct json_out *j, const struct cgroup_stats *s)
{
	const struct cgroup_memory *m = &s->memory;
	struct cgroup_amount both = with_swap(m);

	if (!(s->parts & CGROUP_MEMORY))
		return;
	json_out_object(j, "memory");
	json_out_u64(j, "cache", cgroup_number(&m->details, "file"));
	add_amount(j, "usage", &m->memory);
	if (s->parts & CGROUP_SWAP)
		add_amount(j, "swap", &both);
	add_share(j, "kernel", m, "kernel");
	add_share(j, "kernelTCP", m, "sock");
	json_out_object(j, "raw");
	for (size_t i = 0; i < m->details.n; i++)
		json_out_u64(j, m->details.v[i].name, m->details.v[i].value);
	json_out_object_end(j);
	add_pressure(j, &m->pressure);
	json_out_object_end(j);
}

/* No limit is 0, as runc has it. */
static void add_pids(struct json_out *j, const struct cgroup_stats *s)
{
	if (!(s->parts & CGROUP_PIDS))
		return;
	json_out_object(j, "pids");
	json_out_u64(j, "current", s->pids.current);
	json_out_u64(j, "limit", s->pids.limit == CGROUP_NO_LIMIT ? 0 : s->pids.limit);
	json_out_object_end(j);
}

static void add_io_figure(struct json_out *j, const struct cgroup_io_device *device,
	const char *operation, uint64_t value)
{
	json_out_object(j, NULL);
	json_out_u64(j, "major", device->major);
	json_out_u64(j, "minor", device->minor);
	json_out_string(j, "op", operation);
	json_out_u64(j, "value", value);
	json_out_object_end(j);
}

static void add_io(struct json_out *j, const struct cgroup_stats *s)
{
	const struct cgroup_io *io = &s->io;

	if (!(s->parts & CGROUP_IO))
		return;
	json_out_object(j, "blkio");
	json_out_array(j, "ioServiceBytesRecursive");
	for (size_t i = 0; i < io->n; i++) {
		add_io_figure(j, &io->v[i], "Read", io->v[i].read_bytes);
		add_io_figure(j, &io->v[i], "Write", io->v[i].written_bytes);
	}
	json_out_array_end(j);
	json_out_array(j, "ioServicedRecursive");
	for (size_t i = 0; i < io->n; i++) {
		add_io_figure(j, &io->v[i], "Read", io->v[i].reads);
		add_io_figure(j, &io->v[i], "Write", io->v[i].writes);
	}
	json_out_array_end(j);
	add_pressure(j, &io->pressure);
	json_out_object_end(j);
}

static void add_huge_pages(struct json_out *j, const struct cgroup_stats *s)
{
	if (!(s->parts & CGROUP_HUGETLB))
		return;
	json_out_object(j, "hugetlb");
	for (size_t i = 0; i < s->huge_pages.n; i++) {
		json_out_object(j, s->huge_pages.v[i].size);
		json_out_u64(j, "usage", s->huge_pages.v[i].usage);
		json_out_u64(j, "failcnt", s->huge_pages.v[i].failures);
		json_out_object_end(j);
	}
	json_out_object_end(j);
}

static void add_data(struct json_out *j, const struct cgroup_stats *s)
{
	json_out_object(j, "data");
	add_cpu(j, s);
	add_cpuset(j, s);
	add_memory(j, s);
	add_pids(j, s);
	add_io(j, s);
	add_huge_pages(j, s);
	/* What lichen does not set up has nothing to count. */
	json_out_object(j, "intel_rdt");
	json_out_object_end(j);
	json_out_array(j, "network_interfaces");
	json_out_array_end(j);
	json_out_object_end(j);
}

void event_write(struct text *out, const char *id, const struct cgroup_stats *stats)
{
	struct json_out j;

	json_out_init(&j, out, 0);
	json_out_object(&j, NULL);
	json_out_string(&j, "type", stats ? "stats" : "oom");
	json_out_string(&j, "id", id);
	if (stats)
		add_data(&j, stats);
	json_out_object_end(&j);
}

void event_write_network(struct text *out, const char *id, const char *reason)
{
	struct json_out j;

	json_out_init(&j, out, 0);
	json_out_object(&j, NULL);
	json_out_string(&j, "type", "network");
	json_out_string(&j, "id", id);
	json_out_object(&j, "data");
	json_out_string(&j, "status", "failed");
	json_out_string_if(&j, "reason", reason);
	json_out_object_end(&j);
	json_out_object_end(&j);
}
