/* SPDX-License-Identifier: Apache-2.0 */
/* update: options, or a file, as one object of the specification's linux.resources. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/size.h"
#include "spec/json.h"
#include "spec/spec.h"

struct update_values {
	const char *resources;
	const char *blkio_weight;
	const char *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_idle;
	const char *cpu_rt_period, *cpu_rt_runtime;
	const char *cpuset_cpus, *cpuset_mems;
	const char *memory, *memory_reservation, *memory_swap;
	const char *kernel_memory, *kernel_memory_tcp;
	const char *pids_limit;
	const char *l3_cache_schema, *mem_bw_schema;
};

/* What an option becomes: a member of an object of linux.resources. */
enum member_kind { MEMBER_NUMBER, MEMBER_SIZE, MEMBER_TEXT };
struct member {
	const char *option, *object, *key;
	enum member_kind kind;
	size_t offset;
};

#define AT(field) .offset = offsetof(struct update_values, field)

/* By object, since each is written once. */
static const struct member members[] = {
	{ "--blkio-weight", "blockIO", "weight", MEMBER_NUMBER, AT(blkio_weight) },
	{ "--cpu-period", "cpu", "period", MEMBER_NUMBER, AT(cpu_period) },
	{ "--cpu-quota", "cpu", "quota", MEMBER_NUMBER, AT(cpu_quota) },
	{ "--cpu-burst", "cpu", "burst", MEMBER_NUMBER, AT(cpu_burst) },
	{ "--cpu-share", "cpu", "shares", MEMBER_NUMBER, AT(cpu_share) },
	{ "--cpu-idle", "cpu", "idle", MEMBER_NUMBER, AT(cpu_idle) },
	{ "--cpu-rt-period", "cpu", "realtimePeriod", MEMBER_NUMBER, AT(cpu_rt_period) },
	{ "--cpu-rt-runtime", "cpu", "realtimeRuntime", MEMBER_NUMBER, AT(cpu_rt_runtime) },
	{ "--cpuset-cpus", "cpu", "cpus", MEMBER_TEXT, AT(cpuset_cpus) },
	{ "--cpuset-mems", "cpu", "mems", MEMBER_TEXT, AT(cpuset_mems) },
	{ "--memory", "memory", "limit", MEMBER_SIZE, AT(memory) },
	{ "--memory-reservation", "memory", "reservation", MEMBER_SIZE, AT(memory_reservation) },
	{ "--memory-swap", "memory", "swap", MEMBER_SIZE, AT(memory_swap) },
	{ "--kernel-memory", "memory", "kernel", MEMBER_SIZE, AT(kernel_memory) },
	{ "--kernel-memory-tcp", "memory", "kernelTCP", MEMBER_SIZE, AT(kernel_memory_tcp) },
	{ "--pids-limit", "pids", "limit", MEMBER_NUMBER, AT(pids_limit) },
};

static const char *value_of(const struct update_values *v, const struct member *m)
{
	const void *at = (const char *)v + m->offset;
	const char *const *value = at;

	return *value;
}

static int add_member(
	struct json_out *o, const struct member *m, const char *value, struct error *e)
{
	int64_t number;
	int r = 0;

	if (m->kind == MEMBER_TEXT) {
		json_out_string(o, m->key, value);
		return 0;
	}
	if (m->kind == MEMBER_SIZE)
		r = size_parse(value, &number);
	else
		r = str_i64(value, INT64_MIN, INT64_MAX, &number);
	if (r < 0)
		return error_set(e, EINVAL, "option '%s': expected %s, found '%s'", m->option,
			m->kind == MEMBER_SIZE ? "a size such as 100m, or -1" : "a number", value);
	json_out_i64(o, m->key, number);
	return 0;
}

/* *out_n: how many options there are. */
static int from_options(
	const struct update_values *v, struct text *out, size_t *out_n, struct error *e)
{
	const char *object = NULL;
	struct json_out o;

	json_out_init(&o, out, 0);
	json_out_object(&o, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		const struct member *m = &members[i];

		if (!value_of(v, m))
			continue;
		if (object && !streq(object, m->object))
			json_out_object_end(&o);
		if (!object || !streq(object, m->object))
			json_out_object(&o, m->object);
		object = m->object;
		++*out_n;
		if (add_member(&o, m, value_of(v, m), e) < 0)
			return -e->code;
	}
	if (object)
		json_out_object_end(&o);
	json_out_object_end(&o);
	return 0;
}

static int read_file(const char *path, char **out, size_t *out_len, struct error *e)
{
	bool is_stdin = streq(path, "-");
	int r = is_stdin ? fd_read_text(STDIN_FILENO, SPEC_SIZE_MAX, out, out_len)
			 : file_read_text(AT_FDCWD, path, SPEC_SIZE_MAX, out, out_len);

	return r < 0 ? error_set(e, -r, "read '%s': %s", is_stdin ? "standard input" : path,
			       strerror(-r))
		     : 0;
}

static int refuse_rdt(const struct update_values *v, struct error *e)
{
	if (!v->l3_cache_schema && !v->mem_bw_schema)
		return 0;
	return error_set(e, ENOTSUP,
		"option '%s': lichen does not change a container's resctrl group",
		v->l3_cache_schema ? "--l3-cache-schema" : "--mem-bw-schema");
}

static int update(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	const struct update_values *v = values;
	CLEANUP(text_release) struct text options_text = { 0 };
	CLEANUP(mem_free) char *file_text = NULL;
	struct update_request req = { 0 };
	size_t n = 0;
	int r = refuse_rdt(v, e);

	if (r == 0)
		r = from_options(v, &options_text, &n, e);
	if (r < 0)
		return r;
	if (v->resources && n > 0)
		return error_set(e, EINVAL,
			"update: limits from --resources and from other options at the same time");
	if (!v->resources && n == 0) {
		error_set(e, EINVAL, "update: nothing to change");
		return error_hint(e, "see '%s update --help'", cli->program);
	}
	req = (struct update_request){
		.name = "update", .json = options_text.s, .len = options_text.len
	};
	if (v->resources) {
		req.name = streq(v->resources, "-") ? "standard input" : v->resources;
		r = read_file(v->resources, &file_text, &req.len, e);
		req.json = file_text;
	}
	return r < 0 ? r : container_update(&cli->runtime, operands->v[0], &req, e);
}

#define ROW(option_name, what, text, field)                                                        \
	{                                                                                          \
		.name = option_name, .value = what, .type = OPTION_STRING, .help = text, AT(field) \
	}

static const struct option_def options[] = {
	{ .shorts = "r",
		.name = "resources",
		.value = "FILE",
		.type = OPTION_STRING,
		.complete = COMPLETE_FILE,
		.help = "the limits as in linux.resources; -: standard input",
		AT(resources) },
	ROW("blkio-weight", "N", "share of block I/O, 10 to 1000", blkio_weight),
	ROW("cpu-period", "USEC", "length of a period of the CPU quota", cpu_period),
	ROW("cpu-quota", "USEC", "CPU time in a period; -1: no limit", cpu_quota),
	ROW("cpu-burst", "USEC", "CPU time saved up for later periods", cpu_burst),
	ROW("cpu-share", "N", "share of CPU time; 1024 is the usual one", cpu_share),
	ROW("cpu-idle", "0|1", "only the CPU time that nobody else wants", cpu_idle),
	ROW("cpu-rt-period", "USEC", "refused: cgroup v2 has nothing for it", cpu_rt_period),
	ROW("cpu-rt-runtime", "USEC", "refused: cgroup v2 has nothing for it", cpu_rt_runtime),
	ROW("cpuset-cpus", "LIST", "CPUs to run on: 0-3,7", cpuset_cpus),
	ROW("cpuset-mems", "LIST", "memory nodes to use", cpuset_mems),
	{ .shorts = "m",
		.name = "memory",
		.value = "SIZE",
		.type = OPTION_STRING,
		.help = "limit of memory: 100m; -1: none",
		AT(memory) },
	ROW("memory-reservation", "SIZE", "memory that is reclaimed last", memory_reservation),
	ROW("memory-swap", "SIZE", "limit of memory and swap together", memory_swap),
	ROW("kernel-memory", "SIZE", "refused: cgroup v2 has nothing for it", kernel_memory),
	ROW("kernel-memory-tcp", "SIZE", "refused: cgroup v2 has nothing for it",
		kernel_memory_tcp),
	ROW("pids-limit", "N", "limit of processes and threads; -1: none", pids_limit),
	ROW("l3-cache-schema", "TEXT", "refused: not changed after create", l3_cache_schema),
	ROW("mem-bw-schema", "TEXT", "refused: not changed after create", mem_bw_schema),
	OPTION_LAST_ROWS,
};

const struct command command_update = {
	.name = "update",
	.operands = "ID",
	.summary = "change the limits of a container",
	.options = options,
	.values_size = sizeof(struct update_values),
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = update,
};
