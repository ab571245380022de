/* SPDX-License-Identifier: ISC */
#include "common/auth_client.h"

void
auth_client_start(struct ipc_chan *auth, const struct auth_client_start *s)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_START);
	ipc_put_u32(&m, s->id);
	ipc_put_str(&m, s->mech);
	ipc_put_str(&m, s->addr);
	ipc_put_str(&m, s->local_name);
	ipc_put_u8(&m, s->secured);
	ipc_put_str(&m, s->cb_type);
	ipc_put_blob(&m, s->cb, s->cb_len);
	ipc_put_u8(&m, s->ir != NULL);
	ipc_put_secret(&m, s->ir == NULL ? NULL : s->ir->data,
	    s->ir == NULL ? 0 : s->ir->len);
	ipc_post(auth, &m, -1);
}

void
auth_client_continue(struct ipc_chan *auth, uint32_t id,
    const struct secret *data)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_CONTINUE);
	ipc_put_u32(&m, id);
	ipc_put_secret(&m, data->data, data->len);
	ipc_post(auth, &m, -1);
}

void
auth_client_cancel(struct ipc_chan *auth, uint32_t id)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_AUTH_CANCEL);
	ipc_put_u32(&m, id);
	ipc_post(auth, &m, -1);
}

void
auth_client_rcpt_check(struct ipc_chan *auth, uint32_t id, const char *address)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_RCPT_CHECK);
	ipc_put_u32(&m, id);
	ipc_put_str(&m, address);
	ipc_post(auth, &m, -1);
}
