/* SPDX-License-Identifier: Apache-2.0 */
#include "stage/network.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

#define TIMEOUT_MS 10000

int network_start(
	struct network *n, const struct plan *plan, pid_t init, int state_fd, struct error *e)
{
	const struct plan_network *p = &plan->network;
	CLEANUP(strlist_release) struct strlist words = { 0 };
	struct spawn spawn = {
		.path = p->program, .envp = (const char *const *)environ, .cwd_fd = state_fd
	};
	int r;

	if (p->how == PLAN_NETWORK_NOTHING || n->phase != NETWORK_IDLE)
		return error_set(e, EPROTO, "NETWORK without a network");
	for (size_t i = 0; i < p->args.n; i++)
		strlist_add(&words, xstrdup(p->args.v[i]));
	strlist_printf(&words, "%d", init);
	if (p->how == PLAN_NETWORK_SLIRP)
		strlist_add(&words, xstrdup(PLAN_NETWORK_DEVICE));
	spawn.argv = (const char *const *)words.v;
	n->deadline_ms = time_ms() + TIMEOUT_MS;
	n->phase = NETWORK_STARTING;
	r = p->how == PLAN_NETWORK_SLIRP ? spawn_orphan(&spawn, &n->slirp, e)
					 : spawn_start(&spawn, &n->pasta, e);
	return r < 0 ? error_context(e, "%s", p->object) : 0;
}

/* One line without its end; what follows it. */
static const char *take_line(const char *text, size_t *out_len)
{
	*out_len = strcspn(text, "\n");
	return text + *out_len + (text[*out_len] == '\n');
}

/* "PROGRAM: CAUSE", perhaps after other lines, and perhaps "hint: LINE" after it. */
static int failure(const struct plan_network *p, const struct text *output, struct error *e)
{
	const char *rest = output->s ? output->s : "", *line = rest, *hint = NULL, *cause = NULL;
	const char *name = p->args.v[0];
	size_t len, cause_len = 0, hint_len = 0;

	for (; *line; line = rest) {
		rest = take_line(line, &len);
		if (str_starts(line, "hint: ")) {
			hint = line + strlen("hint: ");
			hint_len = len - strlen("hint: ");
		} else if (len > 0) {
			cause = line;
			cause_len = len;
		}
	}
	if (!cause)
		return error_set(e, EIO, "%s ended without a word", name);
	/* It says its own name, or we do. */
	error_set(e, EIO, "%s%s%.*s", str_starts(cause, name) ? "" : name,
		str_starts(cause, name) ? "" : ": ", (int)cause_len, cause);
	return hint ? error_hint(e, "%.*s", (int)hint_len, hint) : -e->code;
}

static int too_late(const struct plan_network *p, struct error *e)
{
	error_set(e, ETIMEDOUT, "%s was not ready within %d s", p->args.v[0], TIMEOUT_MS / 1000);
	return error_hint(e, "without a network: lichen run --network none ...");
}

static int wait_for_slirp(struct network *n, const struct plan_network *p, struct error *e)
{
	int r = orphan_wait(&n->slirp, n->deadline_ms);

	if (r == -ETIMEDOUT)
		return too_late(p, e);
	return r < 0 ? failure(p, &n->slirp.output, e) : 0;
}

static int wait_for_pasta(struct network *n, const struct plan_network *p, struct error *e)
{
	int status, r = spawn_wait(&n->pasta, n->deadline_ms, &status, e);

	if (r == -ETIMEDOUT)
		return too_late(p, e);
	if (r < 0)
		return error_context(e, "%s", p->args.v[0]);
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : failure(p, &n->pasta.output, e);
}

int network_wait(struct network *n, const struct plan *plan, struct error *e)
{
	const struct plan_network *p = &plan->network;
	int r;

	if (n->phase != NETWORK_STARTING)
		return 0;
	r = p->how == PLAN_NETWORK_SLIRP ? wait_for_slirp(n, p, e) : wait_for_pasta(n, p, e);
	if (r < 0)
		return error_context(e, "%s", p->object);
	n->phase = NETWORK_READY;
	return 0;
}

void network_kill(struct network *n)
{
	orphan_kill(&n->slirp);
}

void network_release(struct network *n)
{
	orphan_release(&n->slirp);
	child_release(&n->pasta);
	*n = (struct network)NETWORK_IDLE_ONE;
}
