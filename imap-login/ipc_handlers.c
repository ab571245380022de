/* SPDX-License-Identifier: ISC */
#include "imap-login/ipc_handlers.h"

#include <stdio.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/listener.h"
#include "common/log.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"
#include "imap-login/handoff.h"
#include "imap-login/login.h"

/* --- from master -------------------------------------------------------- */

static bool
on_channel_open(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	uint8_t role = ipc_get_u8(m);
	uint32_t child = ipc_get_u32(m);

	(void)chan;
	/* the table's role bits fit a byte; auth is the only one we talk to */
	if (role != IPC_R_AUTH)
		return false;
	login_auth_opened(ctx, ipc_take_fd(m), child);
	return true;
}

static bool
on_listener(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct login *l = ctx;
	uint8_t protocol = ipc_get_u8(m);
	const char *name = ipc_get_str(m);

	(void)chan;
	if (protocol != IPC_PROTOCOL_IMAP && protocol != IPC_PROTOCOL_IMAPS)
		return false;
	if (protocol == IPC_PROTOCOL_IMAPS && l->tls == NULL) {
		log_error("listener: no certificate, not serving: %s", name);
		return true;
	}
	listener_add(l->listeners, ipc_take_fd(m), protocol, name);
	return true;
}

static bool
on_log_reopen(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	int fd = ipc_take_fd(m);

	(void)chan, (void)ctx;
	if (dup2(fd, STDERR_FILENO) < 0)
		log_error("log: cannot take the new file: %m");
	close(fd);
	return true;
}

static bool
on_drain(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	(void)chan, (void)m;
	login_drain(ctx);
	return true;
}

static bool
on_stop(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	(void)chan, (void)m;
	login_stop(ctx);
	return true;
}

static bool
on_handoff_result(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct conn *c = conn_by_request(ctx, ipc_get_u32(m));
	uint8_t status = ipc_get_u8(m);
	const char *code = ipc_get_str(m);
	const char *text = ipc_get_str(m);

	(void)chan;
	/* nobody: the client had gone */
	if (c != NULL && c->state == CONN_HANDOFF)
		handoff_result(c, status, code, text);
	return true;
}

static void
on_master_closed(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	login_master_lost(ctx);
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_CHANNEL_OPEN, on_channel_open },
	{ IPC_LISTENER, on_listener },
	{ IPC_LOG_REOPEN, on_log_reopen },
	{ IPC_DRAIN, on_drain },
	{ IPC_STOP, on_stop },
	{ IPC_HANDOFF_RESULT, on_handoff_result },
	{ IPC_NONE, NULL },
};

struct ipc_chan *
ipc_handlers_master(struct login *l, int fd)
{
	const struct ipc_chan_options options = {
		.self = IPC_R_LOGIN,
		.peer = IPC_R_MASTER,
		.handlers = master_handlers,
		.on_close = on_master_closed,
		.ctx = l,
		.name = "master",
	};

	return ipc_chan_new(l->base, fd, &options);
}

/* --- from auth ---------------------------------------------------------- */

static bool
on_auth_result(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct exchange_result r;
	size_t ticket_len;
	struct conn *c;

	(void)chan;
	c = conn_by_request(ctx, ipc_get_u32(m));
	r.status = ipc_get_u8(m);
	r.challenge = ipc_get_blob(m, &r.challenge_len);
	r.code = ipc_get_str(m);
	r.text = ipc_get_str(m);
	r.user = ipc_get_str(m);
	r.ticket = ipc_get_secret(m, &ticket_len);
	if (r.status > IPC_AUTH_TEMPFAIL ||
	    (r.status == IPC_AUTH_OK && ticket_len != IPC_TICKET_SIZE))
		return false;
	/* nobody: the client had gone or cancelled */
	if (c != NULL && c->state == CONN_AUTH_WAIT)
		exchange_result(c, &r);
	return true;
}

static void
on_auth_closed(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	login_auth_lost(ctx);
}

static const struct ipc_handler auth_handlers[] = {
	{ IPC_AUTH_RESULT, on_auth_result },
	{ IPC_NONE, NULL },
};

struct ipc_chan *
ipc_handlers_auth(struct login *l, int fd, uint32_t child)
{
	char name[32];
	const struct ipc_chan_options options = {
		.self = IPC_R_LOGIN,
		.peer = IPC_R_AUTH,
		.handlers = auth_handlers,
		.on_close = on_auth_closed,
		.ctx = l,
		.name = name,
	};

	snprintf(name, sizeof(name), "auth %u", child);
	return ipc_chan_new(l->base, fd, &options);
}
