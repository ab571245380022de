/* SPDX-License-Identifier: ISC
 *
 * RENAME (RFC 3501 §6.3.5).
 */
#include <string.h>

#include "cmd.h"
#include "common/imap/names.h"
#include "session.h"
#include "worker.h"

struct cmd_rename_req {
	const char *from;
	char *to;
};

static bool
cmd_rename_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_rename_req *req = arena_alloc(&c->arena, sizeof(*req));
	const char *to;
	size_t len;

	(void)s;
	c->req = req;
	if (!imap_parse_sp(p) || !imap_parse_mailbox(p, &req->from) ||
	    !imap_parse_sp(p) || !imap_parse_mailbox(p, &to) ||
	    !imap_parse_end(p))
		return false;
	req->to = arena_strdup(&c->arena, to);
	len = strlen(to);
	if (len > 1 && to[len - 1] == '/')
		req->to[len - 1] = '\0';
	return true;
}

static enum cmd_result
cmd_rename_run(struct session *s, struct cmd *c)
{
	const struct cmd_rename_req *req = c->req;
	const char *wrong = imap_mailbox_name_check(req->to);
	enum store_err err;

	if (wrong != NULL)
		return reply_no(s, "CANNOT", wrong);
	err = store_rename(s->worker->store, req->from, req->to);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	return reply_ok(s, NULL, "Rename completed");
}

const struct imap_cmd cmd_rename = {
	.name = "RENAME",
	.parse = cmd_rename_parse,
	.run = cmd_rename_run,
};
