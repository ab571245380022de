/* SPDX-License-Identifier: ISC
 *
 * Connections that have been said goodbye.  Closing a socket with unread input
 * makes the kernel send RST, which can destroy our last words (BYE, the end of
 * a FETCH) on their way.  So we end our direction, throw away what still comes,
 * and close at the client's end or after FAREWELL_SECONDS.
 */
#ifndef IMAP_LOGIN_FAREWELL_H
#define IMAP_LOGIN_FAREWELL_H

#include "imap-login/io.h"

#define FAREWELL_SECONDS 2

struct login;

/* Takes over *io (which becomes empty); everything written to it must have been
 * flushed. */
void farewell_start(struct login *l, struct io *io);
void farewell_free_all(struct login *l);

#endif
