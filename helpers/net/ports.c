/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports, as the monitor sees them. */
#include <errno.h>
#include <string.h>

#include "monitor.h"

#define FIRST_FREE_PORT "sysctl net.ipv4.ip_unprivileged_port_start="

static int explain(const struct forward *f, struct error *e)
{
	CLEANUP(text_release) struct text owner = { 0 };
	char address[NET_ADDRESS_SIZE];
	const char *host = net_address_print(&f->host, address);
	bool in_use = e->code == EADDRINUSE && ports_find_owner(f, &owner);

	error_context(e, "publish port %s%s%u/%s", host, *host ? " " : "", f->host_port,
		publish_protocol_name(f->protocol));
	if (in_use)
		return error_hint(
			e, "%s has it: choose another port, or 0 for any free one", owner.s);
	if (e->code == EADDRINUSE)
		return error_hint(e,
			"choose another port, or 0 for any free one; who has it: ss "
			"--listening --processes 'sport = %u'",
			f->host_port);
	if (e->code == EACCES)
		return error_hint(e, "as root: " FIRST_FREE_PORT "%u", f->host_port);
	if (e->code == EADDRNOTAVAIL)
		return error_hint(e, "ip address shows the addresses that this host has");
	return -e->code;
}

int ports_add(struct monitor *m, struct forward *f, struct error *e)
{
	struct control message = { .type = CONTROL_ADD, .forward = *f }, answer;
	int r;

	message.forward.id = m->next_id;
	r = monitor_call(m, &message, &answer, e);
	if (r < 0)
		return explain(f, e);
	/* The engine says which port it got, and nothing else. */
	message.forward.host_port = answer.forward.host_port;
	m->next_id++;
	m->forwards = xrealloc(m->forwards, m->n_forwards + 1, sizeof(*m->forwards));
	m->forwards[m->n_forwards++] = *f = message.forward;
	return 0;
}

int ports_remove(struct monitor *m, uint32_t id, struct error *e)
{
	struct control message = { .type = CONTROL_REMOVE, .forward.id = id }, answer;

	for (size_t i = 0; i < m->n_forwards; i++) {
		int r;

		if (m->forwards[i].id != id)
			continue;
		r = monitor_call(m, &message, &answer, e);
		if (r < 0)
			return r;
		m->n_forwards--;
		memmove(&m->forwards[i], &m->forwards[i + 1],
			(m->n_forwards - i) * sizeof(*m->forwards));
		return 0;
	}
	return error_set(e, ENOENT, "there is no published port with the id %u", id);
}

int ports_publish(struct monitor *m, const char *words, struct error *e)
{
	struct publication p;
	int r = publication_parse(words, &p, e);

	for (unsigned int i = 0; r == 0 && i < p.n; i++) {
		struct forward f = { .protocol = p.protocol,
			.host = p.address,
			.host_port = p.host_port ? (uint16_t)(p.host_port + i) : 0,
			.guest_port = (uint16_t)(p.guest_port + i) };
		uint32_t first = m->next_id - i;

		r = ports_add(m, &f, e);
		if (r == 0)
			continue;
		for (uint32_t id = first; id < first + i; id++) {
			struct error ignored;

			(void)ports_remove(m, id, &ignored);
		}
	}
	return r;
}
