/* SPDX-License-Identifier: ISC
 *
 * CAPABILITY (RFC 3501 §6.1.1). Any state. Untagged CAPABILITY.
 */
#include "cmd.h"
#include "session.h"
#include "worker.h"

static enum cmd_result
cmd_capability_run(struct session *s, struct cmd *c)
{
	(void)c;
	buf_printf(session_out(s), "* CAPABILITY %s\r\n",
	    capability_list(s->worker->conf));
	return reply_ok(s, NULL, "Capability completed");
}

const struct imap_cmd cmd_capability = {
	.name = "CAPABILITY",
	.flags = CMD_ANY,
	.run = cmd_capability_run,
};
