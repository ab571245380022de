/* SPDX-License-Identifier: ISC
 *
 * CTL_TASK {user, task, make, socket} from posternctl -> USER_LOOKUP at the current
 * auth -> TASK at the worker of whom auth named -> TASK_STATUS -> CTL_END: with
 * OK the socket is in the worker's hands, and from then on the task is between
 * the worker and posternctl. What the task is called is for the worker to know;
 * what is said over the socket is not read here.
 */
#include "master/tasks.h"

#include <string.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "master/children.h"
#include "master/control.h"
#include "master/job.h"
#include "master/workers.h"

#define TASK_WORD_MAX 32

static void
task_fail(struct job *j, enum ipc_status status, const char *text)
{
	control_end(j->conn, status, text);
}

static void
task_send(struct job *j, struct worker *w)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_TASK);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, j->task);
	ipc_put_u8(&msg, j->owner);
	ipc_post(w->chan, &msg, j->fd);
	j->fd = -1;
}

static const struct job_ops task_ops = {
	.send = task_send,
	.fail = task_fail,
	.task = true,
};

/* A word of small letters: it goes into the log. */
static bool
word_is_good(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz-");

	return n > 0 && n <= TASK_WORD_MAX && word[n] == '\0';
}

bool
tasks_on_task(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct control_conn *c = ctx;
	const char *user = ipc_get_str(m), *task = ipc_get_str(m);
	bool make = ipc_get_u8(m) != 0;
	struct ipc_msg msg;
	struct job *j;

	(void)chan;
	if (c->busy || user[0] == '\0' || strlen(user) > JOB_USER_MAX ||
	    !word_is_good(task))
		return false;
	c->busy = true;
	log_info("tasks: %s: %s: %s", c->name, task, user);
	j = job_new_task(c->master, c, &task_ops, m);
	j->session = xstrdup(c->name);
	j->task = xstrdup(task);
	j->owner = c->owner;
	j->make = make;
	if (!job_ask(j))
		return true;
	ipc_begin(&msg, IPC_USER_LOOKUP);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, user);
	ipc_post(j->auth->chan, &msg, -1);
	return true;
}

void
tasks_conn_lost(struct job *j)
{
	job_answered(j);
	if (j->state == JOB_ASKING || j->state == JOB_WAITING)
		job_fail(j, IPC_UNAVAILABLE, "");
}

bool
tasks_on_status(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	struct job *j = workers_job(w, ipc_get_u32(m));
	uint8_t status = ipc_get_u8(m);
	const char *text = ipc_get_str(m);

	(void)chan;
	if (j == NULL || j->ops != &task_ops || j->state != JOB_SENT ||
	    status > IPC_LIMIT)
		return false;
	if (j->conn != NULL)
		control_end(j->conn, (enum ipc_status)status, text);
	job_free(&j);
	return true;
}
