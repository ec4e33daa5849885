/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that outlive us: base/spawn.h. */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "base/spawn.h"
#include "temp.h"

static int start(const char *script, struct orphan *o, struct error *e)
{
	static const char *const envp[] = { "PATH=/bin:/usr/bin", NULL };
	const char *argv[] = { "sh", "-c", script, NULL };
	const struct spawn s = { .path = "/bin/sh", .argv = argv, .envp = envp, .cwd_fd = -EBADF };

	return spawn_orphan(&s, o, e);
}

/* Gone, or a zombie that nobody has taken away yet. */
static bool is_dead(pid_t pid)
{
	CLEANUP(mem_free) char *path = xasprintf("/proc/%d/status", pid);
	CLEANUP(mem_free) char *text = NULL;

	return file_read_text(AT_FDCWD, path, 1 << 16, &text, NULL) < 0 ||
		strstr(text, "State:\tZ");
}

static void test_ready(void)
{
	CLEANUP(orphan_release) struct orphan o = ORPHAN_NONE;
	int leaking = open("/dev/null", O_RDONLY); /* not close-on-exec */
	struct error e;
	int status;

	is_int(start("ls /proc/$$/fd; [ $(cut -d' ' -f6 /proc/$$/stat) = $$ ] && "
		     "echo leader; echo 1 >&3; exec 3>&-; exec sleep 60",
		       &o, &e),
		0, "one that says that it is ready");
	is_int(orphan_wait(&o, time_ms() + 20000), 0, "it is waited for");
	/* What ls shows of the shell is 0 to 3. */
	is_str(o.output.s, "0\n1\n2\n3\nleader\n", "its descriptors, and a session of its own");
	ok(waitpid(o.pid, &status, WNOHANG) < 0 && errno == ECHILD, "it is no child of ours");
	ok(!is_dead(o.pid), "and lives");
	orphan_kill(&o);
	ok(is_dead(o.pid), "until it is killed");
	fd_close(leaking);
}

static void test_outlives(void)
{
	struct orphan o = ORPHAN_NONE;
	struct error e;
	pid_t pid;

	is_int(start("echo 1 >&3; exec sleep 60", &o, &e), 0, "one more");
	is_int(orphan_wait(&o, time_ms() + 20000), 0, "is ready");
	pid = o.pid;
	orphan_release(&o);
	ok(!is_dead(pid), "it lives on when it is released");
	kill(pid, SIGKILL);
}

static void test_failures(void)
{
	const char *argv[] = { "x", NULL };
	const struct spawn s = {
		.path = "/none/x", .argv = argv, .envp = argv + 1, .cwd_fd = -EBADF
	};
	CLEANUP(orphan_release) struct orphan o = ORPHAN_NONE;
	CLEANUP(orphan_release) struct orphan late = ORPHAN_NONE;
	struct error e;

	is_int(spawn_orphan(&s, &o, &e), -ENOENT, "a program that is not there");
	is_str(e.text, "run '/none/x': No such file or directory", "says so");
	is_int(start("echo why >&2; exit 1", &o, &e), 0, "one that ends before it is ready");
	is_int(orphan_wait(&o, time_ms() + 20000), -ECHILD, "is found out");
	is_str(o.output.s, "why\n", "with its last words");
	is_int(start("exec sleep 60", &late, &e), 0, "one that says nothing");
	is_int(orphan_wait(&late, time_ms() + 200), -ETIMEDOUT, "is not waited for for ever");
	orphan_kill(&late);
	ok(is_dead(late.pid), "and can be ended");
}

int main(void)
{
	size_t before = count_open_fds();

	alarm(120);
	test_ready();
	test_outlives();
	test_failures();
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	return done();
}
