/* SPDX-License-Identifier: Apache-2.0 */
/* The hosts that plans are made for, by name. */
#pragma once

#include "host/host.h"
#include "tap.h"

#define ALL_CAPS ((1ull << 41) - 1)
#define CAP(n)	 (1ull << (n))

#define IDS_INITIAL              \
	{                        \
		0, 0, UINT32_MAX \
	}
#define IDS_NESTED               \
	{ 0, 1000, 1 },          \
	{                        \
		1, 100000, 65536 \
	}
#define COUNT(type, ...) (sizeof((type[]){ __VA_ARGS__ }) / sizeof(type))
#define MAPS(...)                                                              \
	{                                                                      \
		COUNT(struct idmap_range, __VA_ARGS__), (struct idmap_range[]) \
		{                                                              \
			__VA_ARGS__                                            \
		}                                                              \
	}
#define RANGES(...)                                                      \
	{                                                                \
		COUNT(struct id_range, __VA_ARGS__), (struct id_range[]) \
		{                                                        \
			__VA_ARGS__                                      \
		}                                                        \
	}

/* Our own user namespace's number, and that of some other one. */
#define OURS   4026531837
#define OTHERS 4026532999

#define HELPERS                                                              \
	.newuidmap = (char[]){ "/usr/bin/newuidmap" }, .newgidmap = (char[]) \
	{                                                                    \
		"/usr/bin/newgidmap"                                         \
	}
#define CGROUP_V2                                                 \
	.cgroup = { HOST_CGROUP_V2, (char[]){ "/sys/fs/cgroup" }, \
		(char[]){ "/user.slice/session" } }
/* A manager that answers. */
#define CGROUP_SYSTEMD(who)                                                                     \
	.cgroup = { HOST_CGROUP_V2, (char[]){ "/sys/fs/cgroup" }, (char[]){ "/session" }, NULL, \
		{ 0 }, (char[]){ "peer=unix:path=/run/" who "/systemd/private" } }
/* A subtree of ours with two controllers. */
#define CGROUP_DELEGATED                                                                   \
	.cgroup = { HOST_CGROUP_V2, (char[]){ "/sys/fs/cgroup" }, (char[]){ "/ours/own" }, \
		(char[]){ "/ours" },                                                       \
		{ 2, (char *[]){ (char[]){ "memory" }, (char[]){ "pids" }, NULL } } }
/* The same where systemd runs, and the kernel has one more. */
#define CGROUP_BOOTED                                                                            \
	.cgroup = { HOST_CGROUP_V2, (char[]){ "/sys/fs/cgroup" }, (char[]){ "/ours/own" },       \
		(char[]){ "/ours" },                                                             \
		{ 2, (char *[]){ (char[]){ "memory" }, (char[]){ "pids" }, NULL } }, NULL,       \
		{ 3,                                                                             \
			(char *[]){ (char[]){ "memory" }, (char[]){ "pids" }, (char[]){ "cpu" }, \
				NULL } },                                                        \
		true }
#define USER	    .ids = { .uid = 1000, .gid = 1000, .privilege = HOST_USER, .user_namespace = OURS }
#define OWN_INITIAL .own_uids = MAPS(IDS_INITIAL), .own_gids = MAPS(IDS_INITIAL)
#define OWN_NESTED  .own_uids = MAPS(IDS_NESTED), .own_gids = MAPS(IDS_NESTED)

static const struct host_row {
	const char *name;
	struct host host;
} hosts[] = {
	/* An ordinary user with a line in /etc/subuid and /etc/subgid. */
	{ "user",
		{ USER, OWN_INITIAL, HELPERS, CGROUP_V2, .sub_uids = RANGES({ 100000, 65536 }),
			.sub_gids = RANGES({ 100000, 65536 }) } },
	/* Without. */
	{ "user-single", { USER, OWN_INITIAL, HELPERS, CGROUP_V2 } },
	/* With lines, and nobody to write the map. */
	{ "user-no-helper",
		{ USER, OWN_INITIAL, CGROUP_V2, .sub_uids = RANGES({ 100000, 65536 }),
			.sub_gids = RANGES({ 100000, 65536 }) } },
	{ "user-several",
		{ USER, OWN_INITIAL, HELPERS, CGROUP_V2,
			.sub_uids = RANGES({ 200000, 1000 }, { 100000, 65536 }, { 300000, 1 }),
			.sub_gids = RANGES({ 500000, 10 }, { 400000, 20 }) } },
	{ "user-hybrid",
		{ USER, OWN_INITIAL, HELPERS,
			.cgroup = { HOST_CGROUP_HYBRID, (char[]){ "/sys/fs/cgroup/unified" } } } },
	{ "user-v1", { USER, OWN_INITIAL, HELPERS, .cgroup = { HOST_CGROUP_V1 } } },
	{ "user-systemd",
		{ USER, OWN_INITIAL, HELPERS, CGROUP_SYSTEMD("user/1000"),
			.sub_uids = RANGES({ 100000, 65536 }),
			.sub_gids = RANGES({ 100000, 65536 }) } },
	{ "user-delegated", { USER, OWN_INITIAL, HELPERS, CGROUP_DELEGATED } },
	{ "user-booted", { USER, OWN_INITIAL, HELPERS, CGROUP_BOOTED } },
	/* A machine with systemd, and none of this user's. */
	{ "user-alone",
		{ .ids = { .uid = 1000,
			  .gid = 1000,
			  .privilege = HOST_USER,
			  .user_name = (char[]){ "mossy" },
			  .user_namespace = OURS },
			OWN_INITIAL,
			HELPERS,
			.cgroup = { HOST_CGROUP_V2, (char[]){ "/sys/fs/cgroup" },
				(char[]){ "/user.slice/session" }, .systemd_runs = true } } },
	{ "root-systemd",
		{ .ids = { .privilege = HOST_ROOT, .user_namespace = OURS },
			OWN_INITIAL,
			CGROUP_SYSTEMD("system"),
			.capabilities = ALL_CAPS } },
	{ "user-apparmor", { USER, OWN_INITIAL, HELPERS, CGROUP_V2, .apparmor = true } },
	{ "user-selinux", { USER, OWN_INITIAL, HELPERS, CGROUP_V2, .selinux = true } },
	/* What rootless Podman leaves us in. */
	{ "nested",
		{ .ids = { .privilege = HOST_NAMESPACE_ROOT, .user_namespace = OURS },
			OWN_NESTED,
			CGROUP_V2,
			.capabilities = ALL_CAPS } },
	/* unshare -r */
	{ "nested-single",
		{ .ids = { .privilege = HOST_NAMESPACE_ROOT, .user_namespace = OURS },
			.own_uids = MAPS({ 0, 1000, 1 }),
			.own_gids = MAPS({ 0, 1000, 1 }),
			CGROUP_V2,
			.capabilities = ALL_CAPS } },
	{ "root",
		{ .ids = { .privilege = HOST_ROOT, .user_namespace = OURS },
			OWN_INITIAL,
			CGROUP_V2,
			.capabilities = ALL_CAPS } },
	{ "root-selinux",
		{ .ids = { .privilege = HOST_ROOT, .user_namespace = OURS },
			OWN_INITIAL,
			CGROUP_V2,
			.capabilities = ALL_CAPS,
			.selinux = true } },
	/* Root without CAP_NET_ADMIN (12). */
	{ "root-weak",
		{ .ids = { .privilege = HOST_ROOT, .user_namespace = OURS },
			OWN_INITIAL,
			CGROUP_V2,
			.capabilities = ALL_CAPS & ~CAP(12) } },
	/* Root in somebody else's container: no CAP_MKNOD (27), no CAP_SYS_RESOURCE (24). */
	{ "root-bounded",
		{ .ids = { .privilege = HOST_ROOT, .user_namespace = OURS },
			OWN_INITIAL,
			CGROUP_V2,
			.capabilities = ALL_CAPS & ~CAP(27) & ~CAP(24) } },
};

static inline struct host *find_host(const char *name)
{
	struct host *host = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (streq(hosts[i].name, name)) {
			host = xmalloc(sizeof(*host));
			*host = hosts[i].host;
		}
	if (!host) {
		printf("Bail out! no host '%s'\n", name);
		exit(EXIT_FAILURE);
	}
	host->cap_last = 40;
	for (int i = 0; i < RLIM_NLIMITS; i++)
		host->rlimits[i] = (struct rlimit){ 4096, 8192 };
	return host;
}
