/* SPDX-License-Identifier: ISC
 *
 * NAMESPACE (RFC 2342): one personal namespace, no prefix, "/" between levels.
 */
#include "cmd.h"
#include "session.h"

static enum cmd_result
cmd_namespace_run(struct session *s, struct cmd *c)
{
	(void)c;
	buf_puts(session_out(s), "* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n");
	return reply_ok(s, NULL, "Namespace completed");
}

const struct imap_cmd cmd_namespace = {
	.name = "NAMESPACE",
	.run = cmd_namespace_run,
};
