/* SPDX-License-Identifier: Apache-2.0 */
/* What `create` and `run` have in common: their options, and the request made of them. */
#pragma once

#include <stdbool.h>

#include "cli/network.h"
#include "container/container.h"

struct create_values {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	struct network_values network;
	unsigned int preserve_fds;
	bool no_pivot, no_new_keyring, keep_groups, dry_run;
	bool detach, keep; /* run's alone */
};

#define CREATE_AT(field) .offset = offsetof(struct create_values, field)

/* The rows of both tables. */
/* clang-format off */
#define CREATE_OPTION_ROWS                                                                         \
	{ .shorts = "b", .name = "bundle", .value = "DIR", .type = OPTION_STRING,                      \
		.help = "directory of the bundle (default: the current one)",                          \
		.complete = COMPLETE_DIRECTORY, CREATE_AT(bundle) },                                   \
	{ .shorts = "f", .name = "config", .value = "FILE", .type = OPTION_STRING,                     \
		.help = "configuration (default: config.json in the bundle)",                          \
		.complete = COMPLETE_FILE, CREATE_AT(config) },                                        \
	{ .name = "console-socket", .value = "SOCKET", .type = OPTION_STRING,                          \
		.help = "socket that receives the terminal's master side",                             \
		.complete = COMPLETE_FILE, CREATE_AT(console_socket) },                                \
	{ .name = "pid-file", .value = "FILE", .type = OPTION_STRING,                                  \
		.help = "file that receives the number of the container's process",                    \
		.complete = COMPLETE_FILE, CREATE_AT(pid_file) },                                      \
	{ .name = "pidfd-socket", .value = "SOCKET", .type = OPTION_STRING,                            \
		.help = "socket that receives a descriptor of the container's process",                \
		.complete = COMPLETE_FILE, CREATE_AT(pidfd_socket) },                                  \
	NETWORK_OPTION_ROWS(struct create_values),                                                     \
	{ .name = "preserve-fds", .value = "N", .type = OPTION_NUMBER,                                 \
		.help = "pass descriptors 3 to 2+N to the container", CREATE_AT(preserve_fds) },       \
	{ .name = "no-pivot", .type = OPTION_FLAG,                                                     \
		.help = "chroot instead of pivot_root, for a host that runs from its initramfs",       \
		CREATE_AT(no_pivot) },                                                                 \
	{ .name = "no-new-keyring", .type = OPTION_FLAG,                                               \
		.help = "keep the caller's session keyring", CREATE_AT(no_new_keyring) },              \
	{ .name = "keep-groups", .type = OPTION_FLAG,                                                  \
		.help = "keep the caller's supplementary groups", CREATE_AT(keep_groups) },            \
	{ .name = "no-subreaper", .type = OPTION_IGNORED,                                              \
		.help = "ignored: lichen never is a subreaper" },                                      \
	{ .name = "dry-run", .type = OPTION_FLAG,                                                      \
		.help = "print what would be done, and do nothing", CREATE_AT(dry_run) }
/* clang-format on */

/* words: what the options for the network say, from network_values_read. */
struct create_request create_request(
	const struct create_values *values, const struct network_words *words, const char *id);

/* --dry-run: prints the plan. */
int create_print_plan(const struct runtime *rt, const struct create_request *req, struct error *e);
