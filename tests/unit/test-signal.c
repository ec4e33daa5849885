/* SPDX-License-Identifier: Apache-2.0 */
#include "tap.h"

#include <errno.h>
#include <signal.h>

#include "cli/signal.h"

static void accept(const char *text, int wanted)
{
	struct error e = { 0 };
	int found = -1;

	signal_parse(text, &found, &e);
	is_int(found, wanted, "'%s'", text);
	ok(signal_is_name(text), "'%s' behind a dash", text);
}

static void refuse(const char *text)
{
	CLEANUP(mem_free) char *wanted = xasprintf("unknown signal '%s'", text);
	struct error e = { 0 };
	int found = -1;

	is_int(signal_parse(text, &found, &e), -EINVAL, "'%s' is refused", text);
	is_str(e.text, wanted, "'%s' is named", text);
	is_int(found, -1, "'%s' leaves the output alone", text);
}

int main(void)
{
	static const char *const bad[] = { "", "65", "-9", "+9", " 9", "9 ", "0x9", "FOO", "SIG",
		"SIG9", "KILLS", "SIGSIGKILL", "RTMIN+", "RTMIN-1", "RTMIN+31", "RTMAX+1",
		"RTMAX-31", "RTMIN+-1", "RTMI", "99999999999999999999" };

	accept("9", SIGKILL);
	accept("0", 0);
	accept("64", 64);
	accept("KILL", SIGKILL);
	accept("SIGKILL", SIGKILL);
	accept("kill", SIGKILL);
	accept("sigterm", SIGTERM);
	accept("IOT", SIGABRT);
	accept("CLD", SIGCHLD);
	accept("RTMIN", SIGRTMIN);
	accept("RTMIN+3", SIGRTMIN + 3);
	accept("SIGRTMIN+30", SIGRTMAX);
	accept("RTMAX", SIGRTMAX);
	accept("rtmax-1", SIGRTMAX - 1);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		refuse(bad[i]);
	return done();
}
