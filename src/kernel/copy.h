/* SPDX-License-Identifier: Apache-2.0 */
/* Copying a directory's contents by descriptor: the option tmpcopyup. */
#pragma once

#include "base/error.h"

/*
 * Copies what is in the directory from_fd into the directory to_fd: files, directories, symbolic
 * links, FIFOs; modes, times, owners where possible and extended attributes where the target takes
 * them. Stays on from_fd's mount. No link is followed.
 */
int copy_contents(int from_fd, int to_fd, struct error *e);
