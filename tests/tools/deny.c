/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deny CALL[&MASK][,CALL...]:ERRNO [CALL,...:ERRNO...] -- PROGRAM [ARGUMENT...]
 *
 * Runs a program that meets an old kernel, or an outer sandbox's seccomp filter: the calls fail
 * with ERRNO, a number or one of ENOSYS, EPERM, EACCES. CALL&MASK is only those of CALL whose
 * second argument has all bits of MASK: setns(2) for several namespaces, say. Without CAP_SYS_ADMIN
 * the program also loses what set-user-ID would give it, newuidmap for example.
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

static void add_rules(scmp_filter_ctx ctx, char *rule)
{
	char *colon = strchr(rule, ':'), *save = NULL;
	unsigned int code;

	if (!colon)
		fail(rule, EINVAL);
	*colon = '\0';
	code = errno_of(colon + 1);
	for (char *name = strtok_r(rule, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		char *mask = strchr(name, '&');
		unsigned long bits = mask ? strtoul(mask + 1, NULL, 0) : 0;
		int number, r;

		if (mask)
			*mask = '\0';
		number = seccomp_syscall_resolve_name(name);
		r = number == __NR_SCMP_ERROR
			? -ENOENT
			: seccomp_rule_add(ctx, SCMP_ACT_ERRNO(code), number, mask ? 1 : 0,
				  SCMP_A1(SCMP_CMP_MASKED_EQ, bits, bits));

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
