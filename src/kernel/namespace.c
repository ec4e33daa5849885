/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"

int namespace_open(const char *path, int64_t type, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = open(path, O_RDONLY | O_CLOEXEC);
	int found;

	if (fd < 0)
		return error_errno(e, "open the namespace '%s'", path);
	found = ioctl(fd, NS_GET_NSTYPE);
	if (found < 0)
		return error_set(e, EINVAL, "'%s' is not a namespace", path);
	if (found != (int)type)
		return error_set(e, EINVAL, "'%s' is a namespace of another type", path);
	return fd_take(&fd);
}

ino_t namespace_inode(int fd)
{
	struct stat st;

	return fstat(fd, &st) < 0 ? 0 : st.st_ino;
}

ino_t namespace_owner(int fd)
{
	CLEANUP(fd_cleanup) int owner_fd = ioctl(fd, NS_GET_USERNS);

	return owner_fd < 0 ? 0 : namespace_inode(owner_fd);
}

int namespace_enter(int fd, int64_t type, struct error *e)
{
	if (setns(fd, (int)type) < 0)
		return error_errno(e, "enter the namespace");
	return 0;
}

static bool is_set(const char *sysctl, char value)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/sys/%s", sysctl);
	CLEANUP(mem_free) char *text = NULL;

	return file_read_text(AT_FDCWD, path, 64, &text, NULL) == 0 && text[0] == value;
}

/*
 * Ubuntu lets the user namespace be made and takes its capabilities away, so that what comes next
 * fails; a profile without "userns," refuses it at once (EACCES).
 */
static int explain_refusal(struct error *e)
{
	if (is_set("kernel/apparmor_restrict_unprivileged_userns", '1') || e->code == EACCES)
		return error_hint(e,
			"AppArmor restricts user namespaces here. As root: an unconfined profile "
			"with 'userns,' for lichen in /etc/apparmor.d, or "
			"sysctl kernel.apparmor_restrict_unprivileged_userns=0");
	if (is_set("kernel/unprivileged_userns_clone", '0'))
		return error_hint(e,
			"this host does not let ordinary users make user namespaces. As root: "
			"sysctl kernel.unprivileged_userns_clone=1");
	return error_hint(e,
		"something around us forbids it: a seccomp filter of an outer container (docker "
		"run --security-opt seccomp=unconfined), or a chroot");
}

int namespace_explain(struct error *e)
{
	switch (e->code) {
	case ENOSPC:
		return error_hint(e,
			"a limit in /proc/sys/user/max_*_namespaces is reached or 0. As root: "
			"sysctl user.max_user_namespaces=15000");
	case EPERM:
	case EACCES:
		return explain_refusal(e);
	case EINVAL:
		return error_hint(e,
			"the kernel was built without one of them (CONFIG_USER_NS and the like)");
	}
	return -e->code;
}

/* By the names in /proc/PID/ns. */
static const struct {
	const char *name;
	int64_t type;
} kinds[] = { { "user", CLONE_NEWUSER }, { "mnt", CLONE_NEWNS }, { "uts", CLONE_NEWUTS },
	{ "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID }, { "net", CLONE_NEWNET },
	{ "cgroup", CLONE_NEWCGROUP }, { "time", CLONE_NEWTIME } };

static void close_kinds(int (*fds)[ARRAY_SIZE(kinds)])
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fd_close((*fds)[i]);
}

static int open_kinds(pid_t pid, uint64_t flags, int *fds, struct error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		CLEANUP(mem_free) char *path = NULL;

		if (!(flags & (uint64_t)kinds[i].type))
			continue;
		path = xasprintf("/proc/%d/ns/%s", pid, kinds[i].name);
		fds[i] = namespace_open(path, kinds[i].type, e);
		if (fds[i] < 0)
			return fds[i];
	}
	return 0;
}

/*
 * An ordinary user has privilege only once inside the user namespace; root may have it over some of
 * the others only before that. So: what can be entered at once, the user namespace, the rest.
 */
static int enter_one_by_one(int pidfd, pid_t pid, uint64_t flags, struct error *e)
{
	CLEANUP(close_kinds) int fds[ARRAY_SIZE(kinds)];

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		fds[i] = -EBADF;
	if (open_kinds(pid, flags, fds, e) < 0)
		return -e->code;
	/* The number could be another one's by now. */
	if (fd_wait(pidfd, 0) > 0)
		return error_set(e, ESRCH, "enter the namespaces: %s", strerror(ESRCH));
	for (size_t i = 1; i < ARRAY_SIZE(kinds); i++)
		if (fds[i] >= 0 && setns(fds[i], (int)kinds[i].type) == 0)
			fds[i] = fd_close(fds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (fds[i] >= 0 && setns(fds[i], (int)kinds[i].type) < 0)
			return error_errno(e, "enter the %s namespace", kinds[i].name);
	return 0;
}

int namespace_enter_all(int pidfd, pid_t pid, uint64_t flags, struct error *e)
{
	if (flags == 0 || setns(pidfd, (int)flags) == 0)
		return 0;
	/* Until Linux 5.8 a pidfd is no namespace. */
	if (errno == EINVAL)
		return enter_one_by_one(pidfd, pid, flags, e);
	return error_errno(e, "enter the namespaces");
}

static int unshare_error(struct error *e)
{
	error_errno(e, "make the namespaces");
	return namespace_explain(e);
}

int namespace_unshare(uint64_t flags, struct error *e)
{
	return flags && unshare((int)flags) < 0 ? unshare_error(e) : 0;
}

int namespace_new_time(int self_proc_fd, const char *offsets, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = -EBADF;
	int r = namespace_unshare(CLONE_NEWTIME, e);

	if (r < 0)
		return error_context(e, "time namespace");
	if (offsets) {
		r = file_write(self_proc_fd, "timens_offsets", offsets);
		if (r < 0)
			return error_set(e, -r, "set the clocks' offsets: %s", strerror(-r));
	}
	/* Only children are in it so far; a single thread may follow them. */
	fd = openat(self_proc_fd, "ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_errno(e, "open the new time namespace");
	return namespace_enter(fd, CLONE_NEWTIME, e);
}

int namespace_loopback_up(struct error *e)
{
	CLEANUP(fd_cleanup) int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo" };

	if (fd < 0)
		return error_errno(e, "open a socket for the loopback interface");
	if (ioctl(fd, SIOCGIFFLAGS, &request) < 0)
		return error_errno(e, "read the loopback interface's flags");
	request.ifr_flags |= IFF_UP;
	if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
		return error_errno(e, "bring up the loopback interface");
	return 0;
}
