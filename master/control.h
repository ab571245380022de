/* SPDX-License-Identifier: ISC
 *
 * The control socket, for posternctl: who may use it is known from the kernel
 * (peer credentials), and it takes one request a connection: CTL_REQUEST (here
 * and in user_list.c) or CTL_TASK (tasks.c).
 */
#ifndef MASTER_CONTROL_H
#define MASTER_CONTROL_H

#include <stdbool.h>
#include <sys/queue.h>

#include "common/ipc.h"

struct child;
struct event;
struct job;
struct master;

struct control_conn {
	TAILQ_ENTRY(control_conn) next;
	struct master *master;
	struct ipc_chan *chan; /* own */
	struct event *timer;   /* a long answer goes on */
	char *name;            /* own; "posternctl 4711 uid 0" */
	bool busy;             /* its request has come */
	bool owner;            /* root, or our own uid; not just the group */
	enum ipc_verb verb;
	char *arg;             /* own */
	size_t bucket;         /* STATUS, WHO, KICK: the walk's next one */
	uint32_t count;
	struct job *job;       /* borrowed; its task, until it was handed over */
	/* USERS: what was asked of whom; NULL: nothing */
	struct child *asked;
	uint32_t asked_id;
	uint64_t generation, from;
};

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

/* CTL_END, text cut to what fits. */
void control_end(struct control_conn *c, enum ipc_status status,
    const char *text);
/* What was sent waits: goes on with the verb a little later. True: it has to. */
bool control_pause(struct control_conn *c);
/* The task's job is made (job.c), or gone: NULL. */
void control_set_job(struct control_conn *c, struct job *j);

/* Handler of ipc_handlers.c; ctx: struct control_conn. */
ipc_handler_fn control_on_request;

#endif
