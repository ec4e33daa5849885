/* SPDX-License-Identifier: Apache-2.0 */
/* Texts as kernels 5.15 to 7.2 print them, and a directory that looks like a cgroup. */
#include "tap.h"
#include "temp.h"

#include "base/mem.h"
#include "kernel/cgroup_stats.h"

static void test_numbers(void)
{
	struct cgroup_numbers n;

	cgroup_parse_numbers("anon 4300800\nfile 0\nno number\nworkingset_refault_anon 7\n"
			     "negative -1\nbig 18446744073709551615\nlast 3",
		&n);
	is_int((int64_t)n.n, 5, "lines of a name and a number");
	is_int((int64_t)cgroup_number(&n, "anon"), 4300800, "the first");
	is_int((int64_t)cgroup_number(&n, "file"), 0, "a zero");
	ok(cgroup_number_is_there(&n, "file"), "a zero is there");
	ok(!cgroup_number_is_there(&n, "fil"), "the beginning of a name is not");
	is_int((int64_t)cgroup_number(&n, "workingset_refault_anon"), 7, "a long name");
	ok(!cgroup_number_is_there(&n, "no"), "what is no number is passed over");
	ok(!cgroup_number_is_there(&n, "negative"), "and what is below 0");
	ok(cgroup_number(&n, "big") == UINT64_MAX, "the largest");
	is_int((int64_t)cgroup_number(&n, "last"), 3, "without an end of the line");
	cgroup_numbers_release(&n);
	cgroup_parse_numbers("", &n);
	is_int((int64_t)n.n, 0, "an empty file");
	cgroup_numbers_release(&n);
}

static void test_cpu(void)
{
	struct cgroup_cpu cpu = { 0 };

	is_int(cgroup_parse_cpu("usage_usec 710001\nuser_usec 700000\nsystem_usec 10001\n"
				"nice_usec 0\nnr_periods 12\nnr_throttled 3\nthrottled_usec 45\n"
				"nr_bursts 0\nburst_usec 0\n",
		       &cpu),
		CGROUP_CPU | CGROUP_CPU_LIMIT, "cpu.stat with the controller");
	is_int((int64_t)cpu.usage_ns, 710001000, "usage in nanoseconds");
	is_int((int64_t)cpu.user_ns, 700000000, "of the user");
	is_int((int64_t)cpu.kernel_ns, 10001000, "of the kernel");
	is_int((int64_t)cpu.periods, 12, "periods");
	is_int((int64_t)cpu.throttled_periods, 3, "of which throttled");
	is_int((int64_t)cpu.throttled_ns, 45000, "for how long");
	is_int(cgroup_parse_cpu("usage_usec 5\nuser_usec 2\nsystem_usec 3\n", &cpu), CGROUP_CPU,
		"without the controller");
	is_int(cgroup_parse_cpu("", &cpu), 0, "an empty file");
}

static void test_pressure(void)
{
	struct cgroup_pressure p;

	cgroup_parse_pressure("some avg10=2.53 avg60=0.45 avg300=0.09 total=450000\n"
			      "full avg10=100.00 avg60=0.10 avg300=0.00 total=18446744073709551615",
		&p);
	ok(p.has_some && p.has_full, "both lines");
	is_int(p.some.avg10, 253, "some, 10 s");
	is_int(p.some.avg60, 45, "some, 60 s");
	is_int(p.some.avg300, 9, "some, 300 s");
	is_int((int64_t)p.some.total, 450000, "some, total");
	is_int(p.full.avg10, 10000, "full, 10 s");
	is_int(p.full.avg60, 10, "full, 60 s");
	ok(p.full.total == UINT64_MAX, "full, total");
	cgroup_parse_pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n", &p);
	ok(p.has_some && !p.has_full, "a CPU's before Linux 5.13");
	cgroup_parse_pressure("some total=3\nother avg10=0.00\n", &p);
	ok(!p.has_some && !p.has_full, "other lines");
}

static void is_set(const char *text, const char *want)
{
	char got[256] = "";
	struct cgroup_set set;

	cgroup_parse_set(text, &set);
	for (size_t i = 0; i < set.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), " %u", set.v[i]);
	is_str(got, want, "the set '%s'", text);
	free(set.v);
}

static void test_sets(void)
{
	is_set("0\n", " 0");
	is_set("0-3,7", " 0 1 2 3 7");
	is_set("1,3,5-6\n", " 1 3 5 6");
	is_set("", "");
	is_set("\n", "");
	is_set("3-1", "");
	is_set("0-4000000000", "");
}

static void is_io(const char *name, const char *text, const char *want)
{
	struct cgroup_io io;
	char got[512] = "";

	cgroup_parse_io(text, &io);
	for (size_t i = 0; i < io.n; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%u:%u %llu %llu %llu %llu;",
			io.v[i].major, io.v[i].minor, (unsigned long long)io.v[i].read_bytes,
			(unsigned long long)io.v[i].written_bytes,
			(unsigned long long)io.v[i].reads, (unsigned long long)io.v[i].writes);
	is_str(got, want, "io.stat: %s", name);
	free(io.v);
}

static void test_io(void)
{
	is_io("two devices",
		"98:0 rbytes=3862528 wbytes=1 rios=223 wios=2 dbytes=0 dios=0\n"
		"259:16 rbytes=7 wbytes=8 rios=9 wios=10 dbytes=11 dios=12 cost.usage=13\n",
		"98:0 3862528 1 223 2;259:16 7 8 9 10;");
	is_io("devices that did nothing",
		"7:7 7:6 7:5 rbytes=28672 wbytes=0 rios=22 wios=0\n8:0 \n", "7:5 28672 0 22 0;");
	is_io("a device without a number",
		"8:0 rbytes=1 wbytes=2 rios=3 wios=4\n(unknown) rbytes=5 wbytes=6 rios=7 wios=8\n",
		"8:0 1 2 3 4;");
	is_io("torn", "252:0 ", "");
	is_io("empty", "", "");
	is_io("figures of nobody", "rbytes=5 wbytes=6\n", "");
}

static void test_oom(void)
{
	struct cgroup_oom oom;

	cgroup_parse_oom("low 0\nhigh 1\nmax 22\noom 3\noom_kill 2\noom_group_kill 1\n", &oom);
	is_int((int64_t)oom.times, 3, "memory.events: oom");
	is_int((int64_t)oom.kills, 2, "memory.events: oom_kill");
}

static void fill(const struct temp *t)
{
	temp_write(t, "cpu.stat", "usage_usec 5\nuser_usec 2\nsystem_usec 3\nnr_periods 1\n");
	temp_write(t, "cpu.pressure", "some avg10=0.01 avg60=0.02 avg300=0.03 total=4\n");
	temp_write(t, "cpuset.cpus.effective", "0-1\n");
	temp_write(t, "cpuset.mems.effective", "0\n");
	temp_write(t, "memory.current", "1000\n");
	temp_write(t, "memory.max", "2000\n");
	temp_write(t, "memory.peak", "1500\n");
	temp_write(t, "memory.stat", "anon 600\nfile 300\ninactive_file 100\n");
	temp_write(t, "memory.events", "low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\n");
	temp_write(t, "memory.swap.current", "10\n");
	temp_write(t, "memory.swap.max", "max\n");
	temp_write(t, "memory.swap.events", "high 0\nmax 4\nfail 0\n");
	temp_write(t, "pids.current", "3\n");
	temp_write(t, "pids.max", "max\n");
	temp_write(t, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
	temp_write(t, "hugetlb.2MB.current", "2097152\n");
	temp_write(t, "hugetlb.2MB.events", "max 5\n");
	temp_write(t, "hugetlb.2MB.rsvd.current", "7\n");
}

static void test_all(const struct cgroup_stats *s)
{
	is_int(s->parts,
		CGROUP_CPU | CGROUP_CPU_LIMIT | CGROUP_CPUSET | CGROUP_MEMORY | CGROUP_SWAP |
			CGROUP_PIDS | CGROUP_IO | CGROUP_HUGETLB,
		"all parts");
	is_int(s->cpu.pressure.some.avg300, 3, "the CPU's pressure");
	ok(!s->memory.pressure.has_some, "no pressure of the memory");
	is_int((int64_t)s->cpus.n, 2, "CPUs");
	is_int((int64_t)s->nodes.n, 1, "memory nodes");
	is_int((int64_t)s->memory.memory.usage, 1000, "memory");
	is_int((int64_t)s->memory.memory.limit, 2000, "its limit");
	is_int((int64_t)s->memory.memory.peak, 1500, "its peak");
	is_int((int64_t)s->memory.memory.failures, 9, "how often it was hit");
	is_int((int64_t)s->memory.oom.kills, 1, "OOM kills");
	is_int((int64_t)s->memory.details.n, 3, "memory.stat");
	is_int((int64_t)s->memory.swap.usage, 10, "swap");
	ok(s->memory.swap.limit == CGROUP_NO_LIMIT, "without a limit");
	is_int((int64_t)s->memory.swap.peak, 0, "and without a peak, before Linux 6.5");
	is_int((int64_t)s->memory.swap.failures, 4, "how often it was hit");
	is_int((int64_t)s->pids.current, 3, "processes");
	ok(s->pids.limit == CGROUP_NO_LIMIT, "without a limit");
	is_int((int64_t)s->io.n, 1, "block devices");
	if (is_int((int64_t)s->huge_pages.n, 1, "one size of huge pages")) {
		is_str(s->huge_pages.v[0].size, "2MB", "its name");
		is_int((int64_t)s->huge_pages.v[0].usage, 2097152, "their usage");
		is_int((int64_t)s->huge_pages.v[0].failures, 5, "their failures");
	}
}

static void test_reading(void)
{
	struct temp t = temp_make();
	size_t open_fds = count_open_fds();
	struct cgroup_stats stats;

	cgroup_stats_read(t.fd, &stats);
	is_int(stats.parts, 0, "a cgroup that has gone");
	cgroup_stats_release(&stats);

	fill(&t);
	cgroup_stats_read(t.fd, &stats);
	test_all(&stats);
	cgroup_stats_release(&stats);

	unlinkat(t.fd, "memory.max", 0);
	unlinkat(t.fd, "pids.max", 0);
	unlinkat(t.fd, "io.stat", 0);
	cgroup_stats_read(t.fd, &stats);
	is_int(stats.parts, CGROUP_CPU | CGROUP_CPU_LIMIT | CGROUP_CPUSET | CGROUP_HUGETLB,
		"without some controllers");
	cgroup_stats_release(&stats);
	is_int((int64_t)count_open_fds(), (int64_t)open_fds, "no descriptor stays open");
	temp_remove(&t);
}

int main(void)
{
	test_numbers();
	test_cpu();
	test_pressure();
	test_sets();
	test_io();
	test_oom();
	test_reading();
	return done();
}
