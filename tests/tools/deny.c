/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny CALL[&MASK][,CALL...]:ERRNO [CALL,...:ERRNO...] -- PROGRAM [ARGUMENT...]
 *
 * Runs a program that meets an old kernel, or an outer sandbox's seccomp filter: the calls fail
 * with ERRNO, a number or one of ENOSYS, EPERM, EACCES. CALL may be CALL@N&MASK: only if argument N
 * (from 0 on) has these bits. Without CAP_SYS_ADMIN the program also
 * loses what set-user-ID would give it, newuidmap for example.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void fail(const char *what, int code)
{
	fprintf(stderr, "deny: %s: %s\n", what, strerror(code));
	exit(99);
}

static unsigned int errno_of(const char *name)
{
	static const struct {
		const char *name;
		unsigned int code;
	} names[] = { { "ENOSYS", ENOSYS }, { "EPERM", EPERM }, { "EACCES", EACCES } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strcmp(names[i].name, name) == 0)
			return names[i].code;
	return (unsigned int)strtoul(name, NULL, 10);
}

/* "seccomp@1&2" */
static int add_rule(scmp_filter_ctx ctx, char *name, unsigned int code)
{
	char *at = strchr(name, '@'), *end = at;
	unsigned int index = 0;
	uint64_t mask = 0;
	int number;

	if (at) {
		*at = '\0';
		index = (unsigned int)strtoul(at + 1, &end, 10);
		mask = *end == '&' ? strtoul(end + 1, &end, 0) : 0;
		if (*end || !mask)
			return -EINVAL;
	}
	number = seccomp_syscall_resolve_name(name);
	if (number == __NR_SCMP_ERROR)
		return -ENOENT;
	if (!at)
		return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(code), number, 0);
	return seccomp_rule_add(ctx, SCMP_ACT_ERRNO(code), number, 1,
		SCMP_CMP(index, SCMP_CMP_MASKED_EQ, mask, mask));
}

static void add_rules(scmp_filter_ctx ctx, char *rule)
{
	char *colon = strchr(rule, ':'), *save = NULL;
	unsigned int code;

	if (!colon)
		fail(rule, EINVAL);
	*colon = '\0';
	code = errno_of(colon + 1);
	for (char *name = strtok_r(rule, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int r = add_rule(ctx, name, code);

		if (r < 0)
			fail(name, -r);
	}
}

int main(int argc, char **argv)
{
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
	int i, r;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		add_rules(ctx, argv[i]);
	if (!ctx || i < 2 || i + 1 >= argc)
		fail("CALL,...:ERRNO... -- PROGRAM [ARGUMENT...]", EINVAL);
	/* no_new_privs would take newuidmap's privilege: only where nothing else is allowed. */
	seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 0);
	r = seccomp_load(ctx);
	if (r < 0) {
		seccomp_attr_set(ctx, SCMP_FLTATR_CTL_NNP, 1);
		r = seccomp_load(ctx);
	}
	if (r < 0)
		fail("load the filter", -r);
	execvp(argv[i + 1], argv + i + 1);
	fail(argv[i + 1], errno);
}
