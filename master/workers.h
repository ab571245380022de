/* SPDX-License-Identifier: ISC
 *
 * Tenants and their workers. A tenant is a user with something to do; a worker
 * is the process that does it, forked by the nursery ahead of time and given
 * its identity once. A user has one worker at most: the next one is started
 * when the one before has exited, since it holds the lock of the store.
 *
 * life of a worker   entered by                     left when
 *   spawning         workers_fill(): SPAWN          SPAWNED and HELLO came
 *   spare            worker_settle()                a tenant takes it
 *   becoming         worker_become(): WORKER_BECOME WORKER_READY; 30 s: killed
 *   ready            workers_on_ready()             RETIRE and nothing to do
 *   leaving          RETIRE_RESULT go, or STOP      its channel ends; 10 s
 *   gone             worker_closed()                its pidfd says: exited
 */
#ifndef MASTER_WORKERS_H
#define MASTER_WORKERS_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "common/ipc.h"
#include "master/job.h"

#define WORKERS_BUCKETS 4096

struct event;
struct master;

enum worker_state {
	WORKER_SPAWNING,
	WORKER_SPARE,
	WORKER_BECOMING,
	WORKER_SERVING,
	WORKER_LEAVING,
	WORKER_GONE,
};

struct worker {
	TAILQ_ENTRY(worker) next;
	struct master *master;
	enum worker_state state;
	uint32_t id;           /* of its SPAWN */
	unsigned nursery;      /* child number of who was asked to fork it */
	pid_t pid;             /* 0: not known yet */
	int pidfd;             /* own; -1: not known yet */
	struct ipc_chan *chan; /* own; NULL: gone */
	struct event *timer, *exited;
	struct tenant *tenant; /* NULL: spare */
	time_t started;
};

struct tenant {
	TAILQ_ENTRY(tenant) of_bucket, of_wanting;
	char *user, *home;      /* own */
	uid_t uid;
	gid_t gid;
	struct worker *worker;  /* NULL: wants a spare */
	struct job_list waiting, active;
	unsigned sessions;      /* jobs that are sessions, in both lists */
	bool wanting;
};

TAILQ_HEAD(tenant_list, tenant);

struct workers {
	TAILQ_HEAD(, worker) all;
	struct tenant_list buckets[WORKERS_BUCKETS];
	struct tenant_list wanting; /* first come, first served */
	unsigned n_spares;          /* spawning or spare */
	unsigned n_wanting;
	uint32_t seed;
	struct event *refill;       /* after a spare died */
};

void workers_init(struct master *m);
/* Asks the nursery for as many spares as are wanted. */
void workers_fill(struct master *m);
/* Brings a job to its user's worker, starting one if need be. Owns j. */
void workers_submit(struct master *m, const struct identity *who,
    struct job *j);
/* The job is no business of its tenant any more (job.c). */
void workers_forget(struct job *j);
/* The job with this id that w was sent, or NULL. */
struct job *workers_job(struct worker *w, uint32_t id);
/* A nursery has died: what it was asked for and did not announce will not
 * come. */
void workers_nursery_lost(struct master *m, unsigned nursery);
/* Spares know the configuration they were forked with: after a reload new ones
 * are wanted. Workers with an owner stay. */
void workers_renew(struct master *m);
void workers_stop(struct master *m);
void workers_kill(struct master *m);
void workers_reopen_log(struct master *m);
/* Forgets what is left, at the very end. */
void workers_clear(struct master *m);
bool workers_none(const struct master *m);
const char *workers_state(const struct worker *w);

/* Handlers of ipc_handlers.c; ctx: nursery's struct child, struct worker. */
ipc_handler_fn workers_on_spawned;
ipc_handler_fn workers_on_ready;
ipc_handler_fn workers_on_retire;

#endif
