/* SPDX-License-Identifier: ISC
 *
 * COPY and MOVE: new rows that name the same blobs.  A copy adds a reference to
 * each; a move takes the old rows away in the same transaction and leaves the
 * references as they are.
 */
#include <stdlib.h>
#include <time.h>

#include "common/xalloc.h"
#include "store/snap.h"
#include "store/store_private.h"

struct copy_job {
	struct store_mbox *from, *to;
	bool move;
	size_t n, cap;
	struct store_row *rows;   /* own */
	struct layout_loc *locs;  /* own */
	uint64_t bytes;
	unsigned keywords;        /* `to` had before */
	uint64_t map[LIMIT_KEYWORDS]; /* mask in `to` of each keyword of `from` */
	roaring_bitmap_t *copied; /* own */
};

/* Finds or makes in `to` the keywords the flags need. */
static enum store_err
copy_map_flags(struct copy_job *j, uint64_t flags, uint64_t *flags_r)
{
	uint64_t keywords = flags >> STORE_KEYWORD_SHIFT;

	*flags_r = flags;
	if (keywords == 0 || j->from == j->to)
		return STORE_OK;
	*flags_r &= STORE_SYSTEM_FLAGS;
	for (; keywords != 0; keywords &= keywords - 1) {
		unsigned k = (unsigned)__builtin_ctzll(keywords);
		enum store_err e;

		if (j->from->keywords[k] == NULL)
			continue;
		if (j->map[k] == 0) {
			e = store_keywords_mask(j->to, j->from->keywords[k],
			    &j->map[k]);
			if (e != STORE_OK)
				return e;
		}
		*flags_r |= j->map[k];
	}
	return STORE_OK;
}

static void
copy_push(struct copy_job *j, const struct store_row *r,
    const struct layout_loc *l)
{
	if (j->n == j->cap) {
		j->cap = j->cap == 0 ? 16 : j->cap * 2;
		j->rows = xreallocarray(j->rows, j->cap, sizeof(*j->rows));
		j->locs = xreallocarray(j->locs, j->cap, sizeof(*j->locs));
	}
	j->rows[j->n] = *r;
	j->locs[j->n++] = *l;
	j->bytes += l->size;
}

/* Collects the new rows; nothing is changed but keywords in memory. */
static enum store_err
copy_collect(struct copy_job *j, const roaring_bitmap_t *uids, uint64_t modseq)
{
	struct store_rows_run run = { .set = j->copied };
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	struct store_mbox *m = j->from;
	struct store_rows_walk walk;
	size_t i, start = 0, end = 0, n = 0;
	uint32_t now = (uint32_t)time(NULL);
	enum store_err e = STORE_OK;

	store_rows_walk_init(&walk, m, uids);
	while (e == STORE_OK && store_rows_walk_next(&walk, &i)) {
		struct layout_loc l;
		struct store_row r;
		uint64_t flags;

		if (i >= end) {
			size_t c = store_rows_chunk_of(m, m->rows[i].uid);

			store_rows_span(m, c, &start, &end);
			e = store_rows_get_locs(m, m->chunks[c], locs, &n);
			if (e == STORE_OK && n != end - start)
				e = STORE_CORRUPT;
			if (e != STORE_OK)
				break;
		}
		e = copy_map_flags(j, store_row_flags(&m->rows[i]), &flags);
		l = locs[i - start];
		l.savedate = now;
		r = layout_row(j->to->info.uidnext + (uint32_t)j->n, flags,
		    modseq);
		copy_push(j, &r, &l);
		store_rows_run_add(&run, m->rows[i].uid);
	}
	store_rows_run_end(&run);
	return e;
}

static enum store_err
copy_check(const struct copy_job *j)
{
	const struct store *st = j->to->st;

	if (j->n >= UINT32_MAX - 1 - j->to->info.uidnext)
		return STORE_LIMIT;
	if (!j->move && ((st->o.quota_bytes != 0 &&
	    st->bytes + j->bytes > st->o.quota_bytes) ||
	    (st->o.quota_messages != 0 &&
	    st->messages + j->n > st->o.quota_messages)))
		return STORE_OVERQUOTA;
	return STORE_OK;
}

/* The changes, in the transaction. */
static enum store_err
copy_write(struct copy_job *j)
{
	struct store_mbox *to = j->to;
	enum store_err e = store_keywords_put(to, j->keywords);

	for (size_t i = 0; !j->move && e == STORE_OK && i < j->n; i++)
		e = store_blob_ref(to->st, j->locs[i].blob, 1);
	if (e == STORE_OK)
		e = store_rows_append(to, j->rows, j->locs, j->n);
	if (e != STORE_OK)
		return e;
	to->info.uidnext += (uint32_t)j->n;
	to->st->u.uids += j->n;
	to->info.highestmodseq = store_txn_modseq(to->st);
	if ((e = store_mailbox_put(to)) == STORE_OK && j->move)
		e = store_expunge_rows(j->from, j->copied, false, NULL);
	return e;
}

static enum store_err
copy_run(struct copy_job *j, const roaring_bitmap_t *uids)
{
	struct store *st = j->from->st;
	enum store_err e;

	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	e = copy_collect(j, uids, st->modseq + 1);
	if (e == STORE_OK)
		e = copy_check(j);
	if (e != STORE_OK || j->n == 0) {
		store_txn_abort(st);
		store_keywords_truncate(j->to, j->keywords);
		return e;
	}
	e = copy_write(j);
	if (e == STORE_OK)
		e = store_txn_commit(st, STORE_TXN_CHANGE);
	else
		store_txn_abort(st);
	if (e != STORE_OK) {
		store_keywords_truncate(j->to, j->keywords);
		store_mailbox_reload(j->to);
		if (j->move && j->from != j->to)
			store_mailbox_reload(j->from);
	}
	return e;
}

enum store_err
store_copy(struct store_mbox *m, const roaring_bitmap_t *uids,
    const char *mailbox, bool move, roaring_bitmap_t *copied_r,
    uint32_t *uidvalidity_r, uint32_t *first_uid_r)
{
	struct store_mbox *to = store_names_find(m->st, mailbox);
	struct copy_job j = { .from = m, .to = to, .move = move };
	enum store_err e;

	if (to == NULL)
		return STORE_NOT_FOUND;
	if (to->held)
		return STORE_BUSY;
	if ((e = store_mbox_load(m)) != STORE_OK ||
	    (e = store_keywords_load(to)) != STORE_OK)
		return e;
	j.keywords = to->n_keywords;
	j.copied = roaring_bitmap_create();
	*uidvalidity_r = to->info.uidvalidity;
	*first_uid_r = to->info.uidnext;
	to->refs++;
	e = m->deleted ? STORE_OK : copy_run(&j, uids);
	if (e == STORE_OK && j.n > 0) {
		store_snap_note(m->st, j.n);
		if (copied_r != NULL)
			roaring_bitmap_or_inplace(copied_r, j.copied);
		store_watch_added(to, j.rows[0].uid, j.rows[j.n - 1].uid);
		if (move)
			store_watch_expunged(m, j.copied);
	}
	store_mbox_unref(&to);
	roaring_bitmap_free(j.copied);
	free(j.rows);
	free(j.locs);
	return e;
}
