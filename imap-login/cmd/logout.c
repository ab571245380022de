/* SPDX-License-Identifier: ISC
 *
 * LOGOUT (RFC 3501 §6.1.3): BYE first, then the tagged OK.
 */
#include "imap-login/cmd.h"
#include "imap-login/conn.h"

static void
cmd_logout_run(struct conn *c, struct cmd_req *req)
{
	(void)req;
	conn_line(c, "* BYE Logging out");
	conn_reply(c, "OK", NULL, "Logout completed");
	conn_set_state(c, CONN_CLOSING);
}

const struct cmd cmd_logout = {
	.name = "LOGOUT",
	.parse = cmd_table_parse_none,
	.run = cmd_logout_run,
};
