/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "container/state_dir.h"
#include "temp.h"

/* A child that says when it is ready, by closing its end of a pipe. */
static pid_t start(void (*run)(void))
{
	int fds[2];
	pid_t pid;
	char c;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		run();
		close(fds[1]);
		pause();
		_exit(0);
	}
	close(fds[1]);
	(void)!read(fds[0], &c, 1);
	close(fds[0]);
	return pid;
}

/* Until waitid would see it dead, without taking it away. */
static void await_end(pid_t pid)
{
	siginfo_t info;

	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
}

static void nothing(void)
{
}

/* Names that a reader of /proc/PID/stat has to survive. */
static void strange_name(void)
{
	prctl(PR_SET_NAME, ") Z 1 (x) 9");
}

static void test_alive(void)
{
	struct process_ref self, child, other;
	struct error e = { 0 };
	pid_t pid = start(nothing);
	int fd;

	is_int(process_ref_get(getpid(), &self, &e), 0, "ourselves %s", e.text);
	is_int(self.pid, getpid(), "our number");
	ok(self.start_time > 0, "our start");
	is_int(process_is_alive(&self), 1, "we are alive");
	is_int(process_ref_get(pid, &child, &e), 0, "a child");
	is_int(process_is_alive(&child), 1, "is alive");
	ok(child.start_time >= self.start_time, "and younger");
	fd = process_open(&child);
	ok(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC, "it can be held");
	is_int(fd_wait(fd, 0), 0, "and has not ended");

	other = child;
	other.start_time++;
	is_int(process_is_alive(&other), 0, "another one of the same number is not it");
	is_int(process_open(&other), -ESRCH, "nor can it be held");
	other = (struct process_ref){ 0 };
	is_int(process_is_alive(&other), 0, "none is not alive");
	is_int(process_open(&other), -ESRCH, "nor can it be held");
	other.pid = -1;
	is_int(process_is_alive(&other), 0, "nor is a group");

	kill(pid, SIGKILL);
	await_end(pid);
	is_int(process_is_alive(&child), 0, "a zombie is dead");
	is_int(process_open(&child), -ESRCH, "and is not held");
	is_int(fd_wait(fd, 0), 1, "who held it sees the end");
	waitpid(pid, NULL, 0);
	is_int(process_is_alive(&child), 0, "who is gone is dead");
	is_int(process_open(&child), -ESRCH, "and can't be held");
	is_int(process_ref_get(pid, &other, &e), -ESRCH, "nor found");
	fd_close(fd);
}

static void test_strange_name(void)
{
	struct process_ref ref;
	struct error e = { 0 };
	pid_t pid = start(strange_name);

	is_int(process_ref_get(pid, &ref, &e), 0, "a name full of parentheses %s", e.text);
	ok(ref.start_time > 9, "does not stand for the numbers");
	is_int(process_is_alive(&ref), 1, "nor for the state");
	kill(pid, SIGKILL);
	await_end(pid);
	is_int(process_is_alive(&ref), 0, "in either direction");
	waitpid(pid, NULL, 0);
}

static void *sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* The leader ends, its thread stays: a shape that a container's first process may take. */
static void leave_a_thread(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, sleep_on, NULL);
}

static pid_t start_leaderless(void)
{
	int fds[2];
	pid_t pid;
	char c;

	fflush(stdout);
	if (pipe(fds) < 0 || (pid = fork()) < 0)
		return -1;
	if (pid == 0) {
		close(fds[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		leave_a_thread();
		close(fds[1]);
		syscall(SYS_exit, 0);
	}
	close(fds[1]);
	(void)!read(fds[0], &c, 1);
	close(fds[0]);
	return pid;
}

static bool is_zombie(pid_t pid)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/status", pid);
	CLEANUP(mem_free) char *text = NULL;

	return file_read_text(AT_FDCWD, path, 1 << 16, &text, NULL) == 0 &&
		strstr(text, "State:\tZ");
}

static void test_threads(void)
{
	struct process_ref ref;
	struct error e = { 0 };
	pid_t pid = start_leaderless();
	int fd;

	process_ref_get(pid, &ref, &e);
	for (int i = 0; i < 500 && !is_zombie(pid); i++)
		usleep(10000);
	ok(is_zombie(pid), "a leader that ended before its threads looks like a zombie");
	is_int(process_is_alive(&ref), 1, "but the process is alive");
	fd = process_open(&ref);
	ok(fd >= 0, "and can be held");
	fd_close(fd);
	kill(pid, SIGKILL);
	await_end(pid);
	is_int(process_is_alive(&ref), 0, "until the last one is dead");
	waitpid(pid, NULL, 0);
}

int main(void)
{
	size_t before = count_open_fds();

	alarm(60);
	test_alive();
	test_strange_name();
	test_threads();
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	return done();
}
