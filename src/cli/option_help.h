/* SPDX-License-Identifier: Apache-2.0 */
/* The part of --help that is made from a table of options: lichen's, and the helpers'. */
#pragma once

#include "cli/option.h"

/* One line a row, with its names, its explanation and what may be chosen. */
void options_describe(const struct option_def *options, struct text *out);

/*
 * For the check of the man pages: the page, and a line "PAGE OPTION" for every name, but those of
 * --help, which are the same everywhere.
 */
void options_list(const char *page, const struct option_def *options, struct text *out);
