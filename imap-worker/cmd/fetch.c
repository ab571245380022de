/* SPDX-License-Identifier: ISC
 *
 * FETCH and UID FETCH (RFC 3501 §6.4.5; CHANGEDSINCE RFC 7162 §3.1.4). Selected.
 * Untagged FETCH, in slices as output drains. \Seen is set for all messages in one
 * transaction before the first is sent.
 */
#include <stdlib.h>

#include "cmd.h"
#include "cmd/fetch_items.h"
#include "session.h"
#include "sync.h"
#include "view.h"

struct cmd_fetch_req {
	struct imap_seqset set;
	struct fetch_items items;
	uint64_t changed_since;
	/* of the run */
	struct store_reader *reader; /* own */
	roaring_bitmap_t *seen;      /* own; UIDs that became \Seen */
	size_t range;                /* index in set */
	uint32_t next_uid;
	bool gone;
	bool started;
};

static bool
cmd_fetch_parse_modifier(struct imap_parser *p, struct cmd_fetch_req *req)
{
	if (!imap_parse_char(p, '('))
		return false;
	if (!imap_parse_word(p, "CHANGEDSINCE"))
		return imap_parse_fail(p, "Unknown FETCH modifier");
	if (!imap_parse_sp(p) || !imap_parse_number64(p, &req->changed_since))
		return false;
	req->items.bits |= FETCH_MODSEQ;
	return imap_parse_char(p, ')');
}

static bool
cmd_fetch_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_fetch_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	if (!imap_parse_sp(p) || !imap_parse_seqset(p, &req->set) ||
	    !imap_parse_sp(p) || !fetch_items_parse(p, &req->items))
		return false;
	if (imap_parse_maybe(p, ' ') && !cmd_fetch_parse_modifier(p, req))
		return false;
	if (c->uid)
		req->items.bits |= FETCH_UID;
	c->req = req;
	return imap_parse_end(p);
}

/* Marks the messages that will be sent; what changed goes with their answers. */
static void
cmd_fetch_mark_seen(struct session *s, struct cmd_fetch_req *req)
{
	struct view *v = s->view;
	roaring_bitmap_t *uids = view_uids(v, &req->set);
	roaring_bitmap_t *unseen = roaring_bitmap_create();
	roaring_uint32_iterator_t it;

	roaring_init_iterator(uids, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		const struct store_row *row = view_row(v, it.current_value);

		if (row != NULL && !(store_row_flags(row) & STORE_SEEN) &&
		    store_row_modseq(row) > req->changed_since)
			roaring_bitmap_add(unseen, row->uid);
	}
	req->seen = roaring_bitmap_create();
	/* a full disk must not keep anybody from reading */
	if (!roaring_bitmap_is_empty(unseen))
		(void)store_flags_update(v->mbox, unseen, STORE_FLAGS_ADD,
		    STORE_SEEN, UINT64_MAX, req->seen, NULL);
	roaring_bitmap_free(unseen);
	roaring_bitmap_free(uids);
}

static bool
cmd_fetch_start(struct session *s, struct cmd *c, struct cmd_fetch_req *req)
{
	if (!view_resolve(s->view, &req->set, c->uid, &c->arena))
		return false;
	req->started = true;
	req->gone = view_any_gone(s->view, &req->set);
	if (req->items.bits & FETCH_MODSEQ)
		s->condstore = true;
	if (fetch_items_mark_seen(&req->items) && !s->view->readonly)
		cmd_fetch_mark_seen(s, req);
	req->reader = store_reader_new(s->view->mbox);
	sync_keywords(s);
	return true;
}

/* The messages of one range, from next_uid on; stops when the output is full. */
static enum store_err
cmd_fetch_range(struct session *s, struct cmd_fetch_req *req,
    const struct imap_range *range)
{
	struct view *v = s->view;
	uint32_t from = range->lo > req->next_uid ? range->lo : req->next_uid;
	size_t n, i = store_mbox_lower(v->mbox, from);
	const struct store_row *rows = store_mbox_rows(v->mbox, &n);
	bool plain = roaring_bitmap_is_empty(v->ghosts);

	for (i = store_mbox_newer(v->mbox, i, req->changed_since);
	     i < n && rows[i].uid <= range->hi && rows[i].uid < v->uid_limit;
	     i = store_mbox_newer(v->mbox, i + 1, req->changed_since)) {
		const struct store_row *row = &rows[i];
		bool flags = req->seen != NULL &&
		    roaring_bitmap_contains(req->seen, row->uid);
		enum store_err err;

		if (output_size(&s->out) >= OUTPUT_HIGH) {
			req->next_uid = row->uid;
			return STORE_OK;
		}
		err = fetch_items_put(s, &req->items, req->reader, row,
		    plain ? (uint32_t)i + 1 : view_msn(v, row->uid), flags);
		if (err == STORE_GONE)
			req->gone = true;
		else if (err != STORE_OK)
			return err;
	}
	req->range++;
	return STORE_OK;
}

static enum cmd_result
cmd_fetch_run(struct session *s, struct cmd *c)
{
	struct cmd_fetch_req *req = c->req;

	if (!req->started && !cmd_fetch_start(s, c, req))
		return reply_bad(s, "No such message number");
	while (req->range < req->set.n) {
		enum store_err err;

		if (output_size(&s->out) >= OUTPUT_HIGH)
			return CMD_AGAIN;
		err = cmd_fetch_range(s, req, &req->set.ranges[req->range]);
		if (err != STORE_OK)
			return reply_store_error(s, err, false);
	}
	if (req->gone && !c->uid)
		return reply_no(s, "EXPUNGEISSUED",
		    "Some of the messages no longer exist");
	return reply_ok(s, NULL, "Fetch completed");
}

static void
cmd_fetch_free(struct cmd *c)
{
	struct cmd_fetch_req *req = c->req;

	store_reader_free(&req->reader);
	if (req->seen != NULL)
		roaring_bitmap_free(req->seen);
}

const struct imap_cmd cmd_fetch = {
	.name = "FETCH",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_UID | CMD_NO_EXPUNGE,
	.parse = cmd_fetch_parse,
	.run = cmd_fetch_run,
	.free = cmd_fetch_free,
};
