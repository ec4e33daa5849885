/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Plans of exec as golden text: tests/data/exec/cases.txt has stanzas with an empty line between. A
 * line begins with what it is:
 *     # a comment      host NAME      effort WORD      (see hosts.h and --best-effort)
 *     process, linux, top JSON: added to that place of the container's config.json
 *     init WORD...     namespaces that are not ours; single: one ID is mapped, setgroups is denied
 *     file JSON        what --process has
 *     args, cwd, user, env, caps, groups, apparmor, label, terminal, nnp VALUE: the command line's;
 *                      args, env, caps and groups as often as one likes
 *     request WORD...  terminal, keyring, keep-groups, fds, cgroup
 *     = ...            the answer: the plan or the error
 * LICHEN_UPDATE_GOLDEN=1 writes the answers anew; read the difference before you keep it.
 */
#include "hosts.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>

#include "base/fd.h"
#include "plan/exec.h"

#define LIST_MAX 16

struct stanza {
	const char *host, *process, *linux_, *top, *file, *effort, *request, *init;
	const char *args[LIST_MAX], *env[LIST_MAX], *caps[LIST_MAX], *groups[LIST_MAX];
	struct plan_changes changes;
	struct text input, wanted;
};

static void add(struct strings *list, const char **v, const char *value)
{
	list->v = v;
	list->v[list->n++] = value;
}

static int choice(const char *value)
{
	return streq(value, "yes") ? CHOICE_YES : CHOICE_NO;
}

static void take(struct stanza *s, const char *key, const char *value)
{
	const struct {
		const char *key;
		const char **to;
	} keys[] = { { "host", &s->host }, { "process", &s->process }, { "linux", &s->linux_ },
		{ "top", &s->top }, { "file", &s->file }, { "effort", &s->effort },
		{ "request", &s->request }, { "init", &s->init }, { "cwd", &s->changes.cwd },
		{ "user", &s->changes.user }, { "apparmor", &s->changes.apparmor_profile },
		{ "label", &s->changes.selinux_label } };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (streq(keys[i].key, key)) {
			*keys[i].to = value;
			return;
		}
	if (streq(key, "args"))
		add(&s->changes.args, s->args, value);
	else if (streq(key, "env"))
		add(&s->changes.env, s->env, value);
	else if (streq(key, "caps"))
		add(&s->changes.caps, s->caps, value);
	else if (streq(key, "groups"))
		add(&s->changes.groups, s->groups, value);
	else if (streq(key, "terminal"))
		s->changes.terminal = choice(value);
	else if (streq(key, "nnp"))
		s->changes.no_new_privileges = choice(value);
	else if (!streq(key, "#")) {
		printf("Bail out! strange line '%s %s'\n", key, value);
		exit(EXIT_FAILURE);
	}
}

static void read_stanza(struct stanza *s, char *text)
{
	char *save = NULL;

	*s = (struct stanza){ .host = "user",
		.process = "",
		.linux_ = "",
		.top = "",
		.effort = "",
		.request = "",
		.init = "user mount pid" };
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *space = strchr(line, ' ');

		if (str_starts(line, "= ")) {
			text_printf(&s->wanted, "%s\n", line);
			continue;
		}
		text_printf(&s->input, "%s\n", line);
		if (space)
			*space = '\0';
		take(s, line, space ? space + 1 : "");
	}
}

static char *config_of(const struct stanza *s)
{
	return xasprintf(
		"{ \"ociVersion\": \"1.3.0\", \"root\": { \"path\": \"rootfs\" }, \"process\": "
		"{ \"cwd\": \"/\", \"args\": [\"init\"]%s%s }, \"linux\": { \"namespaces\": "
		"[ { \"type\": \"mount\"%s } ]%s%s } }",
		*s->process ? ", " : "", s->process, s->top, *s->linux_ ? ", " : "", s->linux_);
}

/* What init stands in, from words. */
static struct surroundings surroundings_of(const struct stanza *s)
{
	static const struct name types[] = { { "user", CLONE_NEWUSER }, { "mount", CLONE_NEWNS },
		{ "uts", CLONE_NEWUTS }, { "ipc", CLONE_NEWIPC }, { "pid", CLONE_NEWPID },
		{ "network", CLONE_NEWNET }, { "cgroup", CLONE_NEWCGROUP },
		{ "time", CLONE_NEWTIME }, { 0 } };
	static struct idmap_range nested[] = { IDS_NESTED }, single[] = { { 0, 1000, 1 } },
				  rootless[] = { { 1, 100000, 100 } };
	struct surroundings init = { .uids = { ARRAY_SIZE(nested), nested },
		.gids = { ARRAY_SIZE(nested), nested } };
	CLEANUP(mem_free) char *words = xstrdup(s->init);
	char *save = NULL;

	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const struct name *type = name_find(types, w);

		if (type)
			init.namespaces |= (uint64_t)type->value;
		if (streq(w, "single")) {
			init.uids = init.gids = (struct idmap){ 1, single };
			init.denies_setgroups = true;
		}
		if (streq(w, "no-root"))
			init.uids = init.gids = (struct idmap){ 1, rootless };
	}
	return init;
}

static unsigned int effort_of(const struct stanza *s)
{
	return streq(s->effort, "rlimits") ? PLAN_BEST_EFFORT_RLIMITS
		: streq(s->effort, "oom")  ? PLAN_BEST_EFFORT_OOM
					   : 0;
}

static int make_plan(const struct stanza *s, struct text *out, struct error *e)
{
	CLEANUP(mem_free) char *config = config_of(s);
	CLEANUP(mem_free) struct host *host = find_host(s->host);
	CLEANUP(spec_cleanup) const struct spec *spec = NULL;
	const struct surroundings init = surroundings_of(s);
	const struct spec_process_file *file = NULL;
	struct plan_exec_request request = { .host = host,
		.init = &init,
		.process_name = "process.json",
		.changes = &s->changes,
		.best_effort = effort_of(s),
		.n_fds = strstr(s->request, "fds") ? 2 : 0,
		.cgroup = strstr(s->request, "cgroup") ? "/box" : NULL,
		.keep_groups = strstr(s->request, "keep-groups"),
		.no_new_keyring = strstr(s->request, "keyring"),
		.may_use_terminal = strstr(s->request, "terminal") };
	struct plan plan = { 0 };
	int r = spec_parse(config, strlen(config), "config.json", &spec, e);

	if (r == 0 && s->file)
		r = spec_parse_process(s->file, strlen(s->file), "process.json", &file, e);
	request.spec = spec;
	request.process = file ? &file->process : NULL;
	if (r == 0)
		r = plan_make_exec(&request, &plan, e);
	if (r == 0)
		plan_print(&plan, out);
	plan_release(&plan);
	spec_process_free(file);
	return r;
}

/* How long a filter is differs from one libseccomp to the next. */
#define FILTER "seccomp filter"

static void mark_lines(const struct text *from, struct text *out)
{
	CLEANUP(mem_free) char *copy = xstrdup(from->s ? from->s : "");
	char *save = NULL;

	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		text_printf(out, "= %s\n", str_starts(line, FILTER) ? FILTER : line);
}

static void test_stanza(char *stanza, bool updates, struct text *file)
{
	CLEANUP(text_release) struct text plan = { 0 };
	CLEANUP(text_release) struct text got = { 0 };
	struct error e = { 0 };
	struct stanza s;

	read_stanza(&s, stanza);
	if (make_plan(&s, &plan, &e) < 0) {
		text_printf(&plan, "error %s\n", e.text);
		if (e.hint[0])
			text_printf(&plan, "hint %s\n", e.hint);
	}
	mark_lines(&plan, &got);
	if (!updates)
		is_str(got.s, s.wanted.s ? s.wanted.s : "", "%.*s", (int)strcspn(s.input.s, "\n"),
			s.input.s);
	text_printf(file, "%s%s%s", file->len ? "\n" : "", s.input.s, got.s);
	text_release(&s.input);
	text_release(&s.wanted);
}

static void write_file(const char *dir, const struct text *text)
{
	CLEANUP(fd_cleanup) int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (file_replace(dir_fd, "cases.txt", 0644, text->s, text->len) < 0)
		printf("Bail out! cannot write cases.txt\n");
}

int main(void)
{
	bool updates = getenv("LICHEN_UPDATE_GOLDEN") != NULL;
	char path[PATH_MAX], dir[PATH_MAX];
	CLEANUP(mem_free) char *text = NULL;
	CLEANUP(text_release) struct text file = { 0 };

	file_read_text(
		AT_FDCWD, tap_data(path, sizeof(path), "exec/cases.txt"), 1 << 20, &text, NULL);
	if (!ok(text, "exec/cases.txt is there"))
		return done();
	for (char *stanza = text, *end; stanza && *stanza; stanza = end ? end + 2 : NULL) {
		end = strstr(stanza, "\n\n");
		if (end)
			*end = '\0';
		test_stanza(stanza, updates, &file);
	}
	if (updates)
		write_file(tap_data(dir, sizeof(dir), "exec"), &file);
	return done();
}
