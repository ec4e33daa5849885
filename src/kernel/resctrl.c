/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/resctrl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define MOUNTINFO_MAX (16u << 20)
#define FILE_MAX      65536
/* include/uapi/linux/magic.h has it only since Linux 6.2. */
#define RESCTRL_MAGIC 0x7655821

/* Blanks and backslashes are octal there: "\040". */
static char *unescape(const char *s, size_t len)
{
	char *path = xstrndup(s, len), *to = path;

	for (const char *from = path; *from;) {
		if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3) {
			*to++ = (char)((from[1] - '0') << 6 | (from[2] - '0') << 3 |
				(from[3] - '0'));
			from += 4;
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
	return path;
}

/* The fifth field is the mount point, the one behind " - " the type. */
static char *mount_point(const char *line, size_t len, const char *type)
{
	const char *dash = memmem(line, len, " - ", 3), *field = line;

	if (!dash || !str_starts(dash + 3, type) || dash[3 + strlen(type)] != ' ')
		return NULL;
	for (int i = 0; i < 4; i++)
		field += strcspn(field, " ") + 1;
	return field < dash ? unescape(field, strcspn(field, " ")) : NULL;
}

char *resctrl_find(const char *mountinfo)
{
	for (const char *line = mountinfo; *line;) {
		size_t len = strcspn(line, "\n");
		char *path = mount_point(line, len, "resctrl");

		if (path)
			return path;
		line += len + (line[len] == '\n');
	}
	return NULL;
}

static int not_mounted(struct error *e)
{
	error_set(e, ENOENT, "no resctrl file system is mounted");
	return error_hint(e,
		"on a processor that has it (rdt_a in /proc/cpuinfo), as root: "
		"mount -t resctrl resctrl /sys/fs/resctrl");
}

int resctrl_open(struct error *e)
{
	CLEANUP(mem_free) char *text = NULL;
	CLEANUP(mem_free) char *path = NULL;
	CLEANUP(fd_cleanup) int fd = -EBADF;
	struct statfs fs;

	if (file_read_text(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, NULL) == 0)
		path = resctrl_find(text);
	if (!path)
		return not_mounted(e);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* Something may be mounted over it. */
	if (fd < 0 || fstatfs(fd, &fs) < 0 || fs.f_type != RESCTRL_MAGIC)
		return not_mounted(e);
	return fd_take(&fd);
}

static char *path_in(const char *group, const char *name)
{
	return xasprintf("%s/%s", group, name);
}

void resctrl_probe(int root_fd, const char *group, struct resctrl_facts *out)
{
	CLEANUP(mem_free) char *tasks = path_in(group, "tasks");
	CLEANUP(mem_free) char *schemata = path_in(group, "schemata");
	struct stat st;

	*out = (struct resctrl_facts){ .mounted = true,
		.exists = fstatat(root_fd, group, &st, AT_SYMLINK_NOFOLLOW) == 0 };
	out->writable = faccessat(root_fd, out->exists ? tasks : ".", W_OK, AT_EACCESS) == 0;
	if (out->exists)
		(void)file_read_text(root_fd, schemata, FILE_MAX, &out->schemata, NULL);
}

void resctrl_facts_release(struct resctrl_facts *facts)
{
	free(facts->schemata);
	*facts = (struct resctrl_facts){ 0 };
}

/* The kernel's own words about the last thing that it refused. */
static int explain(int root_fd, struct error *e)
{
	CLEANUP(mem_free) char *text = NULL;

	if (file_read_text(root_fd, "info/last_cmd_status", FILE_MAX, &text, NULL) < 0 ||
		str_starts(text, "ok"))
		return -e->code;
	text[strcspn(text, "\n")] = '\0';
	return error_hint(e, "the kernel: %s", text);
}

int resctrl_make(int root_fd, const char *group, struct error *e)
{
	if (mkdirat(root_fd, group, 0755) == 0)
		return 0;
	error_errno(e, "make the resctrl group '%s'", group);
	if (e->code == ENOSPC)
		error_hint(e, "all classes of the processor, or its monitors, are in use");
	return explain(root_fd, e);
}

int resctrl_write(int root_fd, const char *group, const char *line, struct error *e)
{
	CLEANUP(mem_free) char *path = path_in(group, "schemata");
	CLEANUP(mem_free) char *text = xasprintf("%s\n", line);
	int r = file_write(root_fd, path, text);

	if (r == 0)
		return 0;
	error_set(e, -r, "write '%s' to the resctrl group '%s': %s", line, group, strerror(-r));
	return explain(root_fd, e);
}

int resctrl_add(int root_fd, const char *group, pid_t pid, struct error *e)
{
	CLEANUP(mem_free) char *path = path_in(group, "tasks");
	CLEANUP(mem_free) char *text = xasprintf("%d", pid);
	int r = file_write(root_fd, path, text);

	if (r == 0)
		return 0;
	error_set(
		e, -r, "put process %d into the resctrl group '%s': %s", pid, group, strerror(-r));
	return explain(root_fd, e);
}

int resctrl_remove(int root_fd, const char *group, struct error *e)
{
	if (unlinkat(root_fd, group, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return error_errno(e, "remove the resctrl group '%s'", group);
	return 0;
}
