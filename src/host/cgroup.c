/* SPDX-License-Identifier: Apache-2.0 */
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"

#define CGROUP_ROOT "/sys/fs/cgroup"
#define FILE_MAX    (1u << 20)

#define CONNECT_TIMEOUT_S 2

static bool is_cgroup2(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* The unified hierarchy's line of a /proc/PID/cgroup begins with "0::". */
static char *read_path(const char *file)
{
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;

	if (file_read_text(AT_FDCWD, file, FILE_MAX, &text, NULL) < 0)
		return NULL;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (str_starts(line, "0::/"))
			return xstrdup(line + 3);
	return NULL;
}

/* "/..": the cgroup lies outside of our cgroup namespace. */
static bool is_outside(const char *path)
{
	return str_starts(path, "/..");
}

char *host_cgroup_own_path(void)
{
	return read_path("/proc/self/cgroup");
}

/* Where systemd mounts a hybrid, the unified tree stands at CGROUP_ROOT/unified. */
void host_cgroup_probe(struct host_cgroup *out)
{
	struct statfs fs;

	out->path = host_cgroup_own_path();
	out->systemd_runs = access("/run/systemd/system", F_OK) == 0;
	if (is_cgroup2(CGROUP_ROOT)) {
		out->kind = HOST_CGROUP_V2;
		out->mount = xstrdup(CGROUP_ROOT);
	} else if (is_cgroup2(CGROUP_ROOT "/unified")) {
		out->kind = HOST_CGROUP_HYBRID;
		out->mount = xstrdup(CGROUP_ROOT "/unified");
	} else if (statfs(CGROUP_ROOT, &fs) == 0 && fs.f_type == TMPFS_MAGIC) {
		out->kind = HOST_CGROUP_V1;
	}
}

/* ---- where we may make cgroups ---- */

/* Directory and members: both are what delegation gives (cgroups(7)). */
static bool is_writable(const char *dir)
{
	CLEANUP(mem_free) char *procs = xasprintf("%s/cgroup.procs", dir);

	return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) == 0 &&
		faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) == 0;
}

/* systemd's mark of a delegated unit, for everybody to read since its version 251. */
static bool is_marked(const char *dir)
{
	static const char *const names[] = { "user.delegate", "trusted.delegate" };
	char value[2];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (getxattr(dir, names[i], value, sizeof(value)) == 1 && value[0] == '1')
			return true;
	return false;
}

static char *parent_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

static bool ends_with(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len > end_len && streq(s + len - end_len, end);
}

/*
 * The unit of systemd that we are in: marked or, since the managers of users mark no scopes, called
 * so. Above it is systemd's, which takes controllers away again that its units don't need.
 */
static char *find_unit(const struct host_cgroup *c)
{
	CLEANUP(mem_free) char *path = xstrdup(c->path);

	for (;;) {
		CLEANUP(mem_free) char *dir = xasprintf("%s%s", c->mount, path);
		char *parent;

		if (!is_writable(dir))
			return NULL;
		if (is_marked(dir) || ends_with(path, ".scope") || ends_with(path, ".service"))
			return TAKE_PTR(path);
		if (streq(path, "/"))
			return NULL;
		parent = parent_of(path);
		free(path);
		path = parent;
	}
}

static char *find_base(const struct host_cgroup *c)
{
	CLEANUP(mem_free) char *own = xasprintf("%s%s", c->mount, c->path);
	CLEANUP(mem_free) char *parent = parent_of(c->path);
	CLEANUP(mem_free) char *parent_dir = xasprintf("%s%s", c->mount, parent);
	char *unit = find_unit(c);

	if (unit)
		return unit;
	/* Without a systemd: beside us, since a cgroup with processes in it can't give controllers
	 * to its children. */
	if (is_writable(parent_dir))
		return TAKE_PTR(parent);
	return is_writable(own) ? xstrdup(c->path) : NULL;
}

static void read_controllers(const struct host_cgroup *c, const char *cgroup, struct strlist *out)
{
	CLEANUP(mem_free) char *path = xasprintf("%s%s/cgroup.controllers", c->mount, cgroup);
	CLEANUP(mem_free) char *text = NULL;
	char *save = NULL;

	if (file_read_text(AT_FDCWD, path, FILE_MAX, &text, NULL) < 0)
		return;
	for (char *w = strtok_r(text, " \n", &save); w; w = strtok_r(NULL, " \n", &save))
		strlist_add(out, xstrdup(w));
}

/* cgroups(7), "delegation containment": who moves a process must own what is above both places. */
static bool may_move_to(const struct host_cgroup *c, const char *base)
{
	CLEANUP(mem_free) char *path = xstrdup(base);
	CLEANUP(mem_free) char *procs = NULL;

	if (!c->path || is_outside(c->path))
		return false;
	while (!path_beneath(c->path, path)) {
		char *parent = parent_of(path);

		free(path);
		path = parent;
	}
	procs = xasprintf("%s%s/cgroup.procs", c->mount, path);
	return faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) == 0;
}

/* The path itself is to be made; if it is there, we make something in it. */
static char *find_ancestor(const struct host_cgroup *c, const char *wanted)
{
	CLEANUP(mem_free) char *path = path_clean("/", wanted);

	while (!streq(path, "/")) {
		CLEANUP(mem_free) char *dir = NULL;
		char *parent = parent_of(path);

		free(path);
		path = parent;
		dir = xasprintf("%s%s", c->mount, path);
		if (is_writable(dir) && may_move_to(c, path))
			return TAKE_PTR(path);
		if (access(dir, F_OK) == 0)
			return NULL;
	}
	return NULL;
}

/* Not even its first name is there: nobody's, so nothing is meant that we can't have. */
static bool begins_nowhere(const struct host_cgroup *c, const char *wanted)
{
	CLEANUP(mem_free) char *path = path_clean("/", wanted);
	CLEANUP(mem_free) char *dir = NULL;

	path[1 + strcspn(path + 1, "/")] = '\0';
	dir = xasprintf("%s%s", c->mount, path);
	return access(dir, F_OK) < 0 && errno == ENOENT;
}

void host_cgroup_probe_delegation(struct host_cgroup *c, const char *path)
{
	if (!c->mount)
		return;
	if (path)
		c->base = find_ancestor(c, path);
	if (!c->base && c->path && !is_outside(c->path) && (!path || begins_nowhere(c, path)))
		c->base = find_base(c);
	read_controllers(c, "", &c->known);
	if (c->base)
		read_controllers(c, c->base, &c->controllers);
}

bool host_cgroup_has(const struct host_cgroup *c, const char *controller)
{
	for (size_t i = 0; i < c->controllers.n; i++)
		if (streq(c->controllers.v[i], controller))
			return true;
	return false;
}

/* ---- systemd ---- */

/*
 * systemd knows processes and cgroups by its own names for them: a manager of another PID or cgroup
 * namespace would take a stranger for our process, or name a cgroup that we can't see.
 */
static bool speaks_of_the_same(const struct host_cgroup *c, int fd)
{
	CLEANUP(mem_free) char *file = NULL;
	CLEANUP(mem_free) char *path = NULL;
	CLEANUP(mem_free) char *dir = NULL;
	struct ucred peer = { 0 };
	socklen_t size = sizeof(peer);

	/* The listener is systemd's, also where a message bus has taken it over; 0: not in ours. */
	if (!c->mount || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 || peer.pid == 0)
		return false;
	file = xasprintf("/proc/%d/cgroup", peer.pid);
	path = read_path(file);
	if (!path || is_outside(path))
		return false;
	dir = xasprintf("%s%s", c->mount, path);
	return access(dir, F_OK) == 0;
}

/* A socket without a listener is what a manager that has gone leaves behind. */
static bool takes_us(const struct host_cgroup *c, const char *path)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const struct timeval patience = { .tv_sec = CONNECT_TIMEOUT_S };

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path))
		return false;
	strcpy(address.sun_path, path);
	/* Where many ask at once there is a queue. */
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	return connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0 &&
		speaks_of_the_same(c, fd);
}

static char *socket_in(
	const struct host_cgroup *c, const char *dir, const char *name, const char *kind)
{
	CLEANUP(mem_free) char *path = xasprintf("%s/%s", dir, name);

	/* What has a meaning in D-Bus addresses is in no path that anybody would choose. */
	return takes_us(c, path) && !path[strcspn(path, ",;%=")]
		? xasprintf("%sunix:path=%s", kind, path)
		: NULL;
}

/* The manager itself is asked first: it needs no message bus, and answers sooner. */
static char *find_systemd(const struct host_cgroup *c, const char *dir, const char *bus)
{
	char *found = socket_in(c, dir, "systemd/private", "peer=");

	return found ? found : socket_in(c, dir, bus, "bus=");
}

void host_cgroup_probe_systemd(struct host_cgroup *c, int for_system, uid_t uid)
{
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	CLEANUP(mem_free) char *usual = xasprintf("/run/user/%u", uid);

	if (for_system) {
		if (c->systemd_runs)
			c->systemd = find_systemd(c, "/run", "dbus/system_bus_socket");
		return;
	}
	if (runtime_dir && *runtime_dir)
		c->systemd = find_systemd(c, runtime_dir, "bus");
	if (!c->systemd)
		c->systemd = find_systemd(c, usual, "bus");
}

void host_cgroup_release(struct host_cgroup *c)
{
	free(c->mount);
	free(c->path);
	free(c->base);
	free(c->systemd);
	strlist_release(&c->controllers);
	strlist_release(&c->known);
	*c = (struct host_cgroup){ 0 };
}

/* ---- helpers ---- */

/* $LICHEN_HELPERS serves a lichen that is not installed: its build directory's helpers/. */
char *host_find_helper(const char *name)
{
	const char *dirs[] = { getenv("LICHEN_HELPERS"), LICHEN_LIBEXEC_DIR };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		CLEANUP(mem_free)
		char *path = dirs[i] && *dirs[i] ? xasprintf("%s/%s", dirs[i], name) : NULL;

		if (path && path[0] == '/' && access(path, X_OK) == 0)
			return TAKE_PTR(path);
	}
	return NULL;
}
