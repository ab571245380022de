/* SPDX-License-Identifier: ISC
 *
 * Flag changes of many messages are noted in a few bytes and written into the
 * chunks of rows later: what a client waits for is then as small as what it
 * said.
 *
 * In memory the rows are always as they should be.  A chunk is written from
 * memory, so it can have a change that is still noted; a note is therefore done
 * only to rows whose modseq is below its own, and doing it again does nothing.
 * Notes are taken away when all chunks they name were written.
 */
#include "store/ranges.h"
#include "store/store_private.h"

#define LATE_HEAD 12
#define LATE_VALUE 900
#define LATE_TXN_CHUNKS 256 /* written in one transaction */

/* --- notes --------------------------------------------------------------- */

struct late_writer {
	struct store_mbox *m;
	uint64_t modseq;
	uint16_t part;
	size_t len;
	uint32_t last;
	unsigned char value[LATE_VALUE];
};

static enum store_err
late_put(struct late_writer *w)
{
	unsigned char key[LAYOUT_KEY_FLAGS];

	layout_key_flags(key, w->m->info.id, w->modseq, w->part++);
	w->m->late++;
	return store_txn_error(w->m->st, kv_put(w->m->st->kv, KV_META, key,
	    sizeof(key), w->value, w->len));
}

static enum store_err
late_put_range(void *ctx, uint32_t first, uint32_t last)
{
	struct late_writer *w = ctx;
	enum store_err e;

	if (w->len + STORE_RANGE_MAX > sizeof(w->value)) {
		if ((e = late_put(w)) != STORE_OK)
			return e;
		w->len = LATE_HEAD;
		w->last = 0;
	}
	w->len += store_ranges_put(w->value + w->len, &w->last, first, last);
	return STORE_OK;
}

enum store_err
store_late_note(struct store_mbox *m, enum store_flag_op op, uint64_t flags,
    uint64_t modseq, const roaring_bitmap_t *uids)
{
	struct late_writer w = { .m = m, .modseq = modseq, .len = LATE_HEAD };
	enum store_err e;

	w.value[0] = LAYOUT_VERSION;
	w.value[1] = (unsigned char)op;
	layout_put64(w.value + 4, flags);
	if ((e = store_ranges_each(uids, late_put_range, &w)) == STORE_OK)
		e = late_put(&w);
	m->st->late_full |= m->late >= STORE_LATE_MAX;
	return e;
}

/* --- reading them -------------------------------------------------------- */

struct late_note {
	struct store_mbox *m;
	enum store_flag_op op;
	uint64_t flags, modseq;
	size_t row; /* all before it are behind us */
};

/* Calls fn for each range of each note, oldest first. */
static enum store_err
late_each(struct store_mbox *m, void (*fn)(void *ctx, uint32_t first,
    uint32_t last), struct late_note *note, void *ctx)
{
	unsigned char key[LAYOUT_KEY_FLAGS];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;
	bool good = true;

	layout_key_flags(key, m->info.id, 0, 0);
	kv_scan_init(&s, m->st->kv, KV_META);
	for (e = kv_scan_to(&s, key, sizeof(key), &k, &v); good &&
	    e == KV_OK && k.len == sizeof(key) && memcmp(k.data, key, 5) == 0;
	    e = kv_scan_next(&s, &k, &v)) {
		good = v.len > LATE_HEAD && v.data[0] == LAYOUT_VERSION &&
		    v.data[1] <= STORE_FLAGS_REMOVE;
		if (!good)
			break;
		note->op = (enum store_flag_op)v.data[1];
		note->flags = layout_get64(v.data + 4);
		note->modseq = layout_get64be(k.data + 5);
		note->row = 0;
		good = store_ranges_decode(v.data + LATE_HEAD,
		    v.len - LATE_HEAD, fn, ctx);
	}
	kv_scan_clear(&s);
	if (!good)
		return STORE_CORRUPT;
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(m->st, e);
}

static void
late_apply_range(void *ctx, uint32_t first, uint32_t last)
{
	struct late_note *note = ctx;
	struct store_mbox *m = note->m;
	size_t i = store_rows_lower(m, note->row, first);

	for (; i < m->n && m->rows[i].uid <= last; i++) {
		struct store_row *r = &m->rows[i];

		if (store_row_modseq(r) < note->modseq)
			*r = layout_row(r->uid, store_flags_result(note->op,
			    store_row_flags(r), note->flags), note->modseq);
	}
	note->row = i;
}

enum store_err
store_late_apply(struct store_mbox *m)
{
	struct late_note note = { .m = m };

	return m->late == 0 ? STORE_OK
	    : late_each(m, late_apply_range, &note, &note);
}

/* --- settling ------------------------------------------------------------ */

/* Writes some of the chunks that have one of these rows. */
static enum store_err
late_write_chunks(struct store_mbox *m, struct store_rows_walk *walk,
    size_t *row, bool *more)
{
	size_t c, start, end;
	enum store_err e = STORE_OK;

	for (unsigned n = 0; e == STORE_OK && *more && n < LATE_TXN_CHUNKS;
	    n++) {
		c = store_rows_chunk_of(m, m->rows[*row].uid);
		store_rows_span(m, c, &start, &end);
		e = store_rows_put(m, m->chunks[c], m->rows + start,
		    end - start);
		do
			*more = store_rows_walk_next(walk, row);
		while (*more && *row < end);
	}
	return e;
}

/* All chunks, then the notes. */
static enum store_err
late_write(struct store_mbox *m, const roaring_bitmap_t *uids)
{
	struct store *st = m->st;
	struct store_rows_walk walk;
	enum store_err e;
	size_t row = 0;
	bool more;

	store_rows_walk_init(&walk, m, uids);
	more = store_rows_walk_next(&walk, &row);
	do {
		if ((e = store_txn_begin(st)) != STORE_OK)
			return e;
		e = late_write_chunks(m, &walk, &row, &more);
		if (e == STORE_OK && !more)
			e = store_late_erase(m);
		if (e == STORE_OK)
			e = store_txn_commit(st, STORE_TXN_SLACK);
		else
			store_txn_abort(st);
	} while (e == STORE_OK && more);
	return e;
}

enum store_err
store_late_settle(struct store_mbox *m)
{
	struct late_note note = { .m = m };
	roaring_bitmap_t *uids;
	enum store_err e;

	if (m->late == 0)
		return STORE_OK;
	if ((e = store_mbox_load(m)) != STORE_OK)
		return e;
	uids = roaring_bitmap_create();
	e = late_each(m, store_ranges_add, &note, uids);
	if (e == STORE_OK)
		e = late_write(m, uids);
	roaring_bitmap_free(uids);
	if (e != STORE_OK && !m->st->failed)
		(void)store_late_count(m);
	return e;
}

enum store_err
store_late_settle_all(struct store *st)
{
	enum store_err e = STORE_OK;

	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++) {
		bool loaded = st->mboxes[i]->loaded;

		e = store_late_settle(st->mboxes[i]);
		if (!loaded && st->mboxes[i]->loaded)
			store_rows_unload(st->mboxes[i]);
	}
	return e;
}

/* --- counting and forgetting --------------------------------------------- */

/* Calls fn for the key of each note of a mailbox, or of all. */
static enum store_err
late_keys(struct store *st, const unsigned char *prefix, size_t prefix_len,
    enum store_err (*fn)(struct store *st, const struct kv_item *k))
{
	enum store_err e = STORE_OK;
	enum kv_err ke;
	struct kv_item k, v;
	struct kv_scan s;

	kv_scan_init(&s, st->kv, KV_META);
	for (ke = kv_scan_to(&s, prefix, prefix_len, &k, &v); e == STORE_OK &&
	    ke == KV_OK && k.len == LAYOUT_KEY_FLAGS &&
	    memcmp(k.data, prefix, prefix_len) == 0;
	    ke = kv_scan_next(&s, &k, &v))
		e = fn(st, &k);
	kv_scan_clear(&s);
	if (e != STORE_OK || ke == KV_NOT_FOUND)
		return e;
	return store_txn_error(st, ke);
}

static enum store_err
late_count_key(struct store *st, const struct kv_item *k)
{
	struct store_mbox *m =
	    store_names_find_id(st, layout_get32be(k->data + 1));

	if (m != NULL)
		m->late++;
	return STORE_OK;
}

static enum store_err
late_erase_key(struct store *st, const struct kv_item *k)
{
	unsigned char key[LAYOUT_KEY_FLAGS];

	memcpy(key, k->data, sizeof(key));
	return store_txn_error(st, kv_delete(st->kv, KV_META, key, sizeof(key)));
}

enum store_err
store_late_erase(struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_MBOX];

	if (m->late == 0)
		return STORE_OK;
	m->late = 0;
	layout_key_mbox(key, LAYOUT_TAG_FLAGS, m->info.id);
	return late_keys(m->st, key, sizeof(key), late_erase_key);
}

enum store_err
store_late_count(struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_MBOX];

	m->late = 0;
	layout_key_mbox(key, LAYOUT_TAG_FLAGS, m->info.id);
	return late_keys(m->st, key, sizeof(key), late_count_key);
}

enum store_err
store_late_count_all(struct store *st)
{
	const unsigned char tag = LAYOUT_TAG_FLAGS;

	return late_keys(st, &tag, 1, late_count_key);
}
