/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of --help, made from the tables. */
#pragma once

#include "cli/command.h"

/* Prints the help of a command; NULL: of the program, with its commands and global options. */
void help_print(const char *program, const struct command *command);
