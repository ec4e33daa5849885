/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slirp4netns' API (its manual, "API socket"): one JSON request a connection, and one answer. The
 * same list of ports goes into the status file.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "monitor.h"
#include "spec/json.h"

#define REQUEST_MAX 4096 /* slirp4netns' own */
/* Whoever connects has something to say. */
#define REQUEST_MS 2000

int api_listen(const char *path, struct error *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	CLEANUP(fd_cleanup) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	CLEANUP(fd_cleanup) int dir_fd = -EBADF;
	CLEANUP(mem_free) char *dir = xstrdup(path);
	char *slash = strrchr(dir, '/');
	const char *name = slash ? path + (slash - dir) + 1 : path;
	mode_t mask;
	int r;

	if (slash)
		slash[slash == dir] = '\0';
	dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || dir_fd < 0)
		return error_errno(e, "the API socket '%s'", path);
	/* unix(7) has room for 108 bytes: the folder is named by its descriptor. */
	if (snprintf(a.sun_path, sizeof(a.sun_path), "%s/%s", fd_path(dir_fd).s, name) >=
		(int)sizeof(a.sun_path))
		return error_set(e, ENAMETOOLONG, "the API socket '%s'", path);
	mask = umask(0077);
	r = bind(fd, (struct sockaddr *)&a, sizeof(a));
	umask(mask);
	if (r < 0 || listen(fd, 16) < 0) {
		error_errno(e, "the API socket '%s'", path);
		return e->code == EADDRINUSE
			? error_hint(e, "remove the file, if nobody listens there any more")
			: -e->code;
	}
	return fd_take(&fd);
}

/* ---- writing ---- */

static void put_address(struct json_out *o, const char *key, const struct net_address *a)
{
	char buffer[NET_ADDRESS_SIZE];

	json_out_string(o, key, net_address_print(a, buffer));
}

/* key is NULL in a list. */
static void put_forward(
	struct json_out *o, const char *key, const struct monitor *m, const struct forward *f)
{
	struct net_address any = net_address_v4(INADDR_ANY);
	const struct vnet *v = &m->request->vnet;

	json_out_object(o, key);
	json_out_u64(o, "id", f->id);
	json_out_string(o, "proto", publish_protocol_name(f->protocol));
	put_address(o, "host_addr", f->host.family == AF_UNSPEC ? &any : &f->host);
	json_out_u64(o, "host_port", f->host_port);
	put_address(o, "guest_addr",
		f->guest.family != AF_UNSPEC	     ? &f->guest
			: f->host.family == AF_INET6 ? &v->guest6
						     : &v->guest);
	json_out_u64(o, "guest_port", f->guest_port);
	json_out_object_end(o);
}

static void put_forwards(struct json_out *o, const char *key, const struct monitor *m)
{
	json_out_array(o, key);
	for (size_t i = 0; i < m->n_forwards; i++)
		put_forward(o, NULL, m, &m->forwards[i]);
	json_out_array_end(o);
}

static void put_failure(struct text *out, const struct error *e)
{
	struct json_out o;

	json_out_init(&o, out, 0);
	json_out_object(&o, NULL);
	json_out_object(&o, "error");
	json_out_string(&o, "desc", e->text);
	if (*e->hint)
		json_out_string(&o, "hint", e->hint);
	json_out_object_end(&o);
	json_out_object_end(&o);
}

/* ---- requests ---- */

static int read_port(const struct json *arguments, const char *key, uint16_t *out, struct error *e)
{
	const struct json *j = json_get(arguments, key);
	uint64_t v = 0;

	if (j && json_u64(j, UINT16_MAX, &v) < 0)
		return json_error(j, e, "expected a port");
	*out = (uint16_t)v;
	return 0;
}

static int read_address(
	const struct json *arguments, const char *key, struct net_address *out, struct error *e)
{
	const struct json *j = json_get(arguments, key);

	*out = (struct net_address){ 0 };
	if (!j || j->type == JSON_NULL)
		return 0;
	if (j->type != JSON_STRING)
		return json_error(j, e, "expected an address");
	if (*j->text && net_address_parse(j->text, out) < 0)
		return json_error(j, e, "%s is no address", json_quote(j->text).s);
	return 0;
}

static int read_protocol(const struct json *arguments, struct forward *f, struct error *e)
{
	const struct json *j = json_get(arguments, "proto");

	if (j && j->type == JSON_STRING && (streq(j->text, "tcp") || streq(j->text, "udp"))) {
		f->protocol = streq(j->text, "tcp") ? PUBLISH_TCP : PUBLISH_UDP;
		return 0;
	}
	return error_set(e, EINVAL, "arguments.proto: expected \"tcp\" or \"udp\"");
}

static int read_forward(const struct json *arguments, struct forward *f, struct error *e)
{
	int r = read_protocol(arguments, f, e);

	if (r == 0)
		r = read_address(arguments, "host_addr", &f->host, e);
	if (r == 0)
		r = read_address(arguments, "guest_addr", &f->guest, e);
	if (r == 0)
		r = read_port(arguments, "host_port", &f->host_port, e);
	if (r == 0)
		r = read_port(arguments, "guest_port", &f->guest_port, e);
	if (r == 0 && f->guest_port == 0)
		r = error_set(e, EINVAL, "arguments.guest_port: expected a port");
	/* slirp4netns' callers write 0.0.0.0 for IPv4 and guests of the same family. */
	if (r == 0 && f->guest.family != AF_UNSPEC && f->host.family != AF_UNSPEC &&
		f->guest.family != f->host.family)
		r = error_set(e, EINVAL, "host_addr and guest_addr are of different families");
	if (r == 0 && f->guest.family != AF_UNSPEC)
		f->host = f->host.family != AF_UNSPEC ? f->host
			: f->guest.family == AF_INET6 ? net_address_v6(&in6addr_any)
						      : net_address_v4(INADDR_ANY);
	return r;
}

static int do_add(
	struct monitor *m, const struct json *arguments, struct json_out *o, struct error *e)
{
	struct forward f = { 0 };
	int r = read_forward(arguments, &f, e);

	if (r == 0)
		r = ports_add(m, &f, e);
	if (r < 0)
		return r;
	/* Who is told of a failure is to find nothing changed. */
	if (status_write(m, STATUS_UP, NULL, e) < 0) {
		struct error ignored;

		(void)ports_remove(m, f.id, &ignored);
		return -e->code;
	}
	/* slirp4netns answers with the number alone. */
	put_forward(o, "return", m, &f);
	return 0;
}

static int do_remove(
	struct monitor *m, const struct json *arguments, struct json_out *o, struct error *e)
{
	const struct json *j = json_get(arguments, "id");
	uint64_t id;
	int r;

	if (!j || json_u64(j, UINT32_MAX, &id) < 0)
		return error_set(e, EINVAL, "arguments.id: expected a number");
	r = ports_remove(m, (uint32_t)id, e);
	if (r == 0)
		r = status_write(m, STATUS_UP, NULL, e);
	if (r < 0)
		return r;
	json_out_object(o, "return");
	json_out_object_end(o);
	return 0;
}

static int do_list(
	struct monitor *m, const struct json *arguments, struct json_out *o, struct error *e)
{
	(void)arguments;
	(void)e;
	json_out_object(o, "return");
	put_forwards(o, "entries", m);
	json_out_object_end(o);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct monitor *m, const struct json *arguments, struct json_out *o,
		struct error *e);
} requests[] = { { "add_hostfwd", do_add }, { "remove_hostfwd", do_remove },
	{ "list_hostfwd", do_list } };

static int answer(struct monitor *m, const struct json *request, struct text *out, struct error *e)
{
	const struct json *name = json_get(request, "execute");
	const struct json *arguments = json_get(request, "arguments");
	struct json_out o;
	int r;

	if (request->type != JSON_OBJECT || !name || name->type != JSON_STRING)
		return error_set(
			e, EINVAL, "bad request: expected {\"execute\": ..., \"arguments\": ...}");
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (!streq(requests[i].name, name->text))
			continue;
		json_out_init(&o, out, 0);
		json_out_object(&o, NULL);
		r = requests[i].run(m, arguments ? arguments : request, &o, e);
		json_out_object_end(&o);
		return r;
	}
	return error_set(e, EINVAL, "bad request: unknown execute %s", json_quote(name->text).s);
}

/* 1 if all of it is there, 0 if not yet, -errno. */
static int try_request(struct monitor *m, const char *text, size_t n, bool ended, struct text *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *request;
	struct error e = { 0 };
	int r;

	arena_init(&arena, json_arena_size(n));
	r = json_parse(&arena, "request", text, n, &request, &e);
	if (r < 0 && !ended)
		return 0;
	if (r == 0)
		r = answer(m, request, out, &e);
	if (r < 0) {
		out->len = 0;
		put_failure(out, &e);
	}
	text_puts(out, "\n");
	return 1;
}

void api_serve(struct monitor *m)
{
	CLEANUP(fd_cleanup) int fd = accept4(m->api_fd, NULL, NULL, SOCK_CLOEXEC);
	CLEANUP(text_release) struct text out = { 0 };
	const struct timeval patience = { .tv_sec = REQUEST_MS / 1000 };
	int64_t until = time_ms() + REQUEST_MS;
	char buffer[REQUEST_MAX];
	size_t n = 0;
	int done = 0;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	while (fd >= 0 && !done) {
		int64_t left = until - time_ms();
		ssize_t got;

		if (left <= 0 || fd_wait(fd, (int)left) <= 0)
			return;
		got = read(fd, buffer + n, sizeof(buffer) - n);
		if (got < 0)
			return;
		n += (size_t)got;
		done = try_request(m, buffer, n, got == 0 || n == sizeof(buffer), &out);
	}
	if (out.len > 0)
		(void)fd_write_all(fd, out.s, out.len);
}

/* ---- the status file ---- */

static const char *const status_names[] = { "up", "failed", "ended" };

/* The field of /proc/self/stat by which a process is known again: proc(5), starttime. */
static uint64_t start_time(void)
{
	CLEANUP(mem_free) char *text = NULL;
	uint64_t v = 0;
	char *p;

	if (file_read_text(AT_FDCWD, "/proc/self/stat", 4096, &text, NULL) < 0)
		return 0;
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	if (!p)
		return 0;
	p[1 + strcspn(p + 1, " ")] = '\0';
	return str_u64(p + 1, UINT64_MAX, &v) == 0 ? v : 0;
}

static void put_status(
	struct json_out *o, const struct monitor *m, enum status status, const char *reason)
{
	const struct vnet *v = &m->request->vnet;

	json_out_object(o, NULL);
	json_out_string(o, "status", status_names[status]);
	json_out_string_if(o, "reason", reason);
	json_out_i64(o, "pid", getpid());
	json_out_u64(o, "startTime", start_time());
	put_address(o, "address", &v->guest);
	put_address(o, "gateway", &v->gateway);
	if (m->request->dns)
		put_address(o, "nameserver", &v->nameserver);
	if (m->request->ipv6) {
		put_address(o, "address6", &v->guest6);
		put_address(o, "gateway6", &v->gateway6);
		if (m->request->dns)
			put_address(o, "nameserver6", &v->nameserver6);
	}
	put_forwards(o, "ports", m);
	json_out_object_end(o);
}

int status_write(const struct monitor *m, enum status status, const char *reason, struct error *e)
{
	const char *path = m->request->status;
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(fd_cleanup) int dir_fd = -EBADF;
	CLEANUP(mem_free) char *dir = NULL;
	struct json_out o;
	char *slash;
	int r;

	if (!path)
		return 0;
	dir = xstrdup(path);
	slash = strrchr(dir, '/');
	if (slash)
		slash[slash == dir] = '\0';
	dir_fd = open(slash ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	/* The container was deleted: nobody wants to know. */
	if (dir_fd < 0 && errno == ENOENT && status != STATUS_UP)
		return 0;
	if (dir_fd < 0)
		return error_errno(e, "write '%s'", path);
	json_out_init(&o, &text, 0);
	put_status(&o, m, status, reason);
	text_puts(&text, "\n");
	r = file_replace(dir_fd, slash ? path + (slash - dir) + 1 : path, 0600, text.s, text.len);
	if (r == -ENOENT && status != STATUS_UP)
		return 0;
	return r < 0 ? error_set(e, -r, "write '%s': %s", path, strerror(-r)) : 0;
}
