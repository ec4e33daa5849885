/* SPDX-License-Identifier: Apache-2.0 */
/* The lines of `events`: runc's names, and nothing of a controller that isn't there. */
#include "tap.h"

#include "cli/event.h"

#define HEAD "{\"type\":\"stats\",\"id\":\"web\",\"data\":{"
#define TAIL "\"intel_rdt\":{},\"network_interfaces\":[]}}"

static void is_line(const char *name, const struct cgroup_stats *stats, const char *want)
{
	struct text line = { 0 };

	event_write(&line, "web", stats);
	is_str(line.s, want, "%s", name);
	text_release(&line);
}

static void test_cpu(void)
{
	struct cgroup_stats s = { .parts = CGROUP_CPU,
		.cpu = { .usage_ns = 3000, .user_ns = 2000, .kernel_ns = 1000 } };

	is_line("the CPU without its controller", &s,
		HEAD "\"cpu\":{\"usage\":{\"total\":3000,\"kernel\":1000,\"user\":2000}}," TAIL);
	s.parts |= CGROUP_CPU_LIMIT;
	s.cpu.periods = 9;
	s.cpu.throttled_periods = 2;
	s.cpu.throttled_ns = 7;
	s.cpu.pressure.has_some = true;
	s.cpu.pressure.some =
		(struct cgroup_pressure_line){ .avg10 = 253, .avg60 = 5, .total = 450000 };
	is_line("with it, and pressure", &s,
		HEAD "\"cpu\":{\"usage\":{\"total\":3000,\"kernel\":1000,\"user\":2000},"
		     "\"throttling\":{\"periods\":9,\"throttledPeriods\":2,\"throttledTime\":7},"
		     "\"psi\":{\"some\":{\"avg10\":2.53,\"avg60\":0.05,\"avg300\":0.00,"
		     "\"total\":450000}}}," TAIL);
}

static void test_memory(void)
{
	struct cgroup_number details[] = { { (char *)(uintptr_t) "file", 300 },
		{ (char *)(uintptr_t) "kernel", 40 }, { (char *)(uintptr_t) "sock", 5 } };
	struct cgroup_stats s = { .parts = CGROUP_MEMORY,
		.memory = { .memory = { 1000, 2000, 1500, 9 }, .details = { 1, details } } };

	is_line("memory without swap, of an old kernel", &s,
		HEAD "\"memory\":{\"cache\":300,"
		     "\"usage\":{\"limit\":2000,\"usage\":1000,\"max\":1500,\"failcnt\":9},"
		     "\"raw\":{\"file\":300}}," TAIL);
	s.parts |= CGROUP_SWAP;
	s.memory.memory.peak = 0;
	s.memory.swap = (struct cgroup_amount){ .usage = 10, .limit = 500, .failures = 1 };
	s.memory.details.n = 3;
	is_line("with swap: the sum of both", &s,
		HEAD "\"memory\":{\"cache\":300,"
		     "\"usage\":{\"limit\":2000,\"usage\":1000,\"failcnt\":9},"
		     "\"swap\":{\"limit\":2500,\"usage\":1010,\"failcnt\":1},"
		     "\"kernel\":{\"limit\":18446744073709551615,\"usage\":40,\"failcnt\":0},"
		     "\"kernelTCP\":{\"limit\":18446744073709551615,\"usage\":5,\"failcnt\":0},"
		     "\"raw\":{\"file\":300,\"kernel\":40,\"sock\":5}}," TAIL);
	s.memory.memory.limit = CGROUP_NO_LIMIT;
	s.memory.details.n = 0;
	is_line("without a limit of the memory there is none of both", &s,
		HEAD "\"memory\":{\"cache\":0,"
		     "\"usage\":{\"limit\":18446744073709551615,\"usage\":1000,\"failcnt\":9},"
		     "\"swap\":{\"limit\":18446744073709551615,\"usage\":1010,\"failcnt\":1},"
		     "\"raw\":{}}," TAIL);
}

static void test_others(void)
{
	unsigned int cpus[] = { 0, 1, 7 }, nodes[] = { 0 };
	struct cgroup_io_device device = { 8, 16, 1, 2, 3, 4 };
	struct cgroup_huge_pages pages = { "2MB", 2097152, 5 };
	struct cgroup_stats s = {
		.parts = CGROUP_CPUSET, .cpus = { 3, cpus }, .nodes = { 1, nodes }
	};

	is_line("cpuset", &s, HEAD "\"cpuset\":{\"cpus\":[0,1,7],\"mems\":[0]}," TAIL);
	s.parts = CGROUP_PIDS;
	s.pids.current = 3;
	s.pids.limit = 50;
	is_line("pids", &s, HEAD "\"pids\":{\"current\":3,\"limit\":50}," TAIL);
	s.pids.limit = CGROUP_NO_LIMIT;
	is_line("pids without a limit", &s, HEAD "\"pids\":{\"current\":3,\"limit\":0}," TAIL);
	s.parts = CGROUP_IO;
	is_line("no block device was used", &s,
		HEAD "\"blkio\":{\"ioServiceBytesRecursive\":[],\"ioServicedRecursive\":[]}," TAIL);
	s.io.n = 1;
	s.io.v = &device;
	is_line("a block device", &s,
		HEAD "\"blkio\":{\"ioServiceBytesRecursive\":["
		     "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":1},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":2}],"
		     "\"ioServicedRecursive\":["
		     "{\"major\":8,\"minor\":16,\"op\":\"Read\",\"value\":3},"
		     "{\"major\":8,\"minor\":16,\"op\":\"Write\",\"value\":4}]}," TAIL);
	s.parts = CGROUP_HUGETLB;
	s.huge_pages.n = 1;
	s.huge_pages.v = &pages;
	is_line("huge pages", &s,
		HEAD "\"hugetlb\":{\"2MB\":{\"usage\":2097152,\"failcnt\":5}}," TAIL);
}

int main(void)
{
	const struct cgroup_stats nothing = { 0 };

	is_line("the OOM killer", NULL, "{\"type\":\"oom\",\"id\":\"web\"}");
	is_line("no controller at all", &nothing, HEAD TAIL);
	test_cpu();
	test_memory();
	test_others();
	return done();
}
