/* SPDX-License-Identifier: Apache-2.0 */
/* linux.resources as what cgroup v2 and systemd take: values at the ends of their ranges. */
#include "tap.h"

#include <errno.h>

#include "plan/resources.h"

static char refused[256];

static int not_possible(void *arg, const char *object, const char *why, struct error *e)
{
	(void)arg;
	snprintf(refused, sizeof(refused), "%s: %s", object, why);
	return error_set(e, ENOTSUP, "%s", refused);
}

struct digest {
	struct arena arena;
	struct resource_settings settings;
};

static int digest(const char *json, struct digest *d)
{
	const struct resource_policy policy = { .not_possible = not_possible };
	const struct spec_resources_file *file = NULL;
	struct error e = { 0 };
	int r = spec_parse_resources(json, strlen(json), "test", &file, &e);

	*d = (struct digest){ 0 };
	refused[0] = '\0';
	arena_init(&d->arena, 1 << 20);
	if (r == 0)
		r = resources_digest(&file->resources, &policy, &d->arena, &d->settings, &e);
	else
		snprintf(refused, sizeof(refused), "%.250s", e.text);
	spec_resources_free(file);
	return r;
}

/* "FILE=VALUE" of every setting, and ":NAME=VALUE" of every property, one after the other. */
static void says(const char *json, const char *want, const char *name)
{
	CLEANUP(text_release) struct text got = { 0 };
	struct digest d;
	int r = digest(json, &d);

	for (size_t i = 0; i < d.settings.n; i++)
		text_printf(&got, "%s%s=%s%s", i ? " " : "", d.settings.v[i].file,
			d.settings.v[i].value, d.settings.v[i].lifts ? " (lifts)" : "");
	for (size_t i = 0; i < d.settings.n_properties; i++)
		text_printf(&got, " %s=%s", d.settings.properties[i].name,
			d.settings.properties[i].value);
	is_str(r < 0 ? refused : got.len ? got.s : "", want, "%s", name);
	arena_release(&d.arena);
}

/* The formula that runc and crun agree on: three points of it, and the ends. */
static void test_weight(void)
{
	static const struct {
		uint64_t shares;
		unsigned int weight;
	} points[] = { { 0, 1 }, { 1, 1 }, { 2, 1 }, { 3, 2 }, { 512, 59 }, { 1024, 100 },
		{ 2048, 174 }, { 262143, 10000 }, { 262144, 10000 }, { UINT64_MAX, 10000 } };
	unsigned int last = 0;
	bool grows = true;

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		is_int(resources_cpu_weight(points[i].shares), points[i].weight,
			"cpu.shares %llu as a weight", (unsigned long long)points[i].shares);
	for (uint64_t shares = 2; shares <= 262144; shares += 97) {
		grows &= resources_cpu_weight(shares) >= last;
		last = resources_cpu_weight(shares);
	}
	ok(grows, "more shares are never less weight");
}

static void mask(const char *list, const char *want)
{
	CLEANUP(mem_free) char *got = resources_cpu_mask(list);

	is_str(got, want, "the mask of '%s'", list);
}

static void test_mask(void)
{
	mask("0", "01");
	mask("0-3,7", "8f");
	mask("7,0-3", "8f");
	mask("8", "0001");
	mask("0-15", "ffff");
	mask("1,1,1", "02");
	mask("8192", NULL);
	mask("3-1", NULL);
	mask("-1", NULL);
	mask("1-", NULL);
	mask("1-2-3", NULL);
	mask("x", NULL);
	mask("", NULL);
	mask("0x1", NULL);
	mask("99999999999999999999", NULL);
}

static void test_memory(void)
{
	says("{}", "", "nothing asked for");
	says("{\"memory\":{\"limit\":-1}}",
		"memory.max=max (lifts) memory.swap.max=max (lifts) "
		"?MemoryMax=18446744073709551615 ?MemorySwapMax=18446744073709551615",
		"no limit of memory is none of swap");
	says("{\"memory\":{\"limit\":0}}", "memory.max=0 ?MemoryMax=0", "0 is a limit");
	says("{\"memory\":{\"limit\":4096,\"swap\":4096}}",
		"memory.max=4096 memory.swap.max=0 ?MemoryMax=4096 ?MemorySwapMax=0",
		"as much of both together: no swap");
	says("{\"memory\":{\"limit\":4096,\"swap\":-1}}",
		"memory.max=4096 memory.swap.max=max (lifts) ?MemoryMax=4096 "
		"?MemorySwapMax=18446744073709551615",
		"swap without a limit");
	says("{\"memory\":{\"swap\":4096}}",
		"memory.swap: it is the limit of memory and swap together, and memory.limit is not "
		"set",
		"swap alone");
	says("{\"memory\":{\"limit\":4097,\"swap\":4096}}",
		"memory.swap: it is the limit of memory and swap together, and is below "
		"memory.limit",
		"less of both than of one");
	says("{\"memory\":{\"limit\":9223372036854775807,\"swap\":9223372036854775807}}",
		"memory.max=9223372036854775807 memory.swap.max=0 ?MemoryMax=9223372036854775807 "
		"?MemorySwapMax=0",
		"as much as there is");
	says("{\"memory\":{\"useHierarchy\":true,\"disableOOMKiller\":false,\"kernel\":-1}}", "",
		"what asks for nothing");
	says("{\"memory\":{\"useHierarchy\":false}}",
		"memory.useHierarchy: cgroup v2 has nothing for it", "no hierarchy");
	says("{\"memory\":{\"disableOOMKiller\":true}}",
		"memory.disableOOMKiller: cgroup v2 has nothing for it", "no killer");
}

static void test_cpu(void)
{
	says("{\"cpu\":{\"quota\":0,\"period\":0,\"shares\":0}}", "",
		"0 is what some write for absent");
	says("{\"cpu\":{\"quota\":-1}}",
		"cpu.max=max (lifts) ?CPUQuotaPerSecUSec=18446744073709551615", "no quota");
	says("{\"cpu\":{\"period\":50000}}", "cpu.max=max 50000 ?CPUQuotaPeriodUSec=50000",
		"a period alone");
	says("{\"cpu\":{\"quota\":1}}", "cpu.max=1 ?CPUQuotaPerSecUSec=10", "the period is 100 ms");
	says("{\"cpu\":{\"quota\":9223372036854775807,\"period\":1}}",
		"cpu.max=9223372036854775807 1 ?CPUQuotaPerSecUSec=18446744073709551615 "
		"?CPUQuotaPeriodUSec=1",
		"more than all CPUs of the world");
	says("{\"cpu\":{\"quota\":10,\"burst\":11}}", "test: cpu.burst: 11 is above the quota, 10",
		"a burst above its quota");
	says("{\"cpu\":{\"cpus\":\"\",\"mems\":\"\"}}", "", "no lists");
	says("{\"cpu\":{\"cpus\":\"3-1\"}}", "cpu.cpus: it is not a list such as 0-3,7",
		"a list from right to left");
	says("{\"cpu\":{\"realtimeRuntime\":0,\"realtimePeriod\":0}}", "", "no real time");
	says("{\"cpu\":{\"realtimePeriod\":1}}", "cpu.realtimePeriod: cgroup v2 has nothing for it",
		"real time");
}

static void test_others(void)
{
	says("{\"pids\":{\"limit\":0}}", "pids.max=0", "no process: systemd takes no 0");
	says("{\"pids\":{\"limit\":-1}}", "pids.max=max (lifts) ?TasksMax=18446744073709551615",
		"no limit of processes");
	says("{\"blockIO\":{\"weight\":10}}", "io.weight=default 1 ?IOWeight=1",
		"the least weight");
	says("{\"blockIO\":{\"weight\":1000}}", "io.weight=default 10000 ?IOWeight=10000",
		"the most");
	says("{\"blockIO\":{\"weight\":0}}", "", "no weight");
	says("{\"blockIO\":{\"leafWeight\":10}}",
		"blockIO.leafWeight: cgroup v2 has nothing for it", "a leaf's weight");
	says("{\"network\":{\"classID\":0,\"priorities\":[]}}", "", "no class");
	says("{\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":1}]}}",
		"network: cgroup v2 has neither net_cls nor net_prio: a firewall can match the "
		"cgroup itself",
		"a priority");
}

static void test_unified(void)
{
	static const struct {
		const char *key, *value, *said;
	} bad[] = {
		{ "memory", "1", "it is not the name of a cgroup's file, such as memory.high" },
		{ "memory.", "1", "it is not the name of a cgroup's file, such as memory.high" },
		{ ".max", "1", "it is not the name of a cgroup's file, such as memory.high" },
		{ "a b.c", "1", "it is not the name of a cgroup's file, such as memory.high" },
		{ "cgroup.kill", "1", "this file is not a limit" },
		{ "cgroup.freeze", "1", "this file is not a limit" },
		{ "cgroup.subtree_control", "+io", "this file is not a limit" },
		{ "memory.max", "", "its value is empty" },
		{ "memory.max", "1\\u0007", "its value has a control character" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(mem_free)
		char *json = xasprintf("{\"unified\":{\"%s\":\"%s\"}}", bad[i].key, bad[i].value);
		CLEANUP(mem_free)
		char *want = xasprintf("unified[\"%s\"]: %s", bad[i].key, bad[i].said);

		says(json, want, bad[i].key);
	}
	says("{\"unified\":{\"cgroup.max.depth\":\"3\",\"memory.low\":\"max\",\"misc.max\":\"a "
	     "1\"}}",
		"cgroup.max.depth=3 memory.low=max misc.max=a 1 ?MemoryLow=18446744073709551615",
		"what is a limit, whoever knows it");
}

/* What systemd is told when an update is taken back. */
static void test_undo(void)
{
	CLEANUP(text_release) struct text got = { 0 };
	struct digest then, now, out = { 0 };

	digest("{\"memory\":{\"limit\":4096}}", &then);
	digest("{\"memory\":{\"limit\":8192,\"reservation\":1},\"pids\":{\"limit\":3},"
	       "\"cpu\":{\"cpus\":\"0\"}}",
		&now);
	arena_init(&out.arena, 1 << 20);
	out.settings.arena = &out.arena;
	resources_undo(&now.settings, &then.settings, &out.settings);
	for (size_t i = 0; i < out.settings.n_properties; i++)
		text_printf(&got, "%s=%s ", out.settings.properties[i].name,
			out.settings.properties[i].value);
	is_str(got.s, "?MemoryMax=4096 ?MemoryLow=0 ?AllowedCPUs= ?TasksMax=18446744073709551615 ",
		"what was so before, and what nobody had set");
	is_int((int64_t)out.settings.n, 0, "files are read back instead");
	arena_release(&then.arena);
	arena_release(&now.arena);
	arena_release(&out.arena);
}

int main(void)
{
	test_weight();
	test_mask();
	test_memory();
	test_cpu();
	test_others();
	test_unified();
	test_undo();
	return done();
}
