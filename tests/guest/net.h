/* SPDX-License-Identifier: Apache-2.0 */
/* What the network's actions share: addresses, and bytes that show where one is missing. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct place {
	struct sockaddr_storage a;
	socklen_t size;
};

/* "10.0.2.3" or "fd00::3", and a port in digits; ends the program if it is none. */
struct place place_of(const char *address, const char *port);
/* "10.0.2.3 53" */
void place_print(const struct place *p, char *out, size_t size);
/* A socket whose calls fail after the seconds in $WAIT (10). */
int open_socket(const struct place *p, int type);

/* Byte number i of every stream: repeats after a prime number, so that no loss hides. */
#define PATTERN_PERIOD 65521
const uint8_t *pattern_at(uint64_t i);

struct count {
	uint64_t bytes;
	int64_t wrong; /* the first byte that is not the pattern's, or -1 */
};

/* Until the end of the stream or an error, which errno has then. */
bool receive_pattern(int fd, struct count *out);
bool send_pattern(int fd, uint64_t bytes);
bool send_all(int fd, const void *data, size_t n);
/* At most size - 1 bytes until the end of the stream, and a NUL. */
void receive_text(int fd, char *out, size_t size);

/* Goes on in a process of its own, which has no standard streams; its number for the caller. */
pid_t background(void);
