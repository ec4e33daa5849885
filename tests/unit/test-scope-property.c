/* SPDX-License-Identifier: Apache-2.0 */
/* lichen-scope: words as the variants that D-Bus sends. The bus is a socket pair, and never speaks.
 */
#include "tap.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/str.h"
#include "request.h"

static sd_bus *bus;

static sd_bus_message *new_message(void)
{
	sd_bus_message *m = NULL;

	sd_bus_message_new_method_call(bus, &m, NULL, "/x", "x.y", "Z");
	sd_bus_message_open_container(m, 'a', "(sv)");
	return m;
}

/* Of what was appended: the value as text. */
static void read_value(sd_bus_message *m, const char *signature, struct text *out)
{
	const char *s;
	const void *bytes;
	uint64_t t;
	int64_t x;
	uint32_t u;
	int32_t i;
	size_t n;
	int b;

	if (streq(signature, "s") && sd_bus_message_read(m, "s", &s) > 0)
		text_puts(out, s);
	else if (streq(signature, "b") && sd_bus_message_read(m, "b", &b) > 0)
		text_printf(out, "%d", b);
	else if (streq(signature, "u") && sd_bus_message_read(m, "u", &u) > 0)
		text_printf(out, "%u", u);
	else if (streq(signature, "i") && sd_bus_message_read(m, "i", &i) > 0)
		text_printf(out, "%d", i);
	else if (streq(signature, "t") && sd_bus_message_read(m, "t", &t) > 0)
		text_printf(out, "%llu", (unsigned long long)t);
	else if (streq(signature, "x") && sd_bus_message_read(m, "x", &x) > 0)
		text_printf(out, "%lld", (long long)x);
	else if (streq(signature, "ay") && sd_bus_message_read_array(m, 'y', &bytes, &n) >= 0)
		for (size_t k = 0; k < n; k++)
			text_printf(out, "%02x", ((const unsigned char *)bytes)[k]);
	else if (streq(signature, "as") && sd_bus_message_enter_container(m, 'a', "s") >= 0)
		while (sd_bus_message_read(m, "s", &s) > 0)
			text_printf(out, "[%s]", s);
	else if (streq(signature, "a(st)") && sd_bus_message_enter_container(m, 'a', "(st)") >= 0)
		while (sd_bus_message_read(m, "(st)", &s, &t) > 0)
			text_printf(out, "[%s:%llu]", s, (unsigned long long)t);
}

static void sends(const char *signature, const char *value, const char *want)
{
	const struct property p = { "Name", signature, value };
	CLEANUP(text_release) struct text got = { 0 };
	sd_bus_message *m = new_message();
	struct error e = { 0 };
	const char *name = "", *type = "";
	char kind;

	is_int(property_append(m, &p, &e), 0, "%s '%s' %s", signature, value, e.text);
	sd_bus_message_close_container(m);
	sd_bus_message_seal(m, 1, 0);
	sd_bus_message_rewind(m, 1);
	sd_bus_message_enter_container(m, 'a', "(sv)");
	sd_bus_message_enter_container(m, 'r', "sv");
	sd_bus_message_read(m, "s", &name);
	sd_bus_message_peek_type(m, &kind, &type);
	ok(streq(name, "Name") && type && streq(type, signature), "… under its name, as %s", type);
	sd_bus_message_enter_container(m, 'v', signature);
	read_value(m, signature, &got);
	is_str(got.s ? got.s : "", want, "… is what it says");
	sd_bus_message_unref(m);
}

static void refuses(const char *signature, const char *value)
{
	const struct property p = { "Name", signature, value };
	sd_bus_message *m = new_message();
	struct error e = { 0 };

	ok(property_append(m, &p, &e) < 0, "%s '%s' is refused: %s", signature, value, e.text);
	ok(strstr(e.text, "Name"), "… by the property's name");
	sd_bus_message_unref(m);
}

int main(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0 || sd_bus_new(&bus) < 0 ||
		sd_bus_set_fd(bus, fds[0], fds[0]) < 0 || sd_bus_start(bus) < 0) {
		printf("Bail out! no bus on a socket pair\n");
		return EXIT_FAILURE;
	}
	sends("s", "", "");
	sends("s", "with blanks\nand lines", "with blanks\nand lines");
	sends("b", "true", "1");
	sends("b", "false", "0");
	sends("u", "4294967295", "4294967295");
	sends("i", "-2147483648", "-2147483648");
	sends("t", "18446744073709551615", "18446744073709551615");
	sends("x", "-9223372036854775808", "-9223372036854775808");
	sends("ay", "", "");
	sends("ay", "0102ff", "0102ff");
	sends("as", "", "");
	sends("as", "a.service\nb.service", "[a.service][b.service]");
	sends("a(st)", "", "");
	sends("a(st)", "/dev/block/8:0 600\n/a path 18446744073709551615",
		"[/dev/block/8:0:600][/a path:18446744073709551615]");
	refuses("b", "yes");
	refuses("u", "4294967296");
	refuses("u", "-1");
	refuses("i", "2147483648");
	refuses("t", "");
	refuses("t", "1k");
	refuses("t", "18446744073709551616");
	refuses("x", "x");
	refuses("ay", "0");
	refuses("ay", "0g");
	refuses("ay", "FF");
	refuses("a(st)", "600");
	refuses("a(st)", "/dev/sda -1");
	refuses("", "x");
	refuses("d", "1");
	refuses("tt", "1");
	refuses("a{sv}", "x");
	sd_bus_unref(bus);
	close(fds[1]);
	return done();
}
