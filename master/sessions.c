/* SPDX-License-Identifier: ISC
 *
 * SESSION_HANDOFF {ticket, socket} from imap-login -> TICKET_REDEEM at the auth
 * that login works with -> SESSION_OPEN at the worker of whom auth named. What
 * imap-login says about itself or the client is passed on, never acted upon;
 * `pending` (bytes the client sent ahead) stays unread here.
 */
#include "master/sessions.h"

#include <string.h>

#include "common/limits.h"
#include "common/log.h"
#include "common/xalloc.h"
#include "master/children.h"
#include "master/job.h"
#include "master/workers.h"

#define SESSION_WORD_MAX 64 /* bytes of a session's name */
#define ADDR_MAX 128
#define TEXT_MAX 800        /* of HANDOFF_RESULT */

static void
result(struct job *j, enum ipc_status status, const char *code,
    const char *text)
{
	struct ipc_msg msg;
	char cut[TEXT_MAX];

	if (j->from == NULL || j->from->chan == NULL)
		return;
	memset(cut, 0, sizeof(cut));
	memcpy(cut, text, strnlen(text, sizeof(cut) - 1));
	ipc_begin(&msg, IPC_HANDOFF_RESULT);
	ipc_put_u32(&msg, j->from_id);
	ipc_put_u8(&msg, (uint8_t)status);
	ipc_put_str(&msg, code);
	ipc_put_str(&msg, cut);
	ipc_post(j->from->chan, &msg, -1);
}

static void
session_fail(struct job *j, enum ipc_status status, const char *text)
{
	static const char *const codes[] = {
		[IPC_OK] = "",
		[IPC_NO_SUCH_USER] = "AUTHENTICATIONFAILED",
		[IPC_UNAVAILABLE] = "UNAVAILABLE",
		[IPC_REFUSED] = "AUTHORIZATIONFAILED",
		[IPC_LIMIT] = "LIMIT",
	};

	result(j, status, codes[status], text);
}

static void
session_send(struct job *j, struct worker *w)
{
	struct ipc_msg msg;

	ipc_begin(&msg, IPC_SESSION_OPEN);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, j->session);
	ipc_put_str(&msg, j->addr);
	ipc_put_u8(&msg, j->tls);
	ipc_put_str(&msg, j->tag);
	ipc_put_blob(&msg, j->pending, j->n_pending);
	ipc_post(w->chan, &msg, j->fd);
	j->fd = -1;
	explicit_bzero(j->pending, j->n_pending);
}

static const struct job_ops session_ops = {
	.send = session_send,
	.fail = session_fail,
	.session = true,
};

bool
sessions_is_live(const struct job *j)
{
	return j->ops == &session_ops && j->state == JOB_LIVE;
}

void
sessions_kick(const struct job *j, struct worker *w, const char *text)
{
	struct ipc_msg msg;

	if (w->chan == NULL)
		return;
	ipc_begin(&msg, IPC_KICK);
	ipc_put_u32(&msg, j->id);
	ipc_put_str(&msg, text);
	ipc_post(w->chan, &msg, -1);
}

bool
sessions_on_handoff(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct child *login = ctx;
	const unsigned char *ticket, *pending;
	const char *session, *addr, *tag;
	size_t n_ticket, n_pending;
	struct ipc_msg msg;
	uint32_t from_id;
	struct job *j;
	uint8_t tls;

	(void)chan;
	from_id = ipc_get_u32(m);
	session = ipc_get_str(m);
	addr = ipc_get_str(m);
	tls = ipc_get_u8(m);
	tag = ipc_get_str(m);
	ticket = ipc_get_secret(m, &n_ticket);
	pending = ipc_get_blob(m, &n_pending);
	if (n_ticket != IPC_TICKET_SIZE || n_pending > LIMIT_PENDING ||
	    strlen(session) > SESSION_WORD_MAX || strlen(addr) > ADDR_MAX ||
	    strlen(tag) > LIMIT_TAG)
		return false;
	j = job_new(login, from_id, &session_ops, m);
	if (j == NULL)
		return false;
	j->session = xstrdup(session);
	j->addr = xstrdup(addr);
	j->tag = xstrdup(tag);
	j->tls = tls;
	j->pending = xmemdup(pending, n_pending);
	j->n_pending = n_pending;
	if (!job_ask(j))
		return true;
	ipc_begin(&msg, IPC_TICKET_REDEEM);
	ipc_put_u32(&msg, j->id);
	ipc_put_u32(&msg, login->number);
	ipc_put_secret(&msg, ticket, n_ticket);
	ipc_post(j->auth->chan, &msg, -1);
	return true;
}

bool
sessions_on_status(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	struct job *j = workers_job(w, ipc_get_u32(m));
	uint8_t status = ipc_get_u8(m);
	const char *text = ipc_get_str(m);

	(void)chan;
	if (j == NULL || j->ops != &session_ops || j->state != JOB_SENT ||
	    status > IPC_LIMIT)
		return false;
	if (status != IPC_OK) {
		job_fail(j, status, text);
		return true;
	}
	log_debug("sessions: open: %s/%s", w->tenant->user, j->session);
	result(j, IPC_OK, "", "");
	if (j->from != NULL)
		children_logged_in(j->from);
	job_answered(j);
	j->state = JOB_LIVE;
	return true;
}

bool
sessions_on_end(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct worker *w = ctx;
	struct job *j = workers_job(w, ipc_get_u32(m));
	uint64_t in = ipc_get_u64(m), out = ipc_get_u64(m);

	(void)chan;
	if (j == NULL || !sessions_is_live(j))
		return false;
	log_info("sessions: ended: %s/%s: %llu bytes in, %llu out",
	    w->tenant->user, j->session, (unsigned long long)in,
	    (unsigned long long)out);
	job_free(&j);
	return true;
}
