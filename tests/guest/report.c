/* SPDX-License-Identifier: Apache-2.0 */
/* "report": what this process is, as far as it can see itself. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/keyctl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "json.h"

#define FDS_MAX 4096

static const char *const cap_names[] = { "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER",
	"FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE",
	"NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
	"SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE",
	"AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM",
	"BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE" };

static const struct {
	const char *name;
	int resource;
} limits[] = { { "RLIMIT_CPU", RLIMIT_CPU }, { "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_DATA", RLIMIT_DATA }, { "RLIMIT_STACK", RLIMIT_STACK },
	{ "RLIMIT_CORE", RLIMIT_CORE }, { "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_NPROC", RLIMIT_NPROC }, { "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK }, { "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS }, { "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE }, { "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO }, { "RLIMIT_RTTIME", RLIMIT_RTTIME } };

static void add_ids(void)
{
	gid_t groups[1024];
	uid_t r, e, s;
	int n;

	getresuid(&r, &e, &s);
	json_array("uids");
	json_number(NULL, r);
	json_number(NULL, e);
	json_number(NULL, s);
	json_number(NULL, setfsuid((uid_t)-1));
	json_array_end();
	getresgid(&r, &e, &s);
	json_array("gids");
	json_number(NULL, r);
	json_number(NULL, e);
	json_number(NULL, s);
	json_number(NULL, setfsgid((gid_t)-1));
	json_array_end();
	n = getgroups(1024, groups);
	json_array("groups");
	for (int i = 0; i < n; i++)
		json_number(NULL, groups[i]);
	json_array_end();
}

static void add_cap_set(const char *key, unsigned long long mask)
{
	json_array(key);
	for (size_t i = 0; i < sizeof(cap_names) / sizeof(*cap_names); i++) {
		char name[64];

		snprintf(name, sizeof(name), "CAP_%s", cap_names[i]);
		if (mask >> i & 1)
			json_string(NULL, name);
	}
	json_array_end();
}

static void add_caps(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct d[2] = { 0 };
	unsigned long long bounding = 0, ambient = 0;

	syscall(SYS_capget, &header, d);
	for (unsigned long i = 0; i < 64; i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			bounding |= 1ull << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			ambient |= 1ull << i;
	}
	json_object("caps");
	add_cap_set("effective", (unsigned long long)d[1].effective << 32 | d[0].effective);
	add_cap_set("permitted", (unsigned long long)d[1].permitted << 32 | d[0].permitted);
	add_cap_set("inheritable", (unsigned long long)d[1].inheritable << 32 | d[0].inheritable);
	add_cap_set("bounding", bounding);
	add_cap_set("ambient", ambient);
	json_object_end();
}

static void add_attributes(void)
{
	struct utsname name;
	mode_t mask = umask(0);

	umask(mask);
	uname(&name);
	json_number("pid", getpid());
	json_number("ppid", getppid());
	json_number("sid", getsid(0));
	json_number("pgid", getpgid(0));
	json_number("no_new_privs", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	json_number("seccomp", prctl(PR_GET_SECCOMP, 0, 0, 0, 0));
	json_number("dumpable", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
	json_number("securebits", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	json_number("umask", mask);
	json_number("personality", personality(0xffffffff));
	json_string("hostname", name.nodename);
	json_string("domainname", name.domainname);
}

static void add_death_signal(void)
{
	int sig = -1;

	prctl(PR_GET_PDEATHSIG, &sig, 0, 0, 0);
	json_number("parent_death_signal", sig);
}

static void add_limits(void)
{
	json_object("rlimits");
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		struct rlimit l = { 0 };

		getrlimit((__rlimit_resource_t)limits[i].resource, &l);
		json_array(limits[i].name);
		json_number(NULL, l.rlim_cur == RLIM_INFINITY ? -1 : (long long)l.rlim_cur);
		json_number(NULL, l.rlim_max == RLIM_INFINITY ? -1 : (long long)l.rlim_max);
		json_array_end();
	}
	json_object_end();
}

static void add_signals(void)
{
	sigset_t blocked;

	json_array("ignored_signals");
	for (int sig = 1; sig < NSIG; sig++) {
		struct sigaction now;

		if (sigaction(sig, NULL, &now) == 0 && now.sa_handler == SIG_IGN)
			json_number(NULL, sig);
	}
	json_array_end();
	sigprocmask(SIG_SETMASK, NULL, &blocked);
	json_array("blocked_signals");
	for (int sig = 1; sig < NSIG; sig++)
		if (sigismember(&blocked, sig) == 1)
			json_number(NULL, sig);
	json_array_end();
}

void report_cwd(void)
{
	char cwd[PATH_MAX];

	/* The system call: glibc hides "(unreachable)". */
	json_string("cwd", syscall(SYS_getcwd, cwd, sizeof(cwd)) < 0 ? NULL : cwd);
}

void report_strings(const char *key, char *const *list)
{
	json_array(key);
	for (; *list; list++)
		json_string(NULL, *list);
	json_array_end();
}

void report_fds(void)
{
	json_array("fds");
	for (int fd = 0; fd < FDS_MAX; fd++) {
		char path[64], target[PATH_MAX];
		struct stat st;
		ssize_t n;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, target, sizeof(target));
		json_object(NULL);
		json_number("fd", fd);
		if (n >= 0)
			json_bytes("target", target, (size_t)n);
		if (fstat(fd, &st) == 0)
			json_number("type", (st.st_mode & S_IFMT) >> 12);
		json_number("flags", fcntl(fd, F_GETFL));
		json_object_end();
	}
	json_array_end();
}

void report_namespaces(void)
{
	static const char *const names[] = { "cgroup", "ipc", "mnt", "net", "pid", "time", "user",
		"uts" };

	json_object("ns");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		if (stat(path, &st) == 0)
			json_number(names[i], (long long)st.st_ino);
	}
	json_object_end();
}

static void add_list(const char *key, char *text, const char *separators)
{
	char *save = NULL;

	json_array(key);
	for (char *s = strtok_r(text, separators, &save); s; s = strtok_r(NULL, separators, &save))
		json_string(NULL, s);
	json_array_end();
}

/* proc(5): ID PARENT MAJOR:MINOR ROOT POINT OPTIONS OPTIONAL... - TYPE SOURCE SUPER */
static void add_mount(char *line)
{
	char *dash = strstr(line, " - "), *field[6], *tail[3] = { NULL }, *save = NULL;
	int n = 0;

	if (!dash)
		return;
	*dash = '\0';
	for (char *s = strtok_r(line, " ", &save); s; s = n < 6 ? strtok_r(NULL, " ", &save) : NULL)
		field[n++] = s;
	if (n < 6)
		return;
	json_object(NULL);
	json_number("id", atoll(field[0]));
	json_number("parent", atoll(field[1]));
	json_string("device", field[2]);
	json_string("root", field[3]);
	json_string("point", field[4]);
	add_list("options", field[5], ",");
	add_list("optional", save ? save : (char[]){ "" }, " ");
	save = NULL;
	tail[0] = strtok_r(dash + 3, " ", &save);
	tail[1] = strtok_r(NULL, " ", &save);
	tail[2] = strtok_r(NULL, " ", &save);
	json_string("type", tail[0]);
	json_string("source", tail[1]);
	add_list("super", tail[2] ? tail[2] : (char[]){ "" }, ",");
	json_object_end();
}

static void add_mounts(void)
{
	static char text[1 << 20];
	char *save = NULL;

	if (read_text("/proc/self/mountinfo", text, sizeof(text)) < 0)
		return;
	json_array("mounts");
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		add_mount(line);
	json_array_end();
}

static void add_files(void)
{
	static const char *const files[] = { "oom_score_adj", "cgroup", "uid_map", "gid_map",
		"setgroups", "timens_offsets", "comm", "attr/current" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		char path[64], text[65536];
		long n;

		snprintf(path, sizeof(path), "/proc/self/%s", files[i]);
		n = read_text(path, text, sizeof(text));
		if (n < 0)
			continue;
		while (n > 0 && text[n - 1] == '\n')
			n--;
		json_bytes(files[i], text, (size_t)n);
	}
}

static void add_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);

	json_object("terminal");
	add_errno(fd < 0);
	if (fd >= 0)
		close(fd);
	json_array("isatty");
	for (int i = 0; i < 3; i++)
		json_bool(NULL, isatty(i));
	json_array_end();
	json_object_end();
}

static void add_network(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct if_nameindex *all = if_nameindex();

	json_object("interfaces");
	for (struct if_nameindex *i = all; i && i->if_name; i++) {
		struct ifreq request = { 0 };

		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &request) == 0)
			json_bool(i->if_name, request.ifr_flags & IFF_UP);
	}
	json_object_end();
	if (all)
		if_freenameindex(all);
	if (fd >= 0)
		close(fd);
}

static void add_clock(const char *key, clockid_t clock)
{
	struct timespec now = { 0 };

	clock_gettime(clock, &now);
	json_number(key, now.tv_sec);
}

/* sched_getattr(2), ioprio_get(2), get_mempolicy(2), all of this very thread. */
static void add_scheduling(void)
{
	struct sched_param param = { 0 };
	unsigned long nodes[16] = { 0 };
	int policy = sched_getscheduler(0), mode = -1;

	sched_getparam(0, &param);
	json_object("scheduling");
	json_number("policy", policy & ~SCHED_RESET_ON_FORK);
	json_bool("reset_on_fork", (policy & SCHED_RESET_ON_FORK) != 0);
	json_number("priority", param.sched_priority);
	json_number("nice", getpriority(PRIO_PROCESS, 0));
	json_number("io", syscall(SYS_ioprio_get, 1, 0));
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) == 0) {
		json_number("memory_mode", mode);
		json_number("memory_nodes", (long long)nodes[0]);
	}
	json_object_end();
}

static void add_keyring(void)
{
	char text[512];
	long n = syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text));

	if (n > 0)
		json_string("keyring", text);
}

void report(char **args)
{
	(void)args;
	add_ids();
	add_caps();
	add_attributes();
	add_death_signal();
	add_limits();
	add_signals();
	report_cwd();
	report_strings("env", environ);
	report_fds();
	report_namespaces();
	add_mounts();
	add_files();
	add_terminal();
	add_network();
	add_clock("monotonic", CLOCK_MONOTONIC);
	add_clock("boottime", CLOCK_BOOTTIME);
	add_scheduling();
	add_keyring();
	report_placement();
}
