/* SPDX-License-Identifier: ISC
 *
 * What its children tell and ask master, as calls, and the one order they all
 * obey in the same way.  The answers come to
 * the handlers of HANDOFF_RESULT and DELIVERY_RESULT with the id given here.
 * Nothing blocks; descriptors given here are closed in every case.
 */
#ifndef COMMON_MASTER_CLIENT_H
#define COMMON_MASTER_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"

/* This process has started. */
void master_client_ready(struct ipc_chan *master);
/* Draining: nothing new can come of what is left here. block: 0, or
 * addr_block() of the one client an isolated imap-login has just accepted. */
void master_client_quiesced(struct ipc_chan *master, uint64_t block);

struct master_client_handoff {
	uint32_t id;
	const char *session, *addr, *tag;
	bool tls;
	const unsigned char *ticket;  /* IPC_TICKET_SIZE bytes */
	const unsigned char *pending; /* client bytes read and not used */
	size_t pending_len;
};
/* The client behind fd has logged in. */
void master_client_handoff(struct ipc_chan *master,
    const struct master_client_handoff *h, int fd);

struct master_client_delivery {
	uint32_t id;
	const char *session, *sender, *recipient, *user, *detail;
};
/* The message in fd is for this user. */
void master_client_delivery(struct ipc_chan *master,
    const struct master_client_delivery *d, int fd);

/* Handler of LOG_REOPEN: log lines go to the descriptor that came with it.
 * Looks at no ctx. */
ipc_handler_fn master_client_on_log_reopen;

#endif
