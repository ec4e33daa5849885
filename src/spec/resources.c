/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: linux.resources; the same object is `update --resources`. */
#include <string.h>

#include "spec/check.h"
#include "spec/tables.h"

#define R struct spec_resources

static int check_access(const struct json *j, struct error *e)
{
	if (j->text[strspn(j->text, "rwm")])
		return json_error(j, e, "%s has more than r, w and m", json_quote(j->text).s);
	return 0;
}

/* Some callers write -1 for "all". */
static const struct bind device_rule_rows[] = {
	BIND_ROW_BOOL("allow", struct spec_device_rule, allow, .flags = BIND_REQUIRED),
	BIND_ROW_CHAR("type", struct spec_device_rule, type, spec_device_rule_type_names,
		.flags = BIND_EMPTY_ABSENT),
	BIND_ROW_OPT_I64("major", struct spec_device_rule, major, BIND_RANGE(-1, UINT32_MAX)),
	BIND_ROW_OPT_I64("minor", struct spec_device_rule, minor, BIND_RANGE(-1, UINT32_MAX)),
	BIND_ROW_STRING("access", struct spec_device_rule, access, .flags = BIND_EMPTY_ABSENT,
		.check = check_access),
	BIND_END,
};

static const struct bind_object device_rule_table = { .rows = device_rule_rows };

#define MEMORY struct spec_memory

static const struct bind memory_rows[] = {
	BIND_ROW_OPT_I64("limit", MEMORY, limit, BIND_MIN(-1)),
	BIND_ROW_OPT_I64("reservation", MEMORY, reservation, BIND_MIN(-1)),
	BIND_ROW_OPT_I64("swap", MEMORY, swap, BIND_MIN(-1)),
	BIND_ROW_OPT_I64("kernel", MEMORY, kernel, BIND_MIN(-1)),
	BIND_ROW_OPT_I64("kernelTCP", MEMORY, kernel_tcp, BIND_MIN(-1)),
	BIND_ROW_OPT_U64("swappiness", MEMORY, swappiness, BIND_RANGE(0, 100)),
	BIND_ROW_OPT_BOOL("disableOOMKiller", MEMORY, disable_oom_killer),
	BIND_ROW_OPT_BOOL("useHierarchy", MEMORY, use_hierarchy),
	BIND_ROW_OPT_BOOL("checkBeforeUpdate", MEMORY, check_before_update),
	BIND_END,
};

static const struct bind_object memory_table = { .rows = memory_rows };

static int burst_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_cpu *c = object;

	if (c->quota.v > 0 && c->burst.v > (uint64_t)c->quota.v)
		return json_error(
			j, e, "%s is above the quota, %lld", j->text, (long long)c->quota.v);
	return 0;
}

static const struct bind cpu_rows[] = {
	BIND_ROW_OPT_U64("shares", struct spec_cpu, shares),
	BIND_ROW_OPT_I64("quota", struct spec_cpu, quota),
	BIND_ROW_OPT_U64("burst", struct spec_cpu, burst, .rule = burst_rule),
	BIND_ROW_OPT_U64("period", struct spec_cpu, period),
	BIND_ROW_OPT_I64("realtimeRuntime", struct spec_cpu, realtime_runtime),
	BIND_ROW_OPT_U64("realtimePeriod", struct spec_cpu, realtime_period),
	BIND_ROW_STRING("cpus", struct spec_cpu, cpus, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_STRING("mems", struct spec_cpu, mems, .flags = BIND_EMPTY_ABSENT),
	BIND_ROW_OPT_I64("idle", struct spec_cpu, idle, BIND_RANGE(0, 1)),
	BIND_END,
};

static const struct bind_object cpu_table = { .rows = cpu_rows };

static const struct bind pids_rows[] = {
	BIND_ROW_I64("limit", struct spec_pids, limit, BIND_MIN(-1), .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object pids_table = { .rows = pids_rows };

/* 0 means unset (callers that do not tell the two apart). */
static int check_weight(const struct json *j, struct error *e)
{
	int64_t weight = 0;

	if (json_i64(j, INT64_MIN, INT64_MAX, &weight) < 0)
		return 0; /* its type and range are the row's */
	if (weight > 0 && weight < 10)
		return json_error(j, e, "found %s, must be 0 or from 10 to 1000", j->text);
	return 0;
}

static int weight_device_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_blkio_weight_device *d = object;

	if (!d->weight.set && !d->leaf_weight.set)
		return json_error(j, e, "must have weight or leafWeight");
	return 0;
}

#define DEVICE_NUMBERS(s)                                                                   \
	BIND_ROW_I64("major", s, major, BIND_RANGE(0, UINT32_MAX), .flags = BIND_REQUIRED), \
		BIND_ROW_I64("minor", s, minor, BIND_RANGE(0, UINT32_MAX), .flags = BIND_REQUIRED)

#define WEIGHT(name, s, field) \
	BIND_ROW_OPT_U32(name, s, field, BIND_RANGE(0, 1000), .check = check_weight)

static const struct bind weight_device_rows[] = {
	DEVICE_NUMBERS(struct spec_blkio_weight_device),
	WEIGHT("weight", struct spec_blkio_weight_device, weight),
	WEIGHT("leafWeight", struct spec_blkio_weight_device, leaf_weight),
	BIND_END,
};

static const struct bind_object weight_device_table = { .rows = weight_device_rows,
	.rule = weight_device_rule };

static const struct bind throttle_rows[] = {
	DEVICE_NUMBERS(struct spec_blkio_throttle),
	BIND_ROW_OPT_U64("rate", struct spec_blkio_throttle, rate, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object throttle_table = { .rows = throttle_rows };

#define THROTTLE(name, field) \
	BIND_ROW_LIST(name, struct spec_blkio, field, struct spec_blkio_throttle, &throttle_table)

static const struct bind blkio_rows[] = {
	WEIGHT("weight", struct spec_blkio, weight),
	WEIGHT("leafWeight", struct spec_blkio, leaf_weight),
	BIND_ROW_LIST("weightDevice", struct spec_blkio, weight_device,
		struct spec_blkio_weight_device, &weight_device_table),
	THROTTLE("throttleReadBpsDevice", read_bps),
	THROTTLE("throttleWriteBpsDevice", write_bps),
	THROTTLE("throttleReadIOPSDevice", read_iops),
	THROTTLE("throttleWriteIOPSDevice", write_iops),
	BIND_END,
};

static const struct bind_object blkio_table = { .rows = blkio_rows };

/* As the kernel names its control files: 64KB, 2MB, 1GB. */
static int check_page_size(const struct json *j, struct error *e)
{
	size_t digits = strspn(j->text, "0123456789");
	const char *unit = j->text + digits;

	if (digits == 0 || j->text[0] == '0' || !*unit || !strchr("KMG", *unit) ||
		!streq(unit + 1, "B"))
		return json_error(j, e, "%s is not a page size such as 2MB", json_quote(j->text).s);
	return 0;
}

static const struct bind hugepage_limit_rows[] = {
	BIND_ROW_STRING("pageSize", struct spec_hugepage_limit, page_size, .flags = BIND_REQUIRED,
		.check = check_page_size),
	BIND_ROW_U64("limit", struct spec_hugepage_limit, limit, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object hugepage_limit_table = { .rows = hugepage_limit_rows };

static const struct bind net_priority_rows[] = {
	BIND_ROW_STRING("name", struct spec_net_priority, name, .flags = BIND_REQUIRED,
		.check = check_interface),
	BIND_ROW_U32("priority", struct spec_net_priority, priority, .flags = BIND_REQUIRED),
	BIND_END,
};

static const struct bind_object net_priority_table = { .rows = net_priority_rows };

static const struct bind net_class_rows[] = {
	BIND_ROW_OPT_U32("classID", struct spec_net_class, class_id),
	BIND_ROW_LIST("priorities", struct spec_net_class, priorities, struct spec_net_priority,
		&net_priority_table),
	BIND_END,
};

static const struct bind_object net_class_table = { .rows = net_class_rows };

static int rdma_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_rdma *r = object;

	if (!r->hca_handles.set && !r->hca_objects.set)
		return json_error(j, e, "must have hcaHandles or hcaObjects");
	return 0;
}

static const struct bind rdma_rows[] = {
	BIND_ROW_OPT_U32("hcaHandles", struct spec_rdma, hca_handles),
	BIND_ROW_OPT_U32("hcaObjects", struct spec_rdma, hca_objects),
	BIND_END,
};

static const struct bind_object rdma_table = { .rows = rdma_rows, .rule = rdma_rule };

/* The key is a file of the container's cgroup, and of no other directory. */
static int check_unified_key(const struct json *j, struct error *e)
{
	if (!*j->key || strchr(j->key, '/') || streq(j->key, ".") || streq(j->key, ".."))
		return json_error(j, e, "the key is not the name of a file");
	return 0;
}

static const struct bind resources_rows[] = {
	BIND_ROW_LIST("devices", R, devices, struct spec_device_rule, &device_rule_table),
	BIND_ROW_POINTER("memory", R, memory, struct spec_memory, &memory_table),
	BIND_ROW_POINTER("cpu", R, cpu, struct spec_cpu, &cpu_table),
	BIND_ROW_POINTER("pids", R, pids, struct spec_pids, &pids_table),
	BIND_ROW_POINTER("blockIO", R, blkio, struct spec_blkio, &blkio_table),
	BIND_ROW_LIST("hugepageLimits", R, hugepage_limits, struct spec_hugepage_limit,
		&hugepage_limit_table),
	BIND_ROW_POINTER("network", R, network, struct spec_net_class, &net_class_table),
	BIND_ROW_MAP("rdma", R, rdma, struct spec_rdma, &rdma_table),
	BIND_ROW_PAIRS("unified", R, unified, .check = check_unified_key),
	BIND_END,
};

const struct bind_object spec_resources_table = { .rows = resources_rows };
