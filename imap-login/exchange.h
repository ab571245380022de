/* SPDX-License-Identifier: ISC
 *
 * One SASL exchange between a client and auth, message by message.  What the
 * messages say is not looked at here.  A connection has at most one under way;
 * its id is conn->request.
 */
#ifndef IMAP_LOGIN_EXCHANGE_H
#define IMAP_LOGIN_EXCHANGE_H

#include <stddef.h>
#include <stdint.h>

#include "common/ipc.h"
#include "common/secret.h"

struct conn;

/* What AUTH_RESULT says; borrowed. */
struct exchange_result {
	enum ipc_auth_status status;
	const unsigned char *challenge;
	size_t challenge_len;
	const char *code, *text, *user;
	const unsigned char *ticket; /* IPC_TICKET_SIZE bytes when OK */
};

/* Asks auth; refuses where the client may not send passwords. mech: static.
 * ir NULL: no initial response. */
void exchange_start(struct conn *c, const char *mech, const struct secret *ir);
/* The client's line in state SASL, without its CRLF. */
void exchange_line(struct conn *c, const char *line, size_t len);
/* auth's answer. */
void exchange_result(struct conn *c, const struct exchange_result *r);

/* Ends it without a word to the client. */
void exchange_abandon(struct conn *c);
/* Ends it with NO. */
void exchange_no(struct conn *c, const char *code, const char *text);
/* Ends it with NO [UNAVAILABLE]. */
void exchange_unavailable(struct conn *c);

/* Strict base64 into locked memory; NULL: it is not base64. */
struct secret *exchange_base64(const char *text, size_t len);

#endif
