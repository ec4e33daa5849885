/* SPDX-License-Identifier: Apache-2.0 */
/* The record of a container's network: a file of its own, so that it outlives a broken state.json.
 */
#include "container/record.h"

#define NETWORK_FILE "network.json"

int state_write_network(const struct state_dir *dir, const struct state_network *n, struct error *e)
{
	CLEANUP(text_release) struct text text = { 0 };
	struct json_out o;

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
	return record_write(dir, NETWORK_FILE, "network", &text, e);
}

void state_read_network(const struct state_dir *dir, struct state_network *out)
{
	CLEANUP(arena_release) struct arena arena = { 0 };
	const struct json *root = record_read(dir, NETWORK_FILE, &arena);

	*out = (struct state_network){ .mode = record_string(root, "mode"),
		.address = record_string(root, "address"),
		.address6 = record_string(root, "address6"),
		.helper = { (pid_t)record_number(root, "pid", INT32_MAX),
			record_number(root, "startTime", UINT64_MAX) } };
	for (const struct json *j = record_list(root, "publish"); j; j = j->next)
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
