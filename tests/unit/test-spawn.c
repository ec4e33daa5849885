/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "temp.h"

#define NO_CHILD                                                   \
	{                                                          \
		.pidfd = -EBADF, .in_fd = -EBADF, .out_fd = -EBADF \
	}

/* A shell with a script; it sees A=1 and nothing else of ours. */
struct run {
	int result, status;
	struct error e;
	struct text output, described;
};

static void run_release(struct run *r)
{
	text_release(&r->output);
	text_release(&r->described);
}

static struct run run_shell(
	const char *script, const char *input, size_t input_len, int cwd_fd, int64_t timeout_ms)
{
	static const char *const envp[] = { "A=1", NULL };
	const char *argv[] = { "sh", "-c", script, "zero", "one two", NULL };
	struct spawn s = { .path = "/bin/sh",
		.argv = argv,
		.envp = envp,
		.input = input,
		.input_len = input_len,
		.cwd_fd = cwd_fd };
	struct child c = NO_CHILD;
	struct run r = { .status = 4711 };

	r.result = spawn_start(&s, &c, &r.e);
	if (r.result == 0)
		r.result = spawn_wait(
			&c, timeout_ms < 0 ? INT64_MAX : time_ms() + timeout_ms, &r.status, &r.e);
	if (r.result == 0)
		spawn_describe(&c, r.status, &r.described);
	text_add(&r.output, c.output.s ? c.output.s : "", c.output.len);
	child_release(&c);
	return r;
}

static void is_output(const char *script, const char *want, const char *what)
{
	CLEANUP(run_release) struct run r = run_shell(script, NULL, 0, -EBADF, -1);

	is_str(r.output.s, want, "%s", what);
}

static void is_described(const char *script, const char *want, const char *what)
{
	CLEANUP(run_release) struct run r = run_shell(script, NULL, 0, -EBADF, -1);

	is_str(r.described.s, want, "%s", what);
}

static void test_signals(void)
{
	/* 32 and 33 belong to the C library. */
	const char *argv[] = { "grep", "-cE", "Sig(Blk|Ign):.0000000[01][08]0000000$",
		"/proc/self/status", NULL };
	struct spawn s = { .path = "/bin/grep", .argv = argv, .envp = argv + 4, .cwd_fd = -EBADF };
	struct child c = NO_CHILD;
	struct error e;
	int status;

	if (spawn_start(&s, &c, &e) == 0)
		spawn_wait(&c, INT64_MAX, &status, &e);
	is_str(c.output.s, "2\n", "no signal is blocked or ignored");
	child_release(&c);
}

static void test_surroundings(const struct temp *t)
{
	CLEANUP(run_release) struct run in_dir = run_shell("pwd -P", NULL, 0, t->fd, -1);
	CLEANUP(mem_free) char *want = xasprintf("%s\n", t->path);
	int leaking = open("/dev/null", O_RDONLY); /* not close-on-exec */
	sigset_t all, saved;

	is_str(in_dir.output.s, want, "in the directory of a descriptor");
	is_output("echo \"$0|$1|$2\"", "zero|one two|\n", "the arguments");
	is_output("tr '\\0' '\\n' </proc/$$/environ", "A=1\n",
		"the environment that was given, not ours");
	is_output("cat; echo end", "end\n", "without input: /dev/null");
	is_output("echo a; echo b >&2", "a\nb\n", "standard error goes with standard output");
	is_output("ls /proc/$$/fd; :", "0\n1\n2\n", "no descriptor but the three");
	signal(SIGUSR1, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &saved);
	/* No shell between: it would put its own mask in order. */
	test_signals();
	sigprocmask(SIG_SETMASK, &saved, NULL);
	signal(SIGUSR1, SIG_DFL);
	is_output("[ $$ = $(ps -o pgid= -p $$ 2>/dev/null || cut -d' ' -f5 /proc/$$/stat) ] && "
		  "echo yes",
		"yes\n", "its own process group");
	fd_close(leaking);
}

static void test_input(void)
{
	size_t size = 1 << 20;
	CLEANUP(mem_free) char *big = xmalloc(size);
	CLEANUP(run_release) struct run small = run_shell("cat; echo .", "hello", 5, -EBADF, -1);
	CLEANUP(run_release) struct run empty = run_shell("cat; echo .", "", 0, -EBADF, -1);
	CLEANUP(run_release) struct run read, unread, closed;

	memset(big, 'x', size);
	is_str(small.output.s, "hello.\n", "the input comes, and ends");
	is_str(empty.output.s, ".\n", "an empty one too");
	read = run_shell("wc -c", big, size, -EBADF, -1);
	is_str(read.output.s, "1048576\n", "more than a pipe holds");
	unread = run_shell("exit 3", big, size, -EBADF, -1);
	is_int(unread.result, 0, "a program that does not read its input does not kill us");
	ok(WIFEXITED(unread.status) && WEXITSTATUS(unread.status) == 3, "nor is that its failure");
	closed = run_shell("exec <&-; sleep 0.1; exit 4", big, size, -EBADF, -1);
	ok(closed.result == 0 && WEXITSTATUS(closed.status) == 4, "one that closes it neither");
}

static void test_ends(void)
{
	is_described("exit 0", "exited with status 0", "success");
	is_described("exit 3", "exited with status 3", "a failure");
	is_described("kill -9 $$", "was killed by signal 9", "a signal");
	is_described("echo why >&2; exit 1", "exited with status 1: why", "with its last words");
	is_described("echo one; echo two; echo; exit 1", "exited with status 1: one / two",
		"on one line");
	is_described("printf '\\n\\n \\r\\n'; exit 1", "exited with status 1", "without any");
}

static void test_output_is_bounded(void)
{
	CLEANUP(run_release)
	struct run r = run_shell(
		"head -c 1000000 /dev/zero | tr '\\0' x; exit 5", NULL, 0, -EBADF, -1);

	is_int((int64_t)r.output.len, SPAWN_OUTPUT_MAX, "so much of it is kept");
	ok(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 5, "and the rest does not block it");
}

static void test_failures(void)
{
	const char *argv[] = { "x", NULL };
	struct spawn s = { .path = "/none/x", .argv = argv, .envp = argv + 1, .cwd_fd = -EBADF };
	struct child c = NO_CHILD;
	struct error e;

	is_int(spawn_start(&s, &c, &e), -ENOENT, "a program that is not there");
	is_str(e.text, "run '/none/x': No such file or directory", "says so");
	is_int(c.pid, 0, "and leaves the output alone");
	s.path = "/etc/passwd";
	is_int(spawn_start(&s, &c, &e), -EACCES, "one that is not executable");
	s.path = "/bin/sh";
	s.cwd_fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	is_int(spawn_start(&s, &c, &e), -ENOTDIR, "a file for its directory");
	fd_close(s.cwd_fd);
}

/* Gone, or a zombie that nobody has taken away yet. */
static bool is_dead(pid_t pid)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/status", pid);
	CLEANUP(mem_free) char *text = NULL;

	return file_read_text(AT_FDCWD, path, 1 << 16, &text, NULL) < 0 ||
		strstr(text, "State:\tZ");
}

/* The process whose number is in this file; what was killed may take a moment. */
static bool dies(const struct temp *t, const char *name)
{
	CLEANUP(mem_free) char *text = NULL;
	pid_t pid;

	file_read_text(t->fd, name, 100, &text, NULL);
	pid = text ? atoi(text) : 0;
	for (int i = 0; i < 300 && pid > 1 && !is_dead(pid); i++)
		usleep(10000);
	return pid > 1 && is_dead(pid);
}

static void test_deadline(const struct temp *t)
{
	int64_t start = time_ms();
	CLEANUP(run_release)
	struct run r = run_shell(
		"sleep 60 & echo $! >sleeper; wait; sleep 60", NULL, 0, t->fd, 300);

	is_int(r.result, -ETIMEDOUT, "the deadline passes");
	is_str(r.e.text, "timed out", "says so");
	ok(time_ms() - start < 20000, "in time");
	is_int(r.status, 4711, "and leaves the output alone");
	ok(dies(t, "sleeper"), "what it started is dead too");
}

static void test_left_behind(const struct temp *t)
{
	int64_t start = time_ms();
	CLEANUP(run_release)
	struct run r = run_shell(
		"sleep 60 & echo $! >left; echo said; exit 7", NULL, 0, t->fd, 30000);
	struct child c = NO_CHILD;
	const char *argv[] = { "sleep", "60", NULL };
	struct spawn s = { .path = "/bin/sleep", .argv = argv, .envp = argv + 2, .cwd_fd = -EBADF };
	struct error e;
	pid_t pid;

	ok(r.result == 0 && WEXITSTATUS(r.status) == 7, "a background process is not waited for");
	ok(time_ms() - start < 20000, "though it has the output open");
	is_str(r.output.s, "said\n", "what was said before is there");
	is_int(spawn_start(&s, &c, &e), 0, "(one that sleeps)");
	pid = c.pid;
	child_release(&c);
	ok(kill(pid, 0) < 0 && errno == ESRCH, "releasing it ends it");
	is_int(c.pid, 0, "and it is gone");
	child_release(&c);
	ok(true, "releasing twice does no harm");
}

int main(void)
{
	struct temp t = temp_make();
	size_t before = count_open_fds();

	alarm(120);
	test_surroundings(&t);
	test_input();
	test_ends();
	test_output_is_bounded();
	test_failures();
	test_deadline(&t);
	test_left_behind(&t);
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	temp_remove(&t);
	return done();
}
