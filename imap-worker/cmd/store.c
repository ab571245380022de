/* SPDX-License-Identifier: ISC
 *
 * STORE and UID STORE (RFC 3501 §6.4.6; UNCHANGEDSINCE RFC 7162 §3.1.3). Selected.
 * Untagged FETCH with the new flags of every message named, unless .SILENT; with
 * CONDSTORE also then, for the MODSEQ. Reply code MODIFIED. Store:
 * store_flags_update().
 */
#include <inttypes.h>
#include <string.h>

#include "cmd.h"
#include "cmd/flag_args.h"
#include "session.h"
#include "sync.h"
#include "view.h"

struct cmd_store_req {
	struct imap_seqset set;
	bool silent;
	enum store_flag_op op;
	struct flag_args flags;
	uint64_t unchanged_since;
	/* of the run */
	bool done;
	bool gone;                     /* the set named an expunged message */
	roaring_bitmap_t *tell;        /* own: what is still to be told */
	roaring_bitmap_t *modified;    /* own: refused by UNCHANGEDSINCE */
};

static bool
cmd_store_parse_modifier(struct imap_parser *p, struct cmd_store_req *req)
{
	if (!imap_parse_char(p, '('))
		return false;
	if (!imap_parse_word(p, "UNCHANGEDSINCE"))
		return imap_parse_fail(p, "Unknown STORE modifier");
	return imap_parse_sp(p) &&
	    imap_parse_number64(p, &req->unchanged_since) &&
	    imap_parse_char(p, ')') && imap_parse_sp(p);
}

static bool
cmd_store_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_store_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	req->unchanged_since = UINT64_MAX;
	if (!imap_parse_sp(p) || !imap_parse_seqset(p, &req->set) ||
	    !imap_parse_sp(p))
		return false;
	if (imap_parse_peek(p) == '(' && !cmd_store_parse_modifier(p, req))
		return false;
	req->op = imap_parse_maybe(p, '+') ? STORE_FLAGS_ADD
	    : imap_parse_maybe(p, '-')	   ? STORE_FLAGS_REMOVE
					   : STORE_FLAGS_SET;
	if (imap_parse_word(p, "FLAGS.SILENT"))
		req->silent = true;
	else if (!imap_parse_word(p, "FLAGS"))
		return imap_parse_fail(p, "Unknown STORE item");
	if (!imap_parse_sp(p) || !flag_args_parse(p, true, &req->flags) ||
	    !imap_parse_end(p))
		return false;
	c->req = req;
	return true;
}

/* The bits of system flags and keywords; keywords are made where they are added. */
static enum store_err
cmd_store_bits(struct session *s, const struct cmd_store_req *req,
    uint64_t *bits_r)
{
	struct store_mbox *mbox = s->view->mbox;
	enum store_err err;

	*bits_r = req->flags.system;
	for (const char *const *k = req->flags.keywords; *k != NULL; k++) {
		uint64_t bit = store_mbox_keyword(mbox, *k);

		if (bit == 0 && req->op != STORE_FLAGS_REMOVE) {
			err = store_mbox_keyword_add(mbox, *k, &bit);
			if (err != STORE_OK)
				return err;
		}
		*bits_r |= bit;
	}
	return STORE_OK;
}

/* Changes the flags; what is to be told is in req->tell. */
static enum store_err
cmd_store_update(struct session *s, struct cmd_store_req *req)
{
	struct view *v = s->view;
	roaring_bitmap_t *uids = view_uids(v, &req->set);
	roaring_bitmap_t *others = roaring_bitmap_copy(v->dirty);
	roaring_bitmap_t *changed = roaring_bitmap_create();
	uint64_t bits;
	enum store_err err;

	req->modified = roaring_bitmap_create();
	req->tell = roaring_bitmap_create();
	err = cmd_store_bits(s, req, &bits);
	if (err == STORE_OK)
		err = store_flags_update(v->mbox, uids, req->op, bits,
		    req->unchanged_since, changed, req->modified);
	if (err == STORE_OK) {
		/* the client knows what it did itself; what others changed
		 * before stays to be told */
		roaring_bitmap_andnot_inplace(v->dirty, changed);
		roaring_bitmap_or_inplace(v->dirty, others);
		if (!req->silent)
			roaring_bitmap_or_inplace(req->tell, uids);
		else if (s->condstore)
			roaring_bitmap_or_inplace(req->tell, changed);
		roaring_bitmap_andnot_inplace(req->tell, req->modified);
	}
	roaring_bitmap_free(changed);
	roaring_bitmap_free(others);
	roaring_bitmap_free(uids);
	return err;
}

/* "MODIFIED 3,5:7": UIDs or message numbers. */
static const char *
cmd_store_modified_code(struct session *s, struct cmd *c,
    const struct cmd_store_req *req)
{
	struct imap_set_writer w;
	roaring_uint32_iterator_t it;
	const char *code;
	struct buf set;

	if (roaring_bitmap_is_empty(req->modified))
		return NULL;
	buf_init(&set, LIMIT_OUTPUT);
	buf_puts(&set, "MODIFIED ");
	imap_set_writer_init(&w, &set);
	roaring_init_iterator(req->modified, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		imap_set_writer_add(&w,
		    c->uid ? it.current_value
			   : view_msn(s->view, it.current_value));
	(void)imap_set_writer_finish(&w);
	code = arena_strdup(&c->arena, buf_cstr(&set));
	buf_clear(&set);
	return code;
}

/* A message's new flags; with .SILENT only its MODSEQ (RFC 7162 §3.1.3). */
static void
cmd_store_tell(struct session *s, const struct cmd_store_req *req, uint32_t uid)
{
	const struct store_row *row = view_row(s->view, uid);
	struct buf *out = session_out(s);

	if (row == NULL)
		return;
	if (!req->silent) {
		sync_put_fetch_flags(s, row);
		return;
	}
	buf_printf(out, "* %u FETCH (", view_msn(s->view, uid));
	if (s->cmd.uid)
		buf_printf(out, "UID %u ", uid);
	buf_printf(out, "MODSEQ (%" PRIu64 "))\r\n", store_row_modseq(row));
}

/* Tells until the output is full; false if there is more. */
static bool
cmd_store_tell_slice(struct session *s, struct cmd_store_req *req)
{
	roaring_uint32_iterator_t it;
	uint32_t next;

	roaring_init_iterator(req->tell, &it);
	while (it.has_value && output_size(&s->out) < OUTPUT_HIGH) {
		cmd_store_tell(s, req, it.current_value);
		roaring_advance_uint32_iterator(&it);
	}
	if (!it.has_value)
		return true;
	next = it.current_value;
	roaring_bitmap_remove_range_closed(req->tell, 0, next - 1);
	return false;
}

static enum cmd_result
cmd_store_run(struct session *s, struct cmd *c)
{
	struct cmd_store_req *req = c->req;
	enum store_err err;

	if (!req->done) {
		if (!view_resolve(s->view, &req->set, c->uid, &c->arena))
			return reply_bad(s, "No such message number");
		req->gone = view_any_gone(s->view, &req->set);
		if (req->unchanged_since != UINT64_MAX)
			s->condstore = true;
		err = cmd_store_update(s, req);
		if (err != STORE_OK)
			return reply_store_error(s, err, false);
		req->done = true;
		sync_keywords(s);
	}
	if (!cmd_store_tell_slice(s, req))
		return CMD_AGAIN;
	if (req->gone && !c->uid)
		return reply_no(s, "EXPUNGEISSUED",
		    "Some of the messages no longer exist");
	return reply_ok(s, cmd_store_modified_code(s, c, req),
	    "Store completed");
}

static void
cmd_store_free(struct cmd *c)
{
	struct cmd_store_req *req = c->req;

	if (req->tell != NULL)
		roaring_bitmap_free(req->tell);
	if (req->modified != NULL)
		roaring_bitmap_free(req->modified);
}

const struct imap_cmd cmd_store = {
	.name = "STORE",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_WRITES | CMD_UID |
	    CMD_NO_EXPUNGE,
	.parse = cmd_store_parse,
	.run = cmd_store_run,
	.free = cmd_store_free,
};
