/* SPDX-License-Identifier: ISC
 *
 * The control socket, for posternctl: who may use it is known from the kernel
 * (peer credentials), and it takes one request a connection.
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "common/ipc.h"

struct event;
struct master;
struct control_conn;

struct control {
	struct master *master;
	char *path; /* own */
	int fd;
	struct event *readable;
	TAILQ_HEAD(, control_conn) conns;
	unsigned n_conns;
};

/* Binds conf->control_socket. False: it cannot be had (logged). */
bool control_open(struct master *m);
/* Accepts from now on. */
void control_start(struct master *m);
void control_close(struct master *m);

/* Handler of ipc_handlers.c; ctx: struct control_conn. */
ipc_handler_fn control_on_request;

#endif
