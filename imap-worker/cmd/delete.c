/* SPDX-License-Identifier: ISC
 *
 * DELETE (RFC 3501 §6.3.4). Inferiors stay; sessions that have the mailbox selected
 * see its messages expunged.
 */
#include "cmd.h"
#include "session.h"
#include "worker.h"

struct cmd_delete_req {
	const char *mailbox;
};

static bool
cmd_delete_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_delete_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	return imap_parse_sp(p) && imap_parse_mailbox(p, &req->mailbox) &&
	    imap_parse_end(p);
}

static enum cmd_result
cmd_delete_run(struct session *s, struct cmd *c)
{
	const struct cmd_delete_req *req = c->req;
	enum store_err err = store_delete(s->worker->store, req->mailbox);

	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	return reply_ok(s, NULL, "Delete completed");
}

const struct imap_cmd cmd_delete = {
	.name = "DELETE",
	.parse = cmd_delete_parse,
	.run = cmd_delete_run,
};
