/* SPDX-License-Identifier: ISC */
#include "imap-login/ipc_handlers.h"

#include "common/master_client.h"
#include "common/service.h"
#include "imap-login/conn.h"
#include "imap-login/exchange.h"
#include "imap-login/handoff.h"
#include "imap-login/login.h"

/* --- from master -------------------------------------------------------- */

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

const struct ipc_handler ipc_handlers_from_master[] = {
	SERVICE_HANDLERS,
	{ IPC_HANDOFF_RESULT, on_handoff_result },
	{ IPC_NONE, NULL },
};

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

const struct ipc_handler ipc_handlers_from_auth[] = {
	{ IPC_AUTH_RESULT, on_auth_result },
	{ IPC_NONE, NULL },
};
