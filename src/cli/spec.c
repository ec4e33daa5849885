/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fd.h"
#include "cli/command.h"
#include "cli/network.h"
#include "host/ids.h"
#include "plan/template.h"

struct spec_values {
	const char *bundle, *file;
	struct network_values network;
	int terminal; /* enum option_switch */
};

/* What of the host the configuration depends on. */
struct facts {
	struct host_ids ids;
	struct id_ranges sub_uids, sub_gids;
	struct idmap own_gids;
	char *newuidmap, *newgidmap; /* or NULL */
};

static void facts_release(struct facts *f)
{
	host_ids_release(&f->ids);
	id_ranges_release(&f->sub_uids);
	id_ranges_release(&f->sub_gids);
	free(f->own_gids.v);
	free(f->newuidmap);
	free(f->newgidmap);
}

static int facts_probe(struct facts *f, struct error *e)
{
	int r = host_ids_probe(&f->ids, e);

	if (r < 0)
		return r;
	if (f->ids.privilege != HOST_USER)
		return host_own_map(IDMAP_GID, &f->own_gids, e);
	r = host_subordinate_ids(&f->ids, IDMAP_UID, &f->sub_uids, e);
	if (r == 0)
		r = host_subordinate_ids(&f->ids, IDMAP_GID, &f->sub_gids, e);
	f->newuidmap = host_find_program("newuidmap");
	f->newgidmap = host_find_program("newgidmap");
	return r;
}

static void warn_no_ranges(const struct cli *cli, const struct host_ids *ids, const char *first)
{
	static const char what[] =
		"the container has one user and one group, since /etc/subuid and "
		"/etc/subgid have no ranges for";
	CLEANUP(text_release) struct text text = { 0 };
	CLEANUP(text_release) struct text hint = { 0 };

	if (*ids->user_name) {
		text_printf(&text, "%s user '%s'", what, ids->user_name);
		text_printf(&hint,
			"%ssudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
			first, ids->user_name);
	} else {
		text_printf(&text, "%s user %u", what, ids->uid);
		text_printf(&hint, "%sadd the line %u:100000:65536 to both files", first, ids->uid);
	}
	log_warning(cli->runtime.log, text.s, hint.s);
}

/* Whether the container can have more than one ID; says once what is missing if not. */
static bool can_map_ranges(const struct cli *cli, const struct facts *f)
{
	bool helpers = f->newuidmap && f->newgidmap;
	bool ranges = f->sub_uids.n > 0 && f->sub_gids.n > 0;

	if (f->ids.privilege != HOST_USER || (helpers && ranges))
		return true;
	if (ranges)
		log_warning(cli->runtime.log,
			"the container has one user and one group, since newuidmap and newgidmap "
			"are missing",
			"install the package uidmap");
	else
		warn_no_ranges(cli, &f->ids, helpers ? "" : "install the package uidmap, then: ");
	return false;
}

static void build(const struct cli *cli, const struct spec_values *v, const struct facts *f,
	const struct network_words *network, struct text *out)
{
	struct template_request req = {
		.privilege = f->ids.privilege,
		.uid = f->ids.uid,
		.gid = f->ids.gid,
		.own_gids = f->own_gids,
		.network = network,
		/* A terminal that isn't there would only make the first run fail. */
		.terminal = v->terminal == SWITCH_NOT_GIVEN ? isatty(STDIN_FILENO)
							    : v->terminal == SWITCH_ON,
	};

	if (can_map_ranges(cli, f)) {
		req.sub_uids = f->sub_uids;
		req.sub_gids = f->sub_gids;
	}
	template_config(&req, out);
}

/* Without a word: what works, wherever it is run. */
static int read_network(
	const struct network_values *values, struct network_words *out, struct error *e)
{
	int r = network_values_read(values, out, e);

	if (r < 0)
		return r;
	if (out->mode == NETWORK_UNSAID)
		out->mode = NETWORK_AUTO;
	if (out->mode == NETWORK_CONFIG) {
		error_set(e, EINVAL,
			"--network: 'config' is what a config.json says, and this is "
			"to be one");
		return error_hint(e, "name what it is to say: slirp, for example");
	}
	if (out->host_loopback != NETWORK_ON)
		return 0;
	error_set(e, EINVAL, "--network: host-loopback is not for config.json to open");
	return error_hint(e, "say it when it is run: lichen run --network slirp:host-loopback=on");
}

static int write_file(const struct spec_values *v, const struct text *text, struct error *e)
{
	const char *bundle = v->bundle ? v->bundle : ".";
	const char *file = v->file ? v->file : "config.json";
	CLEANUP(fd_cleanup) int dir_fd = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(fd_cleanup) int fd = -EBADF;

	if (dir_fd < 0)
		return error_errno(e, "open the bundle '%s'", bundle);
	fd = openat(dir_fd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST) {
		error_set(e, EEXIST, "file '%s' exists in '%s'", file, bundle);
		return error_hint(
			e, "remove it first, or choose another place with --bundle or --file");
	}
	if (fd < 0)
		return error_errno(e, "create file '%s' in '%s'", file, bundle);
	if (fd_write_all(fd, text->s, text->len) < 0) {
		error_errno(e, "write file '%s' in '%s'", file, bundle);
		unlinkat(dir_fd, file, 0);
		return -e->code;
	}
	return 0;
}

static int spec(
	const struct cli *cli, const void *values, const struct strings *operands, struct error *e)
{
	CLEANUP(facts_release) struct facts facts = { 0 };
	CLEANUP(network_words_release) struct network_words network = { 0 };
	CLEANUP(text_release) struct text text = { 0 };
	const struct spec_values *v = values;
	int r = read_network(&v->network, &network, e);

	(void)operands;
	if (r == 0)
		r = facts_probe(&facts, e);
	if (r < 0)
		return r;
	build(cli, v, &facts, &network, &text);
	if (!v->file || !streq(v->file, "-"))
		return write_file(v, &text, e);
	fwrite(text.s, 1, text.len, stdout);
	return 0;
}

#define AT(field) .offset = offsetof(struct spec_values, field)

static const struct option_def options[] = {
	{ .shorts = "b",
		.name = "bundle",
		.value = "DIR",
		.help = "directory that the file is written to (default: the current one)",
		.type = OPTION_STRING,
		.complete = COMPLETE_DIRECTORY,
		AT(bundle) },
	{ .shorts = "f",
		.name = "file",
		.value = "FILE",
		.help = "name of the file (default: config.json); - is standard output",
		.type = OPTION_STRING,
		.complete = COMPLETE_FILE,
		AT(file) },
	{ .name = "terminal",
		.help = "whether the process has a terminal (default: if standard input is one)",
		.type = OPTION_SWITCH,
		AT(terminal) },
	NETWORK_OPTION_ROWS(struct spec_values),
	{ .name = "rootless",
		.help = "ignored: lichen finds out by itself",
		.type = OPTION_IGNORED },
	OPTION_LAST_ROWS,
};

const struct command command_spec = {
	.name = "spec",
	.operands = "",
	.summary = "write a config.json that works for who runs this",
	.options = options,
	.values_size = sizeof(struct spec_values),
	.run = spec,
};
