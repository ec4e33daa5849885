/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signal.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <strings.h>

#define SIGNAL(name)             \
	{                        \
#name, SIG##name \
	}

const struct name signal_names[] = {
	SIGNAL(HUP),
	SIGNAL(INT),
	SIGNAL(QUIT),
	SIGNAL(ILL),
	SIGNAL(TRAP),
	SIGNAL(ABRT),
	SIGNAL(IOT),
	SIGNAL(BUS),
	SIGNAL(FPE),
	SIGNAL(KILL),
	SIGNAL(USR1),
	SIGNAL(SEGV),
	SIGNAL(USR2),
	SIGNAL(PIPE),
	SIGNAL(ALRM),
	SIGNAL(TERM),
	SIGNAL(CHLD),
	SIGNAL(CLD),
	SIGNAL(CONT),
	SIGNAL(STOP),
	SIGNAL(TSTP),
	SIGNAL(TTIN),
	SIGNAL(TTOU),
	SIGNAL(URG),
	SIGNAL(XCPU),
	SIGNAL(XFSZ),
	SIGNAL(VTALRM),
	SIGNAL(PROF),
	SIGNAL(WINCH),
	SIGNAL(IO),
	SIGNAL(POLL),
	SIGNAL(PWR),
	SIGNAL(SYS),
#ifdef SIGSTKFLT
	SIGNAL(STKFLT),
#endif
	{ NULL, 0 },
};

/* The kernel's numbers go to 64 on every architecture that the C library's macros don't shift. */
#define SIGNAL_MAX (_NSIG - 1)

/* RTMIN, RTMIN+n, RTMAX, RTMAX-n, counted as kill(1) and systemd count them. */
static int parse_realtime(const char *name, int *out)
{
	bool from_min = strncasecmp(name, "RTMIN", 5) == 0;
	uint64_t n = 0;

	if (!from_min && strncasecmp(name, "RTMAX", 5) != 0)
		return -EINVAL;
	name += 5;
	if (*name && *name != (from_min ? '+' : '-'))
		return -EINVAL;
	if (*name && str_u64(name + 1, (uint64_t)(SIGRTMAX - SIGRTMIN), &n) < 0)
		return -EINVAL;
	*out = from_min ? SIGRTMIN + (int)n : SIGRTMAX - (int)n;
	return 0;
}

static int parse(const char *text, int *out)
{
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint64_t number;

	if (str_u64(text, SIGNAL_MAX, &number) == 0) {
		*out = (int)number;
		return 0;
	}
	for (const struct name *s = signal_names; s->name; s++) {
		if (strcasecmp(s->name, name) != 0)
			continue;
		*out = (int)s->value;
		return 0;
	}
	return parse_realtime(name, out);
}

int signal_parse(const char *text, int *out, struct error *e)
{
	int r = parse(text, out);

	if (r == 0)
		return 0;
	error_set(e, EINVAL, "unknown signal '%s'", text);
	return error_hint(e, "a signal is a number or a name such as TERM, SIGKILL or RTMIN+3");
}

bool signal_is_name(const char *text)
{
	int signal;

	return parse(text, &signal) == 0;
}
