/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own program file. A process of the container can get at it through /proc/PID/exe, and when
 * lichen lies in the user's home, it belongs to the very user that root of the container is mapped
 * to: it could be overwritten from inside (CVE-2019-5736). Then lichen runs from a sealed copy in
 * memory, which nobody can write to; a file that nobody inside owns needs none.
 */
#pragma once

#include "base/error.h"

/*
 * Returns when nothing is to be done, or when this process is the copy; otherwise executes the copy
 * with the same arguments, and does not come back.
 */
int self_protect(char *const argv[], struct error *e);
