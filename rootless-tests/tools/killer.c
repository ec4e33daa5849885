/* SPDX-License-Identifier: Apache-2.0 */
/*
 * killer [--first] N CMD [ARG...]   runs CMD and kills it with SIGKILL at its N-th stop, which is
 *                                   the beginning or the end of a system call; N = 0: never.
 *   --first   what is counted, and killed, is not CMD but the first child that it makes with fork
 * or clone (not vfork): for a runtime, the container's first process
 *
 * Prints one line on standard error: "killed before NUMBER", "killed after NUMBER" (of the system
 * call), or "ended STATUS after STOPS". Exits with 0 if it has killed, with 1 if CMD ended by
 * itself, with 2 if tracing is not possible here. After --first it waits for CMD and prints "CMD:
 * STATUS".
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* Not before sys/ptrace.h, whose names it defines as macros. */
#include <linux/ptrace.h>

static long target_stop, stops;

static int status_of(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int impossible(const char *what)
{
	fprintf(stderr, "killer: %s: %s\n", what, strerror(errno));
	return 2;
}

/* Where it stands; -1 if it isn't at a system call. */
static long call_number(pid_t pid, const char **out_where)
{
	/* The number is known at the entry alone. */
	static long last = -1;
	struct ptrace_syscall_info info = { 0 };

	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) < 0)
		return -1;
	*out_where = info.op == PTRACE_SYSCALL_INFO_ENTRY ? "before" : "after";
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		last = (long)info.entry.nr;
	return last;
}

static int kill_it(pid_t pid)
{
	const char *where = "at";
	long number = call_number(pid, &where);

	kill(pid, SIGKILL);
	fprintf(stderr, "killed %s %ld\n", where, number);
	return 0;
}

/*
 * One report of a process. 1: go on, 0: killed, -1: it has ended. counted: its stops count.
 */
static int handle(pid_t pid, int status, int counted)
{
	const char *where;
	int sig = WSTOPSIG(status);

	if (WIFEXITED(status) || WIFSIGNALED(status))
		return -1;
	if (counted && sig == (SIGTRAP | 0x80)) {
		(void)call_number(pid, &where);
		if (++stops == target_stop) {
			kill_it(pid);
			return 0;
		}
	}
	/* What is ptrace's own is not for the process. */
	if (sig == (SIGTRAP | 0x80) || sig == SIGTRAP || status >> 16 || sig == SIGSTOP)
		sig = 0;
	ptrace(counted ? PTRACE_SYSCALL : PTRACE_CONT, pid, 0, sig);
	return 1;
}

static int ended(int status)
{
	fprintf(stderr, "ended %d after %ld\n", status_of(status), stops);
	return 1;
}

static int follow(pid_t pid)
{
	int status, r = 1;

	while (r == 1) {
		if (waitpid(pid, &status, __WALL) < 0)
			return impossible("wait");
		r = handle(pid, status, 1);
	}
	if (r < 0)
		return ended(status);
	waitpid(pid, &status, __WALL);
	return 0;
}

static int follow_first(pid_t pid)
{
	pid_t first = 0;
	int status, first_status = 0, killed = 0, first_ended = 0;

	for (;;) {
		pid_t who = waitpid(-1, &status, __WALL);
		int event = status >> 16, r;

		if (who < 0)
			return impossible("wait");
		if (who == pid && !first && WIFSTOPPED(status) &&
			(event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_CLONE)) {
			unsigned long message = 0;

			ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
			first = (pid_t)message;
		}
		/* A child may report before the event that tells of it. */
		if (who != pid && !first)
			first = who;
		r = handle(who, status, who == first && who != pid);
		if (r == 0)
			killed = 1;
		if (r < 0 && who == first && who != pid) {
			first_ended = 1;
			first_status = status;
		}
		if (r < 0 && who == pid)
			break;
	}
	fprintf(stderr, "CMD: %d\n", status_of(status));
	if (killed)
		return 0;
	if (first_ended)
		return ended(first_status);
	/* It lives on, and must not have us as its tracer when we go. */
	if (first) {
		kill(first, SIGSTOP);
		if (waitpid(first, &status, __WALL) == first)
			ptrace(PTRACE_DETACH, first, 0, 0);
		kill(first, SIGCONT);
	}
	fprintf(stderr, "ended 0 after %ld\n", stops);
	return 1;
}

int main(int argc, char **argv)
{
	int first = argc > 1 && strcmp(argv[1], "--first") == 0;
	long options = PTRACE_O_TRACESYSGOOD;
	int status;
	pid_t pid;

	argv += 1 + first;
	if (argc < 3 + first)
		return 2;
	target_stop = atol(argv[0]);
	if (first)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE;
	pid = fork();
	if (pid < 0)
		return impossible("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(impossible("trace"));
		raise(SIGSTOP);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status))
		return 2;
	if (ptrace(PTRACE_SETOPTIONS, pid, 0, options) < 0)
		return impossible("trace");
	ptrace(first ? PTRACE_CONT : PTRACE_SYSCALL, pid, 0, 0);
	return first ? follow_first(pid) : follow(pid);
}
