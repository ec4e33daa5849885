/* SPDX-License-Identifier: Apache-2.0 */
/* What this build is. */
#pragma once

const char *version_package(void); /* "0.1.0" */
const char *version_commit(void); /* or NULL: not known */
