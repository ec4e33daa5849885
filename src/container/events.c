/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/cgroup.h"
#include "container/network.h"
#include "container/oom.h"

struct watch {
	int pidfd; /* the first process: its end is the container's */
	int cgroup_fd;
	struct oom_watch oom;
	struct state_dir dir;
	bool has_network; /* of which there is no bad news yet */
	int network_fd; /* tells of changes in the state directory, between the intervals; or < 0 */
	int64_t interval_ms, next_ms;
	const struct container_listener *listener;
};

static void watch_release(struct watch *w)
{
	oom_watch_close(&w->oom);
	fd_close(w->cgroup_fd);
	fd_close(w->pidfd);
	fd_close(w->network_fd);
	state_dir_close(&w->dir);
}

static void network_cleanup(struct container_network *network)
{
	container_network_release(network);
}

/* lichen-net replaces its status file. Users have few inotify instances: inotify(7). */
static void watch_network(struct watch *w)
{
	CLEANUP(network_cleanup) struct container_network network = { 0 };

	network_info(&w->dir, STATUS_RUNNING, &network);
	w->has_network = network.mode;
	if (!w->has_network)
		return;
	w->network_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->network_fd >= 0 &&
		inotify_add_watch(w->network_fd, fd_path(w->dir.fd).s, IN_MOVED_TO) < 0)
		w->network_fd = fd_close(w->network_fd);
}

static void state_cleanup(struct state *s)
{
	state_release(s);
}

static int not_running(const char *id, struct error *e)
{
	return error_set(e, ESRCH, "cannot watch container '%s': container not running", id);
}

static int watch_open(struct watch *w, const struct runtime *rt, const char *id, struct error *e)
{
	CLEANUP(state_cleanup) struct state state = { 0 };
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &w->dir, e);

	if (r == 0)
		r = state_read(&w->dir, &state, e);
	if (r < 0)
		return r;
	w->pidfd = process_open(&state.init);
	if (w->pidfd < 0)
		return not_running(id, e);
	r = container_cgroup_require(&state.cgroup, "watch", id, e);
	if (r < 0)
		return r;
	w->cgroup_fd = container_cgroup_open(&state.cgroup, e);
	if (w->cgroup_fd < 0)
		return w->cgroup_fd == -ENOENT ? not_running(id, e) : w->cgroup_fd;
	oom_watch_open(&w->oom, &state.cgroup);
	watch_network(w);
	return 0;
}

static int tell_stats(struct watch *w, struct error *e)
{
	CLEANUP(cgroup_stats_release) struct cgroup_stats stats;

	cgroup_stats_read(w->cgroup_fd, &stats);
	/* It goes before its process is reaped, or after: the end is told by the process alone. */
	return stats.parts ? w->listener->tell(w->listener->arg, &stats, e) : 0;
}

static int tell_oom(struct watch *w, struct error *e)
{
	return oom_watch_look(&w->oom) ? w->listener->tell(w->listener->arg, NULL, e) : 0;
}

/* Once: it does not come back. */
static int tell_network(struct watch *w, struct error *e)
{
	CLEANUP(network_cleanup) struct container_network network = { 0 };

	if (!w->has_network)
		return 0;
	network_info(&w->dir, STATUS_RUNNING, &network);
	if (!network.status || !streq(network.status, "failed"))
		return 0;
	w->has_network = false;
	w->network_fd = fd_close(w->network_fd);
	return w->listener->tell_network(w->listener->arg, network.reason, e);
}

/* What has happened in the directory is looked up there. */
static void forget_changes(int fd)
{
	char buffer[4096];

	while (read(fd, buffer, sizeof(buffer)) > 0)
		;
}

/* Moves on to the next figures, past those that we came too late for. */
static int timeout_of(struct watch *w, int64_t now)
{
	if (w->next_ms <= now)
		w->next_ms += ((now - w->next_ms) / w->interval_ms + 1) * w->interval_ms;
	return w->next_ms - now > INT_MAX ? INT_MAX : (int)(w->next_ms - now);
}

static int loop(struct watch *w, struct error *e)
{
	w->next_ms = time_ms() + w->interval_ms;
	for (;;) {
		struct pollfd p[] = { { .fd = w->pidfd, .events = POLLIN },
			{ .fd = w->oom.events_fd, .events = POLLPRI },
			{ .fd = w->network_fd, .events = POLLIN } };
		int64_t now = time_ms();
		int r = 0;

		if (now >= w->next_ms)
			r = tell_stats(w, e);
		if (r == 0)
			r = tell_network(w, e);
		if (r == 0 && poll(p, ARRAY_SIZE(p), timeout_of(w, now)) < 0 && errno != EINTR)
			return error_errno(e, "wait for the container");
		if (p[2].revents)
			forget_changes(w->network_fd);
		/* Also at the end, which may have come of it. */
		if (r == 0)
			r = tell_oom(w, e);
		if (r < 0 || p[0].revents)
			return r;
	}
}

int container_events(const struct runtime *rt, const char *id, int64_t interval_ms,
	const struct container_listener *listener, struct error *e)
{
	CLEANUP(watch_release)
	struct watch w = { .pidfd = -EBADF,
		.cgroup_fd = -EBADF,
		.oom = OOM_WATCH_NONE,
		.dir = STATE_DIR_NONE,
		.network_fd = -EBADF,
		.interval_ms = interval_ms,
		.listener = listener };
	int r = watch_open(&w, rt, id, e);

	return r < 0 ? r : loop(&w, e);
}
