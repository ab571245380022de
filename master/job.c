/* SPDX-License-Identifier: ISC
 *
 * Jobs, as far as sessions and deliveries are alike: who asked, the question to
 * auth and its answer, the time limit, and letting go. An id is looked up only
 * among what hangs on the channel it came by.
 */
#include "master/job.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "master/children.h"
#include "master/control.h"
#include "master/master.h"
#include "master/user_list.h"
#include "master/workers.h"

#define JOB_SECONDS 30

static void
job_on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct job *j = arg;

	(void)fd;
	(void)what;
	log_warn("job: %s: nobody answered in %d s", j->session, JOB_SECONDS);
	job_fail(j, IPC_UNAVAILABLE, "this takes too long, try again later");
}

static struct job *
job_make(struct master *m, const struct job_ops *ops, struct ipc_msg *msg)
{
	struct timeval limit = { .tv_sec = JOB_SECONDS };
	struct job *j = xmalloc(sizeof(*j));

	j->master = m;
	j->ops = ops;
	j->id = master_next_id(m);
	j->fd = ipc_take_fd(msg);
	j->started = time(NULL);
	j->timer = evtimer_new(m->base, job_on_timer, j);
	if (j->timer == NULL || evtimer_add(j->timer, &limit) != 0)
		log_panic("job: no event");
	return j;
}

struct job *
job_new(struct child *from, uint32_t from_id, const struct job_ops *ops,
    struct ipc_msg *m)
{
	struct job *j;

	TAILQ_FOREACH(j, &from->jobs, of_child)
		if (j->from_id == from_id)
			return NULL;
	j = job_make(from->master, ops, m);
	j->from = from;
	j->from_id = from_id;
	TAILQ_INSERT_TAIL(&from->jobs, j, of_child);
	from->n_jobs++;
	return j;
}

struct job *
job_new_task(struct master *m, struct control_conn *conn,
    const struct job_ops *ops, struct ipc_msg *msg)
{
	struct job *j = job_make(m, ops, msg);

	j->conn = conn;
	control_set_job(conn, j);
	return j;
}

bool
job_ask(struct job *j)
{
	struct child *auth = j->from != NULL ? j->from->auth :
	    children_auth(j->master);

	if (auth == NULL || auth->n_asked >= JOB_PER_AUTH ||
	    (j->from != NULL && j->from->n_jobs > JOB_PER_CHILD)) {
		job_fail(j, IPC_UNAVAILABLE, "too busy, try again later");
		return false;
	}
	j->auth = auth;
	TAILQ_INSERT_TAIL(&auth->asked, j, of_auth);
	auth->n_asked++;
	return true;
}

void
job_answered(struct job *j)
{
	if (j->conn != NULL)
		control_set_job(j->conn, NULL);
	j->conn = NULL;
	if (j->from == NULL)
		return;
	TAILQ_REMOVE(&j->from->jobs, j, of_child);
	j->from->n_jobs--;
	j->from = NULL;
}

static void
job_unask(struct job *j)
{
	if (j->auth == NULL)
		return;
	TAILQ_REMOVE(&j->auth->asked, j, of_auth);
	j->auth->n_asked--;
	j->auth = NULL;
}

/* Lets go of all it holds but its place in the auth's list. */
static void
job_release(struct job *j)
{
	job_answered(j);
	if (j->tenant != NULL)
		workers_forget(j);
	event_del(j->timer);
	if (j->fd != -1)
		close(j->fd);
	j->fd = -1;
}

void
job_free(struct job **jp)
{
	struct job *j = *jp;

	if (j == NULL)
		return;
	*jp = NULL;
	job_release(j);
	job_unask(j);
	event_free(j->timer);
	free(j->session);
	free(j->addr);
	free(j->tag);
	free(j->sender);
	free(j->recipient);
	free(j->detail);
	free(j->task);
	if (j->pending != NULL)
		explicit_bzero(j->pending, j->n_pending);
	free(j->pending);
	free(j);
}

void
job_fail(struct job *j, enum ipc_status status, const char *text)
{
	if (j->from != NULL || j->conn != NULL)
		j->ops->fail(j, status, text);
	job_release(j);
	j->state = JOB_FAILED;
	if (j->auth == NULL)
		job_free(&j);
}

void
job_child_lost(struct child *c)
{
	struct job *j, *next;

	for (j = TAILQ_FIRST(&c->jobs); j != NULL; j = next) {
		next = TAILQ_NEXT(j, of_child);
		job_answered(j);
		if (j->state == JOB_ASKING || j->state == JOB_WAITING)
			job_fail(j, IPC_UNAVAILABLE, "");
	}
	while ((j = TAILQ_FIRST(&c->asked)) != NULL) {
		job_unask(j);
		job_fail(j, IPC_UNAVAILABLE, "try again later");
	}
	user_list_auth_lost(c);
}

bool
job_on_identity(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	uint8_t status = ipc_get_u8(m);
	struct identity who = { .user = ipc_get_str(m) };
	struct child *auth = ctx;
	const char *wrong;
	struct job *j;

	(void)chan;
	who.uid = ipc_get_u32(m);
	who.gid = ipc_get_u32(m);
	who.home = ipc_get_str(m);
	TAILQ_FOREACH(j, &auth->asked, of_auth)
		if (j->id == id)
			break;
	if (j == NULL || status > IPC_LIMIT)
		return false;
	job_unask(j);
	if (j->state == JOB_FAILED) {
		job_free(&j);
	} else if (status != IPC_OK) {
		job_fail(j, status, status == IPC_NO_SUCH_USER ?
		    "no such user" : "try again later");
	} else if (who.user[0] == '\0' || strlen(who.user) > JOB_USER_MAX) {
		log_error("job: %s: auth named no user", j->session);
		job_fail(j, IPC_REFUSED, "not allowed here");
	} else if ((wrong = master_identity_wrong(j->master, who.uid, who.gid,
	    who.home)) != NULL) {
		log_error("job: %s: refused: %s: uid %u gid %u home %s: %s",
		    j->session, who.user, (unsigned)who.uid, (unsigned)who.gid,
		    who.home, wrong);
		job_fail(j, IPC_REFUSED, "not allowed here");
	} else {
		workers_submit(j->master, &who, j);
	}
	children_retire_auth(auth->master);
	return true;
}
