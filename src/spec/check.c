/* SPDX-License-Identifier: Apache-2.0 */
#include "spec/check.h"

#include <limits.h>
#include <string.h>

/* The fields of struct new_utsname hold that much and a NUL. */
#define HOST_NAME_MAX_ 64
/* IFNAMSIZ without its NUL. */
#define INTERFACE_NAME_MAX 15

int check_not_empty(const struct json *j, struct error *e)
{
	return *j->text ? 0 : json_error(j, e, "is empty");
}

int check_key(const struct json *j, struct error *e)
{
	return *j->key ? 0 : json_error(j, e, "the name is empty");
}

int check_path_or_empty(const struct json *j, struct error *e)
{
	size_t len = strlen(j->text);

	if (len >= PATH_MAX)
		return json_error(j, e, "a path of %zu bytes, above the system's limit of %d", len,
			PATH_MAX - 1);
	return 0;
}

int check_path(const struct json *j, struct error *e)
{
	int r = check_not_empty(j, e);

	return r < 0 ? r : check_path_or_empty(j, e);
}

int check_absolute(const struct json *j, struct error *e)
{
	if (j->text[0] != '/')
		return json_error(j, e, "%s is not an absolute path", json_quote(j->text).s);
	return check_path_or_empty(j, e);
}

int check_env(const struct json *j, struct error *e)
{
	const char *equals = strchr(j->text, '=');

	if (!equals || equals == j->text)
		return json_error(j, e, "%s is not of the form NAME=value", json_quote(j->text).s);
	return 0;
}

int check_cpu_list(const struct json *j, struct error *e)
{
	if (j->text[strspn(j->text, "0123456789,- ")])
		return json_error(j, e, "%s is not a list such as 0-3,7", json_quote(j->text).s);
	return 0;
}

int check_host_name(const struct json *j, struct error *e)
{
	size_t len = strlen(j->text);

	if (len > HOST_NAME_MAX_)
		return json_error(
			j, e, "has %zu bytes, above the system's limit of %d", len, HOST_NAME_MAX_);
	return 0;
}

int check_cgroup_path(const struct json *j, struct error *e)
{
	const char *s = j->text;

	for (size_t n; *s; s += n + (s[n] == '/')) {
		n = strcspn(s, "/");
		if (n == 2 && s[0] == '.' && s[1] == '.')
			return json_error(j, e, "%s has a \"..\" in it", json_quote(j->text).s);
	}
	return check_path_or_empty(j, e);
}

/* As the kernel's dev_valid_name(). */
static bool is_interface(const char *s)
{
	return *s && strlen(s) <= INTERFACE_NAME_MAX && !strpbrk(s, "/: \t\n\v\f\r\xa0") &&
		!streq(s, ".") && !streq(s, "..");
}

static int bad_interface(const struct json *j, const char *name, struct error *e)
{
	return json_error(j, e, "%s cannot be the name of a network device", json_quote(name).s);
}

int check_interface(const struct json *j, struct error *e)
{
	return is_interface(j->text) ? 0 : bad_interface(j, j->text, e);
}

int check_interface_key(const struct json *j, struct error *e)
{
	return is_interface(j->key) && !strchr(j->key, '%') ? 0 : bad_interface(j, j->key, e);
}

/* "eth%d": the kernel puts the number. It takes one of these and no other use of "%". */
int check_interface_template(const struct json *j, struct error *e)
{
	const char *percent = strchr(j->text, '%');

	if (percent && (percent[1] != 'd' || strchr(percent + 1, '%')))
		return bad_interface(j, j->text, e);
	return check_interface(j, e);
}

static int compare(const void *a, const void *b)
{
	const struct check_name *x = a, *y = b;
	int r = strcmp(x->name, y->name);

	return r ? r : (x->json > y->json) - (x->json < y->json);
}

const struct json *check_find_twice(struct check_name *v, size_t n)
{
	const struct json *found = NULL;

	qsort(v, n, sizeof(*v), compare);
	for (size_t i = 1; i < n; i++)
		if (streq(v[i].name, v[i - 1].name) && (!found || v[i].json < found))
			found = v[i].json;
	return found;
}

const struct spec_namespace *check_find_namespace(const struct spec_linux *l, int64_t type)
{
	for (size_t i = 0; i < l->namespaces.n; i++)
		if (l->namespaces.v[i].type == type)
			return &l->namespaces.v[i];
	return NULL;
}
