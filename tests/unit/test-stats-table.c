/* SPDX-License-Identifier: Apache-2.0 */
/* What `stats` makes of two samples, and how it fits into a window. */
#include "tap.h"

#include "cli/stats_table.h"

#define MIB (1024ull * 1024)

static struct cgroup_number cache = { (char *)(uintptr_t) "inactive_file", 4 * MIB };
static struct cgroup_io_device devices[] = { { 8, 0, 1024, 2048, 1, 1 }, { 8, 1, 1024, 0, 1, 0 } };

static struct sample sample_at(int64_t time_ms, uint64_t cpu_ms)
{
	return (struct sample){ .id = (char *)(uintptr_t) "web",
		.time_ms = time_ms,
		.has_cgroup = 1,
		.stats = { .parts = CGROUP_CPU | CGROUP_MEMORY | CGROUP_PIDS | CGROUP_IO,
			.cpu = { .usage_ns = cpu_ms * 1000000 },
			.memory = { .memory = { 20 * MIB, 64 * MIB, 0, 0 },
				.details = { 1, &cache } },
			.pids = { 3, 50 },
			.io = { 2, devices, { 0 } } } };
}

static void test_figures(void)
{
	struct sample before = sample_at(1000, 200), now = sample_at(3000, 700);
	struct figures f;

	figures_of(&before, &now, &f);
	is_int((int64_t)f.cpu, 2500, "a quarter of a CPU");
	is_int((int64_t)f.memory, 16 * MIB, "memory without the inactive cache");
	is_int((int64_t)f.memory_limit, 64 * MIB, "its limit");
	is_int((int64_t)f.memory_share, 2500, "its share of the limit");
	is_int((int64_t)f.pids, 3, "processes");
	is_int((int64_t)f.pids_limit, 50, "their limit");
	is_int((int64_t)f.read, 2048, "read from all devices");
	is_int((int64_t)f.written, 2048, "written to all devices");

	now.stats.cpu.usage_ns = before.stats.cpu.usage_ns + 8000000000;
	figures_of(&before, &now, &f);
	is_int((int64_t)f.cpu, 40000, "four CPUs");
	figures_of(NULL, &now, &f);
	ok(f.cpu == FIGURE_UNKNOWN, "no sample before");
	now.stats.cpu.usage_ns = 0;
	figures_of(&before, &now, &f);
	ok(f.cpu == FIGURE_UNKNOWN, "another container of the same name");
	now.time_ms = before.time_ms;
	figures_of(&before, &now, &f);
	ok(f.cpu == FIGURE_UNKNOWN, "no time between");

	now.stats.memory.memory.limit = CGROUP_NO_LIMIT;
	figures_of(&before, &now, &f);
	ok(f.memory_share == FIGURE_UNKNOWN, "no limit, no share");
	now.stats.memory.memory.usage = MIB;
	figures_of(&before, &now, &f);
	is_int((int64_t)f.memory, 0, "counts that were not read at once");
	now.stats.parts = 0;
	figures_of(&before, &now, &f);
	ok(f.memory == FIGURE_UNKNOWN && f.pids == FIGURE_UNKNOWN && f.read == FIGURE_UNKNOWN,
		"no controllers");
}

static void test_pairing(void)
{
	struct sample first[] = { sample_at(0, 0), sample_at(0, 0) };
	struct sample second[] = { sample_at(1000, 500), sample_at(1000, 250) };
	struct samples before = { 2, first }, now = { 2, second };
	struct figures *f;

	first[0].id = (char *)(uintptr_t) "db";
	second[1].id = (char *)(uintptr_t) "new";
	f = figures_of_all(&before, &now);
	is_int((int64_t)f[0].cpu, 5000, "a sample and the one before are of one name");
	ok(f[1].cpu == FIGURE_UNKNOWN, "one that is new");
	free(f);
}

static const struct figures usual = { "web", 1, 1234, 16 * MIB, 64 * MIB, 2500, 3, 50, 2048, 0 };
static const struct figures unlimited = { "a-container-with-a-long-name", 1, FIGURE_UNKNOWN, MIB,
	FIGURE_UNKNOWN, FIGURE_UNKNOWN, 1, FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN };
static const struct figures uncounted = { "bare", 0, FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN,
	FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN, FIGURE_UNKNOWN };

static void is_table(
	const char *name, const struct figures *figures, size_t n, size_t columns, const char *want)
{
	struct text t = { 0 };

	stats_table_write(&t, figures, n, columns);
	is_str(t.s, want, "%s", name);
	text_release(&t);
}

static void test_table(void)
{
	const struct figures both[] = { usual, unlimited }, bare[] = { uncounted, uncounted };

	is_table("a heading alone", NULL, 0, 0,
		"ID        CPU %    MEM USAGE / LIMIT      MEM %    PIDS  BLOCK READ / WRITE\n");
	is_table("any width", both, 2, 0,
		"ID                            CPU %    MEM USAGE / LIMIT      MEM %    PIDS  "
		"BLOCK READ / WRITE\n"
		"web                           12.34%   16.0 MiB / 64.0 MiB    25.00%   3     "
		"2.0 KiB / 0 B\n"
		"a-container-with-a-long-name  -        1.0 MiB / no limit     -        1     -\n");
	is_table("the names give way", both, 2, 82,
		"ID            CPU %    MEM USAGE / LIMIT      MEM %    PIDS  BLOCK READ / WRITE\n"
		"web           12.34%   16.0 MiB / 64.0 MiB    25.00%   3     2.0 KiB / 0 B\n"
		"a-container+  -        1.0 MiB / no limit     -        1     -\n");
	is_table("but not altogether", both + 1, 1, 20,
		"ID        CPU %    MEM USAGE / LIMIT      MEM %    PIDS  BLOCK READ / WRITE\n"
		"a-conta+  -        1.0 MiB / no limit     -        1     -\n");
	is_table("without a cgroup", bare, 2, 0,
		"ID        CPU %    MEM USAGE / LIMIT      MEM %    PIDS  BLOCK READ / WRITE\n"
		"bare      -        -                      -        -     -\n"
		"bare      -        -                      -        -     -\n"
		"\nNot counted, without a cgroup of its own: bare bare\n");
}

static void is_json(const char *name, const struct figures *figures, size_t n, const char *want)
{
	struct text t = { 0 };

	stats_json_write(&t, figures, n);
	is_str(t.s, want, "%s", name);
	text_release(&t);
}

static void test_json(void)
{
	is_json("JSON of nobody", NULL, 0, "[]");
	is_json("JSON", &usual, 1,
		"[{\"id\":\"web\",\"cpuPercent\":12.34,\"memoryUsage\":16777216,"
		"\"memoryLimit\":67108864,\"memoryPercent\":25.00,\"pids\":3,\"pidsLimit\":50,"
		"\"blockRead\":2048,\"blockWritten\":0}]");
	is_json("JSON without a cgroup", &uncounted, 1,
		"[{\"id\":\"bare\",\"cpuPercent\":null,\"memoryUsage\":null,\"memoryLimit\":null,"
		"\"memoryPercent\":null,\"pids\":null,\"pidsLimit\":null,\"blockRead\":null,"
		"\"blockWritten\":null,\"note\":\"no cgroup of its own\"}]");
}

int main(void)
{
	test_figures();
	test_pairing();
	test_table();
	test_json();
	return done();
}
