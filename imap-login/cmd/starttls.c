/* SPDX-License-Identifier: ISC
 *
 * STARTTLS (RFC 3501 §6.2.1, RFC 9051 §6.2.1).  Whatever the client sent in
 * the clear behind this command is never used: the state STARTTLS reads
 * nothing, and conn.c forgets what had been read before it makes the handshake
 * the only reader.
 */
#include "imap-login/cmd.h"
#include "imap-login/conn.h"
#include "imap-login/login.h"

static void
cmd_starttls_run(struct conn *c, struct cmd_req *req)
{
	(void)req;
	if (c->io.ssl != NULL) {
		conn_reply(c, "BAD", NULL, "TLS is already on");
	} else if (c->login->tls == NULL) {
		conn_reply(c, "BAD", NULL, "TLS is not available");
	} else {
		conn_reply(c, "OK", NULL, "Begin TLS negotiation now");
		conn_set_state(c, CONN_STARTTLS);
	}
}

const struct cmd cmd_starttls = {
	.name = "STARTTLS",
	.parse = cmd_table_parse_none,
	.run = cmd_starttls_run,
};
