/* SPDX-License-Identifier: Apache-2.0 */
#include "sandbox.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/caps.h"
#include "kernel/namespace.h"
#include "kernel/process.h"

/* Is there wherever we have come to: our namespaces were opened in it. */
#define MOUNT_POINT "/proc"

int sandbox_enter_root(struct error *e)
{
	const unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;

	if (namespace_unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS, e) < 0)
		return -e->code;
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return error_errno(e, "make all mounts private");
	if (mount("tmpfs", MOUNT_POINT, "tmpfs", flags, "size=4k,nr_inodes=1,mode=0555") < 0)
		return error_errno(e, "mount an empty root");
	if (chdir(MOUNT_POINT) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
		return error_errno(e, "change to the empty root");
	/* The old root lies upon the new one, and we are still in the new one. */
	if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
		return error_errno(e, "let go of the old root");
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags, NULL) < 0)
		return error_errno(e, "make the empty root read-only");
	return 0;
}

int sandbox_lock(enum sandbox_profile profile, struct error *e)
{
	static const struct cap_sets none = { 0 };
	int r = cap_limit_bounding(0, e);

	if (r == 0)
		r = cap_apply(&none, e);
	if (r == 0)
		r = process_set_dumpable(PROCESS_HIDDEN, e);
	if (r == 0)
		r = process_no_new_privileges(e);
	return r < 0 ? r : sandbox_filter(profile, e);
}
