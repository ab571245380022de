/* SPDX-License-Identifier: ISC
 *
 * STATUS (RFC 3501 §6.3.10). Untagged STATUS. Reads the mailbox's record only.
 */
#include "cmd.h"
#include "cmd/status_items.h"
#include "session.h"
#include "worker.h"

struct cmd_status_req {
	const char *mailbox;
	unsigned items;
};

static bool
cmd_status_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_status_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	return imap_parse_sp(p) && imap_parse_mailbox(p, &req->mailbox) &&
	    imap_parse_sp(p) && status_items_parse(p, &req->items) &&
	    imap_parse_end(p);
}

static enum cmd_result
cmd_status_run(struct session *s, struct cmd *c)
{
	const struct cmd_status_req *req = c->req;
	struct store_info info;
	enum store_err err;

	err = store_stat(s->worker->store, req->mailbox, &c->arena, &info);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	status_items_put(s, &info, req->items);
	return reply_ok(s, NULL, "Status completed");
}

const struct imap_cmd cmd_status = {
	.name = "STATUS",
	.parse = cmd_status_parse,
	.run = cmd_status_run,
};
