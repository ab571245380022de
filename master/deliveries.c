/* SPDX-License-Identifier: ISC
 *
 * DELIVERY {user, message} from lmtp -> USER_LOOKUP at the auth that lmtp works
 * with -> DELIVER at the worker of whom auth named. Whatever goes wrong before
 * a worker has the message is 451: the MTA keeps it and tries again; 550 only
 * when auth says that there is no such user.
 */
#include "master/deliveries.h"

#include <string.h>

#include "common/xalloc.h"
#include "master/children.h"
#include "master/job.h"
#include "master/workers.h"

#define SESSION_WORD_MAX 64

static void
result(struct job *j, uint32_t code, const char *text)
{
	struct ipc_msg msg;

	if (j->from == NULL || j->from->chan == NULL)
		return;
	ipc_begin(&msg, IPC_DELIVERY_RESULT);
	ipc_put_u32(&msg, j->from_id);
	ipc_put_u32(&msg, code);
	ipc_put_str(&msg, text);
	ipc_post(j->from->chan, &msg, -1);
}

static void
delivery_fail(struct job *j, enum ipc_status status, const char *text)
{
	if (status == IPC_NO_SUCH_USER)
		result(j, 550, "5.1.1 no such user");
	else
		result(j, 451, status == IPC_REFUSED ?
		    "4.3.5 this mailbox is not set up correctly" :
		    "4.3.0 mailbox temporarily unavailable");
	(void)text;
}

static void
delivery_send(struct job *j, struct worker *w)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_DELIVER);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, j->session);
	ipc_put_str(&msg, j->sender);
	ipc_put_str(&msg, j->recipient);
	ipc_put_str(&msg, j->detail);
	ipc_post(w->chan, &msg, j->fd);
	j->fd = -1;
}

static const struct job_ops delivery_ops = {
	.send = delivery_send,
	.fail = delivery_fail,
};

bool
deliveries_on_delivery(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *lmtp = ctx;
	const char *session, *sender, *recipient, *user, *detail;
	struct ipc_msg msg;
	uint32_t from_id;
	struct job *j;

	(void)chan;
	from_id = ipc_get_u32(m);
	session = ipc_get_str(m);
	sender = ipc_get_str(m);
	recipient = ipc_get_str(m);
	user = ipc_get_str(m);
	detail = ipc_get_str(m);
	if (strlen(session) > SESSION_WORD_MAX || user[0] == '\0' ||
	    strlen(user) > JOB_USER_MAX)
		return false;
	j = job_new(lmtp, from_id, &delivery_ops, m);
	if (j == NULL)
		return false;
	j->session = xstrdup(session);
	j->sender = xstrdup(sender);
	j->recipient = xstrdup(recipient);
	j->detail = xstrdup(detail);
	if (!job_ask(j))
		return true;
	ipc_begin(&msg, IPC_USER_LOOKUP);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, user);
	ipc_post(j->auth->chan, &msg, -1);
	return true;
}

bool
deliveries_on_result(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct job *j = workers_job(ctx, ipc_get_u32(m));
	uint32_t code = ipc_get_u32(m);
	const char *text = ipc_get_str(m);

	(void)chan;
	if (j == NULL || j->ops != &delivery_ops || j->state != JOB_SENT ||
	    code < 200 || code > 599)
		return false;
	result(j, code, text);
	job_free(&j);
	return true;
}
