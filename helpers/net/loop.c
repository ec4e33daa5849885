/* SPDX-License-Identifier: Apache-2.0 */
#include "loop.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include "base/fd.h"

/* As many events as are taken at once; the rest comes in the next round. */
#define EVENTS_MAX 256

/* A descriptor of libslirp's. */
struct watch {
	uint32_t wanted, registered, ready;
	uint32_t round; /* when it was wanted last */
	bool listed; /* among the used ones */
};

struct loop {
	int epoll_fd;
	uint32_t round;
	size_t n; /* of watches: any descriptor that we may have */
	struct watch *watches;
	size_t n_used; /* the numbers of those that are registered, in no order */
	int *used;
	int n_events, next_event;
	struct epoll_event events[EVENTS_MAX];
};

struct loop *loop_new(struct error *e)
{
	struct rlimit limit;
	struct loop *l = xcalloc(1, sizeof(*l));

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		limit.rlim_cur = 1024;
	l->n = (size_t)limit.rlim_cur;
	l->watches = xcalloc(l->n, sizeof(*l->watches));
	l->used = xcalloc(l->n, sizeof(*l->used));
	l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll_fd >= 0)
		return l;
	error_errno(e, "epoll");
	free(l->used);
	free(l->watches);
	free(l);
	return NULL;
}

int loop_limit(const struct loop *l)
{
	return (int)l->n;
}

/* The number of a descriptor of libslirp's is never an address. */
static int control(struct loop *l, int op, struct source *s, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.ptr = s };

	return epoll_ctl(l->epoll_fd, op, s->fd, &event) < 0 ? -errno : 0;
}

int loop_add(struct loop *l, struct source *s, uint32_t events)
{
	return control(l, EPOLL_CTL_ADD, s, events);
}

int loop_change(struct loop *l, struct source *s, uint32_t events)
{
	return control(l, EPOLL_CTL_MOD, s, events);
}

void loop_remove(struct loop *l, struct source *s)
{
	(void)control(l, EPOLL_CTL_DEL, s, 0);
	for (int i = l->next_event; i < l->n_events; i++)
		if (l->events[i].data.ptr == s)
			l->events[i].data.u64 = UINT32_MAX;
}

/* ---- libslirp's ---- */

static int control_watch(struct loop *l, int op, int fd, uint32_t events)
{
	struct epoll_event event = { .events = events, .data.u64 = (uint64_t)fd };

	return epoll_ctl(l->epoll_fd, op, fd, &event) < 0 ? -errno : 0;
}

void loop_forget(struct loop *l, int fd)
{
	if (fd < 0 || (size_t)fd >= l->n)
		return;
	if (l->watches[fd].registered)
		(void)control_watch(l, EPOLL_CTL_DEL, fd, 0);
	l->watches[fd] = (struct watch){ .listed = l->watches[fd].listed };
}

void loop_begin(struct loop *l)
{
	l->round++;
}

static void list(struct loop *l, int fd)
{
	if (!l->watches[fd].listed)
		l->used[l->n_used++] = fd;
	l->watches[fd].listed = true;
}

void loop_want(struct loop *l, int fd, uint32_t events)
{
	struct watch *w;

	if (fd < 0 || (size_t)fd >= l->n)
		return;
	w = &l->watches[fd];
	w->round = l->round;
	w->ready = 0;
	if (w->registered == events)
		return;
	if (!w->registered || control_watch(l, EPOLL_CTL_MOD, fd, events) == -ENOENT)
		(void)control_watch(l, EPOLL_CTL_ADD, fd, events);
	w->registered = events;
	list(l, fd);
}

uint32_t loop_ready(const struct loop *l, int fd)
{
	return fd >= 0 && (size_t)fd < l->n ? l->watches[fd].ready : 0;
}

/* What nobody wanted in this round would be reported all the same: errors always are. */
static void drop_unwanted(struct loop *l)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n_used; i++) {
		int fd = l->used[i];
		struct watch *w = &l->watches[fd];

		if (w->round == l->round && w->registered) {
			l->used[kept++] = fd;
			continue;
		}
		if (w->registered)
			(void)control_watch(l, EPOLL_CTL_DEL, fd, 0);
		*w = (struct watch){ 0 };
	}
	l->n_used = kept;
}

int loop_wait(struct loop *l, int timeout_ms)
{
	drop_unwanted(l);
	l->n_events = epoll_wait(l->epoll_fd, l->events, EVENTS_MAX, timeout_ms);
	if (l->n_events < 0)
		return errno == EINTR ? 0 : -errno;
	for (l->next_event = 0; l->next_event < l->n_events;) {
		struct epoll_event *event = &l->events[l->next_event++];

		if (event->data.u64 < l->n) {
			l->watches[event->data.u64].ready = event->events;
		} else if (event->data.u64 != UINT32_MAX) {
			struct source *s = event->data.ptr;

			s->ready(s, event->events);
		}
	}
	l->n_events = 0;
	return 0;
}
