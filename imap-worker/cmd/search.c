/* SPDX-License-Identifier: ISC
 *
 * SEARCH and UID SEARCH (RFC 3501 §6.4.4; RETURN RFC 4731; SAVE and "$" RFC 5182;
 * WITHIN RFC 5032; MODSEQ RFC 7162 §3.1.5; SAVEDATE RFC 8514; OBJECTID RFC 8474).
 * Untagged SEARCH, or ESEARCH where RETURN was given. Works in slices: a long one
 * does not hold up the user's other sessions.
 */
#include <inttypes.h>

#include "cmd.h"
#include "search/run.h"
#include "search/search.h"
#include "session.h"
#include "view.h"

#define CMD_SEARCH_SLICE 5 /* milliseconds */

struct cmd_search_req {
	struct search_program program;
	struct search_run run;
	bool started;
};

static bool
cmd_search_parse(struct session *s, struct cmd *c, struct imap_parser *p)
{
	struct cmd_search_req *req = arena_alloc(&c->arena, sizeof(*req));

	(void)s;
	if (!imap_parse_sp(p) || !search_parse(p, &req->program))
		return false;
	c->req = req;
	return true;
}

/* Message numbers and UIDs of all sets become UID ranges. */
static bool
cmd_search_resolve(struct session *s, struct cmd *c, struct search_key *keys)
{
	for (struct search_key *k = keys; k != NULL; k = k->next) {
		if ((k->op == SEARCH_SEQ || k->op == SEARCH_UID) &&
		    !view_resolve(s->view, &k->set, k->op == SEARCH_UID,
			&c->arena))
			return false;
		if ((k->op == SEARCH_AND || k->op == SEARCH_OR) &&
		    !cmd_search_resolve(s, c, k->child))
			return false;
	}
	return true;
}

/* --- the answer ------------------------------------------------------------- */

/* Walks the found messages as numbers of the kind asked for. */
struct cmd_search_walk {
	const struct view *view;
	bool uid, plain; /* plain: no ghosts, so a message's number is its place */
	size_t i, n;
	const struct store_row *rows;
	roaring_uint32_iterator_t it;
};

static void
cmd_search_walk_init(struct cmd_search_walk *w, const struct session *s,
    const roaring_bitmap_t *found)
{
	w->view = s->view;
	w->uid = s->cmd.uid;
	w->plain = roaring_bitmap_is_empty(s->view->ghosts);
	w->i = 0;
	w->rows = store_mbox_rows(s->view->mbox, &w->n);
	roaring_init_iterator(found, &w->it);
}

/* 0: no more. */
static uint32_t
cmd_search_walk_next(struct cmd_search_walk *w)
{
	uint32_t uid;

	if (!w->it.has_value)
		return 0;
	uid = w->it.current_value;
	roaring_advance_uint32_iterator(&w->it);
	if (w->uid)
		return uid;
	if (!w->plain)
		return view_msn(w->view, uid);
	while (w->i < w->n && w->rows[w->i].uid < uid)
		w->i++;
	return (uint32_t)w->i + 1;
}

static uint32_t
cmd_search_number(const struct session *s, uint32_t uid)
{
	return s->cmd.uid ? uid : view_msn(s->view, uid);
}

static void
cmd_search_put_plain(struct session *s, const struct search_run *run)
{
	struct buf *out = session_out(s);
	struct cmd_search_walk w;
	uint32_t number;

	buf_puts(out, "* SEARCH");
	cmd_search_walk_init(&w, s, run->found);
	while ((number = cmd_search_walk_next(&w)) != 0) {
		buf_putc(out, ' ');
		buf_put_u64(out, number);
	}
	if (run->program->uses_modseq &&
	    !roaring_bitmap_is_empty(run->found))
		buf_printf(out, " (MODSEQ %" PRIu64 ")", run->max_modseq);
	buf_puts(out, "\r\n");
}

static void
cmd_search_put_all(struct session *s, const struct search_run *run)
{
	struct buf *out = session_out(s);
	struct imap_set_writer set;
	struct cmd_search_walk w;
	uint32_t number;

	buf_puts(out, " ALL ");
	imap_set_writer_init(&set, out);
	cmd_search_walk_init(&w, s, run->found);
	while ((number = cmd_search_walk_next(&w)) != 0)
		imap_set_writer_add(&set, number);
	(void)imap_set_writer_finish(&set);
}

/* The MODSEQ of an ESEARCH: of what it names (RFC 7162 §3.1.5). */
static uint64_t
cmd_search_modseq(const struct session *s, const struct search_run *run,
    unsigned opts)
{
	const struct store_row *row;
	uint64_t most = 0;

	if (opts & (SEARCH_RETURN_ALL | SEARCH_RETURN_COUNT))
		return run->max_modseq;
	if ((opts & SEARCH_RETURN_MIN) &&
	    (row = view_row(s->view, roaring_bitmap_minimum(run->found))))
		most = store_row_modseq(row);
	if ((opts & SEARCH_RETURN_MAX) &&
	    (row = view_row(s->view, roaring_bitmap_maximum(run->found))) &&
	    store_row_modseq(row) > most)
		most = store_row_modseq(row);
	return most;
}

static void
cmd_search_put_extended(struct session *s, const struct search_run *run)
{
	unsigned opts = run->program->return_opts;
	struct buf *out = session_out(s);
	bool any = !roaring_bitmap_is_empty(run->found);

	if (opts == SEARCH_RETURN_SAVE)
		return;
	buf_printf(out, "* ESEARCH (TAG \"%s\")%s", s->cmd.tag,
	    s->cmd.uid ? " UID" : "");
	if (any && (opts & SEARCH_RETURN_MIN))
		buf_printf(out, " MIN %u",
		    cmd_search_number(s, roaring_bitmap_minimum(run->found)));
	if (any && (opts & SEARCH_RETURN_MAX))
		buf_printf(out, " MAX %u",
		    cmd_search_number(s, roaring_bitmap_maximum(run->found)));
	if (any && (opts & SEARCH_RETURN_ALL))
		cmd_search_put_all(s, run);
	if (opts & SEARCH_RETURN_COUNT)
		buf_printf(out, " COUNT %" PRIu64,
		    roaring_bitmap_get_cardinality(run->found));
	if (any && run->program->uses_modseq)
		buf_printf(out, " MODSEQ %" PRIu64,
		    cmd_search_modseq(s, run, opts));
	buf_puts(out, "\r\n");
}

/* What "$" stands for from now on (RFC 5182 §2.1, §2.4). */
static void
cmd_search_save(struct session *s, const struct search_run *run)
{
	unsigned opts = run->program->return_opts;
	roaring_bitmap_t *saved;

	if (!(opts & (SEARCH_RETURN_MIN | SEARCH_RETURN_MAX)) ||
	    (opts & (SEARCH_RETURN_ALL | SEARCH_RETURN_COUNT))) {
		saved = roaring_bitmap_copy(run->found);
	} else {
		saved = roaring_bitmap_create();
		if (!roaring_bitmap_is_empty(run->found)) {
			if (opts & SEARCH_RETURN_MIN)
				roaring_bitmap_add(saved,
				    roaring_bitmap_minimum(run->found));
			if (opts & SEARCH_RETURN_MAX)
				roaring_bitmap_add(saved,
				    roaring_bitmap_maximum(run->found));
		}
	}
	view_save(s->view, saved);
}

/* A SEARCH with SAVE that fails leaves "$" empty (RFC 5182 §2.1). */
static enum cmd_result
cmd_search_failed(struct session *s, const struct cmd_search_req *req,
    enum cmd_result r)
{
	if (req->program.return_opts & SEARCH_RETURN_SAVE)
		view_save(s->view, NULL);
	return r;
}

static enum cmd_result
cmd_search_run(struct session *s, struct cmd *c)
{
	struct cmd_search_req *req = c->req;
	enum store_err err;
	bool done;

	if (!req->started) {
		if (!cmd_search_resolve(s, c, req->program.keys))
			return cmd_search_failed(s, req,
			    reply_bad(s, "No such message number"));
		req->started = true;
		if (!search_run_init(&req->run, s->view->mbox, s->view->recent,
			s->view->uid_limit, &req->program, &c->arena))
			return cmd_search_failed(s, req,
			    reply_no(s, "BADCHARSET (US-ASCII UTF-8)",
				"That charset is not known here"));
		if (req->program.uses_modseq)
			s->condstore = true;
	}
	err = search_run_slice(&req->run, CMD_SEARCH_SLICE, &done);
	if (err != STORE_OK)
		return cmd_search_failed(s, req, reply_store_error(s, err, false));
	if (!done)
		return CMD_AGAIN;
	if (req->program.return_opts & SEARCH_RETURN_SAVE)
		cmd_search_save(s, &req->run);
	if (req->program.has_return)
		cmd_search_put_extended(s, &req->run);
	else
		cmd_search_put_plain(s, &req->run);
	return reply_ok(s, NULL, "Search completed");
}

static void
cmd_search_free(struct cmd *c)
{
	struct cmd_search_req *req = c->req;

	search_run_clear(&req->run);
}

const struct imap_cmd cmd_search = {
	.name = "SEARCH",
	.flags = CMD_SELECTED | CMD_ROWS | CMD_UID | CMD_NO_EXPUNGE,
	.parse = cmd_search_parse,
	.run = cmd_search_run,
	.free = cmd_search_free,
};
