/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

#define LABEL_MAX 4096

/* A file of ours in procfs and in nothing else. */
static int open_attribute(int proc_fd, const char *name, int flags)
{
	CLEANUP(mem_free) char *path = xasprintf("self/attr/%s", name);
	CLEANUP(fd_cleanup) int fd = openat(proc_fd, path, flags | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0)
		return -errno;
	if (fstatfs(fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC)
		return -EXDEV;
	return fd_take(&fd);
}

/* AppArmor has its own directory since Linux 5.8, for when it is not the only module. */
static int open_apparmor(int proc_fd, const char *name, int flags)
{
	CLEANUP(mem_free) char *own = xasprintf("apparmor/%s", name);
	int fd = open_attribute(proc_fd, own, flags);

	return fd == -ENOENT ? open_attribute(proc_fd, name, flags) : fd;
}

static int not_opened(int code, const char *what, struct error *e)
{
	error_set(e, -code, "open the file of procfs for %s: %s", what, strerror(-code));
	if (code == -EXDEV)
		return error_hint(e, "something else is mounted over /proc/self/attr");
	return code;
}

/* Asks without changing anything, so that a missing profile is found before there is a program. */
static int check_profile(int proc_fd, const char *profile, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open_apparmor(proc_fd, "current", O_WRONLY);
	CLEANUP(mem_free) char *text = xasprintf("permprofile %s", profile);
	int r;

	if (fd < 0)
		return not_opened(fd, "AppArmor", e);
	r = fd_write_all(fd, text, strlen(text));
	if (r != -ENOENT)
		return 0;
	error_set(e, ENOENT, "AppArmor has no profile '%s': %s", profile, strerror(ENOENT));
	return error_hint(e, "as root: apparmor_parser --replace FILE, and see aa-status");
}

/* "unconfined", or "NAME (unconfined)" for a profile that says so itself. */
static bool is_confined(int proc_fd)
{
	CLEANUP(fd_cleanup) int fd = open_apparmor(proc_fd, "current", O_RDONLY);
	CLEANUP(mem_free) char *text = NULL;

	if (fd < 0 || fd_read_text(fd, LABEL_MAX, &text, NULL) < 0)
		return false;
	return !str_starts(text, "unconfined") && !strstr(text, " (unconfined)");
}

/*
 * With no_new_privs a confined process may not change its profile, but may put another one on top
 * of it, of which both count then.
 */
static char *apparmor_text(int proc_fd, const char *profile, enum lsm_privileges privileges)
{
	bool stack = privileges == LSM_MAY_ONLY_ADD && is_confined(proc_fd);

	return xasprintf("%s %s", stack ? "stack" : "exec", profile);
}

int lsm_exec_prepare(enum lsm lsm, const char *label, enum lsm_privileges privileges, int proc_fd,
	struct lsm_exec *out, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = lsm == LSM_APPARMOR ? check_profile(proc_fd, label, e) : 0;

	if (r < 0)
		return r;
	fd = lsm == LSM_APPARMOR ? open_apparmor(proc_fd, "exec", O_WRONLY)
				 : open_attribute(proc_fd, "exec", O_WRONLY);
	if (fd < 0)
		return not_opened(fd, lsm == LSM_APPARMOR ? "AppArmor" : "SELinux", e);
	*out = (struct lsm_exec){ .fd = fd_take(&fd),
		.text = lsm == LSM_APPARMOR ? apparmor_text(proc_fd, label, privileges)
					    : xstrdup(label) };
	return 0;
}

int lsm_exec_apply(const struct lsm_exec *exec, struct error *e)
{
	int r = exec->text ? fd_write_all(exec->fd, exec->text, strlen(exec->text)) : 0;

	if (r < 0)
		return error_set(
			e, -r, "write '%s' to /proc/self/attr/exec: %s", exec->text, strerror(-r));
	return 0;
}

int lsm_label_keys(int proc_fd, const char *label, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open_attribute(proc_fd, "keycreate", O_WRONLY);
	int r;

	if (fd < 0)
		return not_opened(fd, "SELinux", e);
	r = fd_write_all(fd, label, strlen(label));
	return r < 0 ? error_set(e, -r, "write '%s' to /proc/self/attr/keycreate: %s", label,
			       strerror(-r))
		     : 0;
}
