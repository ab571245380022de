/* SPDX-License-Identifier: ISC
 *
 * ENABLE (RFC 5161). Untagged ENABLED, with exactly what this command newly
 * enabled; unknown words are ignored (§3.1).
 */
#include <strings.h>

#include "cmd.h"
#include "session.h"

struct cmd_enable_req {
	bool condstore;
};

static bool
cmd_enable_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_enable_req *req = arena_alloc(&c->arena, sizeof(*req));
	const char *word;

	(void)s;
	c->req = req;
	do {
		if (!imap_parse_sp(p) || !imap_parse_atom(p, &word))
			return false;
		if (strcasecmp(word, "CONDSTORE") == 0)
			req->condstore = true;
	} while (!imap_parse_at_end(p));
	return true;
}

static enum cmd_result
cmd_enable_run(struct session *s, struct cmd *c)
{
	const struct cmd_enable_req *req = c->req;

	buf_puts(session_out(s), "* ENABLED");
	if (req->condstore && !s->condstore) {
		s->condstore = true;
		buf_puts(session_out(s), " CONDSTORE");
	}
	buf_puts(session_out(s), "\r\n");
	return reply_ok(s, NULL, "Enabled");
}

const struct imap_cmd cmd_enable = {
	.name = "ENABLE",
	.flags = CMD_ANY,
	.parse = cmd_enable_parse,
	.run = cmd_enable_run,
};
