/* SPDX-License-Identifier: ISC
 *
 * COPY and UID COPY (RFC 3501 §6.4.7), MOVE and UID MOVE (RFC 6851), with COPYUID
 * (RFC 4315). All or nothing. MOVE sends COPYUID in an untagged OK before the
 * EXPUNGEs (RFC 6851 §4.3).
 */
#include "cmd.h"
#include "common/imap/names.h"
#include "session.h"
#include "view.h"
#include "worker.h"

struct cmd_copy_req {
	struct imap_seqset set;
	const char *mailbox;
};

static bool
cmd_copy_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_copy_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	c->req = req;
	return imap_parse_sp(p) && imap_parse_seqset(p, &req->set) &&
	    imap_parse_sp(p) && imap_parse_mailbox(p, &req->mailbox) &&
	    imap_parse_end(p);
}

/* "COPYUID validity source-uids copied-uids", or NULL when nothing was copied. */
static const char *
cmd_copy_code(struct cmd *c, const roaring_bitmap_t *copied,
    uint32_t uidvalidity, uint32_t first)
{
	uint32_t n = (uint32_t)roaring_bitmap_get_cardinality(copied);
	struct imap_set_writer w;
	roaring_uint32_iterator_t it;
	const char *code;
	struct buf text;

	if (n == 0)
		return NULL;
	buf_init(&text, 16 * MIB);
	buf_printf(&text, "COPYUID %u ", uidvalidity);
	imap_set_writer_init(&w, &text);
	roaring_init_iterator(copied, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		imap_set_writer_add(&w, it.current_value);
	(void)imap_set_writer_finish(&w);
	if (n == 1)
		buf_printf(&text, " %u", first);
	else
		buf_printf(&text, " %u:%u", first, first + n - 1);
	code = arena_strdup(&c->arena, buf_cstr(&text));
	buf_clear(&text);
	return code;
}

static enum cmd_result
cmd_copy_do(struct session *s, struct cmd *c, bool move)
{
	struct cmd_copy_req *req = c->req;
	roaring_bitmap_t *uids, *copied;
	uint32_t uidvalidity = 0, first = 0;
	const char *code;
	enum store_err err;

	if (!view_resolve(s->view, &req->set, c->uid, &c->arena))
		return reply_bad(s, "No such message number");
	/* RFC 3501 §6.4.7: all or nothing */
	if (!c->uid && view_any_gone(s->view, &req->set))
		return reply_no(s, "EXPUNGEISSUED",
		    "Some of the messages no longer exist");
	uids = view_uids(s->view, &req->set);
	copied = roaring_bitmap_create();
	err = store_copy(s->view->mbox, uids, req->mailbox, move, copied,
	    &uidvalidity, &first);
	roaring_bitmap_free(uids);
	if (err != STORE_OK) {
		roaring_bitmap_free(copied);
		return reply_store_error(s, err, true);
	}
	code = cmd_copy_code(c, copied, uidvalidity, first);
	roaring_bitmap_free(copied);
	if (move && code != NULL) {
		buf_puts(session_out(s), "* OK [");
		buf_puts(session_out(s), code);
		buf_puts(session_out(s), "] Moved UIDs\r\n");
		code = NULL;
	}
	return reply_ok(s, code, move ? "Move completed" : "Copy completed");
}

static enum cmd_result
cmd_copy_run(struct session *s, struct cmd *c)
{
	return cmd_copy_do(s, c, false);
}

static enum cmd_result
cmd_move_run(struct session *s, struct cmd *c)
{
	return cmd_copy_do(s, c, true);
}

const struct imap_cmd cmd_copy = {
	.name = "COPY",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_UID,
	.parse = cmd_copy_parse,
	.run = cmd_copy_run,
};

const struct imap_cmd cmd_move = {
	.name = "MOVE",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_UID | CMD_WRITES,
	.parse = cmd_copy_parse,
	.run = cmd_move_run,
};
