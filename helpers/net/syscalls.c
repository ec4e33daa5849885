/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The system calls of our locked processes. Each row says what for; a call that is in no row kills
 * the process. The list was made by tracing what the behaviour tests make them do, with glibc 2.36
 * and 2.41, and a test compares it with that again (73-net-sandbox.t).
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/mem.h"
#include "sandbox.h"

enum who { ENGINE = 1 << SANDBOX_ENGINE, BOTH = ENGINE | 1 << SANDBOX_INSIDE };

struct row {
	int number;
	enum who who;
	unsigned int n_tests;
	struct scmp_arg_cmp tests[3]; /* of arguments, all of them */
};

#define CALL(name, whose)                                \
	{                                                \
		.number = SCMP_SYS(name), .who = (whose) \
	}
#define CALL_IF(name, whose, ...)                                                  \
	{                                                                          \
		.number = SCMP_SYS(name), .who = (whose), .n_tests = 1, .tests = { \
			{ __VA_ARGS__ }                                            \
		}                                                                  \
	}
/* SOCK_NONBLOCK and SOCK_CLOEXEC are further bits of the type. */
#define SOCKET(whose, family, type, protocol)                                        \
	{                                                                            \
		.number = SCMP_SYS(socket), .who = (whose), .n_tests = 3, .tests = { \
			{ 0, SCMP_CMP_EQ, (family) },                                \
			{ 1, SCMP_CMP_MASKED_EQ, 15, (type) },                       \
			{ 2, SCMP_CMP_EQ, (protocol) }                               \
		}                                                                    \
	}

/* clang-format off */
static const struct row rows[] = {
	/* frames, and bytes of connections */
	CALL(read, ENGINE), CALL(readv, ENGINE), CALL(write, ENGINE), CALL(writev, ENGINE),
	CALL(recvfrom, BOTH), CALL(recvmsg, ENGINE), CALL(sendto, ENGINE), CALL(sendmsg, BOTH),
	/* published ports, the short way */
	CALL(splice, ENGINE), CALL(pipe2, ENGINE),
	/* TCP, UDP and echo requests alone: the kernel would load modules for others */
	SOCKET(BOTH, AF_INET, SOCK_STREAM, 0), SOCKET(ENGINE, AF_INET, SOCK_DGRAM, 0),
	SOCKET(ENGINE, AF_INET6, SOCK_STREAM, 0), SOCKET(ENGINE, AF_INET6, SOCK_DGRAM, 0),
	SOCKET(ENGINE, AF_INET, SOCK_DGRAM, IPPROTO_ICMP),
	SOCKET(ENGINE, AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6), /* libslirp 4.8 */
	/* it tries these, too, without the right to */
	SOCKET(ENGINE, AF_INET, SOCK_RAW, IPPROTO_ICMP), SOCKET(ENGINE, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6),
	CALL(connect, ENGINE), CALL(bind, ENGINE), CALL(listen, ENGINE), CALL(accept, ENGINE),
	CALL(accept4, ENGINE), CALL(shutdown, ENGINE), CALL(getsockname, ENGINE),
	CALL(getpeername, ENGINE), CALL(setsockopt, ENGINE), CALL(getsockopt, ENGINE),
	CALL(close, BOTH),
	CALL_IF(fcntl, BOTH, 1, SCMP_CMP_EQ, F_GETFL), CALL_IF(fcntl, ENGINE, 1, SCMP_CMP_EQ, F_SETFL),
	CALL_IF(fcntl, ENGINE, 1, SCMP_CMP_EQ, F_GETFD), CALL_IF(fcntl, ENGINE, 1, SCMP_CMP_EQ, F_SETFD),
	CALL_IF(fcntl, ENGINE, 1, SCMP_CMP_EQ, F_DUPFD_CLOEXEC), /* whether there is a free one */
	CALL_IF(ioctl, ENGINE, 1, SCMP_CMP_EQ, FIONREAD), CALL_IF(ioctl, ENGINE, 1, SCMP_CMP_EQ, FIONBIO),
	/* waiting */
	CALL(epoll_ctl, ENGINE), CALL(epoll_wait, ENGINE), CALL(epoll_pwait, ENGINE),
	CALL(poll, BOTH), CALL(clock_gettime, BOTH), CALL(restart_syscall, BOTH),
	/* memory, never executable */
	CALL(brk, BOTH), CALL(munmap, BOTH), CALL(mremap, BOTH), CALL(madvise, BOTH),
	CALL_IF(mmap, BOTH, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	CALL_IF(mprotect, BOTH, 2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
	/* glib's locks and random numbers; abort(3), and the end */
	CALL(futex, BOTH), CALL(getrandom, BOTH), CALL(rt_sigprocmask, BOTH),
	CALL(rt_sigaction, BOTH), CALL(rt_sigreturn, BOTH), CALL(getpid, BOTH), CALL(gettid, BOTH),
	CALL_IF(tgkill, BOTH, 2, SCMP_CMP_EQ, 6 /* SIGABRT */),
	CALL(exit, BOTH), CALL(exit_group, BOTH),
};
/* clang-format on */

/* libslirp looks for /etc/resolv.conf, glibc for the number of processors: there are no files. */
static int refuse_files(scmp_filter_ctx filter)
{
	static const int calls[] = { SCMP_SYS(openat), SCMP_SYS(open), SCMP_SYS(newfstatat),
		SCMP_SYS(stat), SCMP_SYS(access) };
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(calls); i++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), calls[i], 0);
	return r;
}

static int fill(scmp_filter_ctx filter, enum sandbox_profile profile)
{
	int r = refuse_files(filter);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(rows); i++)
		if (rows[i].who & 1u << profile)
			r = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, rows[i].number,
				rows[i].n_tests, rows[i].tests);
	return r == 0 ? seccomp_load(filter) : r;
}

#ifdef __SANITIZE_ADDRESS__
/* The sanitizers make calls of their own. */
static const uint32_t other_calls = SCMP_ACT_LOG;
#else
static const uint32_t other_calls = SCMP_ACT_KILL_PROCESS;
#endif

int sandbox_filter(enum sandbox_profile profile, struct error *e)
{
	scmp_filter_ctx filter = seccomp_init(other_calls);
	int r = filter ? fill(filter, profile) : -ENOMEM;

	if (filter)
		seccomp_release(filter);
	return r < 0 ? error_set(e, -r, "load the filter of system calls: %s", strerror(-r)) : 0;
}
