/* SPDX-License-Identifier: ISC
 *
 * What imap-login and lmtp ask of auth, as calls.  The answers come to the
 * handlers of AUTH_RESULT and RCPT_RESULT with the id given here.  Nothing
 * blocks; on a closed channel nothing is sent (on_close has told the caller).
 */
#ifndef COMMON_AUTH_CLIENT_H
#define COMMON_AUTH_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/secret.h"

struct auth_client_start {
	uint32_t id;
	const char *mech;          /* upper case */
	const char *addr;          /* the client's address */
	const char *local_name;    /* TLS server name it asked for, or "" */
	bool secured;              /* TLS, or from this host */
	const char *cb_type;       /* channel binding (RFC 9266), or "" */
	const unsigned char *cb;
	size_t cb_len;
	const struct secret *ir;   /* initial response; NULL: none was sent */
};

void auth_client_start(struct ipc_chan *auth,
    const struct auth_client_start *s);
/* data: the client's next SASL message. */
void auth_client_continue(struct ipc_chan *auth, uint32_t id,
    const struct secret *data);
/* The client gave up; no answer comes. */
void auth_client_cancel(struct ipc_chan *auth, uint32_t id);
/* Does mail for this address have a user here? */
void auth_client_rcpt_check(struct ipc_chan *auth, uint32_t id,
    const char *address);

#endif
