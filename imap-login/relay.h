/* SPDX-License-Identifier: ISC
 *
 * After login over TLS: bytes between the client and its worker, which does not
 * know of TLS.  Nothing is looked at.
 *
 * All relays share one buffer; a relay has memory of its own only while the
 * receiving side takes less than was read, and then its source is not read.
 * So an idle relay costs its struct and OpenSSL's state, and a fast worker with
 * a slow client holds one buffer's worth here.
 *
 * Ends: the client's end is passed on as FIN and the worker may still answer;
 * the worker's end is the session's: what it wrote is sent, then TLS's goodbye.
 */
#ifndef IMAP_LOGIN_RELAY_H
#define IMAP_LOGIN_RELAY_H

#include "imap-login/io.h"

struct login;

/* Takes over *client (which becomes empty) and worker. */
void relay_start(struct login *l, struct io *client, int worker,
    const char *session);
void relay_free_all(struct login *l);

#endif
