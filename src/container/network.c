/* SPDX-License-Identifier: Apache-2.0 */
#include "container/network.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/fd.h"
#include "base/syscalls.h"
#include "container/record.h"
#include "net/publish.h"

/* lichen-net sees the end of the container's process at once; whoever hangs is killed. */
#define END_TIMEOUT_MS	 1000
#define DEATH_TIMEOUT_MS 1000

/* ---- at birth ---- */

static struct state_network describe(const struct plan_network *plan)
{
	struct state_network n = { .mode = xstrdup(
					   plan->how == PLAN_NETWORK_SLIRP ? "slirp" : "pasta"),
		.address = plan->address ? xstrdup(plan->address) : NULL,
		.address6 = plan->address6 ? xstrdup(plan->address6) : NULL };

	for (size_t i = 0; i < plan->publish.n; i++)
		strlist_add(&n.publish, xstrdup(plan->publish.v[i]));
	return n;
}

int network_expect(const struct state_dir *dir, const struct plan_network *plan, struct error *e)
{
	CLEANUP(state_network_release) struct state_network n = { 0 };

	if (plan->how == PLAN_NETWORK_NOTHING)
		return 0;
	/* Users of the container other than its root read them, too. */
	for (size_t i = 0; i < plan->n_files; i++) {
		const struct plan_file *f = &plan->files[i];
		int r = file_replace(dir->fd, f->name, 0644, f->text, strlen(f->text));

		if (r < 0)
			return error_set(e, -r, "write '%s' for container '%s': %s", f->name,
				dir->id, strerror(-r));
	}
	n = describe(plan);
	return state_write_network(dir, &n, e);
}

/* pasta's own record; it is written before its first process ends. */
static pid_t pid_of_pasta(const struct state_dir *dir)
{
	CLEANUP(mem_free) char *text = NULL;
	uint64_t pid;

	if (file_read_text(dir->fd, PLAN_NETWORK_PID, 32, &text, NULL) < 0)
		return 0;
	text[strcspn(text, "\n")] = '\0';
	return str_u64(text, INT32_MAX, &pid) < 0 ? 0 : (pid_t)pid;
}

int network_record(const struct state_dir *dir, const struct plan_network *plan,
	const struct network *network, struct error *e)
{
	CLEANUP(state_network_release) struct state_network n = { 0 };
	pid_t pid;
	int r;

	if (plan->how == PLAN_NETWORK_NOTHING)
		return 0;
	pid = plan->how == PLAN_NETWORK_SLIRP ? network->slirp.pid : pid_of_pasta(dir);
	n = describe(plan);
	r = process_ref_get(pid, &n.helper, e);
	if (r < 0)
		return error_context(e, "%s", plan->args.v[0]);
	/* It is nobody's child of ours: its number may be another's by now, if it has ended. */
	if (plan->how == PLAN_NETWORK_SLIRP && fd_wait(network->slirp.pidfd, 0) != 0)
		return error_set(e, ECHILD, "%s: has ended", plan->args.v[0]);
	return state_write_network(dir, &n, e);
}

/* ---- lichen-net's own word ---- */

void network_read_port(const struct json *from, struct container_port *out)
{
	*out = (struct container_port){ .id = record_number(from, "id", UINT32_MAX),
		.protocol = record_string(from, "proto"),
		.host_address = record_string(from, "host_addr"),
		.guest_address = record_string(from, "guest_addr"),
		.host_port = (uint16_t)record_number(from, "host_port", UINT16_MAX),
		.guest_port = (uint16_t)record_number(from, "guest_port", UINT16_MAX) };
}

void network_add_port(struct container_ports *ports, struct container_port *taken)
{
	ports->v = xrealloc(ports->v, ports->n + 1, sizeof(*ports->v));
	ports->v[ports->n++] = *taken;
	*taken = (struct container_port){ 0 };
}

static void info_of_slirp(const struct json *status, struct container_network *out)
{
	out->status = record_string(status, "status");
	out->reason = record_string(status, "reason");
	for (const struct json *j = record_list(status, "ports"); j; j = j->next) {
		struct container_port port;

		network_read_port(j, &port);
		network_add_port(&out->ports, &port);
	}
}

static void info_of_pasta(const struct state_network *n, struct container_network *out)
{
	for (size_t i = 0; i < n->publish.n; i++) {
		char address[NET_ADDRESS_SIZE];
		struct publication p;
		struct error ignored;

		if (publication_parse(n->publish.v[i], &p, &ignored) < 0)
			continue;
		net_address_print(&p.address, address);
		for (unsigned int k = 0; k < p.n; k++) {
			struct container_port port = { .protocol = xstrdup(
							       publish_protocol_name(p.protocol)),
				.host_address = *address ? xstrdup(address) : NULL,
				.host_port = (uint16_t)(p.host_port + k),
				.guest_port = (uint16_t)(p.guest_port + k) };

			network_add_port(&out->ports, &port);
		}
	}
}

void network_info(
	const struct state_dir *dir, enum container_status status, struct container_network *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	CLEANUP(state_network_release) struct state_network n = { 0 };
	bool is_up;

	*out = (struct container_network){ 0 };
	state_read_network(dir, &n);
	if (!n.mode)
		return;
	out->mode = xstrdup(n.mode);
	out->address = TAKE_PTR(n.address);
	out->address6 = TAKE_PTR(n.address6);
	if (streq(n.mode, "slirp"))
		info_of_slirp(record_read(dir, PLAN_NETWORK_STATUS, &arena), out);
	else
		info_of_pasta(&n, out);
	/* Create has not come so far. */
	if (n.helper.pid == 0 && status != STATUS_STOPPED)
		return;
	is_up = n.helper.pid > 0 && process_is_alive(&n.helper);
	/* What it can't say itself. */
	if (is_up && !out->status)
		out->status = xstrdup("up");
	if (is_up || (out->status && !streq(out->status, "up")))
		return;
	free(out->status);
	out->status = xstrdup(status == STATUS_STOPPED ? "ended" : "failed");
	if (status != STATUS_STOPPED && !out->reason)
		out->reason = xasprintf("%s is not there any more",
			streq(n.mode, "slirp") ? "lichen-net" : "pasta");
}

void container_network_release(struct container_network *n)
{
	free(n->mode);
	free(n->address);
	free(n->address6);
	free(n->status);
	free(n->reason);
	container_ports_release(&n->ports);
	*n = (struct container_network){ 0 };
}

void container_port_release(struct container_port *port)
{
	free(port->protocol);
	free(port->host_address);
	free(port->guest_address);
	*port = (struct container_port){ 0 };
}

void container_ports_move(struct container_ports *to, struct container_ports *from)
{
	for (size_t i = 0; i < from->n; i++)
		network_add_port(to, &from->v[i]);
	from->n = 0;
}

void container_ports_release(struct container_ports *ports)
{
	for (size_t i = 0; i < ports->n; i++)
		container_port_release(&ports->v[i]);
	free(ports->v);
	*ports = (struct container_ports){ 0 };
}

/* ---- at death ---- */

/* It executes itself once more, for the processor's sake, under passt's name. */
static bool is_pasta(pid_t pid)
{
	return process_is_called(pid, "pasta") || process_is_called(pid, "passt") ||
		process_is_called(pid, "passt.avx2");
}

/* A create that was killed has recorded nobody; then there is what they have written themselves. */
static int find_helper(
	const struct state_dir *dir, const struct state_network *n, struct process_ref *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *status;
	struct error ignored;
	pid_t pid;

	*out = n->helper;
	if (out->pid > 0)
		return 0;
	if (streq(n->mode, "pasta")) {
		pid = pid_of_pasta(dir);
		return pid > 0 && is_pasta(pid) ? process_ref_get(pid, out, &ignored) : -ESRCH;
	}
	status = record_read(dir, PLAN_NETWORK_STATUS, &arena);
	out->start_time = record_number(status, "startTime", UINT64_MAX);
	out->pid = (pid_t)record_number(status, "pid", INT32_MAX);
	/* Its word alone shall end nobody else. */
	return out->pid > 0 && process_is_called(out->pid, "lichen-net") ? 0 : -ESRCH;
}

void network_end(const struct state_dir *dir)
{
	CLEANUP(state_network_release) struct state_network n = { 0 };
	CLEANUP(fd_cleanup) int pidfd = -EBADF;
	struct process_ref helper;

	state_read_network(dir, &n);
	if (!n.mode || find_helper(dir, &n, &helper) < 0)
		return;
	pidfd = process_open(&helper);
	if (pidfd < 0 || (streq(n.mode, "slirp") && fd_wait(pidfd, END_TIMEOUT_MS) > 0))
		return;
	if (sys_pidfd_send_signal(pidfd, SIGKILL) == 0)
		(void)fd_wait(pidfd, DEATH_TIMEOUT_MS);
}
