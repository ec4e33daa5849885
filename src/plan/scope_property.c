/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Annotations "org.systemd.property.NAME": properties of the container's scope, with values as
 * GVariant texts (GLib's "GVariant Text Format"), as runc, crun, Podman and CRI-O have them. An
 * image's author may have written them, so only those pass that can neither loosen the container
 * nor reach another unit.
 */
#include <errno.h>
#include <string.h>

#include "plan/annotations.h"
#include "plan/parts.h"

/* systemd.kill(5), systemd.unit(5), systemd.scope(5), systemd.resource-control(5). */
static const struct {
	const char *name, *signature;
} allowed[] = {
	{ "After", "as" },
	{ "Before", "as" },
	{ "CPUAccounting", "b" },
	{ "CollectMode", "s" },
	{ "DefaultDependencies", "b" },
	{ "Documentation", "as" },
	{ "FinalKillSignal", "i" },
	{ "IOAccounting", "b" },
	{ "IPAccounting", "b" },
	{ "KillMode", "s" },
	{ "KillSignal", "i" },
	{ "MemoryAccounting", "b" },
	{ "RuntimeMaxUSec", "t" },
	{ "SendSIGHUP", "b" },
	{ "SendSIGKILL", "b" },
	{ "TasksAccounting", "b" },
	{ "TimeoutStopUSec", "t" },
};

static const char *signature_of(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
		if (streq(allowed[i].name, name))
			return allowed[i].signature;
	return NULL;
}

/* A string between single or double quotes; *s goes behind it. NULL if it is none. */
static char *take_string(const char **s)
{
	CLEANUP(text_release) struct text t = { 0 };
	char quote = **s, *taken;

	if (quote != '\'' && quote != '"')
		return NULL;
	for ((*s)++; **s && **s != quote; (*s)++) {
		if (**s == '\\' && (*s)[1])
			(*s)++;
		text_add(&t, *s, 1);
	}
	if (**s != quote)
		return NULL;
	(*s)++;
	text_puts(&t, "");
	taken = t.s ? t.s : xstrdup("");
	t.s = NULL;
	return taken;
}

static void skip_blanks(const char **s)
{
	*s += strspn(*s, " \t");
}

/* ['a', 'b'] → a line for each. */
static char *take_strings(const char **s)
{
	CLEANUP(text_release) struct text t = { 0 };
	char *taken;

	if (**s != '[')
		return NULL;
	for ((*s)++, skip_blanks(s); **s != ']'; skip_blanks(s)) {
		CLEANUP(mem_free) char *one = take_string(s);

		if (!one || strchr(one, '\n'))
			return NULL;
		text_printf(&t, "%s\n", one);
		skip_blanks(s);
		if (**s == ',')
			(*s)++;
		else if (**s != ']')
			return NULL;
	}
	(*s)++;
	text_puts(&t, "");
	taken = t.s ? t.s : xstrdup("");
	t.s = NULL;
	return taken;
}

/* Digits, with the name of their type in front or not. */
static char *take_number(const char **s)
{
	static const char *const types[] = { "uint64 ", "int64 ", "uint32 ", "int32 ", "uint16 ",
		"int16 ", "byte " };
	const char *digits;
	size_t n;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (str_starts(*s, types[i])) {
			*s += strlen(types[i]);
			skip_blanks(s);
			break;
		}
	digits = *s;
	n = strspn(digits, "0123456789");
	*s += n;
	return n ? xstrndup(digits, n) : NULL;
}

static char *take_bool(const char **s)
{
	static const char *const words[] = { "true", "false" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (str_starts(*s, words[i])) {
			*s += strlen(words[i]);
			return xstrdup(words[i]);
		}
	return NULL;
}

/* As lichen-scope takes it (helpers/scope/request.h), or NULL. */
static char *value_of(const char *text, const char *signature)
{
	CLEANUP(mem_free) char *value = NULL;

	skip_blanks(&text);
	if (streq(signature, "as"))
		value = take_strings(&text);
	else if (streq(signature, "s"))
		value = take_string(&text);
	else if (streq(signature, "b"))
		value = take_bool(&text);
	else
		value = take_number(&text);
	skip_blanks(&text);
	return *text ? NULL : TAKE_PTR(value);
}

/* "TimeoutStopSec", in seconds, is what people know from unit files; the bus has microseconds. */
static int in_microseconds(struct plan_builder *b, const char **name, char **value)
{
	size_t len = strlen(*name);
	uint64_t seconds;

	if (len < 4 || !streq(*name + len - 3, "Sec") || (*name)[len - 4] == 'U')
		return 0;
	*name = plan_printf(b, "%.*sUSec", (int)(len - 3), *name);
	if (!*value || str_u64(*value, UINT64_MAX / 1000000, &seconds) < 0)
		return -EINVAL;
	free(*value);
	*value = xasprintf("%llu", (unsigned long long)(seconds * 1000000));
	return 1;
}

static int refuse(const char *key, const char *why, struct error *e)
{
	error_set(e, EPERM, "config.json: annotations[\"%s\"]: %s", key, why);
	return error_hint(e,
		"lichen passes on what ends a scope (KillSignal, TimeoutStopUSec, ...), orders it "
		"(After, Before) and counts it; limits are linux.resources: see lichen-cgroups(7)");
}

static int add_property(struct plan_builder *b, const struct spec_pair *pair, struct error *e)
{
	const char *name = pair->key + strlen(ANNOTATION_SCOPE_PROPERTIES);
	CLEANUP(mem_free) char *seconds = value_of(pair->value, "t");
	CLEANUP(mem_free) char *value = NULL;
	const char *signature;
	int scaled = in_microseconds(b, &name, &seconds);

	signature = signature_of(name);
	if (!signature)
		return refuse(pair->key, "this property is not one that lichen passes on", e);
	value = scaled > 0 ? TAKE_PTR(seconds) : value_of(pair->value, signature);
	if (scaled < 0 || !value) {
		error_set(e, EINVAL, "config.json: annotations[\"%s\"]: '%s' is no value for it",
			pair->key, pair->value);
		return error_hint(
			e, "write it as a GVariant: uint64 10000000, 15, true, 'text', ['a', 'b']");
	}
	resources_add_property(
		b->settings, plan_printf(b, "%s", name), signature, plan_printf(b, "%s", value));
	return 0;
}

int plan_scope_properties(struct plan_builder *b, struct error *e)
{
	const struct spec_pairs *all = &b->spec->annotations;

	for (size_t i = 0; i < all->n; i++) {
		int r = str_starts(all->v[i].key, ANNOTATION_SCOPE_PROPERTIES)
			? add_property(b, &all->v[i], e)
			: 0;

		if (r < 0)
			return r;
	}
	return 0;
}
