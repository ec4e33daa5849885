/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container's network: a file of its own, so that it outlives a broken state.json.
 */
#include <errno.h>
#include <string.h>

#include "base/fd.h"
#include "container/state_dir.h"
#include "spec/json.h"

#define NETWORK_FILE "network.json"
#define NETWORK_MAX  (1u << 20)

int state_write_network(const struct state_dir *dir, const struct state_network *n, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;
	int r;

	if (!n->mode)
		return 0;
	json_out_init(&o, &text, 0);
	json_out_object(&o, NULL);
	json_out_string(&o, "mode", n->mode);
	json_out_string_if(&o, "address", n->address);
	json_out_string_if(&o, "address6", n->address6);
	json_out_array(&o, "publish");
	for (size_t i = 0; i < n->publish.n; i++)
		json_out_string(&o, NULL, n->publish.v[i]);
	json_out_array_end(&o);
	json_out_i64(&o, "pid", n->helper.pid);
	json_out_u64(&o, "startTime", n->helper.start_time);
	json_out_object_end(&o);
	r = file_replace(dir->fd, NETWORK_FILE, 0600, text.s, text.len);
	if (r < 0)
		return error_set(
			e, -r, "record the network of container '%s': %s", dir->id, strerror(-r));
	return 0;
}

static char *string_or_null(const struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);

	return j && j->type == JSON_STRING ? xstrdup(j->text) : NULL;
}

static uint64_t number_or_0(const struct json *object, const char *key)
{
	const struct json *j = json_get(object, key);
	uint64_t number = 0;

	if (j && j->type == JSON_NUMBER)
		(void)json_u64(j, UINT64_MAX, &number);
	return number;
}

void state_read_network(const struct state_dir *dir, struct state_network *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	CLEANUP(mem_free) char *text = NULL;
	const struct json *root, *publish;
	struct error ignored;
	size_t len;

	*out = (struct state_network){ 0 };
	if (file_read_text(dir->fd, NETWORK_FILE, NETWORK_MAX, &text, &len) < 0)
		return;
	arena_init(&arena, json_arena_size(len));
	if (json_parse(&arena, NETWORK_FILE, text, len, &root, &ignored) < 0 ||
		root->type != JSON_OBJECT)
		return;
	*out = (struct state_network){ .mode = string_or_null(root, "mode"),
		.address = string_or_null(root, "address"),
		.address6 = string_or_null(root, "address6"),
		.helper = { (pid_t)number_or_0(root, "pid"), number_or_0(root, "startTime") } };
	publish = json_get(root, "publish");
	for (const struct json *j = publish && publish->type == JSON_ARRAY ? publish->child : NULL;
		j; j = j->next)
		if (j->type == JSON_STRING)
			strlist_add(&out->publish, xstrdup(j->text));
}

void state_network_release(struct state_network *n)
{
	free(n->mode);
	free(n->address);
	free(n->address6);
	strlist_release(&n->publish);
	*n = (struct state_network){ 0 };
}
