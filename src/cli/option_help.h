/* SPDX-License-Identifier: Apache-2.0 */
/* The part of --help that is made from a table of options: lichen's, and the helpers'. */
#pragma once

#include "cli/option.h"

/* One line a row, with its names, its explanation and what may be chosen. */
void options_describe(const struct option_def *options, struct text *out);
