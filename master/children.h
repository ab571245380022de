/* SPDX-License-Identifier: ISC
 *
 * The executed processes: imap-login, auth, auth-helper, lmtp and the nursery.
 * (Workers are forked by the nursery: workers.h.)
 *
 * A slot is a place that must be filled, by the configuration in force: "the
 * second imap-login". A child fills a slot until it dies, is replaced, or its
 * generation is over; then its slot pointer is NULL and it is on its way out.
 *
 * life of a child    entered by                        left when
 *   starting         slot_fill(): fork, exec           READY, or 60 s: killed
 *   ready            children_on_ready()               a reload; its death
 *   draining         children_drain(): DRAIN           QUIESCED; its death
 *   quiesced         children_on_quiesced()            its death; lmtp: STOP
 *   stopping         child_stop(): STOP                its death; 10 s: killed
 *   lost             child_lost(): channel ended       reaped, or 1 s: killed
 */
#ifndef MASTER_CHILDREN_H
#define MASTER_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "common/ipc.h"
#include "master/job.h"

struct event;
struct master;
struct proc_row;

struct child {
	TAILQ_ENTRY(child) next;
	struct master *master;
	const struct proc_row *row;
	struct slot *slot;      /* NULL: not the current one of any slot */
	unsigned number;        /* what peers call it; never used twice */
	unsigned generation;
	pid_t pid;
	time_t started;
	int64_t started_ms;     /* monotonic */
	bool ready, draining, quiesced, stopping, reaped;
	bool taken;             /* isolated login: has its one client */
	uint64_t block;         /* of that client before login, else 0 */
	struct ipc_chan *chan;  /* own; NULL: lost */
	struct event *timer;    /* own; what "or N s" says above */
	struct child *auth;     /* login, lmtp: auth of its tickets */
	struct job_list jobs;   /* login, lmtp: asked of us, unanswered */
	struct job_list asked;  /* auth: asked of it, unanswered */
	unsigned n_jobs, n_asked;
	unsigned forks;         /* nursery: SPAWNs sent */
};

struct slot {
	struct children *children;
	const struct proc_row *row;
	struct child *child;    /* NULL: waits for the timer */
	struct event *timer;
	unsigned fast;          /* deaths at once, one after the other */
};

struct children {
	struct master *master;
	TAILQ_HEAD(, child) all;
	struct slot **slots;    /* own */
	size_t n_slots;
	unsigned generation;
	unsigned last_number;
};

void children_init(struct master *m);
/* Starts the generation the configuration asks for; children of the one before
 * are drained as the new ones become ready. */
void children_start(struct master *m);
/* STOP to all; nothing is started any more. */
void children_stop(struct master *m);
/* SIGKILL to all that are left. */
void children_kill(struct master *m);
/* After SIGCHLD. */
void children_reap(struct master *m);
/* A copy of descriptor 2 to each. */
void children_reopen_log(struct master *m);
/* Forgets what is left, at the very end. */
void children_clear(struct master *m);
bool children_none(const struct master *m);
/* The current nursery, or NULL while there is none. */
struct child *children_nursery(struct master *m);
/* The auth that new logins work with, or NULL while there is none. */
struct child *children_auth(struct master *m);
/* Starts another one in its place; this one is stopped. */
void children_replace(struct child *c);
/* A client of this login has logged in; an isolated one has no other, and needs
 * no auth from now on. */
void children_logged_in(struct child *c);
/* Looks whether an auth of an old generation has nobody left to serve. */
void children_retire_auth(struct master *m);
/* One word: starting, ready, draining, quiesced, stopping. */
const char *children_state(const struct child *c);

/* Handlers of ipc_handlers.c; ctx is the struct child. */
ipc_handler_fn children_on_ready;
ipc_handler_fn children_on_quiesced;

#endif
