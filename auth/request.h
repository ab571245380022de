/* SPDX-License-Identifier: ISC
 *
 * The SASL exchanges of one imap-login process, each from its AUTH_START to its
 * last AUTH_RESULT:
 *
 *   CLIENT   our challenge is out          request_continue(), request_cancel()
 *   HELPER   the password is being checked  request_verified()
 *   USERDB   right; who is it?              request_identified()
 *   DELAY    wrong; the refusal waits       request_delay_over()
 *
 * What the client says is believed in no state; only HELPER's answer, or the
 * cache of earlier ones, moves an exchange to USERDB, and only there a ticket
 * is issued. A user that does not exist costs what one that does costs: the
 * same hash at a helper, the same delay.
 *
 * Ids are imap-login's, and mean something on its channel only.
 */
#ifndef AUTH_REQUEST_H
#define AUTH_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct auth;
struct ipc_chan;
struct request_set;

/* What imap-login tells of the client. */
struct request_facts {
	const char *mech;
	const char *addr;
	bool secured;
	const void *initial; /* NULL: no initial response */
	size_t initial_len;
};

/* max: most exchanges at a time. chan and auth are borrowed. */
struct request_set *request_set_new(struct auth *auth, struct ipc_chan *chan,
    uint32_t child, unsigned max);
/* Drops what is open without an answer. Sets *s NULL; accepts NULL. */
void request_set_free(struct request_set **s);
/* False: the id is in use, which no sane imap-login does. */
bool request_start(struct request_set *s, uint32_t id,
    const struct request_facts *facts);
/* False: there is no such exchange, or it is not the client's turn. */
bool request_continue(struct request_set *s, uint32_t id, const void *in,
    size_t len);
/* The client went away; an unknown id is ignored: the answer crossed it. */
void request_cancel(struct request_set *s, uint32_t id);

#endif
