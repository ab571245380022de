/* SPDX-License-Identifier: ISC
 *
 * ID (RFC 2971). Any state. Untagged ID. What the client says is logged, never
 * acted on (§1).
 */
#include "cmd.h"
#include "common/imap/reply.h"
#include "common/log.h"
#include "session.h"

#define CMD_ID_PAIRS 30 /* RFC 2971 §3.3 */

struct cmd_id_req {
	const char *said; /* "name=value ...", for the log */
};

static bool
cmd_id_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_id_req *req = arena_alloc(&c->arena, sizeof(*req));
	unsigned pairs = 0;

	(void)s;
	c->req = req;
	req->said = "";
	if (!imap_parse_sp(p))
		return false;
	if (imap_parse_word(p, "NIL"))
		return imap_parse_end(p);
	if (!imap_parse_char(p, '('))
		return false;
	while (imap_parse_peek(p) != ')') {
		struct imap_str field, value;

		if (++pairs > CMD_ID_PAIRS)
			return imap_parse_fail(p, "Too many fields");
		if (pairs > 1 && !imap_parse_sp(p))
			return false;
		if (!imap_parse_string(p, &field) || !imap_parse_sp(p) ||
		    !imap_parse_nstring(p, &value))
			return false;
		if (field.external || value.external)
			return imap_parse_fail(p, "Literal too big");
		if (value.data != NULL)
			req->said = arena_printf(&c->arena, "%s %.30s=%.200s",
			    req->said, field.data, value.data);
	}
	return imap_parse_char(p, ')') && imap_parse_end(p);
}

static enum cmd_result
cmd_id_run(struct session *s, struct cmd *c)
{
	const struct cmd_id_req *req = c->req;

	if (req->said[0] != '\0')
		log_info("%s: client id:%s", s->name, req->said);
	buf_puts(session_out(s),
	    "* ID (\"name\" \"Postern\" \"version\" \"" PACKAGE_VERSION "\")\r\n");
	return reply_ok(s, NULL, "ID completed");
}

const struct imap_cmd cmd_id = {
	.name = "ID",
	.flags = CMD_ANY,
	.parse = cmd_id_parse,
	.run = cmd_id_run,
};
