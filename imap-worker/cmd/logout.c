/* SPDX-License-Identifier: ISC
 *
 * LOGOUT (RFC 3501 §6.1.3). Any state. Untagged BYE.
 */
#include "cmd.h"
#include "session.h"

static enum cmd_result
cmd_logout_run(struct session *s, struct cmd *c)
{
	(void)c;
	session_select(s, NULL);
	buf_puts(session_out(s), "* BYE Logging out\r\n");
	(void)reply_ok(s, NULL, "Logout completed");
	session_end(s, NULL);
	return CMD_DONE;
}

const struct imap_cmd cmd_logout = {
	.name = "LOGOUT",
	.flags = CMD_ANY,
	.run = cmd_logout_run,
};
