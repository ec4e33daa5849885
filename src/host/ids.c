/* SPDX-License-Identifier: Apache-2.0 */
#include "host/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/spawn.h"
#include "kernel/caps.h"

/* The initial user namespace's fixed number: PROC_USER_INIT_INO in include/linux/proc_ns.h. */
#define INITIAL_USER_NAMESPACE 0xEFFFFFFDu

#define SUBID_FILE_MAX	  (16u << 20)
#define GETSUBIDS_TIMEOUT 30000

/* passwd(5): NAME:PASSWORD:UID:... */
static bool is_entry_of(char *line, uid_t uid, const char **out_name)
{
	char *save = NULL;
	const char *number;
	uint64_t n;

	*out_name = strtok_r(line, ":", &save);
	/* An empty password would be skipped as a separator, so look behind it by hand. */
	if (!save || !*out_name)
		return false;
	save = strchr(save, ':');
	number = save ? strtok_r(NULL, ":", &save) : NULL;
	return number && str_u64(number, UINT32_MAX, &n) == 0 && n == uid;
}

/*
 * Only /etc/passwd: a static program must not load NSS modules. A name that stands elsewhere comes
 * from the environment, which is good enough, since newuidmap decides what it is worth.
 */
static char *find_user_name(uid_t uid)
{
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;
	const char *name;

	if (file_read_text(AT_FDCWD, "/etc/passwd", SUBID_FILE_MAX, &text, NULL) == 0)
		for (char *line = strtok_r(text, "\n", &save); line;
			line = strtok_r(NULL, "\n", &save))
			if (is_entry_of(line, uid, &name))
				return xstrdup(name);
	name = getenv("USER");
	if (!name)
		name = getenv("LOGNAME");
	return xstrdup(name ? name : "");
}

int host_ids_probe(struct host_ids *out, struct error *e)
{
	struct stat st;

	if (stat("/proc/self/ns/user", &st) < 0) {
		error_errno(e, "look at '/proc/self/ns/user'");
		return error_hint(
			e, "lichen needs a procfs at /proc and a kernel with user namespaces");
	}
	*out = (struct host_ids){ .uid = geteuid(), .gid = getegid(), .user_namespace = st.st_ino };
	if (!(cap_effective() & 1ull << CAP_SYS_ADMIN))
		out->privilege = HOST_USER;
	else
		out->privilege = st.st_ino == INITIAL_USER_NAMESPACE ? HOST_ROOT
								     : HOST_NAMESPACE_ROOT;
	out->user_name = find_user_name(out->uid);
	return 0;
}

void host_ids_release(struct host_ids *ids)
{
	free(ids->user_name);
	*ids = (struct host_ids){ 0 };
}

void id_ranges_release(struct id_ranges *ranges)
{
	free(ranges->v);
	*ranges = (struct id_ranges){ 0 };
}

static void add_range(struct id_ranges *out, uint64_t first, uint64_t count)
{
	if (count == 0 || first + count > UINT32_MAX)
		return;
	out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
	out->v[out->n++] = (struct id_range){ (uint32_t)first, (uint32_t)count };
}

/* One "NAME:FIRST:COUNT"; what isn't of this form is passed over, as shadow does. */
static void parse_line(char *line, const char *user_name, uid_t uid, struct id_ranges *out)
{
	const char *name = strsep(&line, ":");
	const char *first = strsep(&line, ":");
	const char *count = strsep(&line, ":");
	uint64_t number, from, n;
	bool mine;

	if (!first || !count || line)
		return;
	mine = (*user_name && streq(name, user_name)) ||
		(str_u64(name, UINT32_MAX, &number) == 0 && number == uid);
	if (mine && str_u64(first, UINT32_MAX, &from) == 0 && str_u64(count, UINT32_MAX, &n) == 0)
		add_range(out, from, n);
}

void id_ranges_parse(const char *text, const char *user_name, uid_t uid, struct id_ranges *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(text);
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		parse_line(line, user_name, uid, out);
}

/* Whether subordinate IDs come from somewhere else than the files: nsswitch.conf(5). */
static bool uses_name_service(void)
{
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;

	if (file_read_text(AT_FDCWD, "/etc/nsswitch.conf", SUBID_FILE_MAX, &text, NULL) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "subid:"))
			return strstr(line, "files") == NULL;
	return false;
}

/* Its lines are "0: NAME FIRST COUNT". */
static int ask_getsubids(
	const struct host_ids *ids, enum idmap_kind kind, struct id_ranges *out, struct error *e)
{
	static const char *const envp[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	CLEANUP(mem_free) char *path = host_find_program("getsubids");
	const char *argv[] = { "getsubids", NULL, NULL, NULL };
	CLEANUP(child_release)
	struct child c = { .pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF };
	char *save = NULL;
	int status, r;

	if (!path) {
		error_set(e, ENOENT, "read the subordinate IDs: 'getsubids' not found");
		return error_hint(e,
			"/etc/nsswitch.conf names a source of subids that only "
			"getsubids can read: install the package uidmap");
	}
	argv[1] = kind == IDMAP_GID ? "-g" : ids->user_name;
	argv[2] = kind == IDMAP_GID ? ids->user_name : NULL;
	r = spawn_start(
		&(struct spawn){ .path = path, .argv = argv, .envp = envp, .cwd_fd = -EBADF }, &c,
		e);
	if (r == 0)
		r = spawn_wait(&c, time_ms() + GETSUBIDS_TIMEOUT, &status, e);
	if (r < 0)
		return error_context(e, "getsubids");
	for (char *line = strtok_r(c.output.s ? c.output.s : (char[]){ "" }, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save)) {
		unsigned int first, count;

		if (sscanf(line, "%*u: %*s %u %u", &first, &count) == 2)
			add_range(out, first, count);
	}
	return 0;
}

int host_subordinate_ids(
	const struct host_ids *ids, enum idmap_kind kind, struct id_ranges *out, struct error *e)
{
	const char *path = kind == IDMAP_UID ? "/etc/subuid" : "/etc/subgid";
	CLEANUP(mem_free) char *text = NULL;
	int r;

	*out = (struct id_ranges){ 0 };
	if (uses_name_service())
		return ask_getsubids(ids, kind, out, e);
	r = file_read_text(AT_FDCWD, path, SUBID_FILE_MAX, &text, NULL);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return error_set(e, -r, "read '%s': %s", path, strerror(-r));
	id_ranges_parse(text, ids->user_name, ids->uid, out);
	return 0;
}

static int read_map(const char *path, struct idmap *out, struct error *e)
{
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;
	int r = file_read_text(AT_FDCWD, path, SUBID_FILE_MAX, &text, NULL);

	if (r < 0)
		return error_set(e, -r, "read '%s': %s", path, strerror(-r));
	*out = (struct idmap){ 0 };
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct idmap_range range;

		if (sscanf(line, "%u %u %u", &range.inside, &range.outside, &range.count) != 3)
			continue;
		out->v = xrealloc(out->v, out->n + 1, sizeof(*out->v));
		out->v[out->n++] = range;
	}
	return 0;
}

int host_own_map(enum idmap_kind kind, struct idmap *out, struct error *e)
{
	return read_map(kind == IDMAP_UID ? "/proc/self/uid_map" : "/proc/self/gid_map", out, e);
}

int host_id_outside(const struct idmap *map, uint32_t id, uint32_t *out)
{
	for (size_t i = 0; i < map->n; i++) {
		const struct idmap_range *range = &map->v[i];

		if (id < range->inside || id - range->inside >= range->count)
			continue;
		*out = range->outside + (id - range->inside);
		return 0;
	}
	return -ENOENT;
}

static bool is_in_our_user_namespace(pid_t pid)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/ns/user", pid);
	struct stat own, other;

	return stat("/proc/self/ns/user", &own) == 0 && stat(path, &other) == 0 &&
		own.st_ino == other.st_ino;
}

int host_uid_of_process(pid_t pid, uid_t uid, uid_t *out, struct error *e)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/uid_map", pid);
	struct idmap map = { 0 };
	int r;

	*out = uid;
	if (is_in_our_user_namespace(pid))
		return 0;
	r = read_map(path, &map, e);
	if (r == 0 && host_id_outside(&map, uid, out) < 0)
		r = error_set(
			e, EINVAL, "user %u has no number outside of the user namespace", uid);
	free(map.v);
	return r;
}

int host_map_of(pid_t pid, enum idmap_kind kind, struct idmap *out, struct error *e)
{
	CLEANUP(mem_free)
	char *path = xasprintf("/proc/%d/%s", pid, kind == IDMAP_UID ? "uid_map" : "gid_map");

	return read_map(path, out, e);
}

char *host_find_program(const char *name)
{
	static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	const char *path = getenv("PATH");
	CLEANUP(mem_free) char *dirs = xasprintf("%s:%s", path ? path : "", usual);
	char *save = NULL;

	for (char *dir = strtok_r(dirs, ":", &save); dir; dir = strtok_r(NULL, ":", &save)) {
		CLEANUP(mem_free) char *full = xasprintf("%s/%s", dir, name);

		/* A relative entry would depend on where the caller stands. */
		if (dir[0] == '/' && access(full, X_OK) == 0)
			return TAKE_PTR(full);
	}
	return NULL;
}
