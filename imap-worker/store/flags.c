/* SPDX-License-Identifier: ISC
 *
 * Flag changes: the rows are changed in memory.  When they are all of one chunk,
 * that is written; otherwise the change is noted (late.c).
 */
#include "store/snap.h"
#include "store/store_private.h"

struct flags_change {
	struct store_mbox *m;
	enum store_flag_op op;
	uint64_t flags, unchanged_since, modseq;
	struct store_rows_run changed, modified;
	size_t chunk, chunk_start, chunk_end; /* of the first changed row */
	bool more_chunks; /* there are changed rows in others */
	size_t n_changed;
};

uint64_t
store_flags_result(enum store_flag_op op, uint64_t old, uint64_t flags)
{
	switch (op) {
	case STORE_FLAGS_SET:
		return flags;
	case STORE_FLAGS_ADD:
		return old | flags;
	case STORE_FLAGS_REMOVE:
		return old & ~flags;
	}
	return old;
}

static void
flags_in_chunk(struct flags_change *c, size_t row)
{
	if (c->n_changed == 0) {
		c->chunk = store_rows_chunk_of(c->m, c->m->rows[row].uid);
		store_rows_span(c->m, c->chunk, &c->chunk_start, &c->chunk_end);
	}
	c->more_chunks |= row >= c->chunk_end;
}

static void
flags_change_row(struct flags_change *c, size_t i)
{
	struct store_row *r = &c->m->rows[i];
	uint64_t old = store_row_flags(r), new;
	struct store_info *info = &c->m->info;

	if (store_row_modseq(r) > c->unchanged_since) {
		store_rows_run_add(&c->modified, r->uid);
		return;
	}
	if ((new = store_flags_result(c->op, old, c->flags)) == old)
		return;
	flags_in_chunk(c, i);
	info->unseen += !(new & STORE_SEEN) - (uint32_t)!(old & STORE_SEEN);
	info->deleted += !(old & STORE_DELETED) -
	    (uint32_t)!(new & STORE_DELETED);
	*r = layout_row(r->uid, new, c->modseq);
	store_newer_note(c->m, i, c->modseq);
	store_rows_run_add(&c->changed, r->uid);
	c->n_changed++;
}

/* The rows, in the transaction. */
static enum store_err
flags_change_rows(struct flags_change *c, const roaring_bitmap_t *uids)
{
	struct store_mbox *m = c->m;
	struct store_rows_walk walk;
	enum store_err e;
	size_t i;

	store_rows_walk_init(&walk, m, uids);
	while (store_rows_walk_next(&walk, &i))
		flags_change_row(c, i);
	store_rows_run_end(&c->changed);
	store_rows_run_end(&c->modified);
	if (c->n_changed == 0)
		return STORE_OK;
	e = c->more_chunks
	    ? store_late_note(m, c->op, c->flags, c->modseq, c->changed.set)
	    : store_rows_put(m, m->chunks[c->chunk], m->rows + c->chunk_start,
		  c->chunk_end - c->chunk_start);
	if (e != STORE_OK)
		return e;
	m->info.highestmodseq = c->modseq;
	return store_mailbox_put(m);
}

enum store_err
store_flags_update(struct store_mbox *m, const roaring_bitmap_t *uids,
    enum store_flag_op op, uint64_t flags, uint64_t unchanged_since,
    roaring_bitmap_t *changed_r, roaring_bitmap_t *modified_r)
{
	struct flags_change c = {
		.m = m,
		.op = op,
		.flags = flags & STORE_ALL_FLAGS,
		.unchanged_since = unchanged_since,
	};
	enum store_err e;

	if (m->deleted)
		return STORE_OK;
	if ((e = store_mbox_load(m)) != STORE_OK ||
	    (e = store_txn_begin(m->st)) != STORE_OK)
		return e;
	c.modseq = m->st->modseq + 1;
	c.changed.set = roaring_bitmap_create();
	c.modified.set = roaring_bitmap_create();
	e = flags_change_rows(&c, uids);
	if (e == STORE_OK && c.n_changed > 0) {
		store_txn_modseq(m->st);
		e = store_txn_commit(m->st, STORE_TXN_FLAGS);
	} else {
		store_txn_abort(m->st);
	}
	if (e != STORE_OK) {
		store_mailbox_reload(m);
		goto out;
	}
	if (changed_r != NULL)
		roaring_bitmap_or_inplace(changed_r, c.changed.set);
	if (modified_r != NULL)
		roaring_bitmap_or_inplace(modified_r, c.modified.set);
	store_snap_note(m->st, c.n_changed);
	if (c.n_changed > 0)
		store_watch_changed(m, c.changed.set);
out:
	roaring_bitmap_free(c.changed.set);
	roaring_bitmap_free(c.modified.set);
	return e;
}
