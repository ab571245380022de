/* SPDX-License-Identifier: ISC
 *
 * Connections that have been said goodbye.  Closing a socket with unread input
 * makes the kernel send RST, which can destroy our last words (BYE, the end of
 * a FETCH) on their way.  So we end our direction, throw away what still comes,
 * and close at the client's end or after LINGER_SECONDS.
 */
#ifndef IMAP_LOGIN_LINGER_H
#define IMAP_LOGIN_LINGER_H

#include "io.h"

#define LINGER_SECONDS 2

struct login;

/* Takes over *io (which becomes empty); everything written to it must have been
 * flushed. */
void linger_start(struct login *l, struct io *io);
void linger_free_all(struct login *l);

#endif
