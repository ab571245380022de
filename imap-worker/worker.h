/* SPDX-License-Identifier: ISC
 *
 * One user's process. Born as a spare (root, where we run as root; it has parsed
 * nothing), it becomes its user at WORKER_BECOME: home prepared, uid dropped, jail
 * shut, store opened; then it serves every session, delivery and task of that user
 * in one event loop, and retires after a while without any; at once, when tasks were
 * all there was.
 *
 * A turn of the loop: all that came in is handled, then worker_turn_end() makes it
 * durable at once, and only then anybody is told.
 */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>

#include "common/conf.h"
#include "store/store.h"

struct event_base;
struct ipc_chan;
struct ipc_msg;
struct session;
struct deliver_result;
struct task_told;
struct worker_task;

struct worker {
	struct event_base *base;   /* borrowed from the nursery's child */
	const struct conf *conf;   /* borrowed */
	struct ipc_chan *master;   /* own */
	struct store *store;       /* own; NULL until WORKER_BECOME */
	char *user, *home;         /* own */
	struct session *sessions;  /* own, linked */
	unsigned n_sessions;
	struct worker_task *tasks; /* own, linked */
	unsigned n_tasks;
	struct deliver_result *delivered; /* own; told at the turn's end */
	struct event *clock;       /* own; see worker_clock() */
	time_t busy_until;         /* the clock goes fast until then */
	time_t empty_since;        /* without sessions; 0: has some */
	bool retiring;             /* RETIRE was sent */
	bool served;               /* has had a session or a delivery */
	bool quit;
	bool touched;              /* some session is */
};

/* Serves until it retires, is told to stop, or master goes away. fd: the channel to
 * master. Returns the exit code. */
int worker_run(struct event_base *base, const struct conf *conf, int fd);

/* Makes the index of the store anew, when no session and no other task is there
 * (task/task.h). On failure the store may be gone: the worker ends then. */
enum store_err worker_rebuild(struct worker *w, bool keep,
    const struct task_told *how);

/* DELIVER: takes the message in, notes the result (deliver.c). */
bool deliver_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx);
/* Posts the noted results, after the turn is durable. */
void deliver_tell(struct worker *w);

/* TASK: starts it (tasks.c). */
bool tasks_handler(struct ipc_chan *c, struct ipc_msg *m, void *ctx);
/* The turn is durable: the tasks go on. True: the last of them has ended. */
bool tasks_turn_end(struct worker *w);
/* Ends them all. */
void tasks_stop(struct worker *w);

/* What imap-worker needs of a message, for the store (derive.c). */
void derive_message(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d_r);

/* CAPABILITY of a logged-in session, without "CAPABILITY " (capability.c). */
const char *capability_list(const struct conf *conf);

#endif
