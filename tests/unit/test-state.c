/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/fd.h"
#include "container/container.h"
#include "container/state_dir.h"
#include "temp.h"

/* A root of our own, two levels below the test's directory. */
static char root[512];
static struct runtime rt = { .root = root };

/* ---- names ---- */

static void test_ids(void)
{
	static const char *const good[] = { "a", "A-b_c+d.e", "0", "-x", "_", "a..b" };
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b", "/", "a b", "a\n",
		"\xc3\xa4", "a\tb", "a:b", "~", "a@b", "%s" };
	char longest[1026];
	struct error e = { 0 };

	memset(longest, 'x', sizeof(longest) - 1);
	longest[1025] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		is_int(container_check_id(good[i], &e), 0, "'%s' is an ID", good[i]);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		is_int(container_check_id(bad[i], &e), -EINVAL, "'%s' is none", bad[i]);
	is_int(container_check_id(longest, &e), -EINVAL, "1025 characters are too many");
	is_str(e.text, "the container's ID is longer than 1024 characters", "which is said");
	longest[1024] = '\0';
	is_int(container_check_id(longest, &e), 0, "1024 are not");
	container_check_id("a b", &e);
	is_str(e.text, "invalid container ID 'a b': it may have letters, digits and any of _ + - .",
		"what may be in one");
}

static void is_default_root(const char *runtime_dir, const char *want, const char *what)
{
	CLEANUP(mem_free) char *got = NULL;

	if (runtime_dir)
		setenv("XDG_RUNTIME_DIR", runtime_dir, 1);
	else
		unsetenv("XDG_RUNTIME_DIR");
	got = runtime_default_root("lichen");
	if (want)
		is_str(got, want, "%s", what);
	else
		ok(got[0] == '/' && strstr(got, "/lichen"), "%s", what);
}

static void test_default_root(void)
{
	is_default_root("/some/where", "/some/where/lichen", "below XDG_RUNTIME_DIR");
	is_default_root("relative", NULL, "a relative one does not count");
	is_default_root("", NULL, "nor an empty one");
	is_default_root(NULL, geteuid() == 0 ? "/run/lichen" : NULL, "without");
}

/* ---- the directory ---- */

static void test_reserve(const struct temp *t)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_dir_close) struct state_dir second = STATE_DIR_NONE;
	struct strlist names = { 0 };
	struct error e = { 0 };
	struct stat st;

	is_int(state_dir_names(&rt, &names, &e), 0, "no root: no containers");
	is_int((int64_t)names.n, 0, "none");
	is_int(state_dir_open(&rt, "box", STATE_UNLOCKED, &dir, &e), -ENOENT, "nor this one");
	is_str(e.text, "container 'box' does not exist", "says so");
	is_int(state_dir_reserve(&rt, "box", &dir, &e), 0, "a name is taken %s", e.text);
	ok(fstatat(t->fd, "parent/root/box", &st, 0) == 0 && (st.st_mode & 07777) == 0700,
		"its directory is ours alone");
	ok(fstatat(t->fd, "parent/root", &st, 0) == 0 && (st.st_mode & 07777) == 01700,
		"so is the root");
	is_str(dir.id, "box", "its ID");
	is_int(state_dir_reserve(&rt, "box", &second, &e), -EEXIST, "a second time it is not");
	is_str(e.text, "container 'box' already exists", "says so");
	is_str(e.hint, "choose another ID, or: lichen delete box", "and what to do");
	ok(second.fd < 0 && !second.id, "the output is left alone");
	is_int(state_dir_names(&rt, &names, &e), 0, "the names");
	is_int((int64_t)names.n, 1, "one, and nothing half made");
	strlist_release(&names);
	is_int(state_dir_remove(&dir, &e), 0, "removed");
	is_int(faccessat(t->fd, "parent/root/box", F_OK, 0), -1, "it is gone");
	state_dir_close(&dir);
	is_int(dir.fd, -EBADF, "closed");
}

static void test_names(const struct temp *t)
{
	static const char *const ids[] = { "zebra", "a", "B", "a.b", "0" };
	struct strlist names = { 0 };
	struct error e = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;

		state_dir_reserve(&rt, ids[i], &dir, &e);
	}
	temp_write(t, "parent/root/file", "");
	mkdirat(t->fd, "parent/root/.new.1", 0700);
	ok(symlinkat("zebra", t->fd, "parent/root/link") == 0, "(a link)");
	is_int(state_dir_names(&rt, &names, &e), 0, "the names");
	is_int((int64_t)names.n, 5, "of directories, and none with a dot in front");
	ok(names.n == 5 && streq(names.v[0], "0") && streq(names.v[1], "B") &&
			streq(names.v[2], "a") && streq(names.v[3], "a.b") &&
			streq(names.v[4], "zebra"),
		"sorted");
	strlist_release(&names);
	{
		CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;

		is_int(state_dir_open(&rt, "link", STATE_UNLOCKED, &dir, &e), -ENOENT,
			"a link is no container");
		is_int(state_dir_open(&rt, "file", STATE_UNLOCKED, &dir, &e), -ENOENT,
			"nor is a file");
		is_int(state_dir_open(&rt, "../root", STATE_UNLOCKED, &dir, &e), -EINVAL,
			"nor is a path");
	}
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;

		is_int(state_dir_open(&rt, ids[i], STATE_LOCKED, &dir, &e), 0, "'%s' is there",
			ids[i]);
		is_int(state_dir_remove(&dir, &e), 0, "and removed");
	}
	unlinkat(t->fd, "parent/root/file", 0);
	unlinkat(t->fd, "parent/root/link", 0);
	unlinkat(t->fd, "parent/root/.new.1", AT_REMOVEDIR);
}

/* What others could write to is not a place for states. */
static void test_not_ours(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(mem_free)
	char *want = xasprintf("the state directory '%s' is not ours alone", root);
	struct error e = { 0 };

	chmod(root, 0777);
	is_int(state_dir_reserve(&rt, "box", &dir, &e), -EPERM, "a root for everybody");
	is_str(e.text, want, "is refused");
	chmod(root, 0770);
	if (geteuid() == 0 && chown(root, 0, getegid() + 1) == 0) {
		is_int(state_dir_reserve(&rt, "box", &dir, &e), -EPERM, "so is one for a group");
		is_int(chown(root, 0, getegid()), 0, "(our own again)");
	} else {
		skip("only root can make a directory for another group");
		skip("and take it back");
	}
	chmod(root, 0700);
	is_int(state_dir_reserve(&rt, "box", &dir, &e), 0, "without the sticky bit it is fine");
	state_dir_remove(&dir, &e);
}

/* Another operation ends meanwhile, or takes the container away. */
static void test_lock(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(state_dir_close) struct state_dir mine = STATE_DIR_NONE;
	char empty[] = "";
	struct state s = { .id = empty,
		.oci_version = empty,
		.bundle = empty,
		.rootfs = empty,
		.created = empty,
		.owner = empty,
		.is_created = 1 };
	struct error e = { 0 };
	int64_t start;
	pid_t pid;

	state_dir_reserve(&rt, "busy", &dir, &e);
	is_int(state_dir_open(&rt, "busy", STATE_UNLOCKED, &mine, &e), 0, "reading needs no lock");
	state_dir_close(&mine);
	is_int(state_dir_open(&rt, "busy", STATE_LOCKED, &mine, &e), 0,
		"nor is a creation waited for, which may hang");
	is_int(mine.locked, 0, "but then it is not locked");
	state_dir_close(&mine);
	state_write(&dir, &s, &e);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		usleep(300000);
		_exit(0);
	}
	/* The child holds the lock too, until it ends. */
	state_dir_close(&dir);
	start = time_ms();
	is_int(state_dir_open(&rt, "busy", STATE_LOCKED, &mine, &e), 0, "the lock is waited for");
	is_int(mine.locked, 1, "and ours");
	ok(time_ms() - start >= 200 && time_ms() - start < 10000, "as long as need be");
	waitpid(pid, NULL, 0);

	pid = fork();
	if (pid == 0) {
		usleep(300000);
		state_dir_remove(&mine, &e);
		_exit(0);
	}
	state_dir_close(&mine);
	is_int(state_dir_open(&rt, "busy", STATE_LOCKED, &mine, &e), -ENOENT,
		"what was deleted meanwhile does not exist");
	waitpid(pid, NULL, 0);
}

/* ---- the files ---- */

static void test_round_trip(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct state s = { .id = xstrdup("box"),
		.oci_version = xstrdup("1.0.2-dev"),
		.bundle = xstrdup("/b \"u\" \\n\n\x01\xc3\xa4"),
		.rootfs = xstrdup("/b/rootfs"),
		.created = xstrdup("2026-01-02T03:04:05.678901234Z"),
		.owner = xstrdup("anna"),
		.is_created = 1,
		.init = { 4711, UINT64_MAX - 1 } };
	struct state got;
	struct error e = { 0 };

	strlist_add(&s.annotation_keys, xstrdup("org.example/a"));
	strlist_add(&s.annotation_values, xstrdup(""));
	strlist_add(&s.annotation_keys, xstrdup(""));
	strlist_add(&s.annotation_values, xstrdup("{\"json\": [1]}"));
	strlist_add(&s.not_applied, xstrdup("linux.resources.memory"));
	state_dir_reserve(&rt, "box", &dir, &e);
	is_int(state_write(&dir, &s, &e), 0, "a state is written %s", e.text);
	is_int(state_read(&dir, &got, &e), 0, "and read %s", e.text);
	is_str(got.id, s.id, "the ID");
	is_str(got.oci_version, s.oci_version, "the version");
	is_str(got.bundle, s.bundle, "the bundle");
	is_str(got.rootfs, s.rootfs, "the root");
	is_str(got.created, s.created, "the time");
	is_str(got.owner, s.owner, "the owner");
	is_int(got.is_created, 1, "that it is created");
	is_int(got.init.pid, 4711, "the first process");
	ok(got.init.start_time == UINT64_MAX - 1, "and its start");
	is_int((int64_t)got.annotation_keys.n, 2, "the annotations");
	is_str(got.annotation_keys.v[0], "org.example/a", "a key");
	is_str(got.annotation_values.v[0], "", "an empty value");
	is_str(got.annotation_values.v[1], "{\"json\": [1]}", "a value");
	is_int((int64_t)got.not_applied.n, 1, "what was left out");
	state_release(&got);
	s.is_created = 0;
	state_write(&dir, &s, &e);
	state_read(&dir, &got, &e);
	is_int(got.is_created, 0, "written anew: not created");
	state_release(&got);
	state_release(&s);
	ok(!s.id && s.annotation_keys.n == 0, "released");
	state_dir_remove(&dir, &e);
}

static void test_birth(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct process_ref ref = { 4711, 123456789012345 };
	struct state got;
	struct error e = { 0 };

	state_dir_reserve(&rt, "box", &dir, &e);
	is_int(state_read(&dir, &got, &e), 0, "killed before the first line: a state like any");
	is_str(got.id, "", "with nothing in it");
	is_int(got.init.pid, 0, "and no process");
	state_release(&got);
	is_int(state_record_init(&dir, &ref, &e), 0, "the first process is recorded");
	state_read(&dir, &got, &e);
	is_int(got.init.pid, 4711, "and known before the state is written");
	ok(got.init.start_time == 123456789012345, "with its start");
	is_int(got.is_created, 0, "it is not created");
	state_release(&got);
	state_dir_remove(&dir, &e);
}

/* Nobody but us writes there; a full disk or a crash may have. */
static void test_damaged(const struct temp *t)
{
	static const char *const texts[] = { "", "{", "[]", "null", "\"x\"", "{\"id\": 7",
		"{\"id\": \"a\", \"id\": \"b\"}" };
	static const char *const odd[] = { "{}", "{\"id\": 7, \"pid\": \"x\"}", "{\"created\": {}}",
		"{\"created\": []}", "{\"annotations\": []}", "{\"annotations\": [\"x\"]}",
		"{\"annotations\": {\"a\": {\"b\": 1}}}",
		"{\"annotations\": \"x\", \"notApplied\": {\"a\": [1]}}",
		"{\"pid\": -1, \"startTime\": -1}",
		"{\"pid\": 99999999999999999999, \"created\": true}",
		"{\"created\": true, \"pid\": 1.5, \"startTime\": 1e99}" };
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct state got;
	struct error e = { 0 };

	state_dir_reserve(&rt, "box", &dir, &e);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		temp_write(t, "parent/root/box/state.json", texts[i]);
		ok(state_read(&dir, &got, &e) < 0, "'%s' is no state", texts[i]);
		ok(str_starts(e.text, "read the state of container 'box': state.json: "), "%s",
			e.text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
		int r;

		temp_write(t, "parent/root/box/state.json", odd[i]);
		r = state_read(&dir, &got, &e);
		is_int(r < 0 ? 0 : got.init.pid, 0, "'%s' names no process", odd[i]);
		if (r == 0)
			state_release(&got);
	}
	is_int(state_dir_remove(&dir, &e), 0, "it can be removed");
}

static void test_config(void)
{
	static const char text[] =
		"{\"ociVersion\": \"1.0.2\", \"annotations\": {\"is\": \"kept\"}}";
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	struct error e = { 0 };

	state_dir_reserve(&rt, "box", &dir, &e);
	is_int(state_read_config(&dir, &spec, &e), -ENOENT, "no config.json yet");
	is_int(state_write_config(&dir, text, strlen(text), &e), 0, "a copy of config.json");
	is_int(state_read_config(&dir, &spec, &e), 0, "is read again %s", e.text);
	is_str(spec && spec->annotations.n ? spec->annotations.v[0].value : NULL, "kept",
		"and is what it was");
	state_dir_remove(&dir, &e);
}

/* ---- what it looks like ---- */

static void is_status(
	const char *id, const struct state *s, enum container_status want, const char *what)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct error e = { 0 };

	/* As another process would see it, without the lock. */
	if (state_dir_open(&rt, id, STATE_UNLOCKED, &dir, &e) < 0)
		ok(false, "%s: %s", what, e.text);
	else
		is_str(container_status_name(state_status(&dir, s)), container_status_name(want),
			"%s", what);
}

static void test_status(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	struct state s = { 0 };
	struct error e = { 0 };
	int lock_fd;
	pid_t pid;

	is_str(container_status_name(STATUS_CREATING), "creating", "the names of the states");
	is_str(container_status_name(STATUS_CREATED), "created", "of config.md");
	is_str(container_status_name(STATUS_RUNNING), "running", "all");
	is_str(container_status_name(STATUS_STOPPED), "stopped", "four");

	state_dir_reserve(&rt, "box", &dir, &e);
	is_status("box", &s, STATUS_CREATING, "somebody works on it");
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		pause();
		_exit(0);
	}
	process_ref_get(pid, &s.init, &e);
	s.is_created = 1;
	lock_fd = state_lock_created(&dir, &e);
	ok(lock_fd >= 0 && fcntl(lock_fd, F_GETFD) == FD_CLOEXEC, "the lock of what is created");
	is_status("box", &s, STATUS_CREATED, "alive and before execve");
	fd_close(lock_fd);
	is_status("box", &s, STATUS_RUNNING, "alive and beyond");
	s.init.start_time++;
	is_status("box", &s, STATUS_STOPPED, "another process of that number");
	s.init.start_time--;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	is_status("box", &s, STATUS_STOPPED, "dead");
	state_dir_close(&dir);
	s = (struct state){ 0 };
	is_status("box", &s, STATUS_STOPPED, "its creator died before it was created");
	state_dir_open(&rt, "box", STATE_LOCKED, &dir, &e);
	state_dir_remove(&dir, &e);
}

static void test_socket(void)
{
	CLEANUP(state_dir_close) struct state_dir dir = STATE_DIR_NONE;
	CLEANUP(fd_cleanup) int listening = -EBADF;
	CLEANUP(fd_cleanup) int connected = -EBADF;
	struct error e = { 0 };

	state_dir_reserve(&rt, "box", &dir, &e);
	is_int(state_connect(&dir, &e), -ENOENT, "nobody waits for start");
	is_str(e.text, "connect to the start socket of container 'box': No such file or directory",
		"says so");
	listening = state_listen(&dir, &e);
	ok(listening >= 0, "somebody waits %s", e.text);
	connected = state_connect(&dir, &e);
	ok(connected >= 0, "and is reached, however long the path is");
	connected = fd_close(connected);
	listening = fd_close(listening);
	is_int(state_connect(&dir, &e), -ECONNREFUSED, "who waited has died");
	is_int(state_dir_remove(&dir, &e), 0, "the socket goes too");
}

int main(void)
{
	struct temp t = temp_make();
	char name[200];
	size_t before;

	alarm(120);
	umask(022);
	/* Longer than a socket's address can be. */
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(root, sizeof(root), "%s/parent/root", t.path);
	before = count_open_fds();
	test_ids();
	test_default_root();
	test_reserve(&t);
	test_names(&t);
	test_not_ours();
	test_lock();
	test_round_trip();
	test_birth();
	test_damaged(&t);
	test_config();
	test_status();
	snprintf(root, sizeof(root), "%s/%s", t.path, name);
	test_socket();
	is_int((int64_t)count_open_fds(), (int64_t)before, "no descriptor is left over");
	temp_remove(&t);
	return done();
}
