/* SPDX-License-Identifier: ISC
 *
 * EXPUNGE (RFC 3501 §6.4.3) and UID EXPUNGE (RFC 4315 §2.1). Untagged EXPUNGE
 * comes from sync.c; HIGHESTMODSEQ with the reply where CONDSTORE is on (RFC 7162
 * §3.1.2.1).
 */
#include <inttypes.h>

#include "cmd.h"
#include "cmd/deleted.h"
#include "session.h"
#include "view.h"

struct cmd_expunge_req {
	struct imap_seqset set;
};

static bool
cmd_expunge_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_expunge_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	if (c->uid && (!imap_parse_sp(p) || !imap_parse_seqset(p, &req->set)))
		return false;
	return imap_parse_end(p);
}

static enum cmd_result
cmd_expunge_run(struct session *s, struct cmd *c)
{
	struct cmd_expunge_req *req = c->req;
	struct store_mbox *mbox = s->view->mbox;
	uint64_t before = store_mbox_info(mbox)->highestmodseq, after;
	roaring_bitmap_t *among = NULL;
	enum store_err err;

	if (c->uid) {
		if (!view_resolve(s->view, &req->set, true, &c->arena))
			return reply_bad(s, "Bad UID set");
		among = view_uids(s->view, &req->set);
	}
	err = deleted_expunge(s->view, among);
	if (among != NULL)
		roaring_bitmap_free(among);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	after = store_mbox_info(mbox)->highestmodseq;
	if (s->condstore && after != before)
		return reply_ok(s,
		    arena_printf(&c->arena, "HIGHESTMODSEQ %" PRIu64, after),
		    "Expunge completed");
	return reply_ok(s, NULL, "Expunge completed");
}

const struct imap_cmd cmd_expunge = {
	.name = "EXPUNGE",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_WRITES | CMD_UID,
	.parse = cmd_expunge_parse,
	.run = cmd_expunge_run,
};
