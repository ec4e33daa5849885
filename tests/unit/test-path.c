/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every look-up is done three times: by openat2, and, with a seccomp filter that takes that call
 * away in the two ways that are seen in the wild, by the walk. The answers must be the same.
 */
#include "tap.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/syscalls.h"
#include "temp.h"

/* From here on openat2 answers with this error. Filters add up; the newest error counts. */
static bool block_openat2(unsigned int code)
{
	struct sock_filter code_of[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | code),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code_of), code_of };
	struct open_how how = { .flags = O_PATH };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 &&
		sys_openat2(AT_FDCWD, "/", &how) < 0 && errno == (int)code;
}

/*
 * ---- the tree that is looked at ----
 * No host has these names: were a look-up ever to leave the root, it must not find anything there.
 */

static void make_dirs(const struct temp *t, const char *path)
{
	char part[256];

	for (size_t i = 0; i < strlen(path); i++) {
		snprintf(part, i + 1, "%s", path);
		if (path[i] == '/')
			mkdirat(t->fd, part, 0755);
	}
	mkdirat(t->fd, path, 0755);
}

static void make_link(const struct temp *t, const char *target, const char *path)
{
	if (symlinkat(target, t->fd, path) < 0)
		printf("Bail out! cannot make the link %s\n", path);
}

/* Two links more than a look-up may follow (40): chain-1 needs one, chain-41 41. */
#define CHAIN 42

static void make_tree(const struct temp *t)
{
	make_dirs(t, "outside");
	temp_write(t, "outside/secret", "secret");
	temp_write(t, "secret", "secret");
	make_dirs(t, "root/lichen-inner/deep/er");
	make_dirs(t, "root/usr/lib/x");
	make_dirs(t, "root/outside-like");
	temp_write(t, "root/lichen-inner/of-a-test", "inside");
	temp_write(t, "root/usr/lib/libc", "inside");
	make_link(t, "usr/lib", "root/lib");
	make_link(t, "usr/lib/", "root/lib-slash");
	make_link(t, "/lichen-inner/of-a-test", "root/absolute");
	make_link(t, "/lichen-inner", "root/absolute-dir");
	make_link(t, "../../../../../../lichen-inner", "root/up");
	make_link(t, "../outside/secret", "root/out");
	make_link(t, "/../../outside/secret", "root/absolute-out");
	make_link(t, "../../../../../secret", "root/lichen-inner/deep/out");
	make_link(t, "../../../lichen-inner/of-a-test", "root/usr/lib/x/back");
	make_link(t, "/lichen-inner/of-a-test", "root/usr/lib/x/absolute");
	make_link(t, "/absolute-dir", "root/usr/lib/x/twice");
	make_link(t, "loop-b", "root/loop-a");
	make_link(t, "loop-a", "root/loop-b");
	make_link(t, "self", "root/self");
	make_link(t, "/lichen-nowhere/here", "root/dangling");
	make_link(t, "lichen-inner/of-a-test/", "root/file-slash");
	make_link(t, ".", "root/dot");
	make_link(t, "..", "root/dotdot");
	make_link(t, "/", "root/slash");
	make_link(t, "lichen-inner/of-a-test", "root/chain-1");
	for (int i = 2; i < CHAIN; i++) {
		char target[32], path[32];

		snprintf(target, sizeof(target), "chain-%d", i - 1);
		snprintf(path, sizeof(path), "root/chain-%d", i);
		make_link(t, target, path);
	}
}

/* ---- opening ---- */

static const struct {
	const char *path;
	int flags;
	int result;
	const char *is; /* beneath root; NULL: a failure */
} opens[] = {
	{ "lichen-inner/of-a-test", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "/lichen-inner/of-a-test", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "//lichen-inner///of-a-test", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "./lichen-inner/./of-a-test", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "lichen-inner/../lichen-inner/of-a-test", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "/", O_RDONLY, 0, "." },
	{ ".", O_PATH, 0, "." },
	{ "..", O_PATH, 0, "." },
	{ "../../..", O_PATH, 0, "." },
	{ "../secret", O_PATH, -ENOENT, NULL },
	{ "../../lichen-inner/of-a-test", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "/../lichen-inner/../../lichen-inner/of-a-test", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "", O_PATH, -ENOENT, NULL },
	{ "none", O_PATH, -ENOENT, NULL },
	{ "none/..", O_PATH, -ENOENT, NULL },
	{ "none/../lichen-inner", O_PATH, -ENOENT, NULL },
	{ "lichen-inner/of-a-test/x", O_PATH, -ENOTDIR, NULL },
	{ "lichen-inner/of-a-test/..", O_PATH, -ENOTDIR, NULL },
	{ "lichen-inner/of-a-test/.", O_PATH, -ENOTDIR, NULL },
	{ "lichen-inner/of-a-test/", O_PATH, -ENOTDIR, NULL },
	{ "lichen-inner/", O_PATH, 0, "lichen-inner" },
	{ "lichen-inner/.", O_PATH, 0, "lichen-inner" },
	{ "lichen-inner", O_DIRECTORY | O_RDONLY, 0, "lichen-inner" },
	{ "lichen-inner", O_WRONLY, -EISDIR, NULL },
	{ "lichen-inner/of-a-test", O_DIRECTORY | O_PATH, -ENOTDIR, NULL },
	{ "lichen-inner/of-a-test", O_RDWR, 0, "lichen-inner/of-a-test" },
	/* links */
	{ "lib/libc", O_RDONLY, 0, "usr/lib/libc" },
	{ "lib", O_PATH, 0, "usr/lib" },
	{ "lib", O_PATH | O_NOFOLLOW, 0, "lib" },
	{ "lib", O_RDONLY | O_NOFOLLOW, -ELOOP, NULL },
	{ "lib/", O_PATH | O_NOFOLLOW, 0, "usr/lib" },
	{ "lib/libc", O_PATH | O_NOFOLLOW, 0, "usr/lib/libc" },
	{ "lib/..", O_PATH, 0, "usr" },
	{ "lib-slash", O_PATH, 0, "usr/lib" },
	{ "lib-slash/libc", O_PATH, 0, "usr/lib/libc" },
	{ "absolute", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "absolute-dir/of-a-test", O_RDONLY, 0, "lichen-inner/of-a-test" },
	{ "absolute-dir/../usr", O_PATH, 0, "usr" },
	{ "up", O_PATH, 0, "lichen-inner" },
	{ "up/of-a-test", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "out", O_PATH, -ENOENT, NULL },
	{ "out", O_PATH | O_NOFOLLOW, 0, "out" },
	{ "absolute-out", O_PATH, -ENOENT, NULL },
	{ "lichen-inner/deep/out", O_PATH, -ENOENT, NULL },
	{ "usr/lib/x/back", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "lib/x/back", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "usr/lib/x/absolute", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "usr/lib/x/twice/of-a-test", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "dangling", O_PATH, -ENOENT, NULL },
	{ "dangling", O_PATH | O_NOFOLLOW, 0, "dangling" },
	{ "file-slash", O_PATH, -ENOTDIR, NULL },
	{ "dot/lichen-inner", O_PATH, 0, "lichen-inner" },
	{ "dot", O_PATH, 0, "." },
	{ "dotdot/lichen-inner", O_PATH, 0, "lichen-inner" },
	{ "dotdot", O_PATH, 0, "." },
	{ "slash/lichen-inner", O_PATH, 0, "lichen-inner" },
	{ "slash", O_PATH, 0, "." },
	{ "slash/slash/dotdot/dot/lib/libc", O_PATH, 0, "usr/lib/libc" },
	{ "loop-a", O_PATH, -ELOOP, NULL },
	{ "loop-a/x", O_PATH, -ELOOP, NULL },
	{ "self", O_PATH, -ELOOP, NULL },
	{ "self", O_PATH | O_NOFOLLOW, 0, "self" },
	{ "chain-40", O_PATH, 0, "lichen-inner/of-a-test" },
	{ "chain-41", O_PATH, -ELOOP, NULL },
};

static bool is_same_file(int fd, int dir_fd, const char *path)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && fstatat(dir_fd, path, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
		a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

static void test_open(int root_fd, const char *how)
{
	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		CLEANUP(mem_free)
		char *text = xasprintf("open '%s' in the root file system: %s", opens[i].path,
			strerror(-opens[i].result));
		struct error e = { 0 };
		CLEANUP(fd_cleanup)
		int fd = path_open(root_fd, opens[i].path, opens[i].flags, &e);

		is_int(fd < 0 ? fd : 0, opens[i].result, "%s: open '%s' 0x%x", how, opens[i].path,
			(unsigned int)opens[i].flags);
		if (opens[i].is) {
			ok(fd >= 0 && is_same_file(fd, root_fd, opens[i].is), "%s: is '%s'", how,
				opens[i].is);
			is_int(fcntl(fd, F_GETFD), FD_CLOEXEC, "%s: close-on-exec", how);
		} else {
			is_str(e.text, text, "%s: the text", how);
		}
	}
}

/* O_RDONLY is 0: only the kinds of descriptor can be told apart. */
static void test_open_modes(int root_fd, const char *how)
{
	struct error e;
	CLEANUP(fd_cleanup) int path_fd = path_open(root_fd, "absolute", O_PATH, &e);
	CLEANUP(fd_cleanup) int write_fd = path_open(root_fd, "absolute", O_WRONLY | O_TRUNC, &e);
	CLEANUP(mem_free) char *long_name = xmalloc(257);
	char c;

	ok(read(path_fd, &c, 1) < 0 && errno == EBADF, "%s: O_PATH can't be read", how);
	is_int(write(write_fd, "new", 3), 3, "%s: O_WRONLY can be written to", how);
	memset(long_name, 'x', 256);
	long_name[256] = '\0';
	is_int(path_open(root_fd, long_name, O_PATH, &e), -ENAMETOOLONG, "%s: a name is too long",
		how);
}

static void test_magic_links(const char *how)
{
	static const char *const magic[] = { "self/root", "self/root/lichen-inner", "self/cwd",
		"self/exe", "self/fd/0", "self/ns/user", "thread-self/ns/mnt" };
	CLEANUP(fd_cleanup) int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct error e;

	for (size_t i = 0; i < ARRAY_SIZE(magic); i++)
		is_int(path_open(proc_fd, magic[i], O_PATH, &e), -ELOOP,
			"%s: the magic link '%s' is refused", how, magic[i]);
	{
		CLEANUP(fd_cleanup) int fd = path_open(proc_fd, "self/status", O_RDONLY, &e);
		CLEANUP(fd_cleanup)
		int link_fd = path_open(proc_fd, "self/exe", O_PATH | O_NOFOLLOW, &e);
		CLEANUP(fd_cleanup) int mounts_fd = path_open(proc_fd, "mounts", O_RDONLY, &e);

		ok(fd >= 0, "%s: a plain link of procfs is followed", how);
		ok(mounts_fd >= 0, "%s: and one to a path", how);
		ok(link_fd >= 0, "%s: a magic link itself can be held", how);
	}
}

/* ---- making ---- */

static const struct {
	const char *path;
	enum path_kind kind;
	int result;
	const char *is;
	mode_t mode; /* with the type; 0: whatever it is */
} makes[] = {
	{ "made/a/b", PATH_DIRECTORY, 0, "made/a/b", S_IFDIR | 0755 },
	{ "made/a/b", PATH_DIRECTORY, 0, "made/a/b", S_IFDIR | 0755 },
	{ "made/a", PATH_FILE, 0, "made/a", S_IFDIR | 0755 },
	{ "made/f/file", PATH_FILE, 0, "made/f/file", S_IFREG | 0644 },
	{ "made/f/file", PATH_DIRECTORY, 0, "made/f/file", S_IFREG | 0644 },
	{ "made/f/file/x", PATH_FILE, -ENOTDIR, NULL, 0 },
	{ "lichen-inner/of-a-test", PATH_FILE, 0, "lichen-inner/of-a-test", 0 },
	{ "/made//c/./d/", PATH_DIRECTORY, 0, "made/c/d", S_IFDIR | 0755 },
	{ "../../made/e", PATH_DIRECTORY, 0, "made/e", S_IFDIR | 0755 },
	{ "made/../../../made/g", PATH_FILE, 0, "made/g", S_IFREG | 0644 },
	{ "lib/new-dir/file", PATH_FILE, 0, "usr/lib/new-dir/file", S_IFREG | 0644 },
	{ "absolute-dir/new", PATH_DIRECTORY, 0, "lichen-inner/new", S_IFDIR | 0755 },
	{ "up/new-file", PATH_FILE, 0, "lichen-inner/new-file", S_IFREG | 0644 },
	{ "dangling", PATH_DIRECTORY, 0, "lichen-nowhere/here", S_IFDIR | 0755 },
	{ "out", PATH_FILE, 0, "outside/secret", S_IFREG | 0644 },
	{ "lichen-inner/deep/out", PATH_FILE, 0, "secret", S_IFREG | 0644 },
	{ "loop-a", PATH_FILE, -ELOOP, NULL, 0 },
	{ "self/x", PATH_DIRECTORY, -ELOOP, NULL, 0 },
	{ "/", PATH_DIRECTORY, 0, ".", 0 },
	{ "..", PATH_DIRECTORY, 0, ".", 0 },
};

static void test_make(int root_fd, const char *how)
{
	for (size_t i = 0; i < ARRAY_SIZE(makes); i++) {
		CLEANUP(mem_free)
		char *text = xasprintf("create '%s' in the root file system: %s", makes[i].path,
			strerror(-makes[i].result));
		struct error e = { 0 };
		CLEANUP(fd_cleanup) int fd = path_make(root_fd, makes[i].path, makes[i].kind, &e);
		struct stat st = { 0 };

		is_int(fd < 0 ? fd : 0, makes[i].result, "%s: make '%s'", how, makes[i].path);
		if (!makes[i].is) {
			is_str(e.text, text, "%s: the text", how);
			continue;
		}
		fstat(fd, &st);
		ok(fd >= 0 && is_same_file(fd, root_fd, makes[i].is), "%s: is '%s'", how,
			makes[i].is);
		ok((fcntl(fd, F_GETFL) & O_PATH) && fcntl(fd, F_GETFD) == FD_CLOEXEC,
			"%s: held, not opened", how);
		if (makes[i].mode)
			is_int(st.st_mode, makes[i].mode, "%s: its kind and mode", how);
	}
}

static void is_refused_plain(int root_fd, const char *how, const char *path, const char *text)
{
	struct error e = { 0 };
	CLEANUP(fd_cleanup) int fd = path_make_plain(root_fd, path, PATH_DIRECTORY, &e);

	ok(fd < 0, "%s: '%s' is refused", how, path);
	is_str(e.text, text, "%s: the text", how);
}

static void test_make_plain(int root_fd, const char *how)
{
	CLEANUP(fd_cleanup) int file_fd = -EBADF;
	struct error e = { 0 };
	struct stat st;
	CLEANUP(fd_cleanup)
	int fd = path_make_plain(root_fd, "/plain/./a/../b", PATH_DIRECTORY, &e);

	ok(fd >= 0 && is_same_file(fd, root_fd, "plain/b"), "%s: a plain path is made", how);
	file_fd = path_make_plain(root_fd, "plain/c/file", PATH_FILE, &e);
	ok(file_fd >= 0 && is_same_file(file_fd, root_fd, "plain/c/file"), "%s: or a file", how);
	ok(fstat(file_fd, &st) == 0 && S_ISREG(st.st_mode), "%s: a regular one", how);
	is_refused_plain(
		root_fd, how, "lib", "'lib' in the root file system goes through a symbolic link");
	is_refused_plain(root_fd, how, "/lib/x",
		"'/lib/x' in the root file system goes through a symbolic link");
	is_refused_plain(root_fd, how, "lib/",
		"'lib/' in the root file system goes through a symbolic link");
	is_refused_plain(root_fd, how, "lichen-inner/deep/out",
		"'lichen-inner/deep/out' in the root file system goes through a symbolic link");
	is_refused_plain(root_fd, how, "dangling/x",
		"'dangling/x' in the root file system goes through a symbolic link");
	is_refused_plain(root_fd, how, "lichen-inner/of-a-test/x",
		"create 'lichen-inner/of-a-test/x' in the root file system: Not a directory");
}

static void test_make_parent(int root_fd, const char *how)
{
	static const char *const bad[] = { "", "/", "a/", "a/.", "a/..", ".", ".." };
	const char *path = "usr/lib/p/q/file", *name = NULL;
	struct error e = { 0 };
	CLEANUP(fd_cleanup) int fd = path_make_parent(root_fd, path, PATH_FOLLOW, &name, &e);
	CLEANUP(fd_cleanup) int top_fd = -EBADF;

	ok(fd >= 0 && is_same_file(fd, root_fd, "usr/lib/p/q"), "%s: the parent is made", how);
	ok(name == path + strlen("usr/lib/p/q/"), "%s: the name points into the path", how);
	is_int(faccessat(fd, "file", F_OK, 0), -1, "%s: the file is not", how);
	top_fd = path_make_parent(root_fd, "top", PATH_FOLLOW, &name, &e);
	ok(top_fd >= 0 && is_same_file(top_fd, root_fd, "."), "%s: the root as the parent", how);
	is_str(name, "top", "%s: of the name alone", how);
	is_int(path_make_parent(root_fd, "lib/p/file", PATH_PLAIN, &name, &e), -ELOOP,
		"%s: a link on the way is refused", how);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		CLEANUP(mem_free) char *text = xasprintf("'%s' does not name a file", bad[i]);

		name = "untouched";
		is_int(path_make_parent(root_fd, bad[i], PATH_FOLLOW, &name, &e), -EINVAL,
			"%s: '%s' has none", how, bad[i]);
		is_str(e.text, text, "%s: the text", how);
		is_str(name, "untouched", "%s: the output is left alone", how);
	}
}

static void test_beneath_root(const char *how)
{
	struct temp t = temp_make();
	CLEANUP(fd_cleanup) int root_fd = -EBADF;
	size_t before;

	make_tree(&t);
	root_fd = openat(t.fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	before = count_open_fds();
	test_open(root_fd, how);
	test_open_modes(root_fd, how);
	test_magic_links(how);
	test_make(root_fd, how);
	test_make_plain(root_fd, how);
	test_make_parent(root_fd, how);
	is_int((int64_t)count_open_fds(), (int64_t)before, "%s: no descriptor is left over", how);
	is_int((int64_t)count_entries(&t), 3, "%s: nothing was made outside of the root", how);
	temp_remove(&t);
}

/* ---- texts ---- */

static const struct {
	const char *base, *path, *clean;
} cleans[] = {
	{ "/base", "a", "/base/a" },
	{ "/base", "/a", "/a" },
	{ "/base", "", "/base" },
	{ "/base/", ".", "/base" },
	{ "/base", "..", "/" },
	{ "/base", "../..", "/" },
	{ "/base", "../../../x", "/x" },
	{ "/base/deep", "../a//b/./c/", "/base/a/b/c" },
	{ "/", "a", "/a" },
	{ "/", "/", "/" },
	{ "/", "//", "/" },
	{ "/", "/..", "/" },
	{ "/", "/a/../..", "/" },
	{ "/", "/.../..a/b..", "/.../..a/b.." },
	{ "/", "/a/..", "/" },
	{ "/", "/a/b/..", "/a" },
	{ "/", "/a/./././b", "/a/b" },
};

static const struct {
	const char *path, *dir;
	bool beneath;
} beneaths[] = {
	{ "/a/b", "/a", true },
	{ "/a", "/a", true },
	{ "/a/", "/a", true },
	{ "/a", "/a/", true },
	{ "/ab", "/a", false },
	{ "/", "/a", false },
	{ "/a", "/", true },
	{ "/", "/", true },
	{ "a/b", "/a", true },
	{ "/a/../b", "/a", false },
	{ "/a/../../a/b", "/a", true },
	{ "//a//b", "/a/b", true },
	{ "/proc/self", "/proc", true },
	{ "/procfs", "/proc", false },
	{ "/proc/../sys", "/proc", false },
	{ "", "/a", false },
};

static void test_texts(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(cleans); i++) {
		CLEANUP(mem_free) char *clean = path_clean(cleans[i].base, cleans[i].path);

		is_str(clean, cleans[i].clean, "'%s' from '%s'", cleans[i].path, cleans[i].base);
	}
	for (size_t i = 0; i < ARRAY_SIZE(beneaths); i++)
		ok(path_beneath(beneaths[i].path, beneaths[i].dir) == beneaths[i].beneath,
			"'%s' is %sbeneath '%s'", beneaths[i].path,
			beneaths[i].beneath ? "" : "not ", beneaths[i].dir);
}

int main(void)
{
	struct open_how how = { .flags = O_PATH };
	long fd = sys_openat2(AT_FDCWD, "/", &how);

	umask(022);
	test_texts();
	if (fd >= 0) {
		close((int)fd);
		test_beneath_root("openat2");
	} else {
		skip("openat2 can't be had here: %s", strerror(errno));
	}
	if (block_openat2(ENOSYS))
		test_beneath_root("without openat2");
	else
		skip("openat2 can't be taken away here: %s", strerror(errno));
	if (block_openat2(EPERM))
		test_beneath_root("openat2 forbidden");
	else
		skip("openat2 can't be forbidden here: %s", strerror(errno));
	return done();
}
