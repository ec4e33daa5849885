/* SPDX-License-Identifier: Apache-2.0 */
/* Published ports of a running container: lichen-net is asked, in the words of slirp4netns(1). */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/network.h"
#include "net/publish.h"
#include "spec/json.h"

#define ANSWER_MAX (1u << 20)

/* A container whose ports can be asked about. */
struct target {
	struct state_dir dir;
	struct container_network network;
};

static void state_cleanup(struct state *s)
{
	state_release(s);
}

static void target_release(struct target *t)
{
	container_network_release(&t->network);
	state_dir_close(&t->dir);
}

static int no_network(const char *id, struct error *e)
{
	error_set(e, ENOTSUP, "container '%s' has no network that lichen has made", id);
	return error_hint(e,
		"lichen run --network slirp -p 8080:80 ... makes one: "
		"lichen-network(7)");
}

static int target_open(const struct runtime *rt, const char *id, struct target *t, struct error *e)
{
	CLEANUP(state_cleanup) struct state s = { 0 };
	int r = state_dir_open(rt, id, STATE_UNLOCKED, &t->dir, e);

	if (r == 0)
		r = state_read(&t->dir, &s, e);
	if (r < 0)
		return r;
	network_info(&t->dir, state_status(&t->dir, &s), &t->network);
	return t->network.mode ? 0 : no_network(id, e);
}

int container_ports(
	const struct runtime *rt, const char *id, struct container_ports *out, struct error *e)
{
	CLEANUP(target_release) struct target t = { .dir = STATE_DIR_NONE };
	int r = target_open(rt, id, &t, e);

	if (r < 0)
		return r;
	*out = t.network.ports;
	t.network.ports = (struct container_ports){ 0 };
	return 0;
}

/* ---- lichen-net ---- */

static int open_changeable(
	const struct runtime *rt, const char *id, struct target *t, struct error *e)
{
	int r = target_open(rt, id, t, e);

	if (r < 0)
		return r;
	if (!streq(t->network.mode, "slirp")) {
		error_set(
			e, ENOTSUP, "the ports of container '%s' are pasta's, which are fixed", id);
		return error_hint(
			e, "lichen run --network slirp ... has ports that can be changed");
	}
	if (!t->network.status || streq(t->network.status, "up"))
		return 0;
	error_set(e, ESRCH, "the network of container '%s' has %s%s%s", id, t->network.status,
		t->network.reason ? ": " : "", t->network.reason ? t->network.reason : "");
	return error_hint(e, "it does not come back: delete the container, and run it anew");
}

static int exchange(int fd, const struct text *request, char **out_answer, struct error *e)
{
	int r = send(fd, request->s, request->len, MSG_NOSIGNAL) == (ssize_t)request->len ? 0
											  : -errno;

	if (r == 0 && shutdown(fd, SHUT_WR) < 0)
		r = -errno;
	if (r == 0)
		r = fd_read_text(fd, ANSWER_MAX, out_answer, NULL);
	if (r == -EAGAIN)
		return error_set(e, ETIMEDOUT, "lichen-net did not answer within %d s",
			STATE_NETWORK_TIMEOUT_S);
	return r < 0 ? error_set(e, -r, "ask lichen-net: %s", strerror(-r)) : 0;
}

static const char *text_of(const struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);

	return j && j->type == JSON_STRING ? j->text : NULL;
}

/* {"return": ...} or {"error": {"desc": "...", "hint": "..."}}; *out is in the arena. */
static int read_answer(
	const char *answer, struct arena *arena, const struct json **out, struct error *e)
{
	const struct json *root, *error;
	const char *desc, *hint;
	int r;

	arena_init(arena, json_arena_size(strlen(answer)));
	r = json_parse(arena, "lichen-net", answer, strlen(answer), &root, e);
	if (r < 0)
		return r;
	*out = json_get(root, "return");
	if (*out)
		return 0;
	error = json_get(root, "error");
	desc = text_of(error, "desc");
	hint = text_of(error, "hint");
	error_set(e, EIO, "%s", desc ? desc : "lichen-net gave no answer");
	return hint ? error_hint(e, "%s", hint) : -e->code;
}

static int ask(const struct state_dir *dir, const struct text *request, struct arena *arena,
	const struct json **out, struct error *e)
{
	CLEANUP(fd_cleanup) int fd = state_connect_network(dir, e);
	CLEANUP(mem_free) char *answer = NULL;
	int r = fd < 0 ? fd : exchange(fd, request, &answer, e);

	return r < 0 ? r : read_answer(answer, arena, out, e);
}

static void begin_request(struct json_out *o, struct text *text, const char *command)
{
	json_out_init(o, text, 0);
	json_out_object(o, NULL);
	json_out_string(o, "execute", command);
	json_out_object(o, "arguments");
}

static void end_request(struct json_out *o)
{
	json_out_object_end(o);
	json_out_object_end(o);
}

static int remove_number(const struct state_dir *dir, uint64_t id, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *answer;
	struct json_out o;

	begin_request(&o, &text, "remove_hostfwd");
	json_out_u64(&o, "id", id);
	end_request(&o);
	return ask(dir, &text, &arena, &answer, e);
}

/* The i-th port of p; without an address of the host: all of them. */
static int add_one(const struct state_dir *dir, const struct publication *p, unsigned int i,
	struct container_port *out, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(arena_release) struct arena arena = { 0 };
	char address[NET_ADDRESS_SIZE];
	const struct json *answer;
	struct json_out o;
	int r;

	net_address_print(&p->address, address);
	begin_request(&o, &text, "add_hostfwd");
	json_out_string(&o, "proto", publish_protocol_name(p->protocol));
	json_out_string_if(&o, "host_addr", *address ? address : NULL);
	json_out_u64(&o, "host_port", p->host_port ? p->host_port + i : 0);
	json_out_u64(&o, "guest_port", p->guest_port + i);
	end_request(&o);
	r = ask(dir, &text, &arena, &answer, e);
	if (r < 0)
		return r;
	network_read_port(answer, out);
	return 0;
}

int container_port_publish(const struct runtime *rt, const char *id, const char *words,
	struct container_ports *out, struct error *e)
{
	CLEANUP(target_release) struct target t = { .dir = STATE_DIR_NONE };
	struct publication p;
	struct error ignored;
	int r = publication_parse(words, &p, e);

	*out = (struct container_ports){ 0 };
	if (r == 0)
		r = open_changeable(rt, id, &t, e);
	for (unsigned int i = 0; r == 0 && i < p.n; i++) {
		struct container_port port = { 0 };

		r = add_one(&t.dir, &p, i, &port, e);
		if (r == 0)
			network_add_port(out, &port);
	}
	if (r == 0)
		return 0;
	for (size_t i = 0; i < out->n; i++)
		(void)remove_number(&t.dir, out->v[i].id, &ignored);
	container_ports_release(out);
	return error_context(e, "publish '%s'", words);
}

/* "All addresses" may be told as none, or as one of either family. */
static bool is_at(const struct container_port *port, const struct net_address *address)
{
	struct net_address found;

	if (address->family == AF_UNSPEC)
		return !port->host_address || streq(port->host_address, "0.0.0.0") ||
			streq(port->host_address, "::") || !*port->host_address;
	return port->host_address && net_address_parse(port->host_address, &found) == 0 &&
		net_address_equal(&found, address);
}

static bool means(const struct publication *p, const struct container_port *port)
{
	return port->protocol && streq(port->protocol, publish_protocol_name(p->protocol)) &&
		is_at(port, &p->address) && port->guest_port >= p->guest_port &&
		port->guest_port - p->guest_port < p->n &&
		(p->host_port == 0 ||
			port->host_port - p->host_port == port->guest_port - p->guest_port);
}

static int remove_meant(const struct target *t, const struct publication *p, struct error *e)
{
	size_t n = 0;

	for (size_t i = 0; i < t->network.ports.n; i++) {
		const struct container_port *port = &t->network.ports.v[i];
		int r;

		if (!means(p, port))
			continue;
		r = remove_number(&t->dir, port->id, e);
		if (r < 0)
			return r;
		n++;
	}
	if (n > 0)
		return 0;
	error_set(e, ENOENT, "container '%s' publishes no such port", t->dir.id);
	return error_hint(e, "lichen port %s lists what it does", t->dir.id);
}

int container_port_remove(
	const struct runtime *rt, const char *id, const char *words, struct error *e)
{
	CLEANUP(target_release) struct target t = { .dir = STATE_DIR_NONE };
	struct publication p;
	uint64_t number;
	bool is_number = str_u64(words, UINT32_MAX, &number) == 0;
	int r = is_number ? 0 : publication_parse(words, &p, e);

	if (r == 0)
		r = open_changeable(rt, id, &t, e);
	if (r == 0)
		r = is_number ? remove_number(&t.dir, number, e) : remove_meant(&t, &p, e);
	return r < 0 ? error_context(e, "remove '%s'", words) : 0;
}
