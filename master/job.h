/* SPDX-License-Identifier: ISC
 *
 * A job is something an imap-login, lmtp or posternctl asked us to bring to a
 * user's worker: a session, a delivery or a task. It goes through three hands,
 * and its ids are ours at each: child (or posternctl) -> question to auth (who
 * is this?) -> worker.
 *
 * state      entered by        where it hangs                 left by
 *   asking   job_new()         child's jobs, auth's asked     IDENTITY; 30 s
 *   waiting  workers_submit()  child's jobs, tenant's waiting worker is ready
 *   sent     ops->send()       child's jobs, tenant's active  worker's answer
 *   live     sessions.c        tenant's active                SESSION_END
 *   failed   job_fail()        auth's asked, if still there   IDENTITY
 *
 * A job whose child dies before it was sent fails quietly; one that was sent
 * stays until the worker answers.
 */
#ifndef MASTER_JOB_H
#define MASTER_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>
#include <time.h>

#include "common/ipc.h"

#define JOB_USER_MAX 512     /* bytes of a user's name */
#define JOB_PER_CHILD 256    /* unanswered ones of a child */
#define JOB_PER_AUTH 4096    /* unanswered questions to an auth */

struct child;
struct control_conn;
struct event;
struct job;
struct master;
struct tenant;
struct worker;

TAILQ_HEAD(job_list, job);

struct job_ops {
	/* hands it to the worker: posts the message with the descriptor */
	void (*send)(struct job *j, struct worker *w);
	/* tells the child that asked: it did not work out */
	void (*fail)(struct job *j, enum ipc_status status, const char *text);
	bool session; /* counts for sessions-per-user */
	bool task;    /* makes a home only when the job says so */
};

enum job_state { JOB_ASKING, JOB_WAITING, JOB_SENT, JOB_LIVE, JOB_FAILED };

struct job {
	TAILQ_ENTRY(job) of_child, of_auth, of_tenant;
	struct master *master;
	const struct job_ops *ops;
	enum job_state state;
	struct child *from;    /* NULL: answered, or gone */
	struct control_conn *conn; /* the same, of a task */
	struct child *auth;    /* NULL: not asking (any more) */
	struct tenant *tenant; /* NULL: not with a worker (any more) */
	uint32_t from_id, id;
	int fd;                /* own; -1: sent */
	struct event *timer;
	time_t started;
	/* what was asked, own; strings not used by a kind are NULL */
	char *session, *addr, *tag, *sender, *recipient, *detail, *task;
	bool make; /* of a task: a home for a user who has none */
	uint8_t tls;
	bool owner;            /* task: of who may have the mail itself */
	unsigned char *pending;
	size_t n_pending;
};

/* Who auth says it is. */
struct identity {
	const char *user, *home; /* borrowed */
	uid_t uid;
	gid_t gid;
};

/* A new job with the descriptor of m; NULL where the child already has one with
 * this id: its channel must end. */
struct job *job_new(struct child *from, uint32_t from_id,
    const struct job_ops *ops, struct ipc_msg *m);
/* The same for a connection of the control socket, which has one at most. */
struct job *job_new_task(struct master *m, struct control_conn *conn,
    const struct job_ops *ops, struct ipc_msg *msg);
/* Counts the question that the caller is about to post to the child's auth with
 * j->id; a task asks the current auth. False: there is none to ask; the job has
 * failed and is gone. */
bool job_ask(struct job *j);
/* ops->fail(), then gone. */
void job_fail(struct job *j, enum ipc_status status, const char *text);
/* The child that asked has been answered; the job may live on. */
void job_answered(struct job *j);
/* Answered, and of no more use. */
void job_free(struct job **j);
/* Children and auths that die. */
void job_child_lost(struct child *c);

/* IDENTITY, from auth. */
ipc_handler_fn job_on_identity;

#endif
