/* SPDX-License-Identifier: ISC */
#include "auth/ipc_handlers.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "auth/auth.h"
#include "auth/helpers.h"
#include "auth/rcpt.h"
#include "auth/request.h"
#include "auth/tickets.h"
#include "auth/userdb.h"
#include "common/buf.h"
#include "common/conf.h"
#include "common/ipc.h"
#include "common/log.h"
#include "common/master_client.h"
#include "common/user.h"
#include "common/xalloc.h"

#define PEER_PENDING_MAX 4096

/* A question of master or lmtp that waits for the userdb. */
struct pending {
	LIST_ENTRY(pending) others;
	struct peer *peer;
	uint32_t id;
	struct userdb_op *lookup; /* own */
	struct rcpt_op *rcpt;     /* own */
};

/* Who is at the other end of a channel. */
struct peer {
	LIST_ENTRY(peer) others;
	struct auth *auth;
	struct ipc_chan *chan;         /* own */
	struct request_set *requests;  /* own; imap-login only */
	LIST_HEAD(, pending) pending;  /* own; master and lmtp only */
	unsigned n_pending;
};
static LIST_HEAD(, peer) peers = LIST_HEAD_INITIALIZER(peers);

static void
pending_free(struct pending *p)
{
	userdb_cancel(&p->lookup);
	rcpt_cancel(&p->rcpt);
	LIST_REMOVE(p, others);
	p->peer->n_pending--;
	free(p);
}

static struct pending *
pending_new(struct peer *peer, uint32_t id)
{
	struct pending *p;

	if (peer->n_pending >= PEER_PENDING_MAX)
		return NULL;
	p = xmalloc(sizeof(*p));
	p->peer = peer;
	p->id = id;
	LIST_INSERT_HEAD(&peer->pending, p, others);
	peer->n_pending++;
	return p;
}

static void
peer_free(struct peer *peer)
{
	LIST_REMOVE(peer, others);
	while (!LIST_EMPTY(&peer->pending))
		pending_free(LIST_FIRST(&peer->pending));
	request_set_free(&peer->requests);
	ipc_chan_free(&peer->chan);
	free(peer);
}

static void
peer_closed(struct ipc_chan *c, void *ctx)
{
	(void)c;
	peer_free(ctx);
}

/* --- imap-login ------------------------------------------------------ */

static bool
login_on_auth_start(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *peer = ctx;
	uint32_t id = ipc_get_u32(m);
	struct request_facts facts = { 0 };
	const void *initial;
	size_t unused;

	(void)c;
	facts.mech = ipc_get_str(m);
	facts.addr = ipc_get_str(m);
	ipc_get_str(m); /* local_name, cb_type, cb_data: no mechanism asks */
	facts.secured = ipc_get_u8(m) != 0;
	ipc_get_str(m);
	ipc_get_blob(m, &unused);
	if (ipc_get_u8(m) != 0) {
		initial = ipc_get_secret(m, &facts.initial_len);
		facts.initial = initial != NULL ? initial : "";
	}
	return request_start(peer->requests, id, &facts);
}

static bool
login_on_auth_continue(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *peer = ctx;
	uint32_t id = ipc_get_u32(m);
	size_t len;
	const unsigned char *data = ipc_get_secret(m, &len);

	(void)c;
	return request_continue(peer->requests, id, data, len);
}

static bool
login_on_auth_cancel(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *peer = ctx;

	(void)c;
	request_cancel(peer->requests, ipc_get_u32(m));
	return true;
}

static const struct ipc_handler login_handlers[] = {
	{ IPC_AUTH_START, login_on_auth_start },
	{ IPC_AUTH_CONTINUE, login_on_auth_continue },
	{ IPC_AUTH_CANCEL, login_on_auth_cancel },
	{ IPC_NONE, NULL },
};

/* --- lmtp ------------------------------------------------------------ */

static void
lmtp_answer(struct peer *peer, uint32_t id, enum ipc_status status,
    const char *user, const char *detail)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_RCPT_RESULT);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, status);
	ipc_put_str(&m, user);
	ipc_put_str(&m, detail);
	ipc_post(peer->chan, &m, -1);
}

static void
lmtp_rcpt_known(void *ctx, enum ipc_status status, const char *user,
    const char *detail)
{
	struct pending *p = ctx;

	p->rcpt = NULL;
	lmtp_answer(p->peer, p->id, status, user, detail);
	pending_free(p);
}

static bool
lmtp_on_rcpt_check(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *peer = ctx;
	const struct conf *conf = peer->auth->conf;
	uint32_t id = ipc_get_u32(m);
	struct pending *p = pending_new(peer, id);
	struct rcpt_op *op;

	(void)c;
	if (p == NULL) {
		lmtp_answer(peer, id, IPC_UNAVAILABLE, "", "");
		return true;
	}
	op = rcpt_check(peer->auth->userdb, ipc_get_str(m),
	    conf->recipient_delimiter, conf->default_domain, lmtp_rcpt_known,
	    p);
	if (op != NULL) /* else p is gone */
		p->rcpt = op;
	return true;
}

static const struct ipc_handler lmtp_handlers[] = {
	{ IPC_RCPT_CHECK, lmtp_on_rcpt_check },
	{ IPC_NONE, NULL },
};

/* --- master ---------------------------------------------------------- */

static struct peer *
peer_new(struct auth *auth, int fd, unsigned role,
    const struct ipc_handler *handlers, uint32_t child)
{
	struct peer *peer = xmalloc(sizeof(*peer));
	char name[48];

	snprintf(name, sizeof(name), "%s %u", ipc_role_name(role), child);
	peer->auth = auth;
	LIST_INIT(&peer->pending);
	LIST_INSERT_HEAD(&peers, peer, others);
	peer->chan = ipc_chan_new(auth->base, fd, &(struct ipc_chan_options){
	    .self = IPC_R_AUTH, .peer = role, .handlers = handlers,
	    .on_close = peer_closed, .ctx = peer, .name = name });
	return peer;
}

static bool
master_on_channel_open(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *master = ctx, *peer;
	struct auth *auth = master->auth;
	unsigned role = ipc_get_u8(m);
	uint32_t child = ipc_get_u32(m);
	int fd = ipc_take_fd(m);

	(void)c;
	switch (role) {
	case IPC_R_LOGIN:
		peer = peer_new(auth, fd, role, login_handlers, child);
		peer->requests = request_set_new(auth, peer->chan, child,
		    auth->conf->connections_per_login);
		return true;
	case IPC_R_LMTP:
		peer_new(auth, fd, role, lmtp_handlers, child);
		return true;
	case IPC_R_HELPER:
		helpers_add(auth->helpers, fd, child);
		return true;
	default:
		close(fd);
		return false;
	}
}

static void
master_identity(struct peer *master, uint32_t id, enum ipc_status status,
    const struct identity *who)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_IDENTITY);
	ipc_put_u32(&m, id);
	ipc_put_u8(&m, status);
	ipc_put_str(&m, who != NULL ? who->user : "");
	ipc_put_u32(&m, who != NULL ? who->uid : 0);
	ipc_put_u32(&m, who != NULL ? who->gid : 0);
	ipc_put_str(&m, who != NULL ? who->home : "");
	ipc_post(master->chan, &m, -1);
}

static bool
master_on_ticket_redeem(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *master = ctx;
	uint32_t id = ipc_get_u32(m), child = ipc_get_u32(m);
	const unsigned char *ticket;
	struct identity who;
	size_t len;

	(void)c;
	ticket = ipc_get_secret(m, &len);
	if (!tickets_redeem(master->auth->tickets, child, ticket, len,
	    auth_now_ms(), &who)) {
		master_identity(master, id, IPC_NO_SUCH_USER, NULL);
		return true;
	}
	master_identity(master, id, IPC_OK, &who);
	identity_clear(&who);
	return true;
}

static void
master_user_known(void *ctx, enum ipc_status status,
    const struct identity *who)
{
	struct pending *p = ctx;

	p->lookup = NULL;
	master_identity(p->peer, p->id, status, who);
	pending_free(p);
}

static bool
master_on_user_lookup(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *master = ctx;
	struct auth *auth = master->auth;
	uint32_t id = ipc_get_u32(m);
	const char *name = ipc_get_str(m);
	char user[USER_MAX + 1];
	struct userdb_op *op;
	struct pending *p;

	(void)c;
	if (!user_normalize(name, auth->conf->default_domain, user)) {
		master_identity(master, id, IPC_NO_SUCH_USER, NULL);
		return true;
	}
	p = pending_new(master, id);
	if (p == NULL) {
		master_identity(master, id, IPC_UNAVAILABLE, NULL);
		return true;
	}
	op = userdb_resolve(auth->userdb, user, USERDB_IDENTITY,
	    master_user_known, p);
	if (op != NULL) /* else p is gone */
		p->lookup = op;
	return true;
}

static bool
master_on_users_list(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *master = ctx;
	uint32_t id = ipc_get_u32(m);
	uint64_t generation = ipc_get_u64(m), from = ipc_get_u64(m);
	enum ipc_status status;
	struct ipc_msg out;
	struct buf names;

	buf_init(&names, IPC_NAMES_MAX);
	status = userdb_list(master->auth->userdb, &generation, &from, &names);
	ipc_begin(&out, IPC_USERS);
	ipc_put_u32(&out, id);
	ipc_put_u8(&out, (uint8_t)status);
	ipc_put_u64(&out, generation);
	ipc_put_u64(&out, status == IPC_OK ? from : 0);
	ipc_put_blob(&out, names.data, names.len);
	ipc_post(c, &out, -1);
	buf_clear(&names);
	return true;
}

static bool
master_on_stop(struct ipc_chan *c, struct ipc_msg *m, void *ctx)
{
	struct peer *master = ctx;

	(void)c, (void)m;
	event_base_loopbreak(master->auth->base);
	return true;
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_CHANNEL_OPEN, master_on_channel_open },
	{ IPC_LOG_REOPEN, master_client_on_log_reopen },
	{ IPC_STOP, master_on_stop },
	{ IPC_TICKET_REDEEM, master_on_ticket_redeem },
	{ IPC_USER_LOOKUP, master_on_user_lookup },
	{ IPC_USERS_LIST, master_on_users_list },
	{ IPC_NONE, NULL },
};

static void
master_closed(struct ipc_chan *c, void *ctx)
{
	struct peer *master = ctx;

	(void)c;
	log_info("ipc: master is gone: ending");
	event_base_loopbreak(master->auth->base);
}

void
ipc_handlers_start(struct auth *auth, int fd)
{
	struct peer *master = xmalloc(sizeof(*master));

	master->auth = auth;
	LIST_INIT(&master->pending);
	LIST_INSERT_HEAD(&peers, master, others);
	master->chan = ipc_chan_new(auth->base, fd, &(struct ipc_chan_options){
	    .self = IPC_R_AUTH, .peer = IPC_R_MASTER,
	    .handlers = master_handlers, .on_close = master_closed,
	    .ctx = master, .name = "master" });
	auth->master = master->chan;
	master_client_ready(master->chan);
}

void
ipc_handlers_stop(struct auth *auth)
{
	while (!LIST_EMPTY(&peers))
		peer_free(LIST_FIRST(&peers));
	auth->master = NULL;
}
