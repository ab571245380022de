/* SPDX-License-Identifier: ISC
 *
 * NOOP (RFC 3501 §6.1.2) and CHECK (§6.4.1): news come with the reply. CHECK needs
 * nothing more: whatever was acknowledged is on disk.
 */
#include "cmd.h"
#include "session.h"

static enum cmd_result
cmd_noop_run(struct session *s, struct cmd *c)
{
	(void)c;
	return reply_ok(s, NULL, "Completed");
}

const struct imap_cmd cmd_noop = {
	.name = "NOOP",
	.flags = CMD_ANY,
	.run = cmd_noop_run,
};

const struct imap_cmd cmd_check = {
	.name = "CHECK",
	.flags = CMD_SELECTED,
	.run = cmd_noop_run,
};
