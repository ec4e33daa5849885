/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lichen-scope: asks systemd for a delegated scope, the cgroup of one container. A program of its
 * own, so that the runtime itself needs no D-Bus and starts without it; request.h says what it is
 * called with. It keeps no state: lichen ends it at a deadline, and the kernel ends it with lichen.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "request.h"

static int parse_start(struct request *q, char **words, size_t n, const char **out_slice,
	uint32_t *out_pid, struct error *e)
{
	uint64_t pid;

	if (n < 3 || str_u64(words[2], INT32_MAX, &pid) < 0)
		return error_set(e, EINVAL, "start: expected SLICE DESCRIPTION PID");
	*out_slice = words[0];
	q->description = words[1];
	*out_pid = (uint32_t)pid;
	return 0;
}

/* The rest of the words, three for each. */
static int parse_properties(struct request *q, char **words, size_t n, struct error *e)
{
	if (n % 3)
		return error_set(e, EINVAL, "a property is NAME SIGNATURE VALUE");
	q->properties = xcalloc(n / 3 + 1, sizeof(*q->properties));
	for (size_t i = 0; i < n; i += 3)
		q->properties[q->n_properties++] = (struct property){ words[i], words[i + 1],
			words[i + 2] };
	return 0;
}

static int run_start(struct request *q, char **words, size_t n, struct error *e)
{
	CLEANUP(mem_free) char *cgroup = NULL;
	const char *slice = NULL;
	uint32_t pid = 0;
	int r = parse_start(q, words, n, &slice, &pid, e);

	if (r == 0)
		r = parse_properties(q, words + 3, n - 3, e);
	if (r == 0)
		r = scope_start(q, slice, pid, &cgroup, e);
	if (r == 0)
		puts(cgroup);
	return r;
}

static int run_set(struct request *q, char **words, size_t n, struct error *e)
{
	int r;

	if (n < 1)
		return error_set(e, EINVAL, "set: expected DESCRIPTION");
	q->description = words[0];
	r = parse_properties(q, words + 1, n - 1, e);
	return r < 0 ? r : scope_set(q, e);
}

static int run_attach(struct request *q, char **words, size_t n, struct error *e)
{
	uint64_t pid;

	if (n != 3 || str_u64(words[1], INT32_MAX, &pid) < 0)
		return error_set(e, EINVAL, "attach: expected DESCRIPTION PID SUBGROUP");
	q->description = words[0];
	return scope_attach(q, (uint32_t)pid, words[2], e);
}

static int run_stop(struct request *q, char **words, size_t n, struct error *e)
{
	if (n != 1)
		return error_set(e, EINVAL, "stop: expected DESCRIPTION");
	q->description = words[0];
	return scope_stop(q, e);
}

static int run(char **words, size_t n, struct error *e)
{
	static const struct {
		const char *name;
		int (*run)(struct request *q, char **words, size_t n, struct error *e);
	} commands[] = { { "start", run_start }, { "set", run_set }, { "attach", run_attach },
		{ "stop", run_stop } };
	CLEANUP(request_release) struct request q = { 0 };
	int r;

	if (n < 3)
		return error_set(e, EINVAL, "lichen-scope is called by lichen alone");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (!streq(commands[i].name, words[1]))
			continue;
		q.unit = words[2];
		r = request_connect(&q, words[0], e);
		return r < 0 ? r : commands[i].run(&q, words + 3, n - 3, e);
	}
	return error_set(e, EINVAL, "unknown command '%s'", words[1]);
}

int main(int argc, char **argv)
{
	struct error e = { 0 };

	if (run(argv + 1, argc > 0 ? (size_t)argc - 1 : 0, &e) == 0 && fflush(stdout) == 0)
		return 0;
	printf("%s\n%s\n", e.text, e.hint);
	return 1;
}
