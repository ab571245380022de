/* SPDX-License-Identifier: ISC
 *
 * An index from the segments and the newest snapshots.
 *
 * 1 Both are read: where each message is, which mailboxes get deleted, how
 *   many rows of the snapshot name each message.
 * 2 Up to the place the snapshot speaks of, messages only get their blob
 *   record; one that no row names was expunged.  Then the rows are written.
 * 3 Behind it the records are replayed.
 * 4 A mailbox that is whole in a snapshot that vouches keeps its UIDVALIDITY,
 *   and leaves out more UIDs than can have been given to copies since.  Each
 *   other mailbox gets a new one.
 *
 * What may be there twice is rather shown than lost: messages of a mailbox that
 * was deleted since (they may have been moved away before), and, when a part of
 * the snapshot is damaged, messages that none of its rows names, are put into
 * "Recovered", or into the mailbox they were born in if that is the damaged
 * one.
 * All rows get a new modseq, as their flags may be older than what a client has
 * seen.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/rebuild.h"

/* --- mailboxes ----------------------------------------------------------- */

static enum store_err
rebuild_mailbox(struct store *st, const struct store_snap_box *box)
{
	const struct layout_record h = {
		.mbox = box->id,
		.uidvalidity = box->b.uidvalidity,
		.internaldate = box->b.created,
		.flags = box->b.use,
	};
	char *name = xstrndup(box->b.name, box->b.name_len);
	struct store_mbox *m;
	enum store_err e = store_replay_make(st, name, &h, box->b.mailboxid,
	    &m);

	free(name);
	if (e != STORE_OK)
		return e;
	m->info.uidnext = box->b.uidnext;
	m->info.recent_uid = box->b.recent_uid;
	for (unsigned i = 0; i < LIMIT_KEYWORDS; i++) {
		if (box->keywords[i] == NULL)
			continue;
		m->keywords[i] = xstrdup(box->keywords[i]);
		m->n_keywords = i + 1;
	}
	m->keywords_loaded = true;
	e = store_keywords_put(m, 0);
	return e == STORE_OK ? store_mailbox_put(m) : e;
}

static enum store_err
rebuild_subscribe(void *ctx, const char *name)
{
	return store_names_subscribe(ctx, name, true);
}

/* What the snapshot has besides rows. */
static enum store_err
rebuild_mailboxes(struct recover *rc)
{
	const struct rebuild *rb = rc->rebuild;
	struct store *st = rc->st;
	enum store_err e = store_txn_begin(st);

	if (e != STORE_OK)
		return e;
	for (size_t i = 0; e == STORE_OK && i < rb->snaps.n_boxes; i++) {
		const struct store_snap_box *box = rb->snaps.boxes[i];

		if (box->has_record &&
		    !roaring_bitmap_contains(rb->dead, box->id))
			e = rebuild_mailbox(st, box);
	}
	if (e == STORE_OK)
		e = store_snaps_subscriptions(&rb->snaps, rebuild_subscribe,
		    st);
	if (e == STORE_OK)
		return store_txn_commit(st, STORE_TXN_CHANGE);
	store_txn_abort(st);
	return e;
}

/* An empty index. One whose rebuild dies must not look like one that can be
 * used: it is marked until the end. */
static enum store_err
rebuild_begin(struct store *st)
{
	enum store_err e = STORE_OK;

	if (store_recover_has_user(st))
		e = store_recover_start_over(st, false);
	if (e != STORE_OK)
		return e;
	store_names_clear(st);
	store_recover_new_user(st);
	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	st->u.rebuilding = true;
	if ((e = store_txn_commit(st, STORE_TXN_CHANGE)) == STORE_OK)
		e = store_txn_error(st, kv_flush(st->kv));
	return e;
}

/* Numbers no one has been given yet. */
static void
rebuild_numbers(struct recover *rc)
{
	const struct rebuild *rb = rc->rebuild;
	const struct layout_snap_head *h = &rb->snaps.file[0].head;
	struct store *st = rc->st;
	uint64_t modseq = rb->modseq;

	st->u.next_mbox = rb->next_mbox;
	if (st->u.next_uidvalidity < rb->next_uidvalidity)
		st->u.next_uidvalidity = rb->next_uidvalidity;
	if (rb->snaps.n > 0) {
		if (st->u.next_mbox < h->next_mbox)
			st->u.next_mbox = h->next_mbox;
		if (st->u.next_uidvalidity < h->next_uidvalidity)
			st->u.next_uidvalidity = h->next_uidvalidity;
		if (st->u.next_blob < h->next_blob)
			st->u.next_blob = h->next_blob;
		if (modseq < h->modseq)
			modseq = h->modseq;
		st->u.uids = h->uids;
	}
	store_replay_modseq(st, modseq + RECOVER_MODSEQ_GAP);
}

/* Heads of segments that are damaged, if a snapshot knows them. */
static enum store_err
rebuild_mend(struct recover *rc, const uint32_t *list, size_t n)
{
	const struct store_snaps *s = &rc->rebuild->snaps;
	enum store_err e = STORE_OK;

	for (size_t i = 0; e == STORE_OK && i < n; i++) {
		uint64_t cookie = 0;

		if (store_segment_cookie(&rc->st->seg, list[i], &cookie))
			continue;
		cookie = 0;
		for (unsigned k = 0; k < s->n && cookie == 0; k++)
			cookie = store_snap_segment(s->file[k].data,
			    s->file[k].len, s->file[k].cookie, list[i]);
		if (cookie != 0)
			e = store_segment_mend(&rc->st->seg, list[i], cookie);
	}
	return e;
}

enum store_err
store_rebuild_start(struct recover *rc, const uint32_t *list, size_t n)
{
	struct rebuild *rb = rc->rebuild = xmalloc(sizeof(*rb));
	enum store_err e;

	rb->rc = rc;
	rb->dead = roaring_bitmap_create();
	rb->dying = roaring_bitmap_create();
	rb->named = roaring_bitmap_create();
	rb->next_mbox = 1;
	if (!store_snaps_load(&rb->snaps, rc->st))
		return STORE_IO;
	if ((e = rebuild_mend(rc, list, n)) != STORE_OK ||
	    (e = rebuild_begin(rc->st)) != STORE_OK ||
	    (e = store_rebuild_scan(rc, list, n)) != STORE_OK)
		return e;
	rebuild_numbers(rc);
	store_rebuild_count(rb);
	return rebuild_mailboxes(rc);
}

/* --- the records, in order ----------------------------------------------- */

static enum store_err
rebuild_blob(struct recover *rc, uint32_t no,
    const struct store_segment_record *r)
{
	struct rebuild_entry *entry = store_rebuild_find(rc->rebuild,
	    r->h.blob);
	struct store_append_item item = {
		.blob = r->h.blob,
		.segment = no,
		.coded = r->h.coded,
		.at = r->body_at,
		.internaldate = r->h.internaldate,
		.zone = r->h.zone,
	};
	struct layout_loc loc;
	enum store_err e;

	if (entry == NULL || entry->segment != no || entry->at != r->at ||
	    store_rebuild_is_left_over(rc->rebuild, entry))
		return STORE_OK;
	if ((e = store_replay_derive(rc, r, &item.derived)) != STORE_OK)
		return e;
	e = store_append_blob(rc->st, &item, entry->refs, &loc);
	entry->put = true;
	entry->size = loc.size;
	entry->internaldate = loc.internaldate;
	entry->zone = loc.zone;
	entry->sent_day = loc.sent_day;
	return e;
}

enum store_err
store_rebuild_record(struct recover *rc, uint32_t no,
    const struct store_segment_record *r)
{
	const struct rebuild *rb = rc->rebuild;
	bool before = store_rebuild_before(rb, no, r->at);
	const struct store_snap_box *box;

	if (r->h.kind == LAYOUT_MESSAGE)
		return before ? rebuild_blob(rc, no, r)
		              : store_replay_message(rc, no, r, false);
	box = store_snaps_find(&rb->snaps, r->h.mbox);
	if (roaring_bitmap_contains(rb->dead, r->h.mbox) ||
	    (before && (rb->snaps.whole || (box != NULL && box->has_record))))
		return STORE_OK;
	return store_replay_name(rc, r);
}

/* --- the rows ------------------------------------------------------------ */

bool
store_rebuild_rows_due(const struct recover *rc, uint32_t no, uint64_t at)
{
	return rc->rebuild->snaps.n > 0 && !rc->rebuild->rows_done &&
	    !store_rebuild_before(rc->rebuild, no, at);
}

static enum store_err
rebuild_put_rows(void *ctx, const struct store_snap_box *box,
    const struct layout_snap_row *rows, size_t n)
{
	struct rebuild *rb = ctx;
	struct store *st = rb->rc->st;
	struct store_row *hot = xcalloc(n, sizeof(*hot));
	struct layout_loc *loc = xcalloc(n, sizeof(*loc));
	enum store_err e = store_txn_begin(st);
	size_t out = 0;

	(void)box;
	for (size_t i = 0; i < n; i++) {
		const struct rebuild_entry *t = store_rebuild_find(rb,
		    rows[i].blob);

		if (t == NULL || !t->put)
			continue;
		hot[out] = layout_row(rows[i].uid, rows[i].flags &
		    (STORE_SYSTEM_FLAGS | rb->keywords), st->modseq);
		loc[out++] = (struct layout_loc){ t->blob, t->size,
			rows[i].savedate, t->internaldate, t->zone,
			t->sent_day };
		if (rows[i].uid >= rb->m->info.uidnext)
			rb->m->info.uidnext = rows[i].uid + 1;
	}
	if (e == STORE_OK && out > 0)
		e = store_rows_append(rb->m, hot, loc, out);
	rb->m->info.highestmodseq = st->modseq;
	if (e == STORE_OK)
		e = store_mailbox_put(rb->m);
	if (e == STORE_OK)
		e = store_txn_commit(st, STORE_TXN_CHANGE);
	else
		store_txn_abort(st);
	free(hot);
	free(loc);
	return e;
}

/* A message no row of the snapshot names. */
static enum store_err
rebuild_left_over(struct recover *rc, const struct store_segment_view *v,
    const struct rebuild_entry *entry)
{
	const struct store_snap_box *box;
	struct store_segment_record r;
	enum store_err e;

	if (store_segment_parse(v->data, v->len, v->cookie, entry->at, &r) !=
	    STORE_SEGMENT_FOUND)
		return STORE_OK;
	if (rc->in_batch == 0 && (e = store_txn_begin(rc->st)) != STORE_OK)
		return e;
	rc->in_batch++;
	box = store_snaps_find(&rc->rebuild->snaps, r.h.mbox);
	e = store_replay_message(rc, v->no, &r, box != NULL && box->whole);
	if (e == STORE_OK && rc->in_batch >= RECOVER_BATCH)
		e = store_recover_commit(rc);
	return e;
}

static enum store_err
rebuild_all_left_over(struct recover *rc)
{
	const struct rebuild *rb = rc->rebuild;
	struct store_segment_view v = { .data = NULL };
	enum store_err e = STORE_OK;

	for (size_t i = 0; e == STORE_OK && i < rb->n; i++) {
		const struct rebuild_entry *t = &rb->entries[i];

		if (!store_rebuild_before(rb, t->segment, t->at) ||
		    !store_rebuild_is_left_over(rb, t))
			continue;
		if (v.no != t->segment) {
			store_segment_unview(&v);
			if (store_segment_view(&rc->st->seg, t->segment, &v) !=
			    0)
				e = STORE_IO;
		}
		if (e == STORE_OK && v.valid)
			e = rebuild_left_over(rc, &v, t);
	}
	store_segment_unview(&v);
	if (e == STORE_OK && rc->in_batch > 0)
		e = store_recover_commit(rc);
	return e;
}

enum store_err
store_rebuild_rows(struct recover *rc)
{
	struct rebuild *rb = rc->rebuild;
	enum store_err e = STORE_OK;

	rb->rows_done = true;
	if (rc->in_batch > 0)
		e = store_recover_commit(rc);
	for (size_t i = 0; e == STORE_OK && i < rb->snaps.n_boxes; i++) {
		const struct store_snap_box *box = rb->snaps.boxes[i];

		rb->m = store_names_find_id(rc->st, box->id);
		if (rb->m == NULL)
			continue;
		rb->keywords = 0;
		for (unsigned k = 0; k < LIMIT_KEYWORDS; k++)
			if (box->keywords[k] != NULL && box->has_record)
				rb->keywords |= UINT64_C(1) <<
				    (STORE_KEYWORD_SHIFT + k);
		e = store_snaps_rows(&rb->snaps, box, rebuild_put_rows, rb);
	}
	rb->m = NULL;
	return e == STORE_OK ? rebuild_all_left_over(rc) : e;
}

/* --- the end ------------------------------------------------------------- */

static bool
rebuild_keeps_validity(const struct recover *rc, const struct store_mbox *m)
{
	const struct store_snaps *s = &rc->rebuild->snaps;
	const struct store_snap_box *box = store_snaps_find(s, m->info.id);

	return s->vouches && m != rc->recovered &&
	    m->info.uidnext < UINT32_MAX - 2 * store_snap_uid_gap() &&
	    (box != NULL ? box->whole : s->whole);
}

static enum store_err
rebuild_finish_mailbox(struct recover *rc, struct store_mbox *m)
{
	const struct store_snaps *s = &rc->rebuild->snaps;
	const struct store_snap_box *box = store_snaps_find(s, m->info.id);
	struct store *st = m->st;
	enum store_err e = STORE_OK;

	m->info.highestmodseq = m->vanish_floor = st->modseq;
	if (rebuild_keeps_validity(rc, m)) {
		m->info.uidnext += (uint32_t)store_snap_uid_gap();
	} else {
		m->info.uidvalidity = st->u.next_uidvalidity++;
		e = store_mailbox_record(m, LAYOUT_NAME_VALIDITY,
		    m->info.name);
	}
	if (e == STORE_OK)
		e = store_mailbox_put(m);
	if (e == STORE_OK && (box == NULL || !box->has_record))
		e = store_names_subscribe(st, m->info.name, true);
	return e;
}

enum store_err
store_rebuild_finish(struct recover *rc)
{
	struct rebuild *rb = rc->rebuild;
	struct store *st = rc->st;
	uint32_t now = (uint32_t)time(NULL);
	enum store_err e;

	if (rb->snaps.n > 0 && !rb->rows_done &&
	    (e = store_rebuild_rows(rc)) != STORE_OK)
		return e;
	log_error("store: rebuilt from the segments and %s: %s: %zu mailboxes, "
	    "%llu messages, %llu lost", !rb->snaps.vouches ? rb->snaps.n > 0
	    ? "an older snapshot" : "no snapshot" : rb->snaps.whole
	    ? "the newest snapshot" : "a damaged snapshot", st->home,
	    st->n_mboxes, (unsigned long long)st->messages,
	    (unsigned long long)rb->lost);
	if ((e = store_segment_begin(&st->seg)) != STORE_OK ||
	    (e = store_txn_begin(st)) != STORE_OK)
		return e;
	if (st->u.next_uidvalidity < now)
		st->u.next_uidvalidity = now;
	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++)
		e = rebuild_finish_mailbox(rc, st->mboxes[i]);
	if (e == STORE_OK && st->seg.end != st->seg.sealed)
		e = store_segment_seal(&st->seg);
	/* EMAILIDs of messages whose record is damaged */
	st->u.next_blob += store_snap_uid_gap();
	st->u.rebuilding = false;
	st->rebuilt = true;
	st->rebuilt_whole = rb->snaps.n > 0 && rb->snaps.whole;
	return e == STORE_OK ? store_txn_commit(st, STORE_TXN_CHANGE) : e;
}
