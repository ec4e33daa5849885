/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything that crosses between the processes of a container's birth. Each arrow is one message
 * on a SOCK_SEQPACKET socket; end of file means that the peer died.
 *
 *   parent (create)            intermediate               init
 *      | clone ------------------> | (only if a namespace is joined before birth)
 *      |                           | setns ...
 *      |                           | clone(CLONE_PARENT) ---> |
 *      | <------- BORN (pid) ----- |                          | joins, unshare
 *      | newuidmap, newgidmap      exits                      |
 *      | ------------------- MAPPED ------------------------> |
 *      | limits, lichen-scope has answered                    |
 *      | ------------------- PLACED (cgroup) ---------------> | (if it has a cgroup of its own)
 *      |                                                      | opens sources
 *      | <------------------ NETWORK ------------------------ | (if somebody is to connect it)
 *      | lichen-net or pasta starts                           | mounts
 *      | <------------------ TERMINAL (master) -------------- | (if there is one)
 *      | <------------------ NETDEV (operation, socket) ----- | (for each network device)
 *      | moves it                                             |
 *      | ------------------- MOVED -------------------------> |
 *      | <------------------ MOUNTED ------------------------ | (if there are such hooks)
 *      | hooks prestart, createRuntime                        |
 *      | ------------------- HOOKED ------------------------> |
 *      |                                                      | hooks createContainer, pivot_root,
 *      | <------------------ READY -------------------------- | the program is found
 *      | raises limits, state "created", pid file             |
 *      | ------------------- COMMITTED ---------------------> |
 *      exits                                                  | waits at the start socket
 *
 *   start                                                     |
 *      | connect, ----------- START ------------------------> |
 *      | <------------------ NOTIFIED (socket) -------------- | (if it was created with one)
 *      |                                                      | hooks startContainer, credentials
 *      | <------------------ EXECUTING ---------------------- | the hooks have ended
 *      | <------------------ LISTENER (number) -------------- | (if seccomp notifies)
 *      | ------------------- FETCHED -----------------------> |
 *      | <------------------ end of file -------------------- | execve
 *
 *   parent (exec)              joiner                      the process
 *      | clone ------------------> |
 *      |                           | setns, chroot
 *      |                           | clone(CLONE_PARENT) ---> |
 *      | <------- BORN (pid) ----- |                          |
 *      | the container's cgroup    exits                      |
 *      | ------------------- MAPPED ------------------------> |
 *      | <------------------ TERMINAL (master) -------------- | (if there is one)
 *      | <------------------ READY -------------------------- | the program is found
 *      | raises limits, pid file                              |
 *      | ------------------- COMMITTED ---------------------> |
 *      | <------------------ EXECUTING ... as for start       |
 *
 * In place of any message of the others there may come ERROR, with which it dies.
 */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

enum message_kind {
	MESSAGE_BORN = 1,
	MESSAGE_MAPPED,
	MESSAGE_PLACED,
	MESSAGE_NETWORK,
	MESSAGE_NETDEV,
	MESSAGE_MOVED,
	MESSAGE_TERMINAL,
	MESSAGE_MOUNTED,
	MESSAGE_HOOKED,
	MESSAGE_READY,
	MESSAGE_COMMITTED,
	MESSAGE_START,
	MESSAGE_NOTIFIED,
	MESSAGE_EXECUTING, /* from here on the end of file is execve's */
	MESSAGE_LISTENER,
	MESSAGE_FETCHED,
	MESSAGE_ERROR,
};

struct message {
	uint32_t kind;
	int32_t value; /* BORN: the PID; NETDEV: the operation's number; LISTENER: the
			  descriptor's number in init */
	struct error error; /* ERROR alone */
};

const char *message_name(enum message_kind kind);

/* fd: a descriptor to hand over, or -EBADF. */
int message_send(int sock_fd, enum message_kind kind, int32_t value, int fd, struct error *e);

/* Failing to tell is no news: the peer is gone, and so are we. */
void message_send_error(int sock_fd, const struct error *error);

/*
 * Receives whatever comes next. At end of file -EPIPE, at the deadline -ETIMEDOUT (INT64_MAX:
 * none), for MESSAGE_ERROR the error itself; phase says what the peer was doing. out_fd is the
 * descriptor that came along or -EBADF; NULL where none may come.
 */
int message_receive(int sock_fd, int64_t deadline_ms, const char *phase, struct message *out,
	int *out_fd, struct error *e);

/* The same for one kind; any other one is an error. */
int message_expect(int sock_fd, enum message_kind kind, int64_t deadline_ms, const char *phase,
	struct error *e);
