/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/process.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mem.h"
#include "base/str.h"

/*
 * The raw calls: this is a single thread, and glibc's wrappers would signal others (nptl(7)), which
 * a process that shares nothing has no use for.
 */
int process_become(const struct process_user *user, enum process_groups groups, struct error *e)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return error_errno(e, "keep the capabilities");
	if (groups == GROUPS_SET && syscall(SYS_setgroups, user->n_groups, user->groups) < 0) {
		/* Denied in a user namespace that somebody else made: no groups were asked for
		 * either. */
		if (errno != EPERM || user->n_groups > 0)
			return error_errno(e, "set the supplementary groups");
	}
	if (syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0)
		return error_errno(e, "become group %u", user->gid);
	if (syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0)
		return error_errno(e, "become user %u", user->uid);
	return 0;
}

int process_set_rlimit(int resource, const struct rlimit *limit, struct error *e)
{
	if (setrlimit((__rlimit_resource_t)resource, limit) < 0)
		return error_errno(e, "set the limit to %llu (soft), %llu (hard)",
			(unsigned long long)limit->rlim_cur, (unsigned long long)limit->rlim_max);
	return 0;
}

int process_set_oom_score(int self_proc_fd, int value, struct error *e)
{
	char text[16];
	int r;

	snprintf(text, sizeof(text), "%d", value);
	r = file_write(self_proc_fd, "oom_score_adj", text);
	if (r < 0)
		return error_set(e, -r, "set oom_score_adj to %d: %s", value, strerror(-r));
	return 0;
}

int process_no_new_privileges(struct error *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_errno(e, "set no_new_privs");
	return 0;
}

int process_set_dumpable(enum process_dumpable how, struct error *e)
{
	if (prctl(PR_SET_DUMPABLE, how == PROCESS_VISIBLE, 0, 0, 0) < 0)
		return error_errno(e, "hide from other processes");
	return 0;
}

static void close_between(int first, int last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	/* Before Linux 5.9; beyond this nobody has any of ours open. */
	for (int fd = first; fd <= last && fd < 65536; fd++)
		close(fd);
}

static int compare_fds(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void process_close_except(int first, int *keep, size_t n)
{
	qsort(keep, n, sizeof(*keep), compare_fds);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < first)
			continue;
		close_between(first, keep[i] - 1);
		first = keep[i] + 1;
	}
	close_between(first, INT_MAX);
}

void process_reset_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction now;

		/* Mostly they are: asking is as cheap as setting, and a caught one resets itself.
		 */
		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			sigaction(sig, &action, NULL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int process_set_hostname(const char *name, struct error *e)
{
	if (sethostname(name, strlen(name)) < 0)
		return error_errno(e, "set the host name to '%s'", name);
	return 0;
}

int process_set_domainname(const char *name, struct error *e)
{
	if (setdomainname(name, strlen(name)) < 0)
		return error_errno(e, "set the domain name to '%s'", name);
	return 0;
}

int process_set_sysctl(int proc_fd, const char *key, const char *value, struct error *e)
{
	CLEANUP(mem_free) char *path = xasprintf("sys/%s", key);
	int r;

	r = file_write(proc_fd, path, value);
	if (r < 0)
		return error_set(e, -r, "write '%s' to '/proc/%s': %s", value, path, strerror(-r));
	return 0;
}

int process_new_keyring(struct error *e)
{
	if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0) >= 0)
		return 0;
	/* ENOSYS: a kernel without keys. EPERM, EACCES: an outer seccomp filter hides them. */
	if (errno == ENOSYS || errno == EPERM || errno == EACCES)
		return 0;
	error_errno(e, "make a session keyring");
	if (e->code == EDQUOT)
		return error_hint(e,
			"the user's quota of keys is used up: see /proc/key-users; "
			"--no-new-keyring does without");
	return -e->code;
}
