/* SPDX-License-Identifier: ISC
 *
 * IDLE (RFC 2177): waits for DONE; meanwhile the session's turn end tells what
 * changes in the selected mailbox.
 */
#include <strings.h>
#include <string.h>

#include "cmd.h"
#include "session.h"

struct cmd_idle_req {
	bool waiting;
};

static bool
cmd_idle_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	(void)s;
	c->req = arena_alloc(&c->arena, sizeof(struct cmd_idle_req));
	return imap_parse_end(p);
}

static enum cmd_result
cmd_idle_run(struct session *s, struct cmd *c)
{
	struct cmd_idle_req *req = c->req;
	const struct buf *text = &s->framer.text;

	if (!req->waiting) {
		req->waiting = true;
		imap_framer_next(&s->framer);
		buf_puts(session_out(s), "+ idling\r\n");
		return CMD_WAIT;
	}
	if (text->len == 4 && strncasecmp((char *)text->data, "DONE", 4) == 0)
		return reply_ok(s, NULL, "Idle completed");
	return reply_bad(s, "Expected DONE");
}

const struct imap_cmd cmd_idle = {
	.name = "IDLE",
	.flags = CMD_ANY,
	.parse = cmd_idle_parse,
	.run = cmd_idle_run,
};
