/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "plan/annotations.h"
#include "plan/parts.h"
#include "plan/seccomp_cache.h"

static const struct name arch_tokens[] = {
	{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
	{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
	{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
	{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
	{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
	{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
	{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
	{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
	{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
	{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
	{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
	{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
	{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
	{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
	{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
	{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
	{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
	{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
	{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
/* Since libseccomp 2.6. */
#ifdef SCMP_ARCH_LOONGARCH64
	{ "SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64 },
#endif
#ifdef SCMP_ARCH_M68K
	{ "SCMP_ARCH_M68K", SCMP_ARCH_M68K },
#endif
#ifdef SCMP_ARCH_SH
	{ "SCMP_ARCH_SH", SCMP_ARCH_SH },
	{ "SCMP_ARCH_SHEB", SCMP_ARCH_SHEB },
#endif
	{ 0 },
};

/* Linux 5.19; not in every libc's headers yet. */
#define FLAG_WAIT_KILLABLE_RECV (1u << 5)

static const struct name flag_bits[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC },
	{ "SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", FLAG_WAIT_KILLABLE_RECV },
	{ 0 },
};

static void filter_cleanup(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

#define STRING(x)   #x
#define EXPANDED(x) STRING(x)

const char *plan_seccomp_version(void)
{
	return EXPANDED(SCMP_VER_MAJOR) "." EXPANDED(SCMP_VER_MINOR) "." EXPANDED(SCMP_VER_MICRO);
}

unsigned int seccomp_flag(const char *name)
{
	const struct name *flag = name_find(flag_bits, name);

	return flag ? (unsigned int)flag->value : 0;
}

int seccomp_knows_arch(const char *name)
{
	return name_find(arch_tokens, name) != NULL;
}

/* seccomp_rule_add(3): EPERM is what the specification has in mind where no number is given. */
static uint32_t action_of(int64_t action, const struct opt_u32 *errno_ret)
{
	uint32_t code = errno_ret->set ? errno_ret->v : EPERM;

	switch (action) {
	case SECCOMP_ACT_KILL_PROCESS:
		return SCMP_ACT_KILL_PROCESS;
	case SECCOMP_ACT_TRAP:
		return SCMP_ACT_TRAP;
	case SECCOMP_ACT_ERRNO:
		return SCMP_ACT_ERRNO(code);
	case SECCOMP_ACT_TRACE:
		return SCMP_ACT_TRACE(code);
	case SECCOMP_ACT_ALLOW:
		return SCMP_ACT_ALLOW;
	case SECCOMP_ACT_LOG:
		return SCMP_ACT_LOG;
	case SECCOMP_ACT_NOTIFY:
		return SCMP_ACT_NOTIFY;
	}
	return SCMP_ACT_KILL_THREAD;
}

static enum scmp_compare compare_of(int64_t op)
{
	static const enum scmp_compare table[] = { [SECCOMP_OP_NE] = SCMP_CMP_NE,
		[SECCOMP_OP_LT] = SCMP_CMP_LT,
		[SECCOMP_OP_LE] = SCMP_CMP_LE,
		[SECCOMP_OP_EQ] = SCMP_CMP_EQ,
		[SECCOMP_OP_GE] = SCMP_CMP_GE,
		[SECCOMP_OP_GT] = SCMP_CMP_GT,
		[SECCOMP_OP_MASKED_EQ] = SCMP_CMP_MASKED_EQ };

	return table[op];
}

static int add_architectures(scmp_filter_ctx ctx, const struct spec_seccomp *spec, struct error *e)
{
	for (size_t i = 0; i < spec->architectures.n; i++) {
		const struct name *arch = name_find(arch_tokens, spec->architectures.v[i]);
		int r;

		if (!arch)
			return error_set(e, ENOTSUP,
				"config.json: linux.seccomp.architectures[%zu]: '%s' is unknown to "
				"libseccomp %s",
				i, spec->architectures.v[i], plan_seccomp_version());
		r = seccomp_arch_add(ctx, (uint32_t)arch->value);
		if (r < 0 && r != -EEXIST)
			return error_set(e, -r, "config.json: linux.seccomp.architectures[%zu]: %s",
				i, strerror(-r));
	}
	return 0;
}

/*
 * libseccomp takes one comparison for each argument of a rule. Several for one argument are
 * alternatives for runc and crun, so for us too: each becomes a rule of its own.
 */
static bool has_repeated_argument(const struct scmp_arg_cmp *cmps, size_t n)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & 1u << cmps[i].arg)
			return true;
		seen |= 1u << cmps[i].arg;
	}
	return false;
}

static int add_comparisons(
	scmp_filter_ctx ctx, uint32_t action, int number, const struct spec_seccomp_args *args)
{
	struct scmp_arg_cmp cmps[64];
	size_t n = args->n < ARRAY_SIZE(cmps) ? args->n : ARRAY_SIZE(cmps);

	for (size_t i = 0; i < n; i++)
		cmps[i] = (struct scmp_arg_cmp){ .arg = args->v[i].index,
			.op = compare_of(args->v[i].op),
			.datum_a = args->v[i].value,
			.datum_b = args->v[i].value_two };
	if (!has_repeated_argument(cmps, n))
		return seccomp_rule_add_array(ctx, action, number, (unsigned int)n, cmps);
	for (size_t i = 0; i < n; i++) {
		int r = seccomp_rule_add_array(ctx, action, number, 1, &cmps[i]);

		if (r < 0)
			return r;
	}
	return 0;
}

static int add_rule(scmp_filter_ctx ctx, const struct spec_seccomp *spec, size_t i, struct error *e)
{
	const struct spec_syscall *rule = &spec->syscalls.v[i];
	uint32_t action = action_of(rule->action, &rule->errno_ret);

	/* libseccomp refuses a rule that says what the default says anyway. */
	if (action == action_of(spec->default_action, &spec->default_errno_ret))
		return 0;
	if (rule->args.n > 64)
		return error_set(
			e, EINVAL, "config.json: linux.seccomp.syscalls[%zu].args: too many", i);
	for (size_t k = 0; k < rule->names.n; k++) {
		int number = seccomp_syscall_resolve_name(rule->names.v[k]);
		int r;

		/* A profile lists names of newer kernels and of other machines: they match nothing.
		 */
		if (number == __NR_SCMP_ERROR)
			continue;
		r = add_comparisons(ctx, action, number, &rule->args);
		if (r < 0)
			return error_set(e, -r,
				"config.json: linux.seccomp.syscalls[%zu].names[%zu]: add a rule "
				"for '%s': %s",
				i, k, rule->names.v[k], strerror(-r));
	}
	return 0;
}

static int export_filter(
	scmp_filter_ctx ctx, struct arena *arena, struct seccomp_filter *out, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = memfd_create("seccomp", MFD_CLOEXEC);
	CLEANUP(mem_free) char *text = NULL;
	size_t len;
	void *program;
	int r;

	if (fd < 0)
		return error_errno(e, "compile the seccomp filter");
	r = seccomp_export_bpf(ctx, fd);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r == 0)
		r = fd_read_text(fd, sizeof(struct sock_filter) * BPF_MAXINSNS, &text, &len);
	if (r < 0)
		return error_set(e, -r, "compile the seccomp filter: %s", strerror(-r));
	program = arena_alloc(arena, len);
	memcpy(program, text, len);
	out->v = program;
	out->n = len / sizeof(struct sock_filter);
	return 0;
}

static int compile(const struct spec_seccomp *spec, struct arena *arena, struct seccomp_filter *out,
	struct error *e)
{
	CLEANUP(filter_cleanup) scmp_filter_ctx ctx = NULL;
	int r;

	/*
	 * Else libseccomp asks the kernel, by trying, what it has, and refuses the rest: a plan
	 * must not depend on that, nor on whether a sandbox around us lets it ask. Since 2.5 it
	 * knows 6.
	 */
	seccomp_api_set(6);
	ctx = seccomp_init(action_of(spec->default_action, &spec->default_errno_ret));
	if (!ctx)
		return error_set(
			e, ENOMEM, "compile the seccomp filter: libseccomp gives no reason");
	/* Sorted into a tree: 10 times cheaper to load and to run with hundreds of rules. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* A call number of another architecture's ABI is what the default action is for. */
	r = add_architectures(ctx, spec, e);
	for (size_t i = 0; r == 0 && i < spec->syscalls.n; i++)
		r = add_rule(ctx, spec, i, e);
	return r < 0 ? r : export_filter(ctx, arena, out, e);
}

static unsigned int flags_of(const struct spec_seccomp *spec)
{
	unsigned int flags = 0;

	/* As runc and crun do when nothing was said: speculation costs more than it protects here.
	 */
	if (!spec->flags_set)
		return SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < spec->flags.n; i++)
		flags |= seccomp_flag(spec->flags.v[i]);
	return flags;
}

static bool uses_notify(const struct spec_seccomp *spec)
{
	for (size_t i = 0; i < spec->syscalls.n; i++)
		if (spec->syscalls.v[i].action == SECCOMP_ACT_NOTIFY)
			return true;
	return false;
}

int seccomp_compile(const struct spec_seccomp *spec, const char *cache_dir, struct arena *arena,
	struct seccomp_filter *out, struct error *e)
{
	CLEANUP(text_release) struct text key = { 0 };
	int r;

	out->flags = flags_of(spec);
	seccomp_cache_key(spec, plan_seccomp_version(), &key);
	if (cache_dir && seccomp_cache_load(cache_dir, &key, arena, out) == 0)
		return 0;
	r = compile(spec, arena, out, e);
	if (r == 0 && cache_dir)
		seccomp_cache_store(cache_dir, &key, out);
	return r;
}

/*
 * seccomp(2) refuses WAIT_KILLABLE_RECV where nothing notifies, and TSYNC beside a listener. init
 * has one thread when it loads the filter: there is nothing to synchronize.
 */
static unsigned int kernel_flags(unsigned int flags, int notify)
{
	if (!notify)
		return flags & ~FLAG_WAIT_KILLABLE_RECV;
	return (flags & ~(unsigned int)SECCOMP_FILTER_FLAG_TSYNC) |
		SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* The kernel's last one, MAX_ERRNO, is one too many for libseccomp. */
#define ERRNO_MAX 4094

static int check_errno(
	int64_t action, const struct opt_u32 *code, const char *path, struct error *e)
{
	if (action != SECCOMP_ACT_ERRNO || !code->set || code->v <= ERRNO_MAX)
		return 0;
	error_set(e, EINVAL, "config.json: linux.seccomp.%s: libseccomp takes no %u, at most %d",
		path, code->v, ERRNO_MAX);
	return error_hint(e, "errno(3) has no number that large: choose a real one");
}

static int check_errnos(const struct spec_seccomp *spec, struct error *e)
{
	int r = check_errno(spec->default_action, &spec->default_errno_ret, "defaultErrnoRet", e);

	for (size_t i = 0; r == 0 && i < spec->syscalls.n; i++) {
		CLEANUP(mem_free) char *path = xasprintf("syscalls[%zu].errnoRet", i);

		r = check_errno(
			spec->syscalls.v[i].action, &spec->syscalls.v[i].errno_ret, path, e);
	}
	return r;
}

/* Names that libseccomp does not know match nothing, unless the annotation says that they may not.
 */
static int check_names(struct plan_builder *b, const struct spec_seccomp *spec, struct error *e)
{
	bool strict;
	int r = plan_annotation_switch(b, ANNOTATION_SECCOMP_STRICT, &strict, e);

	for (size_t i = 0; r == 0 && strict && i < spec->syscalls.n; i++)
		for (size_t k = 0; k < spec->syscalls.v[i].names.n; k++) {
			const char *name = spec->syscalls.v[i].names.v[k];

			if (seccomp_syscall_resolve_name(name) == __NR_SCMP_ERROR)
				return error_set(e, EINVAL,
					"config.json: linux.seccomp.syscalls[%zu].names[%zu]: '%s' "
					"is unknown to libseccomp %s, and the annotation %s "
					"forbids that",
					i, k, name, plan_seccomp_version(),
					ANNOTATION_SECCOMP_STRICT);
		}
	return r;
}

int plan_seccomp(struct plan_builder *b, struct error *e)
{
	const struct spec_seccomp *spec = b->spec->linux.seccomp;
	int r;

	if (!spec)
		return 0;
	if (spec->default_action == SECCOMP_ACT_NOTIFY)
		return error_set(e, EINVAL,
			"config.json: linux.seccomp.defaultAction: SCMP_ACT_NOTIFY would "
			"stop lichen itself before the listener is handed over");
	r = check_errnos(spec, e);
	if (r == 0)
		r = check_names(b, spec, e);
	if (r == 0)
		r = seccomp_compile(
			spec, b->request->seccomp_cache, &b->plan->arena, &b->plan->seccomp, e);
	if (r < 0)
		return r;
	b->plan->seccomp_notify = uses_notify(spec);
	b->plan->seccomp.flags = kernel_flags(b->plan->seccomp.flags, b->plan->seccomp_notify);
	return 0;
}
