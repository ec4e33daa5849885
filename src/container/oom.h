/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's OOM killer in a container's cgroup. What it counts is read through descriptors that
 * were opened in time: a cgroup goes soon after its last process. A read that comes too late finds
 * nothing, which happens where systemd removes the cgroup.
 */
#pragma once

#include "base/log.h"
#include "container/state_dir.h"
#include "kernel/cgroup_stats.h"

struct oom_watch {
	int events_fd; /* memory.events, for POLLPRI; -EBADF: nobody counts, or not any more */
	int limit_fd; /* memory.max */
	struct cgroup_oom seen;
};

#define OOM_WATCH_NONE                                  \
	{                                               \
		.events_fd = -EBADF, .limit_fd = -EBADF \
	}

/* What was counted until now is not told. Without a cgroup or its controller it watches nothing. */
void oom_watch_open(struct oom_watch *w, const struct state_cgroup *cgroup);
void oom_watch_close(struct oom_watch *w);

/*
 * Whether anything was counted since the last call. The limit's being hit and the death that comes
 * of it are counted one after the other, and are one event.
 */
int oom_watch_look(struct oom_watch *w);

/* For a container that has ended by SIGKILL: a warning if that was the OOM killer's. */
void oom_watch_explain(struct oom_watch *w, const char *id, const struct log *log);
