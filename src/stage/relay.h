/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The foreground: waiting for a process of a container, passing on signals and, with a terminal,
 * every byte in both directions.
 *
 * Where: `lichen run`, init's parent, or `lichen exec`. Must not: lose a byte, spin, or outlive the
 * process.
 */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "base/error.h"
#include "stage/notify.h"

/*
 * Blocks the signals that relay_run will pass on; before init is born, so that none is lost. What
 * was blocked before is in out_saved, for relay_unblock.
 */
void relay_block_signals(sigset_t *out_saved);
void relay_unblock_signals(const sigset_t *saved);

/*
 * Gives a terminal the size of ours, if standard input is one: before the program can ask for it. A
 * size that process.consoleSize has given stays, until ours changes.
 */
void relay_give_size(int master_fd);

/*
 * Until pid, a child of ours, has ended: out_status is its exit status, or 128 + signal. pidfd is
 * its, master_fd its terminal's master or -EBADF; standard input then is a terminal, which is raw
 * meanwhile. notify: for what it tells the service manager, or NULL.
 */
int relay_run(pid_t pid, int pidfd, int master_fd, struct notify *notify, int *out_status,
	struct error *e);
