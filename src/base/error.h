/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Errors are values. A function that can fail takes a struct error as its last parameter and
 * returns >= 0, or the negative errno that it also put into the error; on failure it leaves its
 * outputs untouched. The text begins with the object and ends with the reason; callers on the way
 * up put what they were doing in front of it. What is too long loses its middle. Only a program's
 * main prints one, once.
 *
 * The struct holds no pointers, so it crosses a socket between processes whole.
 */
#pragma once

/* What a front-end shows of an error is bounded by conmon's buffer of 8191 bytes. */
#define ERROR_TEXT_MAX 1536
#define ERROR_HINT_MAX 768

struct error {
	int code; /* errno, or 0 for "no error" */
	char text[ERROR_TEXT_MAX]; /* one line, without a full stop */
	char hint[ERROR_HINT_MAX]; /* the command, package or file that mends it; may be "" */
};

#define ERROR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/* Fills e with the text; returns -code. A code of 0 becomes EIO. */
int error_set(struct error *e, int code, const char *fmt, ...) ERROR_PRINTF(3, 4);

/* As error_set with errno as code, and its description at the end of the text. */
int error_errno(struct error *e, const char *fmt, ...) ERROR_PRINTF(2, 3);

/* Puts "context: " in front of the text; returns -e->code. */
int error_context(struct error *e, const char *fmt, ...) ERROR_PRINTF(2, 3);

/* Sets the hint unless a more exact one, set nearer to the cause, is there; returns -e->code. */
int error_hint(struct error *e, const char *fmt, ...) ERROR_PRINTF(2, 3);
