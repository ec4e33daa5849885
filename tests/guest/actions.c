/* SPDX-License-Identifier: Apache-2.0 */
/* What the guest program does inside of a container: one system call each, and what came of it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

#define TEXT_MAX (1 << 18)

static unsigned long number(const char *s)
{
	return strtoul(s, NULL, 0);
}

static void act_read(char **args)
{
	static char text[TEXT_MAX];
	long n = read_text(args[0], text, sizeof(text));

	add_errno(n < 0);
	if (n >= 0)
		json_bytes("text", text, (size_t)n);
}

static int put(const char *path, const char *text, int flags)
{
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0644);
	ssize_t n = fd < 0 ? -1 : write(fd, text, strlen(text));
	int code = errno;

	if (fd >= 0)
		close(fd);
	errno = code;
	return n < 0 ? -1 : 0;
}

static void write_with(const char *path, const char *text, int flags)
{
	add_errno(put(path, text, flags) < 0);
}

static void act_write(char **args)
{
	write_with(args[0], args[1], O_WRONLY);
}

static void act_create(char **args)
{
	write_with(args[0], args[1], O_WRONLY | O_CREAT | O_TRUNC);
}

/* open PATH FLAGS: "r", "w", "rw", "dir" */
static void act_open(char **args)
{
	int flags = strcmp(args[1], "w") == 0 ? O_WRONLY
		: strcmp(args[1], "rw") == 0  ? O_RDWR
					      : O_RDONLY;
	int fd = open(args[0],
		flags | (strcmp(args[1], "dir") == 0 ? O_DIRECTORY : 0) | O_NOCTTY | O_NONBLOCK |
			O_CLOEXEC);

	add_errno(fd < 0);
	if (fd >= 0)
		close(fd);
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	}
	return "?";
}

static void add_stat(const char *path, int flags)
{
	struct stat st;
	char mode[8], dev[32];

	if (fstatat(AT_FDCWD, path, &st, flags) < 0) {
		add_errno(1);
		return;
	}
	add_errno(0);
	snprintf(mode, sizeof(mode), "%04o", st.st_mode & 07777);
	snprintf(dev, sizeof(dev), "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	json_string("type", type_name(st.st_mode));
	json_string("mode", mode);
	json_string("rdev", dev);
	json_number("uid", st.st_uid);
	json_number("gid", st.st_gid);
	json_number("size", st.st_size);
	json_number("ino", (long long)st.st_ino);
	json_number("dev", (long long)st.st_dev);
	json_number("mtime", st.st_mtim.tv_sec);
	if (S_ISLNK(st.st_mode)) {
		char target[PATH_MAX];
		ssize_t n = readlink(path, target, sizeof(target));

		json_bytes("target", target, n < 0 ? 0 : (size_t)n);
	}
}

static void act_stat(char **args)
{
	add_stat(args[0], 0);
}

static void act_lstat(char **args)
{
	add_stat(args[0], AT_SYMLINK_NOFOLLOW);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void act_ls(char **args)
{
	DIR *d = opendir(args[0]);
	char *names[4096];
	struct dirent *entry;
	size_t n = 0;

	add_errno(!d);
	if (!d)
		return;
	while (n < 4096 && (entry = readdir(d)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			names[n++] = strdup(entry->d_name);
	closedir(d);
	qsort(names, n, sizeof(*names), compare);
	json_array("names");
	for (size_t i = 0; i < n; i++) {
		json_string(NULL, names[i]);
		free(names[i]);
	}
	json_array_end();
}

static void act_mkdir(char **args)
{
	add_errno(mkdir(args[0], 0755) < 0);
}

static void act_unlink(char **args)
{
	add_errno(unlink(args[0]) < 0);
}

static void act_symlink(char **args)
{
	add_errno(symlink(args[0], args[1]) < 0);
}

static void act_chmod(char **args)
{
	add_errno(chmod(args[0], (mode_t)strtoul(args[1], NULL, 8)) < 0);
}

static void act_chown(char **args)
{
	add_errno(lchown(args[0], (uid_t)number(args[1]), (gid_t)number(args[2])) < 0);
}

static void act_chdir(char **args)
{
	add_errno(chdir(args[0]) < 0);
	report_cwd();
}

static void act_chroot(char **args)
{
	add_errno(chroot(args[0]) < 0);
}

/* mknod PATH c|b|p MAJOR MINOR */
static void act_mknod(char **args)
{
	mode_t type = *args[1] == 'c' ? S_IFCHR : *args[1] == 'b' ? S_IFBLK : S_IFIFO;

	add_errno(
		mknod(args[0], type | 0666,
			makedev((unsigned int)number(args[2]), (unsigned int)number(args[3]))) < 0);
}

/* mount SOURCE TARGET TYPE FLAGS */
static void act_mount(char **args)
{
	add_errno(mount(args[0], args[1], args[2], number(args[3]), NULL) < 0);
}

static int exit_status(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									       : 255;
}

/* nested-proc PATH: mounts a new procfs in namespaces of our own, as a container in a container. */
static void act_nested_proc(char **args)
{
	pid_t pid = fork();

	if (pid == 0) {
		char map[64];

		snprintf(map, sizeof(map), "0 %u 1", geteuid());
		if (unshare(CLONE_NEWUSER) < 0)
			_exit(254);
		put("/proc/self/uid_map", map, O_WRONLY);
		if (unshare(CLONE_NEWNS | CLONE_NEWPID) < 0)
			_exit(253);
		pid = fork();
		if (pid == 0)
			_exit(mount("proc", args[0], "proc", 0, NULL) < 0 ? errno : 0);
		_exit(exit_status(pid));
	}
	errno = exit_status(pid);
	add_errno(errno != 0);
}

static void act_umount(char **args)
{
	add_errno(umount2(args[0], MNT_DETACH) < 0);
}

static const struct {
	const char *name;
	long number;
} calls[] = { { "getpid", SYS_getpid }, { "getppid", SYS_getppid }, { "getuid", SYS_getuid },
	{ "mkdirat", SYS_mkdirat }, { "unshare", SYS_unshare }, { "setns", SYS_setns },
	{ "keyctl", SYS_keyctl }, { "ptrace", SYS_ptrace }, { "personality", SYS_personality },
	{ "sethostname", SYS_sethostname }, { "setuid", SYS_setuid }, { "setgid", SYS_setgid },
	{ "setgroups", SYS_setgroups }, { "socket", SYS_socket }, { "umask", SYS_umask },
	{ "getpgid", SYS_getpgid }, { "getsid", SYS_getsid }, { "sched_yield", SYS_sched_yield },
	{ "syslog", SYS_syslog }, { "bpf", SYS_bpf }, { "getrandom", SYS_getrandom },
	{ "kcmp", SYS_kcmp }, { "acct", SYS_acct }, { "setpriority", SYS_setpriority },
	{ "uname", SYS_uname }, { "getcpu", SYS_getcpu }, { "getpriority", SYS_getpriority },
	{ "getgid", SYS_getgid }, { "geteuid", SYS_geteuid }, { "getegid", SYS_getegid },
	{ "gettid", SYS_gettid }, { "openat2", SYS_openat2 }, { "clone3", SYS_clone3 },
	{ "open_tree", 428 }, { "move_mount", 429 }, { "fsopen", 430 }, { "mount_setattr", 442 } };

/* syscall NAME|NUMBER [ARGUMENT...]: numbers all */
static void act_syscall(char **args)
{
	long call = -1, r;
	unsigned long a[6] = { 0 };

	for (size_t i = 0; i < sizeof(calls) / sizeof(*calls); i++)
		if (strcmp(calls[i].name, args[0]) == 0)
			call = calls[i].number;
	if (call < 0)
		call = (long)number(args[0]);
	for (int i = 0; i < 6 && args[1 + i]; i++)
		a[i] = number(args[1 + i]);
	r = syscall(call, a[0], a[1], a[2], a[3], a[4], a[5]);
	add_errno(r == -1);
	json_number("result", r);
}

#ifdef __x86_64__
/* The 32-bit entry point of the same kernel: a filter must know of it. */
static void act_syscall32(char **args)
{
	long r = (long)number(args[0]), a = args[1] ? (long)number(args[1]) : 0;

	__asm__ volatile("int $0x80"
			 : "+a"(r)
			 : "b"(a), "c"(0L), "d"(0L)
			 : "memory", "r8", "r9", "r10", "r11");
	errno = (int)(r < 0 ? -r : 0);
	add_errno(r < 0);
	json_number("result", r);
}
#else
static void act_syscall32(char **args)
{
	(void)args;
	errno = ENOSYS;
	add_errno(1);
}
#endif

static void act_socket(char **args)
{
	int fd = socket((int)number(args[0]), (int)number(args[1]), 0);

	add_errno(fd < 0);
	if (fd >= 0)
		close(fd);
}

static void act_ptrace(char **args)
{
	pid_t pid = (pid_t)number(args[0]);
	long r = ptrace(PTRACE_SEIZE, pid, NULL, NULL);

	add_errno(r < 0);
	if (r == 0)
		ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

static void act_kill(char **args)
{
	add_errno(kill((pid_t)number(args[0]), (int)number(args[1])) < 0);
}

/* 0, or why not. */
static int try_open(const char *pid, const char *name)
{
	char path[300];
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

/* What this process may do to another one, through procfs and system calls. */
static void act_look_into(char **args)
{
	static const char *const links[] = { "exe", "root", "cwd", "fd", "ns/mnt", "mem", "maps" };

	json_object("into");
	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		json_number(links[i], try_open(args[0], links[i]));
	json_object_end();
}

static int is_lichen(const char *pid)
{
	char path[300], comm[64] = "";

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	return *pid >= '0' && *pid <= '9' && read_text(path, comm, sizeof(comm)) > 0 &&
		strncmp(comm, "lichen", 6) == 0;
}

static int seize(pid_t pid)
{
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return 0;
	/* Only one that has stopped can be let go. */
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	waitpid(pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 1;
}

static const char *const hunt_ways[] = { "exe", "root", "cwd", "fd/0", "fd/1", "fd/2", "fd/3",
	"fd/4", "fd/5", "fd/6", "fd/7", "fd/8", "fd/9", "ns/mnt", "mem", "environ", "ptrace" };
#define N_WAYS ((int)(sizeof(hunt_ways) / sizeof(*hunt_ways)))

/* A success counts only if it still is lichen then, and not the hook that it was about to execute.
 */
static void hunt_one(const char *pid, int *got)
{
	for (int i = 0; i < N_WAYS; i++) {
		int success = i == N_WAYS - 1 ? seize(atoi(pid)) : try_open(pid, hunt_ways[i]) == 0;

		if (success && is_lichen(pid))
			got[i]++;
	}
}

/*
 * hunt FILE: until FILE is there, tries to get hold of every process that is called lichen, as a
 * container would whose namespaces another one is about to join.
 */
static void act_hunt(char **args)
{
	int got[N_WAYS] = { 0 }, seen = 0;

	/* One round more when the file has come. */
	for (int last = 0; !last;) {
		DIR *d = opendir("/proc");
		struct dirent *entry;

		last = access(args[0], F_OK) == 0;
		while (d && (entry = readdir(d))) {
			if (!is_lichen(entry->d_name))
				continue;
			seen++;
			hunt_one(entry->d_name, got);
		}
		if (d)
			closedir(d);
	}
	json_bool("seen", seen > 0);
	json_array("got");
	for (int i = 0; i < N_WAYS; i++)
		if (got[i])
			json_string(NULL, hunt_ways[i]);
	json_array_end();
}

/* Every process that this procfs shows: its number and name. */
static void act_processes(char **args)
{
	DIR *d = opendir("/proc");
	struct dirent *entry;

	(void)args;
	add_errno(!d);
	json_object("processes");
	while (d && (entry = readdir(d))) {
		char path[300], comm[64] = "?";
		long n;

		if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/comm", entry->d_name);
		n = read_text(path, comm, sizeof(comm));
		if (n > 0 && comm[n - 1] == '\n')
			comm[n - 1] = '\0';
		json_string(entry->d_name, comm);
	}
	json_object_end();
	if (d)
		closedir(d);
}

/* Runs a program as a child: its wait status. */
static void act_spawn(char **args)
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		execv(args[0], args);
		_exit(127);
	}
	add_errno(pid < 0 || waitpid(pid, &status, 0) < 0);
	json_number("status", status);
}

/* TIOCSTI on the controlling terminal: whether we can type for our caller. */
static void act_tiocsti(char **args)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	add_errno(ioctl(fd >= 0 ? fd : 0, TIOCSTI, args[0]) < 0);
	if (fd >= 0)
		close(fd);
}

static void act_print(char **args)
{
	report_strings("arguments", args);
}

static void act_fds(char **args)
{
	(void)args;
	report_fds();
}

/* output FILE: this and all that follows goes there. */
static void act_output(char **args)
{
	int fd = open(args[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

	add_errno(fd < 0 || dup2(fd, STDOUT_FILENO) < 0);
	if (fd >= 0)
		close(fd);
}

static void act_kill_self(char **args)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	int sig = (int)number(args[0]);

	/* The first process of a PID namespace is spared what it has no handler for, but not this.
	 */
	sigaction(sig, &action, NULL);
	fflush(stdout);
	kill(getpid(), sig);
}

static void act_sleep(char **args)
{
	double seconds = strtod(args[0], NULL);
	struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

static void act_wait_for(char **args)
{
	struct timespec t = { 0, 5000000 };

	while (access(args[0], F_OK) < 0)
		nanosleep(&t, NULL);
}

/* sd_notify(3) to $NOTIFY_SOCKET. */
static void act_sd_notify(char **args)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path ? path : "");
	add_errno(fd < 0 ||
		sendto(fd, args[0], strlen(args[0]), 0, (struct sockaddr *)&addr, sizeof(addr)) <
			0);
	if (fd >= 0)
		close(fd);
}

static void act_exit(char **args)
{
	/* Its own line stays open; the ones before are out. */
	_exit((int)number(args[0]));
}

const struct action act_actions[] = { { "read", 1, act_read }, { "write", 2, act_write },
	{ "create", 2, act_create }, { "open", 2, act_open }, { "stat", 1, act_stat },
	{ "lstat", 1, act_lstat }, { "ls", 1, act_ls }, { "mkdir", 1, act_mkdir },
	{ "unlink", 1, act_unlink }, { "symlink", 2, act_symlink }, { "chmod", 2, act_chmod },
	{ "chown", 3, act_chown }, { "chdir", 1, act_chdir }, { "chroot", 1, act_chroot },
	{ "mknod", 4, act_mknod }, { "mount", 4, act_mount }, { "umount", 1, act_umount },
	{ "nested-proc", 1, act_nested_proc }, { "syscall", 1, act_syscall },
	{ "syscall32", 1, act_syscall32 }, { "socket", 2, act_socket }, { "ptrace", 1, act_ptrace },
	{ "kill", 2, act_kill }, { "look-into", 1, act_look_into },
	{ "processes", 0, act_processes }, { "hunt", 1, act_hunt }, { "spawn", 1, act_spawn },
	{ "tiocsti", 1, act_tiocsti }, { "print", 0, act_print }, { "open-fds", 0, act_fds },
	{ "output", 1, act_output }, { "kill-self", 1, act_kill_self }, { "sleep", 1, act_sleep },
	{ "sd-notify", 1, act_sd_notify }, { "wait-for", 1, act_wait_for }, { "exit", 1, act_exit },
	{ 0 } };
