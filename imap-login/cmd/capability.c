/* SPDX-License-Identifier: ISC
 *
 * CAPABILITY (RFC 3501 §6.1.1).  Before login we name only what a client can
 * use to get in, and what changes how it may write commands; the worker's
 * tagged OK brings the full list.
 */
#include "imap-login/cmd.h"
#include "imap-login/conn.h"
#include "imap-login/login.h"

void
cmd_capability_list(const struct conn *c, struct buf *out)
{
	buf_puts(out, "IMAP4rev1 SASL-IR LITERAL- ID ENABLE");
	if (c->io.ssl == NULL && c->login->tls != NULL)
		buf_puts(out, " STARTTLS");
	if (conn_may_login(c))
		cmd_authenticate_list(out);
	else
		buf_puts(out, " LOGINDISABLED");
}

static void
cmd_capability_run(struct conn *c, struct cmd_req *req)
{
	struct buf line;

	(void)req;
	buf_init(&line, 1024);
	buf_puts(&line, "* CAPABILITY ");
	cmd_capability_list(c, &line);
	conn_line(c, buf_cstr(&line));
	buf_clear(&line);
	conn_reply(c, "OK", NULL, "Capability completed");
}

const struct cmd cmd_capability = {
	.name = "CAPABILITY",
	.parse = cmd_table_parse_none,
	.run = cmd_capability_run,
};
