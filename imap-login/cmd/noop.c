/* SPDX-License-Identifier: ISC
 *
 * NOOP (RFC 3501 §6.1.2).  Does not hold off the login timer.
 */
#include "imap-login/cmd.h"
#include "imap-login/conn.h"

static void
cmd_noop_run(struct conn *c, struct cmd_req *req)
{
	(void)req;
	conn_reply(c, "OK", NULL, "Nothing done");
}

const struct cmd cmd_noop = {
	.name = "NOOP",
	.parse = cmd_table_parse_none,
	.run = cmd_noop_run,
};
