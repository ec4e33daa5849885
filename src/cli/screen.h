/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A terminal on which one page is painted again and again: console_codes(4). It gets its settings
 * and what was on it back when the screen is closed, and for as long as we are stopped (^Z).
 */
#pragma once

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <termios.h>

#include "base/error.h"

struct screen {
	int signal_fd; /* -EBADF: closed */
	int has_keys; /* standard input is a terminal, too */
	struct termios saved;
	sigset_t mask;
};

#define SCREEN_NONE                 \
	{                           \
		.signal_fd = -EBADF \
	}

/* Whether standard output is a terminal that can be painted on. */
int screen_is_possible(void);

int screen_open(struct screen *s, struct error *e);
/* Also as a cleanup, and for one that isn't open. */
void screen_close(struct screen *s);

/* As many columns as a line may have. */
size_t screen_columns(void);

/* The page: lines, of which those that the window has no room for are counted instead. */
void screen_paint(const char *page);

enum screen_event { SCREEN_TIME, SCREEN_CHANGED, SCREEN_QUIT };
/* Until the time (time_ms()), the window's change, or q, ^C or another signal that ends us. */
enum screen_event screen_wait(struct screen *s, int64_t until_ms);
