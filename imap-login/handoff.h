/* SPDX-License-Identifier: ISC
 *
 * A client that has logged in changes hands: auth's ticket and a socket go to
 * master, which asks auth who it is and passes the socket to the user's worker.
 * Over TLS the socket is one end of a pair and relay.c stays between; in clear
 * it is the client's own, and we forget it.  The worker sends the tagged OK.
 */
#ifndef IMAP_LOGIN_HANDOFF_H
#define IMAP_LOGIN_HANDOFF_H

#include "common/ipc.h"

struct conn;

/* ticket: IPC_TICKET_SIZE bytes. State becomes HANDOFF. */
void handoff_start(struct conn *c, const unsigned char *ticket);
/* master's answer. */
void handoff_result(struct conn *c, enum ipc_status status, const char *code,
    const char *text);

#endif
