/* SPDX-License-Identifier: ISC */
#include "lmtp/ipc_handlers.h"

#include <stdio.h>
#include <unistd.h>

#include "common/ipc.h"
#include "common/listener.h"
#include "common/log.h"
#include "lmtp/deliver.h"
#include "lmtp/lmtp.h"
#include "lmtp/session.h"
#include "lmtp/verbs.h"

/* --- from master -------------------------------------------------------- */

static bool
on_channel_open(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	uint8_t role = ipc_get_u8(m);
	uint32_t child = ipc_get_u32(m);

	(void)chan;
	if (role != IPC_R_AUTH)
		return false;
	lmtp_auth_opened(ctx, ipc_take_fd(m), child);
	return true;
}

static bool
on_listener(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct lmtp *l = ctx;
	uint8_t protocol = ipc_get_u8(m);
	const char *name = ipc_get_str(m);

	(void)chan;
	if (protocol != IPC_PROTOCOL_LMTP)
		return false;
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
	lmtp_drain(ctx);
	return true;
}

static bool
on_stop(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	(void)chan, (void)m;
	lmtp_stop(ctx);
	return true;
}

static bool
on_delivery_result(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	uint32_t id = ipc_get_u32(m);
	uint32_t code = ipc_get_u32(m);
	const char *text = ipc_get_str(m);
	struct session *s = session_by_id(ctx, id);

	(void)chan;
	/* nobody: it came too late, or the client had gone */
	if (s != NULL && s->state == SESSION_DELIVER) {
		deliver_result(s, id, code, text);
		session_run(s);
	}
	return true;
}

static void
on_master_closed(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	lmtp_master_lost(ctx);
}

static const struct ipc_handler master_handlers[] = {
	{ IPC_CHANNEL_OPEN, on_channel_open },
	{ IPC_LISTENER, on_listener },
	{ IPC_LOG_REOPEN, on_log_reopen },
	{ IPC_DRAIN, on_drain },
	{ IPC_STOP, on_stop },
	{ IPC_DELIVERY_RESULT, on_delivery_result },
	{ IPC_NONE, NULL },
};

struct ipc_chan *
ipc_handlers_master(struct lmtp *l, int fd)
{
	const struct ipc_chan_options options = {
		.self = IPC_R_LMTP,
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
on_rcpt_result(struct ipc_chan *chan, struct ipc_msg *m, void *ctx)
{
	struct session *s = session_by_id(ctx, ipc_get_u32(m));
	uint8_t status = ipc_get_u8(m);
	const char *user = ipc_get_str(m);
	const char *detail = ipc_get_str(m);

	(void)chan;
	if (s != NULL && s->state == SESSION_RCPT_WAIT) {
		verbs_rcpt_result(s, status, user, detail);
		session_run(s);
	}
	return true;
}

static void
on_auth_closed(struct ipc_chan *chan, void *ctx)
{
	(void)chan;
	lmtp_auth_lost(ctx);
}

static const struct ipc_handler auth_handlers[] = {
	{ IPC_RCPT_RESULT, on_rcpt_result },
	{ IPC_NONE, NULL },
};

struct ipc_chan *
ipc_handlers_auth(struct lmtp *l, int fd, uint32_t child)
{
	char name[32];
	const struct ipc_chan_options options = {
		.self = IPC_R_LMTP,
		.peer = IPC_R_AUTH,
		.handlers = auth_handlers,
		.on_close = on_auth_closed,
		.ctx = l,
		.name = name,
	};

	snprintf(name, sizeof(name), "auth %u", child);
	return ipc_chan_new(l->base, fd, &options);
}
