/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled filter decides. */
#include "tap.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "profile.h"

/* ---- actions ---- */

static void is_action(const char *action, const char *errno_ret, uint32_t want)
{
	CLEANUP(mem_free)
	char *text = xasprintf(
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\"%s, \"syscalls\": [ { \"names\": "
		"[\"getppid\"], \"action\": \"%s\"%s%s } ] }",
		want == NOTIFY ? ", \"listenerPath\": \"/x\"" : "", action,
		*errno_ret ? ", \"errnoRet\": " : "", errno_ret);
	CLEANUP(mem_free)
	char *inverse = xasprintf(
		"{ \"defaultAction\": \"%s\"%s%s, \"syscalls\": [ { \"names\": [\"getppid\"], "
		"\"action\": \"SCMP_ACT_ALLOW\" } ] }",
		action, *errno_ret ? ", \"defaultErrnoRet\": " : "", errno_ret);
	CLEANUP(profile_release) struct profile p = compile(text);
	CLEANUP(profile_release) struct profile by_default = { 0 };

	is_int(decide(&p, SYS_getppid, 0, 0), want, "%s %s", action, errno_ret);
	is_int(decide(&p, SYS_getpid, 0, 0), ALLOW, "%s %s: others are allowed", action, errno_ret);
	if (want == NOTIFY || want == ALLOW)
		return;
	by_default = compile(inverse);
	is_int(decide(&by_default, SYS_getpid, 0, 0), want, "%s %s by default", action, errno_ret);
	is_int(decide(&by_default, SYS_getppid, 0, 0), ALLOW, "%s %s: but for one", action,
		errno_ret);
}

static void test_actions(void)
{
	is_action("SCMP_ACT_KILL", "", KILL_THREAD);
	is_action("SCMP_ACT_KILL_THREAD", "", KILL_THREAD);
	is_action("SCMP_ACT_KILL_PROCESS", "", KILL_PROCESS);
	is_action("SCMP_ACT_TRAP", "", TRAP);
	is_action("SCMP_ACT_ERRNO", "", ERRNO(EPERM));
	is_action("SCMP_ACT_ERRNO", "38", ERRNO(ENOSYS));
	is_action("SCMP_ACT_ERRNO", "0", ERRNO(0));
	is_action("SCMP_ACT_TRACE", "", TRACE(EPERM));
	is_action("SCMP_ACT_TRACE", "7", TRACE(7));
	is_action("SCMP_ACT_ALLOW", "", ALLOW);
	is_action("SCMP_ACT_LOG", "", LOG);
	is_action("SCMP_ACT_NOTIFY", "", NOTIFY);
}

/* In a sandbox that does not let libseccomp ask what the kernel has. */
static void test_without_probes(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ERRNO(ENOSYS)),
		BPF_STMT(BPF_RET | BPF_K, ALLOW),
	};
	struct sock_fprog program = { ARRAY_SIZE(code), code };
	int status = -1;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
		_exit(-compile("{ \"defaultAction\": \"SCMP_ACT_KILL_PROCESS\" }").result);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "a filter does not depend on what this kernel has");
}

/* Several rules, as the profiles of Podman and Docker have them. */
static void test_profile(void)
{
	CLEANUP(profile_release)
	struct profile p = compile(
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 38, \"syscalls\": ["
		"{ \"names\": [\"read\", \"no_such_call\", \"write\"], \"action\": "
		"\"SCMP_ACT_ALLOW\" },"
		"{ \"names\": [\"bdflush\", \"sethostname\"], \"action\": \"SCMP_ACT_ERRNO\", "
		"\"errnoRet\": 1 },"
		"{ \"names\": [\"setdomainname\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": "
		"38 },"
		"{ \"names\": [\"close\"], \"action\": \"SCMP_ACT_LOG\" } ] }");

	is_int(decide(&p, SYS_read, 0, 0), ALLOW, "a name is allowed");
	is_int(decide(&p, SYS_write, 0, 0), ALLOW, "and the one behind an unknown name");
	is_int(decide(&p, SYS_sethostname, 0, 0), ERRNO(EPERM), "another error than the default's");
	is_int(decide(&p, SYS_setdomainname, 0, 0), ERRNO(ENOSYS), "the same one");
	is_int(decide(&p, SYS_close, 0, 0), LOG, "another action");
	is_int(decide(&p, SYS_ptrace, 0, 0), ERRNO(ENOSYS), "the default");
	is_int(decide(&p, 100000, 0, 0), ERRNO(ENOSYS), "a call of the future");
	is_int(decide_for(&p, 0x1234, SYS_read, 0, 0), KILL_THREAD, "another machine's call");
}

/* ---- comparisons of arguments ---- */

static const struct {
	const char *op;
	uint64_t value, value_two;
	uint64_t arg;
	bool matches;
} comparisons[] = {
	{ "EQ", 7, 0, 7, true },
	{ "EQ", 7, 0, 8, false },
	{ "EQ", 0x100000007, 0, 7, false },
	{ "EQ", 0x100000007, 0, 0x100000007, true },
	{ "EQ", UINT64_MAX, 0, UINT64_MAX, true },
	{ "EQ", 0, 0, 0, true },
	{ "NE", 7, 0, 7, false },
	{ "NE", 7, 0, 0x100000007, true },
	{ "LT", 7, 0, 6, true },
	{ "LT", 7, 0, 7, false },
	{ "LT", 7, 0, 0x100000000, false },
	{ "LT", 0x100000000, 0, 0xffffffff, true },
	{ "LE", 7, 0, 7, true },
	{ "LE", 7, 0, 8, false },
	{ "GE", 7, 0, 7, true },
	{ "GE", 7, 0, 6, false },
	{ "GE", 0x100000000, 0, 0xffffffff, false },
	{ "GT", 7, 0, 8, true },
	{ "GT", 7, 0, 7, false },
	{ "GT", 7, 0, 0x100000000, true },
	{ "MASKED_EQ", 0x7e020000, 0, 0, true }, /* clone without namespaces */
	{ "MASKED_EQ", 0x7e020000, 0, 0x11, true },
	{ "MASKED_EQ", 0x7e020000, 0, 0x10000000, false },
	{ "MASKED_EQ", 0xff, 0x12, 0x3412, true },
	{ "MASKED_EQ", 0xff, 0x12, 0x3413, false },
	{ "MASKED_EQ", 0xff00000000, 0x100000000, 0x1ffffffff, true },
	{ "MASKED_EQ", 0xff00000000, 0x100000000, 0x2ffffffff, false },
};

static void test_comparisons(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(comparisons); i++) {
		CLEANUP(mem_free)
		char *text = xasprintf(
			"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [ { \"names\": "
			"[\"personality\"], \"action\": \"SCMP_ACT_ALLOW\", \"args\": [ { "
			"\"index\": 1, \"value\": %" PRIu64 ", \"valueTwo\": %" PRIu64
			", \"op\": \"SCMP_CMP_%s\" } ] } ] }",
			comparisons[i].value, comparisons[i].value_two, comparisons[i].op);
		CLEANUP(profile_release) struct profile p = compile(text);

		is_int(decide(&p, SYS_personality, 4711, comparisons[i].arg),
			comparisons[i].matches ? ALLOW : ERRNO(EPERM),
			"0x%" PRIx64 " %s 0x%" PRIx64, comparisons[i].arg, comparisons[i].op,
			comparisons[i].value);
	}
}

static void test_several_arguments(void)
{
	CLEANUP(profile_release)
	struct profile all = compile(
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" RULE(
			"ALLOW", EQ("0", "1") ", " EQ("1", "2")) "] }");
	CLEANUP(profile_release)
	struct profile any = compile(
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" RULE(
			"ALLOW", EQ("0", "1")) ", " RULE("ALLOW", EQ("1", "2")) "] }");
	CLEANUP(profile_release)
	struct profile same = compile(
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"syscalls\": [" RULE(
			"ALLOW", EQ("0", "0") ", " EQ("0", "8") ", " EQ("0", "4294967295")) "] }");

	is_int(decide(&all, SYS_personality, 1, 2), ALLOW, "both arguments of a rule");
	is_int(decide(&all, SYS_personality, 1, 3), ERRNO(EPERM), "one of two is not enough");
	is_int(decide(&all, SYS_personality, 0, 2), ERRNO(EPERM), "nor the other");
	is_int(decide(&any, SYS_personality, 1, 9), ALLOW, "one of two rules");
	is_int(decide(&any, SYS_personality, 9, 2), ALLOW, "or the other");
	is_int(decide(&any, SYS_personality, 9, 9), ERRNO(EPERM), "or none");
	/* As runc and crun do, and the profiles mean. */
	is_int(decide(&same, SYS_personality, 0, 0), ALLOW, "one argument twice: alternatives");
	is_int(decide(&same, SYS_personality, 8, 0), ALLOW, "the second");
	is_int(decide(&same, SYS_personality, 0xffffffff, 0), ALLOW, "the third");
	is_int(decide(&same, SYS_personality, 7, 0), ERRNO(EPERM), "no other");
}

/* ---- architectures, flags ---- */

static void test_architectures(void)
{
#ifdef __x86_64__
	CLEANUP(profile_release)
	struct profile p = compile("{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"architectures\": "
				   "[\"SCMP_ARCH_X86_64\", "
				   "\"SCMP_ARCH_X86\", \"SCMP_ARCH_X32\"], \"syscalls\": [ { "
				   "\"names\": [\"getppid\"], "
				   "\"action\": \"SCMP_ACT_ALLOW\" } ] }");
	CLEANUP(profile_release)
	struct profile native = compile(
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ ] }");

	is_int(decide(&p, SYS_getppid, 0, 0), ALLOW, "the native architecture");
	is_int(decide_for(&p, AUDIT_ARCH_I386, 64, 0, 0), ALLOW, "another one, by its own number");
	is_int(decide_for(&p, AUDIT_ARCH_I386, SYS_getppid, 0, 0), ERRNO(EPERM),
		"and not by the native number");
	is_int(decide(&p, 0x40000000 | SYS_getppid, 0, 0), ALLOW, "x32");
	is_int(decide_for(&p, AUDIT_ARCH_AARCH64, 173, 0, 0), KILL_THREAD,
		"one that was not named");
	is_int(decide_for(&native, AUDIT_ARCH_I386, 64, 0, 0), KILL_THREAD,
		"without a list: the native one alone");
	is_int(decide(&native, SYS_getppid, 0, 0), ALLOW, "which is served");
#else
	skip("architectures are tested on x86-64");
#endif
	ok(seccomp_knows_arch("SCMP_ARCH_X86_64") && seccomp_knows_arch("SCMP_ARCH_RISCV64"),
		"architectures that every version knows");
	ok(!seccomp_knows_arch("SCMP_ARCH_Z80") && !seccomp_knows_arch(""), "one that none does");
}

static void is_flags(const char *flags, unsigned int want)
{
	CLEANUP(mem_free)
	char *text = xasprintf("{ \"defaultAction\": \"SCMP_ACT_ALLOW\"%s }", flags);
	CLEANUP(profile_release) struct profile p = compile(text);

	is_int(p.filter.flags, want, "flags%s", flags);
}

static void test_flags(void)
{
	is_flags("", SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	is_flags(", \"flags\": []", 0);
	is_flags(", \"flags\": [\"SECCOMP_FILTER_FLAG_LOG\"]", SECCOMP_FILTER_FLAG_LOG);
	is_flags(", \"flags\": [\"SECCOMP_FILTER_FLAG_TSYNC\", \"SECCOMP_FILTER_FLAG_SPEC_ALLOW\"]",
		SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_SPEC_ALLOW);
}

int main(void)
{
	if (OUR_ARCH == 0) {
		skip("this machine's calls are not known to the test");
		return done();
	}
	test_without_probes();
	test_actions();
	test_profile();
	test_comparisons();
	test_several_arguments();
	test_architectures();
	test_flags();
	return done();
}
