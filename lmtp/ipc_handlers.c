/* SPDX-License-Identifier: ISC */
#include "lmtp/ipc_handlers.h"

#include "common/master_client.h"
#include "common/service.h"
#include "lmtp/deliver.h"
#include "lmtp/lmtp.h"
#include "lmtp/session.h"
#include "lmtp/verbs.h"

/* --- from master -------------------------------------------------------- */

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

const struct ipc_handler ipc_handlers_from_master[] = {
	SERVICE_HANDLERS,
	{ IPC_DELIVERY_RESULT, on_delivery_result },
	{ IPC_NONE, NULL },
};

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

const struct ipc_handler ipc_handlers_from_auth[] = {
	{ IPC_RCPT_RESULT, on_rcpt_result },
	{ IPC_NONE, NULL },
};
