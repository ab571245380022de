/* SPDX-License-Identifier: ISC
 *
 * SUBSCRIBE and UNSUBSCRIBE (RFC 3501 §6.3.6, §6.3.7). A name may be subscribed
 * whether or not there is such a mailbox.
 */
#include "cmd.h"
#include "common/imap/names.h"
#include "session.h"
#include "worker.h"

struct cmd_subscribe_req {
	const char *mailbox;
};

static bool
cmd_subscribe_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_subscribe_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	return imap_parse_sp(p) && imap_parse_mailbox(p, &req->mailbox) &&
	    imap_parse_end(p);
}

static enum cmd_result
cmd_subscribe_set(struct session *s, struct cmd *c, bool on)
{
	const struct cmd_subscribe_req *req = c->req;
	const char *wrong = imap_mailbox_name_check(req->mailbox);
	enum store_err err;

	if (wrong != NULL)
		return reply_no(s, "CANNOT", wrong);
	err = store_subscribe(s->worker->store, req->mailbox, on);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	return reply_ok(s, NULL, on ? "Subscribed" : "Unsubscribed");
}

static enum cmd_result
cmd_subscribe_run(struct session *s, struct cmd *c)
{
	return cmd_subscribe_set(s, c, true);
}

static enum cmd_result
cmd_unsubscribe_run(struct session *s, struct cmd *c)
{
	return cmd_subscribe_set(s, c, false);
}

const struct imap_cmd cmd_subscribe = {
	.name = "SUBSCRIBE",
	.parse = cmd_subscribe_parse,
	.run = cmd_subscribe_run,
};

const struct imap_cmd cmd_unsubscribe = {
	.name = "UNSUBSCRIBE",
	.parse = cmd_subscribe_parse,
	.run = cmd_unsubscribe_run,
};
