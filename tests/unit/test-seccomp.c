/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiled filter decides, by running it in an interpreter of classic BPF (bpf(4), the part
 * that seccomp(2) allows); and the cache of filters.
 */
#include "tap.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>

#include "base/fd.h"
#include "plan/seccomp.h"
#include "plan/seccomp_cache.h"
#include "temp.h"

#define KILL_THREAD  SECCOMP_RET_KILL_THREAD
#define KILL_PROCESS SECCOMP_RET_KILL_PROCESS
#define ALLOW	     SECCOMP_RET_ALLOW
#define LOG	     SECCOMP_RET_LOG
#define NOTIFY	     SECCOMP_RET_USER_NOTIF
#define ERRNO(code)  (SECCOMP_RET_ERRNO | (code))
#define TRACE(code)  (SECCOMP_RET_TRACE | (code))
#define TRAP	     SECCOMP_RET_TRAP

/* What the interpreter says of a program that the kernel would refuse. */
#define BROKEN 0xdeadbeefu

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv)
#define OUR_ARCH AUDIT_ARCH_RISCV64
#else
#define OUR_ARCH 0
#endif

static uint32_t alu(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_ADD:
		return a + operand;
	case BPF_LSH:
		return a << operand;
	case BPF_RSH:
		return a >> operand;
	}
	return BROKEN;
}

static bool jumps(uint16_t code, uint32_t a, uint32_t operand)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	case BPF_JSET:
		return (a & operand) != 0;
	}
	return false;
}

static uint32_t interpret(const struct seccomp_filter *filter, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t pc = 0; pc < filter->n; pc++) {
		const struct sock_filter *i = &filter->v[pc];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (i->code == (BPF_LD | BPF_MEM) && i->k < BPF_MEMWORDS)
				a = memory[i->k];
			else if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k % 4 == 0 &&
				i->k + 4 <= sizeof(*data))
				memcpy(&a, (const char *)data + i->k, 4);
			else
				return BROKEN;
			break;
		case BPF_LDX:
			x = i->k;
			break;
		case BPF_ST:
			if (i->k >= BPF_MEMWORDS)
				return BROKEN;
			memory[i->k] = a;
			break;
		case BPF_ALU:
			a = alu(i->code, a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				pc += i->k;
			else
				pc += jumps(i->code, a, operand) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		default:
			return BROKEN;
		}
	}
	return BROKEN;
}

/* ---- a profile as config.json has it ---- */

struct profile {
	const struct spec *spec;
	struct arena arena;
	struct seccomp_filter filter;
	int result;
	struct error e;
};

static void profile_release(struct profile *p)
{
	spec_free(p->spec);
	arena_release(&p->arena);
}

/* linux.seccomp of this text, compiled with this cache (or NULL). */
static struct profile compile_cached(const char *seccomp, const char *cache)
{
	CLEANUP(mem_free)
	char *text = xasprintf(
		"{ \"ociVersion\": \"1.0.2\", \"linux\": { \"seccomp\": %s } }", seccomp);
	struct profile p = { 0 };

	arena_init(&p.arena, 8 << 20);
	p.result = spec_parse(text, strlen(text), "config.json", &p.spec, &p.e);
	if (p.result == 0)
		p.result = seccomp_compile(p.spec->linux.seccomp, cache, &p.arena, &p.filter, &p.e);
	if (p.result < 0)
		printf("# %s\n", p.e.text);
	return p;
}

static struct profile compile(const char *seccomp)
{
	return compile_cached(seccomp, NULL);
}

static uint32_t decide_for(
	const struct profile *p, uint32_t arch, long nr, uint64_t first, uint64_t second)
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch, .args = { first, second } };

	return interpret(&p->filter, &data);
}

static uint32_t decide(const struct profile *p, long nr, uint64_t first, uint64_t second)
{
	return decide_for(p, OUR_ARCH, nr, first, second);
}

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

#define RULE(action, args)                                                                      \
	"{ \"names\": [\"personality\"], \"action\": \"SCMP_ACT_" action "\", \"args\": [" args \
	"] }"
#define EQ(index, value) "{ \"index\": " index ", \"value\": " value ", \"op\": \"SCMP_CMP_EQ\" }"

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

/* ---- the cache ---- */

#define CACHED(code)                                                             \
	"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": " \
	"[\"getppid\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": " code " } ] }"

/* The one entry of the cache: 0 if there is none. */
static bool only_entry(const char *cache, char *name, size_t size)
{
	DIR *d = opendir(cache);
	struct dirent *entry;
	size_t n = 0;

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.') {
			snprintf(name, size, "%s/%s", cache, entry->d_name);
			n++;
		}
	if (d)
		closedir(d);
	return n == 1;
}

/* Changes what the entry's program answers. */
static bool tamper(const char *entry, uint32_t from, uint32_t to)
{
	CLEANUP(mem_free) char *text = NULL;
	struct sock_filter i = BPF_STMT(BPF_RET | BPF_K, from);
	size_t len = 0;
	char *found;
	CLEANUP(fd_cleanup) int fd = open(entry, O_RDWR | O_CLOEXEC);

	if (fd_read_text(fd, 1 << 20, &text, &len) < 0 ||
		!(found = memmem(text, len, &i, sizeof(i))))
		return false;
	i.k = to;
	memcpy(found, &i, sizeof(i));
	return pwrite(fd, text, len, 0) == (ssize_t)len;
}

static uint32_t cached_answer(const char *seccomp, const char *cache)
{
	CLEANUP(profile_release) struct profile p = compile_cached(seccomp, cache);

	return p.result < 0 ? BROKEN : decide(&p, SYS_getppid, 0, 0);
}

/* A filter that nothing compiles to, under the key of this profile: so that a hit can be seen. */
static void store_lie(const char *seccomp, const char *cache)
{
	CLEANUP(profile_release) struct profile p = compile(seccomp);
	CLEANUP(text_release) struct text key = { 0 };
	const struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, ERRNO(99)) };
	const struct seccomp_filter stored = { .n = 1, .v = code };

	seccomp_cache_key(p.spec->linux.seccomp, plan_seccomp_version(), &key);
	seccomp_cache_store(cache, &key, &stored);
	is_int(seccomp_cache_load(cache, &key, &p.arena, &p.filter), 0, "a stored filter is found");
	is_int((int64_t)p.filter.n, 1, "as it was stored");
	key.s[key.len - 1] ^= 1;
	is_int(seccomp_cache_load(cache, &key, &p.arena, &p.filter), -ENOENT,
		"another key finds none");
}

static void test_cache(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/cache", t->path);
	CLEANUP(profile_release) struct profile miss = compile_cached(CACHED("7"), cache);
	CLEANUP(profile_release) struct profile hit = compile_cached(CACHED("7"), cache);
	CLEANUP(profile_release) struct profile plain = compile(CACHED("7"));
	char entry[512];
	struct stat st;

	is_int(decide(&miss, SYS_getppid, 0, 0), ERRNO(7), "compiled");
	ok(miss.filter.n == plain.filter.n && hit.filter.n == plain.filter.n &&
			memcmp(hit.filter.v, plain.filter.v,
				hit.filter.n * sizeof(*hit.filter.v)) == 0,
		"a hit equals what is compiled");
	is_int(hit.filter.flags, plain.filter.flags, "and its flags");
	ok(only_entry(cache, entry, sizeof(entry)), "one entry for it");
	ok(stat(cache, &st) == 0 && (st.st_mode & 07777) == 0700, "in a directory of ours alone");
	ok(stat(entry, &st) == 0 && (st.st_mode & 07777) == 0600, "in a file of ours alone");
	is_int(cached_answer(CACHED("8"), cache), ERRNO(8), "another errnoRet is another filter");
	unlink(entry);
	ok(only_entry(cache, entry, sizeof(entry)), "with an entry of its own");
	is_int(cached_answer(CACHED("8"), NULL), ERRNO(8), "no cache is fine");
	is_int(cached_answer(CACHED("8"), "/proc/none/x"), ERRNO(8), "nor one that can't be");
}

/* An entry that is not taken is one that is written anew. */
static void test_cache_is_verified(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/verified", t->path);
	char entry[512];

	store_lie(CACHED("7"), cache);
	ok(only_entry(cache, entry, sizeof(entry)), "(its name)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(99), "what is stored is taken");
	chmod(cache, 0777);
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7),
		"but not from a directory that others can write to");
	chmod(cache, 0700);
	is_int(cached_answer(CACHED("7"), cache), ERRNO(99), "which was left alone");
	ok(tamper(entry, ERRNO(99), ERRNO(98)), "(changed)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7),
		"an entry that was changed is not taken");
	is_int(truncate(entry, 20), 0, "(cut)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor one that is cut in its key");
	ok(tamper(entry, ERRNO(7), ERRNO(7)), "it is written anew");
	{
		struct stat st;

		stat(entry, &st);
		is_int(truncate(entry, st.st_size - 3), 0, "(cut)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor one cut in its program");
		is_int(truncate(entry, 0), 0, "(cut)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor an empty one");
		is_int(truncate(entry, 5 << 20), 0, "(grown)");
		is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "nor a huge one");
	}
	unlink(entry);
	is_int(mkdir(entry, 0700), 0, "(a directory in its place)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "what can't be written is compiled");
	rmdir(entry);
}

static void test_cache_is_ours(const struct temp *t)
{
	CLEANUP(mem_free) char *cache = xasprintf("%s/ours", t->path);
	CLEANUP(mem_free) char *link = xasprintf("%s/link", t->path);
	char entry[512];

	cached_answer(CACHED("7"), cache);
	is_int(symlink(cache, link), 0, "(a link to a cache)");
	if (only_entry(cache, entry, sizeof(entry)))
		unlink(entry);
	is_int(cached_answer(CACHED("7"), link), ERRNO(7), "a link is no cache");
	ok(!only_entry(cache, entry, sizeof(entry)), "nothing is written through it");
	if (geteuid() != 0) {
		skip("only root can make a directory of another user");
		return;
	}
	is_int(chown(cache, 1, 1), 0, "(of another user)");
	is_int(cached_answer(CACHED("7"), cache), ERRNO(7), "another user's is none");
	ok(!only_entry(cache, entry, sizeof(entry)), "nothing is written to it");
}

/* ---- what determines a filter ---- */

static void key_of(const char *seccomp, const char *compiler, struct text *out)
{
	CLEANUP(profile_release) struct profile p = compile(seccomp);

	if (p.result == 0)
		seccomp_cache_key(p.spec->linux.seccomp, compiler, out);
}

static void test_key(void)
{
	static const char *const different[] = {
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\" }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\" }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 0 }",
		"{ \"defaultAction\": \"SCMP_ACT_ERRNO\", \"defaultErrnoRet\": 1 }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"architectures\": [\"SCMP_ARCH_X86\"] }",
		CACHED("1"),
		CACHED("2"),
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE("ERRNO", "") "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE("TRAP", "") "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			"ERRNO", EQ("0", "1")) "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			"ERRNO", EQ("1", "0")) "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			"ERRNO", EQ("0", "1") ", " EQ("1", "1")) "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [" RULE(
			"ERRNO", EQ("0", "1")) ", " RULE("ERRNO", EQ("1", "1")) "] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": [\"a\", "
		"\"b\"], "
		"\"action\": \"SCMP_ACT_ERRNO\" } ] }",
		"{ \"defaultAction\": \"SCMP_ACT_ALLOW\", \"syscalls\": [ { \"names\": [\"a1=b\"], "
		"\"action\": \"SCMP_ACT_ERRNO\" } ] }",
	};
	struct text keys[ARRAY_SIZE(different)] = { 0 };
	CLEANUP(text_release) struct text newer = { 0 };
	CLEANUP(text_release) struct text again = { 0 };
	size_t same = 0;

	for (size_t i = 0; i < ARRAY_SIZE(different); i++) {
		key_of(different[i], "2.5.4", &keys[i]);
		ok(keys[i].len > 0, "key %zu", i);
		for (size_t k = 0; k < i; k++)
			same += keys[i].len == keys[k].len &&
				memcmp(keys[i].s, keys[k].s, keys[i].len) == 0;
	}
	is_int((int64_t)same, 0, "no two filters share a key");
	key_of(different[0], "2.5.4", &again);
	is_str(again.s, keys[0].s, "the same one has the same");
	key_of(different[0], "2.6.0", &newer);
	ok(!streq(newer.s, keys[0].s), "another version of libseccomp compiles anew");
	for (size_t i = 0; i < ARRAY_SIZE(different); i++)
		text_release(&keys[i]);
}

int main(void)
{
	struct temp t = temp_make();

	if (OUR_ARCH == 0) {
		skip("this machine's calls are not known to the test");
		return done();
	}
	test_actions();
	test_profile();
	test_comparisons();
	test_several_arguments();
	test_architectures();
	test_flags();
	test_cache(&t);
	test_cache_is_verified(&t);
	test_cache_is_ours(&t);
	test_key();
	temp_remove(&t);
	return done();
}
