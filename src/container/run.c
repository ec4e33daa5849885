/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/creation.h"
#include "container/oom.h"
#include "container/start.h"
#include "stage/relay.h"

static int remove_container(const struct runtime *rt, const char *id, struct error *e)
{
	int r = container_delete(rt, id, DELETE_FORCE, e);

	return r == -ENOENT ? 0 : r;
}

/* What fails after it was created is taken away again, unless it was to be kept. */
static int undo(const struct runtime *rt, const struct create_request *req, struct error *e)
{
	struct error ignored;

	if (!(req->flags & CREATE_KEEP))
		(void)remove_container(rt, req->id, &ignored);
	if (req->pid_file)
		unlink(req->pid_file);
	return -e->code;
}

static int create(struct creation *c, enum creation_terminal terminal, struct error *e)
{
	int r = creation_plan(c, terminal, e);

	return r < 0 ? r : creation_do(c, e);
}

static int run_detached(const struct runtime *rt, const struct create_request *req, struct error *e)
{
	int r = container_create(rt, req, e);

	if (r < 0)
		return r;
	r = container_start(rt, req->id, e);
	return r < 0 ? undo(rt, req, e) : 0;
}

static void unblock(sigset_t *saved)
{
	relay_unblock_signals(saved);
}

static int run_foreground(const struct runtime *rt, const struct create_request *req,
	int *out_status, struct error *e)
{
	enum creation_terminal terminal = isatty(STDIN_FILENO) ? TERMINAL_RELAYED : TERMINAL_NONE;
	CLEANUP(creation_release) struct creation c;
	CLEANUP(oom_watch_close) struct oom_watch oom = OOM_WATCH_NONE;
	CLEANUP(notify_release) struct notify notify = NOTIFY_NONE;
	CLEANUP(unblock) sigset_t saved;
	int r;

	relay_block_signals(&saved);
	creation_init(&c, rt, req);
	r = create(&c, terminal, e);
	if (r < 0)
		return r;
	/* The others may lock it now: start below, kill and delete from elsewhere. */
	state_dir_close(&c.dir);
	oom_watch_open(&oom, &c.state.cgroup);
	relay_give_size(c.stage.terminal_fd);
	r = start_container(rt, req->id, &notify, NULL, e);
	/* It is our exit status that the manager is to see. */
	notify.main_pid = getpid();
	if (r == 0)
		r = relay_run(
			c.stage.pid, c.stage.pidfd, c.stage.terminal_fd, &notify, out_status, e);
	if (r < 0)
		return undo(rt, req, e);
	if (*out_status == 128 + SIGKILL)
		oom_watch_explain(&oom, req->id, rt->log);
	return req->flags & CREATE_KEEP ? 0 : remove_container(rt, req->id, e);
}

int container_run(const struct runtime *rt, const struct create_request *req, int *out_status,
	struct error *e)
{
	*out_status = 0;
	return req->flags & CREATE_DETACH ? run_detached(rt, req, e)
					  : run_foreground(rt, req, out_status, e);
}
