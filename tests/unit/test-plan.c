/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans as golden files. tests/data/plan/cases.txt has one case a line:
 *
 *     NAME CONFIG HOST [WORD...]
 *
 * CONFIG.json on the host HOST (a row below), with a request that WORDs change, gives NAME.plan.
 * refused.txt has what can't be planned: what is added to a small config, and what is said to it.
 * LICHEN_UPDATE_GOLDEN=1 writes the answers anew; read the difference before you keep it.
 */
#include "hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>

#include "base/fd.h"
#include "plan/plan.h"

/* ---- a request, from words ---- */

#define NAMESPACES_MAX 10

struct setting {
	struct plan_request request;
	struct resctrl_facts resctrl;
	const char *mode, *publish, *egress; /* of the command line */
	bool no_lichen_net, no_pasta, no_tun, dns6;
	ino_t owners[NAMESPACES_MAX];
	int fds[NAMESPACES_MAX];
};

/* "owners=ho-": h is ours, o another user namespace's, for each of linux.namespaces. */
static void set_owners(struct setting *s, const char *letters)
{
	for (size_t i = 0; letters[i] && i < NAMESPACES_MAX; i++)
		s->owners[i] = letters[i] == 'h' ? OURS : letters[i] == 'o' ? OTHERS : 0;
}

/* "resctrl": mounted; "resctrl-readonly": not for us; "resctrl-class": and has the class. */
static void set_resctrl(struct setting *s, const char *word)
{
	static char schemata[] = "    L3:0=7ff;1=01F\n    MB:0=20;1=100\n";

	s->resctrl = (struct resctrl_facts){ .mounted = true,
		.writable = !streq(word, "resctrl-readonly"),
		.exists = streq(word, "resctrl-class"),
		.schemata = schemata };
	s->request.resctrl = &s->resctrl;
}

/* As long as a directory's name can be. */
static const char *long_id(void)
{
	static char id[256];

	memset(id, 'x', sizeof(id) - 1);
	return id;
}

static void set_word(struct setting *s, const char *word)
{
	static const struct name efforts[] = { { "cgroup", PLAN_BEST_EFFORT_CGROUP },
		{ "rlimits", PLAN_BEST_EFFORT_RLIMITS }, { "oom", PLAN_BEST_EFFORT_OOM },
		{ "devices", PLAN_BEST_EFFORT_DEVICES }, { 0 } };

	static const struct name managers[] = { { "systemd", PLAN_CGROUP_SYSTEMD },
		{ "cgroupfs", PLAN_CGROUP_CGROUPFS }, { "disabled", PLAN_CGROUP_DISABLED }, { 0 } };

	if (streq(word, "notify")) {
		s->request.notify_socket = "/state/box/notify.sock";
	} else if (streq(word, "no-pivot")) {
		s->request.no_pivot = true;
	} else if (streq(word, "keep-groups")) {
		s->request.keep_groups = true;
	} else if (streq(word, "long-id")) {
		s->request.id = long_id();
	} else if (streq(word, "terminal")) {
		s->request.may_use_terminal = true;
	} else if (str_starts(word, "resctrl")) {
		set_resctrl(s, word);
	} else if (str_starts(word, "network=")) {
		s->mode = word + strlen("network=");
	} else if (str_starts(word, "publish=")) {
		s->publish = word + strlen("publish=");
	} else if (str_starts(word, "egress=")) {
		s->egress = word + strlen("egress=");
	} else if (streq(word, "no-lichen-net")) {
		s->no_lichen_net = true;
	} else if (streq(word, "no-pasta")) {
		s->no_pasta = true;
	} else if (streq(word, "no-tun")) {
		s->no_tun = true;
	} else if (streq(word, "dns6")) {
		s->dns6 = true;
	} else if (streq(word, "own-network")) {
		s->request.network_owner = OURS;
	} else if (str_starts(word, "owners=")) {
		set_owners(s, word + strlen("owners="));
	} else if (streq(word, "no-scope-helper")) {
		s->request.scope_helper = NULL;
	} else if (str_starts(word, "manager=") && name_find(managers, strchr(word, '=') + 1)) {
		s->request.cgroup_manager =
			(enum plan_cgroup_manager)name_find(managers, strchr(word, '=') + 1)->value;
	} else if (str_starts(word, "best-effort=") && name_find(efforts, strchr(word, '=') + 1)) {
		s->request.best_effort |=
			(unsigned int)name_find(efforts, strchr(word, '=') + 1)->value;
	} else {
		printf("Bail out! unknown word '%s'\n", word);
		exit(EXIT_FAILURE);
	}
}

static void set_words(struct setting *s, char *words)
{
	char *save = NULL;

	for (char *word = strtok_r(words, " ", &save); word; word = strtok_r(NULL, " ", &save))
		set_word(s, word);
}

/* What such a host has for networks. */
static void set_network(const struct setting *s, struct host_network *out)
{
	static char lichen_net[] = "/usr/libexec/lichen/lichen-net", pasta[] = "/usr/bin/pasta";
	static char denied[] = "Permission denied";
	static char resolv_conf[] = "nameserver 192.0.2.53\nsearch example.org\noptions ndots:2\n";
	static char of_ipv6[] = "nameserver 2001:db8::53\nnameserver fe80::1%eth0\n";

	*out = (struct host_network){ .lichen_net = s->no_lichen_net ? NULL : lichen_net,
		.pasta = s->no_pasta ? NULL : pasta,
		.tun_error = s->no_tun ? denied : NULL,
		.resolv_conf = s->dns6 ? of_ipv6 : resolv_conf };
}

static int read_network(const struct setting *s, struct network_words *out, struct error *e)
{
	const struct strings publish = { s->publish ? 1 : 0, (const char *[]){ s->publish, NULL } };
	const struct strings egress = { s->egress ? 1 : 0, (const char *[]){ s->egress, NULL } };

	return network_words_of_options(
		&(struct network_options){ s->mode, &publish, &egress }, out, e);
}

/* The plan as text, or what is said in its place. */
static void make_plan(
	const char *config, const char *host_name, struct setting *s, struct text *out)
{
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	CLEANUP(mem_free) struct host *host = find_host(host_name);
	CLEANUP(network_words_release) struct network_words words = { 0 };
	struct spec_namespaces namespaces = { 0 };
	struct plan plan = { 0 };
	struct error e = { 0 };

	set_network(s, &host->network);
	s->request.host = host;
	if (!s->request.id)
		s->request.id = "box";
	s->request.bundle = "/bundle";
	s->request.state_root = "/run/lichen";
	s->request.namespace_owners = s->owners;
	s->request.namespace_fds = s->fds;
	if (read_network(s, &words, &e) == 0 &&
		spec_parse(config, strlen(config), "config.json", &spec, &e) == 0) {
		s->request.spec = spec;
		s->request.network = &words;
		plan_network_namespaces(spec, &words, &namespaces);
		s->request.namespaces = &namespaces;
		plan_make(&s->request, &plan, &e);
		if (!e.code)
			plan_print(&plan, out);
		plan_release(&plan);
		free(namespaces.v);
	}
	if (e.code)
		text_printf(out, "error %s\n", e.text);
	if (e.code && e.hint[0])
		text_printf(out, "hint %s\n", e.hint);
}

/* ---- the files ---- */

static char *read_data(const char *name)
{
	CLEANUP(mem_free) char *file = xasprintf("plan/%s", name);
	char path[PATH_MAX];
	char *text = NULL;

	file_read_text(AT_FDCWD, tap_data(path, sizeof(path), file), 1 << 20, &text, NULL);
	return text;
}

static bool updates(void)
{
	return getenv("LICHEN_UPDATE_GOLDEN") != NULL;
}

static void write_data(const char *name, const struct text *text)
{
	char path[PATH_MAX];
	CLEANUP(fd_cleanup)
	int dir_fd = open(tap_data(path, sizeof(path), "plan"), O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (file_replace(dir_fd, name, 0644, text->s, text->len) < 0)
		printf("Bail out! cannot write %s\n", name);
}

/* Only the lines that differ, since a plan is long. */
static void is_plan(const char *got, const char *want, const char *name)
{
	CLEANUP(mem_free) char *a = xstrdup(got);
	CLEANUP(mem_free) char *b = xstrdup(want ? want : "");
	char *save_a = NULL, *save_b = NULL;
	char *line_a = strtok_r(a, "\n", &save_a), *line_b = strtok_r(b, "\n", &save_b);
	int shown = 0;

	if (ok(want && streq(got, want), "%s", name))
		return;
	for (; (line_a || line_b) && shown < 10;) {
		if (!line_a || !line_b || !streq(line_a, line_b)) {
			printf("# got:  %s\n# want: %s\n", line_a ? line_a : "(end)",
				line_b ? line_b : "(end)");
			shown++;
		}
		line_a = line_a ? strtok_r(NULL, "\n", &save_a) : NULL;
		line_b = line_b ? strtok_r(NULL, "\n", &save_b) : NULL;
	}
}

static void test_case(char *line)
{
	char *save = NULL;
	const char *name = strtok_r(line, " ", &save);
	const char *config_name = strtok_r(NULL, " ", &save);
	const char *host = strtok_r(NULL, " ", &save);
	char *words = strtok_r(NULL, "", &save);
	CLEANUP(mem_free) char *config_file = xasprintf("%s.json", config_name);
	CLEANUP(mem_free) char *plan_file = xasprintf("%s.plan", name);
	CLEANUP(mem_free) char *config = read_data(config_file);
	CLEANUP(mem_free) char *want = NULL;
	CLEANUP(text_release) struct text got = { 0 };
	struct setting s = { .request.scope_helper = "/usr/libexec/lichen/lichen-scope" };

	if (!ok(config, "%s is there", config_file))
		return;
	set_words(&s, words ? words : (char[]){ "" });
	make_plan(config, host, &s, &got);
	if (updates())
		write_data(plan_file, &got);
	want = read_data(plan_file);
	is_plan(got.s, want, name);
}

static void test_cases(void)
{
	CLEANUP(mem_free) char *text = read_data("cases.txt");
	char *save = NULL;

	if (!ok(text, "cases.txt is there"))
		return;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (*line != '#')
			test_case(line);
}

/* ---- what is refused ---- */

/*
 * refused.txt: stanzas with an empty line between. A line begins with what it is:
 *     # a comment      host NAME      request WORD...
 *     top, process, linux, namespaces JSON: added to that place of the config; whole: instead of it
 *     error, hint: what is said
 */
struct refusal {
	const char *host, *top, *process, *linux_, *namespaces, *whole;
	char *request;
	struct text said, input;
	char *copy;
};

static const char *value_of(const char *line, const char *key)
{
	size_t len = strlen(key);

	return strncmp(line, key, len) == 0 && line[len] == ' ' ? line + len + 1 : NULL;
}

static void read_line(struct refusal *r, char *line)
{
	const struct {
		const char *key;
		const char **to;
	} keys[] = { { "host", &r->host }, { "top", &r->top }, { "process", &r->process },
		{ "linux", &r->linux_ }, { "namespaces", &r->namespaces }, { "whole", &r->whole } };

	if (value_of(line, "error") || value_of(line, "hint")) {
		text_printf(&r->said, "%s\n", line);
		return;
	}
	text_printf(&r->input, "%s\n", line);
	if (value_of(line, "request"))
		r->request = line + strlen("request ");
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (value_of(line, keys[i].key)) {
			*keys[i].to = value_of(line, keys[i].key);
			return;
		}
	if (*line != '#' && !r->request) {
		printf("Bail out! strange line '%s'\n", line);
		exit(EXIT_FAILURE);
	}
}

static char *comma(const char *more)
{
	return *more ? xasprintf(", %s", more) : xstrdup("");
}

static char *config_of(const struct refusal *r)
{
	CLEANUP(mem_free) char *process = comma(r->process);
	CLEANUP(mem_free) char *namespaces = comma(r->namespaces);
	CLEANUP(mem_free) char *linux_ = comma(r->linux_);
	CLEANUP(mem_free) char *top = comma(r->top);

	if (r->whole)
		return xstrdup(r->whole);
	return xasprintf("{ \"ociVersion\": \"1.3.0\", \"root\": { \"path\": \"rootfs\" }, "
			 "\"process\": { \"cwd\": \"/\", \"args\": [\"sh\"]%s }, "
			 "\"linux\": { \"namespaces\": [ { \"type\": \"mount\" }%s ]%s }%s }",
		process, namespaces, linux_, top);
}

static void test_refusal(char *stanza, struct text *file)
{
	struct refusal r = {
		.host = "user", .top = "", .process = "", .linux_ = "", .namespaces = ""
	};
	CLEANUP(text_release) struct text got = { 0 };
	CLEANUP(mem_free) char *config = NULL;
	CLEANUP(mem_free) char *request = NULL;
	struct setting s = { .request.scope_helper = "/usr/libexec/lichen/lichen-scope" };
	char *save = NULL;

	for (char *line = strtok_r(stanza, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		read_line(&r, line);
	config = config_of(&r);
	request = xstrdup(r.request ? r.request : "");
	set_words(&s, request);
	make_plan(config, r.host, &s, &got);
	if (!str_starts(got.s, "error ")) {
		text_release(&got);
		text_puts(&got, "error (none)\n");
	}
	if (!updates() && r.said.len > 0)
		is_str(got.s, r.said.s, "refused: %.*s", (int)strcspn(r.input.s, "\n"), r.input.s);
	text_printf(file, "%s%s%s", file->len ? "\n" : "", r.input.s,
		r.said.len > 0 || updates() ? got.s : "");
	text_release(&r.said);
	text_release(&r.input);
}

static void test_refusals(void)
{
	CLEANUP(mem_free) char *text = read_data("refused.txt");
	CLEANUP(mem_free) char *left = text ? xstrdup(text) : NULL;
	CLEANUP(text_release) struct text file = { 0 };
	char *stanza = left, *end;

	if (!ok(text, "refused.txt is there"))
		return;
	for (; stanza && *stanza; stanza = end ? end + 2 : NULL) {
		end = strstr(stanza, "\n\n");
		if (end)
			*end = '\0';
		test_refusal(stanza, &file);
	}
	if (updates())
		write_data("refused.txt", &file);
	else
		is_plan(file.s, text, "refused.txt is read whole");
}

/* ---- what no text shows ---- */

static void test_bundle(void)
{
	static const char config[] =
		"{ \"ociVersion\": \"1.3.0\", \"root\": { \"path\": \"../x/./rootfs/\" }, "
		"\"process\": "
		"{ \"cwd\": \"/\", \"args\": [\"sh\"] }, \"linux\": { \"namespaces\": "
		"[ { \"type\": \"mount\" } ] } }";
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	CLEANUP(mem_free) struct host *host = find_host("user");
	struct plan_request request = { .host = host, .id = "box", .bundle = "/some/bundle" };
	struct plan plan = { 0 };
	struct error e = { 0 };

	ok(spec_parse(config, strlen(config), "config.json", &spec, &e) == 0, "(parsed)");
	request.spec = spec;
	is_int(plan_make(&request, &plan, &e), 0, "planned %s", e.text);
	is_str(plan.rootfs, "/some/x/rootfs", "the root, seen from the bundle");
	plan_release(&plan);
	ok(!plan.ops && plan.n_ops == 0, "released");
}

/* As many as fit, and one more. */
static void test_many(void)
{
	static const int counts[] = { 100000, 100001 };

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		CLEANUP(text_release) struct text config = { 0 };
		CLEANUP(text_release) struct text got = { 0 };
		struct setting s = { 0 };

		text_puts(&config,
			"{ \"ociVersion\": \"1.3.0\", \"root\": { \"path\": \"x\" }, \"process\": "
			"{ \"cwd\": \"/\", \"args\": [\"sh\"] }, \"linux\": { \"namespaces\": "
			"[ { \"type\": \"mount\" } ], \"maskedPaths\": [ \"/a\"");
		for (int k = 1; k < counts[i]; k++)
			text_puts(&config, ",\"/a\"");
		text_puts(&config, " ] } }");
		make_plan(config.s, "user", &s, &got);
		ok(str_starts(got.s,
			   i == 0 ? "new namespaces"
				  : "error config.json: mounts, linux.devices, maskedPaths, "
				    "readonlyPaths and sysctl have 100001 entries together"),
			"%d masked paths", counts[i]);
	}
}

int main(void)
{
	test_cases();
	test_refusals();
	test_bundle();
	test_many();
	return done();
}
