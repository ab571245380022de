/* SPDX-License-Identifier: ISC
 *
 * Flag changes: the rows are changed in memory and each chunk touched is
 * written once, from memory.
 */
#include "store/snap.h"
#include "store/store_private.h"

struct flags_change {
	struct store_mbox *m;
	enum store_flag_op op;
	uint64_t flags, unchanged_since, modseq;
	struct store_rows_run changed, modified;
	size_t chunk_start, chunk_end; /* the chunk that has changed rows */
	size_t chunk;
	bool chunk_dirty;
	size_t n_changed;
};

static enum store_err
flags_write_chunk(struct flags_change *c)
{
	if (!c->chunk_dirty)
		return STORE_OK;
	c->chunk_dirty = false;
	return store_rows_put(c->m, c->m->chunks[c->chunk],
	    c->m->rows + c->chunk_start, c->chunk_end - c->chunk_start);
}

static enum store_err
flags_move_to_chunk(struct flags_change *c, size_t row)
{
	enum store_err e;

	if (c->chunk_dirty && row < c->chunk_end)
		return STORE_OK;
	if ((e = flags_write_chunk(c)) != STORE_OK)
		return e;
	c->chunk = store_rows_chunk_of(c->m, c->m->rows[row].uid);
	store_rows_span(c->m, c->chunk, &c->chunk_start, &c->chunk_end);
	c->chunk_dirty = true;
	return STORE_OK;
}

static enum store_err
flags_change_row(struct flags_change *c, size_t i)
{
	struct store_row *r = &c->m->rows[i];
	uint64_t old = store_row_flags(r), new = old;
	struct store_info *info = &c->m->info;
	enum store_err e;

	if (store_row_modseq(r) > c->unchanged_since) {
		store_rows_run_add(&c->modified, r->uid);
		return STORE_OK;
	}
	switch (c->op) {
	case STORE_FLAGS_SET:
		new = c->flags;
		break;
	case STORE_FLAGS_ADD:
		new |= c->flags;
		break;
	case STORE_FLAGS_REMOVE:
		new &= ~c->flags;
		break;
	}
	if (new == old)
		return STORE_OK;
	if ((e = flags_move_to_chunk(c, i)) != STORE_OK)
		return e;
	info->unseen += !(new & STORE_SEEN) - (uint32_t)!(old & STORE_SEEN);
	info->deleted += !(old & STORE_DELETED) -
	    (uint32_t)!(new & STORE_DELETED);
	*r = layout_row(r->uid, new, c->modseq);
	store_rows_run_add(&c->changed, r->uid);
	c->n_changed++;
	return STORE_OK;
}

/* The rows, in the transaction. */
static enum store_err
flags_change_rows(struct flags_change *c, const roaring_bitmap_t *uids)
{
	struct store_rows_walk walk;
	enum store_err e = STORE_OK;
	size_t i;

	store_rows_walk_init(&walk, c->m, uids);
	while (e == STORE_OK && store_rows_walk_next(&walk, &i))
		e = flags_change_row(c, i);
	if (e == STORE_OK)
		e = flags_write_chunk(c);
	if (e == STORE_OK && c->n_changed > 0) {
		c->m->info.highestmodseq = c->modseq;
		e = store_mailbox_put(c->m);
	}
	store_rows_run_end(&c->changed);
	store_rows_run_end(&c->modified);
	return e;
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
