/* SPDX-License-Identifier: Apache-2.0 */
/* JSON on standard output, one object a line. A key is NULL inside of an array. */
#pragma once

#include <stddef.h>

void json_object(const char *key);
void json_object_end(void);
void json_array(const char *key);
void json_array_end(void);
/* Any bytes: what is no ASCII text becomes \u00XX. NULL is null. */
void json_string(const char *key, const char *s);
void json_bytes(const char *key, const char *s, size_t n);
void json_number(const char *key, long long n);
void json_bool(const char *key, int b);
/* Ends the outermost object's line and writes it out. */
void json_line(void);
