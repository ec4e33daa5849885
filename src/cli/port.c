/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "cli/info.h"

enum port_format { PORT_TABLE, PORT_JSON };

struct port_values {
	struct strings add, remove;
	int format;
};

static void print_json(const struct container_ports *ports)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out j;

	json_out_init(&j, &text, 0);
	json_out_array(&j, NULL);
	for (size_t i = 0; i < ports->n; i++)
		info_write_port(&j, &ports->v[i]);
	json_out_array_end(&j);
	puts(text.s);
}

/* IPv6 as where it is typed: in brackets. They are lichen-net's words, which hostile frames reach.
 */
static void put_end(struct text *out, const char *address, uint16_t port)
{
	bool brackets = address && strchr(address, ':');

	text_puts(out, brackets ? "[" : "");
	text_puts_printable(out, address && *address ? address : "*");
	text_printf(out, "%s:%u", brackets ? "]" : "", port);
}

static void print_table(const struct container_ports *ports)
{
	printf("%-4s %-5s %-28s %s\n", "ID", "PROTO", "HOST", "CONTAINER");
	for (size_t i = 0; i < ports->n; i++) {
		const struct container_port *p = &ports->v[i];
		CLEANUP(text_release) struct text host = { 0 };
		CLEANUP(text_release) struct text guest = { 0 };
		CLEANUP(text_release) struct text protocol = { 0 };
		CLEANUP(mem_free)
		char *id = p->id ? xasprintf("%llu", (unsigned long long)p->id) : xstrdup("-");

		put_end(&host, p->host_address, p->host_port);
		put_end(&guest, p->guest_address, p->guest_port);
		text_puts_printable(&protocol, p->protocol ? p->protocol : "-");
		printf("%-4s %-5s %-28s %s\n", id, protocol.s, host.s, guest.s);
	}
}

static void print_ports(int format, const struct container_ports *ports)
{
	if (format == PORT_JSON)
		print_json(ports);
	else
		print_table(ports);
}

/* One after the other, as they were typed; what was done until an error stays. */
static int change(const struct cli *cli, const struct port_values *v, const char *id,
	struct container_ports *out, struct error *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->remove.n; i++)
		r = container_port_remove(&cli->runtime, id, v->remove.v[i], e);
	for (size_t i = 0; r == 0 && i < v->add.n; i++) {
		CLEANUP(container_ports_release) struct container_ports added = { 0 };

		r = container_port_publish(&cli->runtime, id, v->add.v[i], &added, e);
		if (r == 0)
			container_ports_move(out, &added);
	}
	return r;
}

static int port(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(container_ports_release) struct container_ports ports = { 0 };
	const struct port_values *v = values;
	bool changes = v->add.n > 0 || v->remove.n > 0;
	int r = changes ? change(cli, v, operands->v[0], &ports, e)
			: container_ports(&cli->runtime, operands->v[0], &ports, e);

	/* A port that the kernel has chosen is told here alone. */
	if (ports.n > 0 || (r == 0 && !changes))
		print_ports(v->format, &ports);
	return r;
}

static const struct name formats[] = { { "table", PORT_TABLE }, { "json", PORT_JSON },
	{ NULL, 0 } };

#define AT(field) .offset = offsetof(struct port_values, field)

static const struct option_def options[] = {
	{ .name = "add",
		.value = "PORT",
		.help = "publish one more: [ADDRESS:]HOST:GUEST[/udp]; prints what was added",
		.type = OPTION_LIST,
		AT(add) },
	{ .name = "remove",
		.value = "PORT",
		.help = "publish it no longer: its number, or as it was published",
		.type = OPTION_LIST,
		AT(remove) },
	{ .shorts = "f",
		.name = "format",
		.value = "FORMAT",
		.help = "how they are printed",
		.type = OPTION_CHOICE,
		.choices = formats,
		AT(format) },
	OPTION_LAST_ROWS,
};

const struct command command_port = {
	.name = "port",
	.operands = "ID",
	.summary = "list, add and remove the published ports of a container",
	.options = options,
	.values_size = sizeof(struct port_values),
	.min_operands = 1,
	.max_operands = 1,
	.complete = { COMPLETE_CONTAINER },
	.run = port,
};
