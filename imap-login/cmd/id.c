/* SPDX-License-Identifier: ISC
 *
 * ID (RFC 2971).  We say our name; what the client says is for the log at
 * debug level only and changes nothing (§1 forbids more).
 */
#include <strings.h>

#include "imap-login/cmd.h"
#include "common/log.h"
#include "imap-login/conn.h"

#define CMD_ID_PAIRS 30 /* RFC 2971 §3.3 */

static bool
cmd_id_pair(struct imap_parser *p, struct cmd_req *req)
{
	struct imap_str field, value;

	if (!imap_parse_string(p, &field) || !imap_parse_sp(p) ||
	    !imap_parse_nstring(p, &value))
		return false;
	if (strcasecmp(field.data, "name") == 0 && value.data != NULL)
		req->client = value.data;
	return true;
}

static bool
cmd_id_parse(struct imap_parser *p, struct cmd_req *req)
{
	int pairs = 0;

	if (!imap_parse_sp(p))
		return false;
	if (imap_parse_word(p, "NIL"))
		return true;
	if (!imap_parse_char(p, '('))
		return false;
	if (imap_parse_maybe(p, ')'))
		return true;
	do {
		if (pairs++ >= CMD_ID_PAIRS)
			return imap_parse_fail(p, "Too many ID fields");
		if (!cmd_id_pair(p, req))
			return false;
	} while (imap_parse_maybe(p, ' '));
	return imap_parse_char(p, ')');
}

static void
cmd_id_run(struct conn *c, struct cmd_req *req)
{
	if (req->client != NULL)
		log_debug("id: client=<%s> session=%s", req->client,
		    c->client.session);
	conn_line(c, "* ID (\"name\" \"Postern\")");
	conn_reply(c, "OK", NULL, "ID completed");
}

const struct cmd cmd_id = {
	.name = "ID",
	.parse = cmd_id_parse,
	.run = cmd_id_run,
};
