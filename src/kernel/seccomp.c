/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* seccomp(2): a flag that it does not know is EINVAL, before it looks for the filter: EFAULT. */
unsigned int seccomp_probe_flags(void)
{
	unsigned int known = 0;

	for (unsigned int flag = 1; flag; flag <<= 1) {
		/* Some are for listeners alone, and the one of those goes with none but them. */
		unsigned int with = flag |
			(flag > SECCOMP_FILTER_FLAG_SPEC_ALLOW ? SECCOMP_FILTER_FLAG_NEW_LISTENER
							       : 0);

		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, with, NULL) < 0 &&
			errno == EFAULT)
			known |= flag;
	}
	return known;
}

int seccomp_load_filter(const struct seccomp_filter *filter, struct error *e)
{
	struct sock_fprog program = { .len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)(uintptr_t)filter->v };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program);

	if (r < 0)
		return error_errno(e, "load the seccomp filter");
	return (int)r;
}
