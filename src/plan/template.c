/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/template.h"

#include "spec/json.h"
#include "spec/spec.h"

/* The group tty of every distribution, which owns terminals. */
#define TTY_GID		  5
#define TTY_GID_OPTION	  "gid=5"
#define MOUNT_OPTIONS_MAX 8

struct template_mount {
	const char *destination, *type, *source;
	const char *options[MOUNT_OPTIONS_MAX];
};

static const struct template_mount mounts[] = {
	{ "/proc", "proc", "proc", { NULL } },
	{ "/dev", "tmpfs", "tmpfs", { "nosuid", "strictatime", "mode=755", "size=65536k" } },
	{ "/dev/pts", "devpts", "devpts",
		{ "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
			TTY_GID_OPTION } },
	{ "/dev/shm", "tmpfs", "shm", { "nosuid", "noexec", "nodev", "mode=1777", "size=65536k" } },
	{ "/dev/mqueue", "mqueue", "mqueue", { "nosuid", "noexec", "nodev" } },
	{ "/sys", "sysfs", "sysfs", { "nosuid", "noexec", "nodev", "ro" } },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", { "nosuid", "noexec", "nodev", "relatime", "ro" } },
};

static const char *const args[] = { "sh", NULL };
static const char *const env[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	"TERM=xterm",
	NULL,
};
static const char *const capabilities[] = {
	"CAP_AUDIT_WRITE",
	"CAP_KILL",
	"CAP_NET_BIND_SERVICE",
	NULL,
};
static const char *const namespaces[] = {
	"pid",
	"network",
	"ipc",
	"uts",
	"mount",
	"cgroup",
	NULL,
};

/* What tells of, or changes, the whole machine. */
static const char *const masked_paths[] = {
	"/proc/acpi",
	"/proc/asound",
	"/proc/kcore",
	"/proc/keys",
	"/proc/latency_stats",
	"/proc/timer_list",
	"/proc/timer_stats",
	"/proc/sched_debug",
	"/proc/scsi",
	"/sys/firmware",
	"/sys/devices/virtual/tpm",
	NULL,
};
static const char *const readonly_paths[] = {
	"/proc/bus",
	"/proc/fs",
	"/proc/irq",
	"/proc/sys",
	"/proc/sysrq-trigger",
	NULL,
};

/* An ID map under construction. */
struct map {
	size_t n;
	uint32_t next; /* the first free ID of the container */
	struct idmap_range v[IDMAP_RANGES_MAX];
};

static bool overlaps(const struct map *map, uint64_t first, uint64_t count)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct idmap_range *r = &map->v[i];

		if (first < (uint64_t)r->outside + r->count && r->outside < first + count)
			return true;
	}
	return false;
}

/*
 * The kernel refuses a whole map for one ID that is mapped twice or does not exist, so such a range
 * is left out. What is left has room inside, since no ID of the host is counted twice.
 */
static void map_add(struct map *map, uint32_t first, uint32_t count)
{
	if (count == 0 || map->n == IDMAP_RANGES_MAX || overlaps(map, first, count) ||
		(uint64_t)first + count > UINT32_MAX)
		return;
	map->v[map->n++] = (struct idmap_range){ map->next, first, count };
	map->next += count;
}

static struct map map_of(uint32_t own, const struct id_ranges *ranges)
{
	struct map map = { 0 };

	map_add(&map, own, 1);
	for (size_t i = 0; i < ranges->n; i++)
		map_add(&map, ranges->v[i].first, ranges->v[i].count);
	return map;
}

static bool tty_gid_is_mapped(const struct template_request *req)
{
	if (req->privilege == HOST_USER)
		return map_of(req->gid, &req->sub_gids).next > TTY_GID;
	for (size_t i = 0; i < req->own_gids.n; i++) {
		const struct idmap_range *r = &req->own_gids.v[i];

		if (r->inside <= TTY_GID && TTY_GID - r->inside < r->count)
			return true;
	}
	return false;
}

static void add_strings(struct json_out *j, const char *key, const char *const *list)
{
	json_out_array(j, key);
	for (; *list; list++)
		json_out_string(j, NULL, *list);
	json_out_array_end(j);
}

static void add_process(struct json_out *j, const struct template_request *req)
{
	json_out_object(j, "process");
	json_out_bool(j, "terminal", req->terminal);
	json_out_object(j, "user");
	json_out_u64(j, "uid", 0);
	json_out_u64(j, "gid", 0);
	json_out_object_end(j);
	add_strings(j, "args", args);
	add_strings(j, "env", env);
	json_out_string(j, "cwd", "/");
	json_out_object(j, "capabilities");
	add_strings(j, "bounding", capabilities);
	add_strings(j, "effective", capabilities);
	add_strings(j, "permitted", capabilities);
	json_out_object_end(j);
	json_out_array(j, "rlimits");
	json_out_object(j, NULL);
	json_out_string(j, "type", "RLIMIT_NOFILE");
	json_out_u64(j, "hard", 1024);
	json_out_u64(j, "soft", 1024);
	json_out_object_end(j);
	json_out_array_end(j);
	json_out_bool(j, "noNewPrivileges", true);
	json_out_object_end(j);
}

static void add_mount(struct json_out *j, const struct template_mount *m, bool tty_gid)
{
	json_out_object(j, NULL);
	json_out_string(j, "destination", m->destination);
	json_out_string(j, "type", m->type);
	json_out_string(j, "source", m->source);
	if (m->options[0]) {
		json_out_array(j, "options");
		for (const char *const *o = m->options; *o; o++)
			if (tty_gid || !streq(*o, TTY_GID_OPTION))
				json_out_string(j, NULL, *o);
		json_out_array_end(j);
	}
	json_out_object_end(j);
}

static void add_map(struct json_out *j, const char *key, const struct map *map)
{
	json_out_array(j, key);
	for (size_t i = 0; i < map->n; i++) {
		json_out_object(j, NULL);
		json_out_u64(j, "containerID", map->v[i].inside);
		json_out_u64(j, "hostID", map->v[i].outside);
		json_out_u64(j, "size", map->v[i].count);
		json_out_object_end(j);
	}
	json_out_array_end(j);
}

static void add_namespace(struct json_out *j, const char *type, const char *path)
{
	json_out_object(j, NULL);
	json_out_string(j, "type", type);
	json_out_string_if(j, "path", path);
	json_out_object_end(j);
}

/* Whose network it is stands there; how it is connected is an annotation. */
static void add_namespaces(struct json_out *j, const struct template_request *req)
{
	enum network_mode mode = req->network ? req->network->mode : NETWORK_NONE;

	json_out_array(j, "namespaces");
	for (const char *const *n = namespaces; *n; n++) {
		bool is_network = streq(*n, "network");

		if (!is_network || mode != NETWORK_HOST)
			add_namespace(
				j, *n, is_network && req->network ? req->network->path : NULL);
	}
	if (req->privilege == HOST_USER)
		add_namespace(j, "user", NULL);
	json_out_array_end(j);
}

static void add_annotations(struct json_out *j, const struct network_words *network)
{
	CLEANUP(text_release) struct text words = { 0 };

	if (!network || network->mode == NETWORK_NONE || network->mode == NETWORK_HOST ||
		network->mode == NETWORK_PATH)
		return;
	network_words_print(network, &words);
	json_out_object(j, "annotations");
	json_out_string(j, NETWORK_ANNOTATION, words.s);
	json_out_object_end(j);
}

static void add_linux(struct json_out *j, const struct template_request *req)
{
	bool own_user_namespace = req->privilege == HOST_USER;

	json_out_object(j, "linux");
	if (own_user_namespace) {
		struct map uids = map_of(req->uid, &req->sub_uids);
		struct map gids = map_of(req->gid, &req->sub_gids);

		add_map(j, "uidMappings", &uids);
		add_map(j, "gidMappings", &gids);
	}
	add_namespaces(j, req);
	add_strings(j, "maskedPaths", masked_paths);
	add_strings(j, "readonlyPaths", readonly_paths);
	json_out_object_end(j);
}

void template_config(const struct template_request *req, struct text *out)
{
	struct json_out j;
	bool tty_gid = tty_gid_is_mapped(req);

	json_out_init(&j, out, 4);
	json_out_object(&j, NULL);
	json_out_string(&j, "ociVersion", SPEC_VERSION);
	add_process(&j, req);
	json_out_object(&j, "root");
	json_out_string(&j, "path", "rootfs");
	json_out_bool(&j, "readonly", true);
	json_out_object_end(&j);
	json_out_string(&j, "hostname", "lichen");
	json_out_array(&j, "mounts");
	for (size_t i = 0; i < ARRAY_SIZE(mounts); i++)
		add_mount(&j, &mounts[i], tty_gid);
	json_out_array_end(&j);
	add_annotations(&j, req->network);
	add_linux(&j, req);
	json_out_object_end(&j);
	text_puts(out, "\n");
}
