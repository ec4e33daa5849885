/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/seccomp.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

int seccomp_load_filter(const struct seccomp_filter *filter, struct error *e)
{
	struct sock_fprog program = { .len = (unsigned short)filter->n,
		.filter = (struct sock_filter *)(uintptr_t)filter->v };
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &program);

	if (r < 0)
		return error_errno(e, "load the seccomp filter");
	return (int)r;
}
