/* SPDX-License-Identifier: Apache-2.0 */
/* ID mappings: of the user namespace and of mounts. */
#include "spec/check.h"
#include "spec/tables.h"

/* The kernel's limit of lines in uid_map since Linux 4.15. */
#define IDMAPS_MAX 340

/*
 * 4294967295 is no ID (it means "unchanged" to chown and so on), so the kernel refuses a range that
 * has it.
 */
static int idmap_rule(const void *object, const struct json *j, struct error *e)
{
	const struct spec_idmap *m = object;

	if (m->size > UINT32_MAX - m->container_id)
		return json_error(
			j, e, "containerID and size reach beyond the last ID, %u", UINT32_MAX - 1);
	if (m->size > UINT32_MAX - m->host_id)
		return json_error(
			j, e, "hostID and size reach beyond the last ID, %u", UINT32_MAX - 1);
	return 0;
}

static const struct bind idmap_rows[] = {
	BIND_ROW_U32("containerID", struct spec_idmap, container_id, .flags = BIND_REQUIRED),
	BIND_ROW_U32("hostID", struct spec_idmap, host_id, .flags = BIND_REQUIRED),
	BIND_ROW_U32(
		"size", struct spec_idmap, size, BIND_RANGE(1, UINT32_MAX), .flags = BIND_REQUIRED),
	BIND_END,
};

const struct bind_object spec_idmap_table = { .rows = idmap_rows, .rule = idmap_rule };

/* Neither can wrap: see idmap_rule. */
static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

int check_idmaps(const struct spec_idmaps *maps, const struct json *list, struct error *e)
{
	const struct spec_idmap *a, *b;

	if (maps->n > IDMAPS_MAX)
		return json_error(list, e, "has %zu elements, above the system's limit of %d",
			maps->n, IDMAPS_MAX);
	for (size_t i = 0; i < maps->n; i++) {
		for (size_t k = 0; k < i; k++) {
			a = &maps->v[i];
			b = &maps->v[k];
			if (overlap(a->container_id, a->size, b->container_id, b->size))
				return json_error(
					json_at(list, i), e, "overlaps [%zu] in the container", k);
			if (overlap(a->host_id, a->size, b->host_id, b->size))
				return json_error(
					json_at(list, i), e, "overlaps [%zu] on the host", k);
		}
	}
	return 0;
}
