/* SPDX-License-Identifier: ISC */
#include "common/master_client.h"

#include <unistd.h>

#include "common/log.h"

void
master_client_ready(struct ipc_chan *master)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_READY);
	ipc_post(master, &m, -1);
}

void
master_client_quiesced(struct ipc_chan *master, uint64_t block)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_QUIESCED);
	ipc_put_u64(&m, block);
	ipc_post(master, &m, -1);
}

void
master_client_handoff(struct ipc_chan *master,
    const struct master_client_handoff *h, int fd)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_SESSION_HANDOFF);
	ipc_put_u32(&m, h->id);
	ipc_put_str(&m, h->session);
	ipc_put_str(&m, h->addr);
	ipc_put_u8(&m, h->tls);
	ipc_put_str(&m, h->tag);
	ipc_put_secret(&m, h->ticket, IPC_TICKET_SIZE);
	ipc_put_blob(&m, h->pending, h->pending_len);
	ipc_post(master, &m, fd);
}

void
master_client_delivery(struct ipc_chan *master,
    const struct master_client_delivery *d, int fd)
{
	struct ipc_msg m;

	ipc_begin(&m, IPC_DELIVERY);
	ipc_put_u32(&m, d->id);
	ipc_put_str(&m, d->session);
	ipc_put_str(&m, d->sender);
	ipc_put_str(&m, d->recipient);
	ipc_put_str(&m, d->user);
	ipc_put_str(&m, d->detail);
	ipc_post(master, &m, fd);
}

bool
master_client_on_log_reopen(struct ipc_chan *master, struct ipc_msg *m,
    void *ctx)
{
	int fd = ipc_take_fd(m);

	(void)master, (void)ctx;
	if (dup2(fd, STDERR_FILENO) < 0)
		log_error("log: cannot take the new file: %m");
	close(fd);
	return true;
}
