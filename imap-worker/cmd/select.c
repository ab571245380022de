/* SPDX-License-Identifier: ISC
 *
 * SELECT and EXAMINE (RFC 3501 §6.3.1, §6.3.2; parameter CONDSTORE RFC 7162
 * §3.1.8; MAILBOXID RFC 8474 §4.2). Untagged FLAGS, EXISTS, RECENT and OK with
 * UNSEEN, PERMANENTFLAGS, UIDNEXT, UIDVALIDITY, HIGHESTMODSEQ, MAILBOXID.
 * A failed one leaves no mailbox selected (§6.3.1).
 */
#include <inttypes.h>
#include <strings.h>

#include "cmd.h"
#include "cmd/object_id.h"
#include "session.h"
#include "sync.h"
#include "view.h"
#include "worker.h"

struct cmd_select_req {
	const char *mailbox;
	bool condstore;
};

static bool
cmd_select_parse_params(struct imap_parser *p, struct cmd_select_req *req)
{
	const char *word;

	if (!imap_parse_char(p, '('))
		return false;
	do {
		if (!imap_parse_atom(p, &word))
			return false;
		if (strcasecmp(word, "CONDSTORE") != 0)
			return imap_parse_fail(p, "Unknown parameter");
		req->condstore = true;
	} while (imap_parse_maybe(p, ' '));
	return imap_parse_char(p, ')');
}

static bool
cmd_select_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_select_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	if (!imap_parse_sp(p) || !imap_parse_mailbox(p, &req->mailbox))
		return false;
	if (imap_parse_maybe(p, ' ') && !cmd_select_parse_params(p, req))
		return false;
	return imap_parse_end(p);
}

static void
cmd_select_put_unseen(struct session *s, uint32_t number)
{
	if (number > 0)
		buf_printf(session_out(s),
		    "* OK [UNSEEN %u] First unseen message\r\n", number);
}

/* Opens it with what SELECT tells. The rows are read only for \Recent: a client
 * that asks for nothing else does not wait for them. */
static enum store_err
cmd_select_mailbox(struct session *s, const char *name,
    struct store_mbox **mbox_r, uint32_t *unseen_r)
{
	enum store_err err = store_mbox_open(s->worker->store, name, mbox_r);
	const struct store_info *info;

	if (err != STORE_OK)
		return err;
	info = store_mbox_info(*mbox_r);
	if (info->recent_uid < info->uidnext)
		err = store_mbox_load(*mbox_r);
	if (err == STORE_OK)
		err = store_mbox_first_unseen(*mbox_r, unseen_r);
	if (err != STORE_OK)
		store_mbox_unref(mbox_r);
	return err;
}

static enum cmd_result
cmd_select_open(struct session *s, struct cmd *c, bool readonly)
{
	const struct cmd_select_req *req = c->req;
	const struct store_info *info;
	struct store_mbox *mbox;
	struct buf *out = session_out(s);
	enum store_err err;
	uint32_t unseen;

	if (s->view != NULL)
		buf_puts(out, "* OK [CLOSED] Previous mailbox closed\r\n");
	session_select(s, NULL);
	err = cmd_select_mailbox(s, req->mailbox, &mbox, &unseen);
	if (err != STORE_OK)
		return reply_store_error(s, err, false);
	session_select(s, view_new(mbox, readonly));
	if (req->condstore)
		s->condstore = true;
	info = store_mbox_info(mbox);
	sync_put_flag_names(s);
	buf_printf(out, "* %u EXISTS\r\n* %u RECENT\r\n", view_exists(s->view),
	    (unsigned)roaring_bitmap_get_cardinality(s->view->recent));
	cmd_select_put_unseen(s, unseen);
	buf_printf(out,
	    "* OK [UIDVALIDITY %u] UIDs valid\r\n"
	    "* OK [UIDNEXT %u] Predicted next UID\r\n"
	    "* OK [HIGHESTMODSEQ %" PRIu64 "] Highest\r\n",
	    info->uidvalidity, info->uidnext, info->highestmodseq);
	buf_puts(out, "* OK [MAILBOXID (");
	object_id_put_mailbox(out, info);
	buf_puts(out, ")] Ok\r\n");
	return reply_ok(s, readonly ? "READ-ONLY" : "READ-WRITE",
	    readonly ? "Examine completed" : "Select completed");
}

static enum cmd_result
cmd_select_run(struct session *s, struct cmd *c)
{
	return cmd_select_open(s, c, false);
}

static enum cmd_result
cmd_examine_run(struct session *s, struct cmd *c)
{
	return cmd_select_open(s, c, true);
}

const struct imap_cmd cmd_select = {
	.name = "SELECT",
	.parse = cmd_select_parse,
	.run = cmd_select_run,
};

const struct imap_cmd cmd_examine = {
	.name = "EXAMINE",
	.parse = cmd_select_parse,
	.run = cmd_examine_run,
};
