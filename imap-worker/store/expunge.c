/* SPDX-License-Identifier: ISC
 *
 * Expunge: one pass over the chunks from the first row that goes, closing the
 * gaps in memory as it proceeds; a chunk that shrank joins its left neighbour
 * when both fit in one.  And the expunge log, from which QRESYNC is answered.
 */
#include "common/log.h"
#include "store/ranges.h"
#include "store/snap.h"
#include "store/store_private.h"

#define EXPUNGE_LOG_VALUE 900

/* --- rows ---------------------------------------------------------------- */

struct expunge_pass {
	struct store_mbox *m;
	struct store_rows_walk walk;
	bool more;              /* `gone` is a row that goes */
	size_t gone;
	bool release;
	struct store_rows_run run;
	size_t out;             /* rows kept so far */
	size_t chunks_out;      /* chunks kept so far */
	/* the chunk last kept, m->chunks[chunks_out - 1] */
	size_t start, n;        /* its rows, in their new place */
	bool dirty, have_locs;
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
};

static enum store_err
expunge_write(struct expunge_pass *p)
{
	struct store_mbox *m = p->m;
	enum store_err e;
	uint32_t key;

	if (!p->dirty)
		return STORE_OK;
	p->dirty = false;
	key = m->chunks[p->chunks_out - 1];
	e = store_rows_put(m, key, m->rows + p->start, p->n);
	return e == STORE_OK ? store_rows_put_locs(m, key, p->locs, p->n) : e;
}

static enum store_err
expunge_delete_chunk(struct store_mbox *m, uint32_t uid)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	enum store_err e;

	layout_key_chunk(key, m->info.id, uid);
	e = store_txn_error(m->st,
	    kv_delete(m->st->kv, KV_HOT, key, sizeof(key)));
	return e == STORE_OK ? store_txn_error(m->st,
	    kv_delete(m->st->kv, KV_LOC, key, sizeof(key))) : e;
}

/* Moves the rows that stay to their new place. */
static enum store_err
expunge_rows_of_chunk(struct expunge_pass *p, size_t start, size_t end,
    struct layout_loc *locs, size_t *kept_r)
{
	struct store_mbox *m = p->m;
	enum store_err e;
	size_t kept = 0;

	for (size_t i = start; i < end; i++) {
		if (!p->more || i != p->gone) {
			m->rows[p->out++] = m->rows[i];
			locs[kept++] = locs[i - start];
			continue;
		}
		store_rows_count(m, &m->rows[i], locs[i - start].size, -1);
		store_rows_run_add(&p->run, m->rows[i].uid);
		if (p->release) {
			e = store_blob_ref(m->st, locs[i - start].blob, -1);
			if (e != STORE_OK)
				return e;
		}
		/* the walk looks ahead only, at rows not yet moved */
		p->more = store_rows_walk_next(&p->walk, &p->gone);
	}
	*kept_r = kept;
	return STORE_OK;
}

static enum store_err
expunge_join(struct expunge_pass *p, uint32_t key,
    const struct layout_loc *locs, size_t kept)
{
	enum store_err e;
	size_t n;

	if (!p->have_locs) {
		e = store_rows_get_locs(p->m, p->m->chunks[p->chunks_out - 1],
		    p->locs, &n);
		if (e != STORE_OK)
			return e;
		if (n != p->n)
			return STORE_CORRUPT;
		p->have_locs = true;
	}
	memcpy(p->locs + p->n, locs, kept * sizeof(*locs));
	p->n += kept;
	p->dirty = true;
	return expunge_delete_chunk(p->m, key);
}

/* Chunk c: [start, end) before the pass. */
static enum store_err
expunge_chunk(struct expunge_pass *p, size_t c, size_t start, size_t end)
{
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	struct store_mbox *m = p->m;
	uint32_t key = m->chunks[c];
	size_t n = 0, kept, at = p->out;
	enum store_err e;

	if (!p->more || p->gone >= end) {
		if ((e = expunge_write(p)) != STORE_OK)
			return e;
		memmove(m->rows + p->out, m->rows + start,
		    (end - start) * sizeof(*m->rows));
		p->out += end - start;
		kept = end - start;
	} else {
		if ((e = store_rows_get_locs(m, key, locs, &n)) != STORE_OK)
			return e;
		if (n != end - start)
			return STORE_CORRUPT;
		e = expunge_rows_of_chunk(p, start, end, locs, &kept);
		if (e != STORE_OK)
			return e;
		if (kept == 0)
			return expunge_delete_chunk(m, key);
		if (p->chunks_out > 0 && p->n + kept <= LAYOUT_CHUNK_ROWS)
			return expunge_join(p, key, locs, kept);
		if ((e = expunge_write(p)) != STORE_OK)
			return e;
		memcpy(p->locs, locs, kept * sizeof(*locs));
	}
	m->chunks[p->chunks_out++] = key;
	p->start = at;
	p->n = kept;
	p->dirty = p->have_locs = n > 0;
	return STORE_OK;
}

/* The chunks from the first that loses a row to the last. */
static enum store_err
expunge_chunks(struct expunge_pass *p)
{
	struct store_mbox *m = p->m;
	size_t c, start, end, rest;
	enum store_err e = STORE_OK;

	c = store_rows_chunk_of(m, m->rows[p->gone].uid);
	if (c > 0)
		c--; /* it may take over rows */
	store_rows_span(m, c, &start, &end);
	p->out = start;
	p->chunks_out = c;
	p->n = LAYOUT_CHUNK_ROWS; /* what is before c is left alone */
	while (e == STORE_OK && p->more) {
		e = expunge_chunk(p, c, start, end);
		/* spans of the chunks not reached yet are as they were */
		start = end;
		if (++c < m->n_chunks) {
			uint32_t next = c + 1 < m->n_chunks
			    ? m->chunks[c + 1] : UINT32_MAX;

			while (end < m->n && (c + 1 == m->n_chunks ||
			    m->rows[end].uid < next))
				end++;
		}
	}
	if (e == STORE_OK)
		e = expunge_write(p);
	if (e != STORE_OK)
		return e;
	rest = m->n - start;
	memmove(m->rows + p->out, m->rows + start, rest * sizeof(*m->rows));
	m->n = p->out + rest;
	rest = m->n_chunks - c;
	memmove(m->chunks + p->chunks_out, m->chunks + c,
	    rest * sizeof(*m->chunks));
	m->n_chunks = p->chunks_out + rest;
	return STORE_OK;
}

/* --- the log ------------------------------------------------------------- */

bool
store_expunge_decode(const struct kv_item *v,
    void (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx)
{
	const unsigned char *p = v->data;

	return v->len >= 2 && p[0] == LAYOUT_VERSION &&
	    store_ranges_decode(p + 1, v->len - 1, fn, ctx);
}

struct expunge_log {
	struct store_mbox *m;
	uint64_t modseq;
	uint16_t part;
	size_t len;
	uint32_t last; /* UID the next gap counts from */
	unsigned char value[EXPUNGE_LOG_VALUE];
};

static enum store_err
expunge_log_put(struct expunge_log *l)
{
	unsigned char key[LAYOUT_KEY_VANISHED];

	if (l->len <= 1)
		return STORE_OK;
	layout_key_vanished(key, l->m->info.id, l->modseq, l->part++);
	l->m->vanished++;
	return store_txn_error(l->m->st, kv_put(l->m->st->kv, KV_META, key,
	    sizeof(key), l->value, l->len));
}

static enum store_err
expunge_log_range(void *ctx, uint32_t first, uint32_t last)
{
	struct expunge_log *l = ctx;
	enum store_err e;

	if (l->len + STORE_RANGE_MAX > sizeof(l->value)) {
		if ((e = expunge_log_put(l)) != STORE_OK)
			return e;
		l->len = 1;
		l->last = 0;
	}
	l->len += store_ranges_put(l->value + l->len, &l->last, first, last);
	return STORE_OK;
}

/* Writes the set to the log, in runs. */
static enum store_err
expunge_log_add(struct store_mbox *m, const roaring_bitmap_t *gone,
    uint64_t modseq)
{
	struct expunge_log l = { .m = m, .modseq = modseq, .len = 1 };
	enum store_err e;

	l.value[0] = LAYOUT_VERSION;
	e = store_ranges_each(gone, expunge_log_range, &l);
	return e == STORE_OK ? expunge_log_put(&l) : e;
}

/* Deletes the oldest records until `keep` are left, whole changes only. */
static enum store_err
expunge_log_trim(struct store_mbox *m, uint32_t keep)
{
	unsigned char key[LAYOUT_KEY_VANISHED];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;

	layout_key_vanished(key, m->info.id, 0, 0);
	kv_scan_init(&s, m->st->kv, KV_META);
	for (e = kv_scan_to(&s, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 5) == 0;
	    e = kv_scan_next(&s, &k, &v)) {
		uint64_t modseq = layout_get64be(k.data + 5);

		if (m->vanished <= keep && modseq != m->vanish_floor)
			break;
		memcpy(key, k.data, sizeof(key));
		if ((e = kv_delete(m->st->kv, KV_META, key, sizeof(key))) !=
		    KV_OK)
			break;
		m->vanished--;
		m->vanish_floor = modseq;
	}
	kv_scan_clear(&s);
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(m->st, e);
}

enum store_err
store_expunge_erase_log(struct store_mbox *m)
{
	return m->vanished == 0 ? STORE_OK : expunge_log_trim(m, 0);
}

enum store_err
store_vanished(struct store_mbox *m, uint64_t since, roaring_bitmap_t *gone_r,
    bool *complete_r)
{
	unsigned char key[LAYOUT_KEY_VANISHED];
	enum kv_err e = KV_NOT_FOUND;
	struct kv_item k, v;
	struct kv_scan s;
	bool good = true;

	*complete_r = since >= m->vanish_floor;
	if (store_txn_usable(m->st) != STORE_OK)
		return STORE_IO;
	if (since >= m->info.highestmodseq || m->vanished == 0)
		return STORE_OK;
	layout_key_vanished(key, m->info.id, since + 1, 0);
	kv_scan_init(&s, m->st->kv, KV_META);
	for (e = kv_scan_to(&s, key, sizeof(key), &k, &v); good &&
	    e == KV_OK && k.len == sizeof(key) && memcmp(k.data, key, 5) == 0;
	    e = kv_scan_next(&s, &k, &v))
		good = store_expunge_decode(&v, store_ranges_add, gone_r);
	kv_scan_clear(&s);
	if (!good) {
		log_error("store: index: expunge log: %s", m->st->home);
		return STORE_CORRUPT;
	}
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(m->st, e);
}

/* --- the calls ----------------------------------------------------------- */

enum store_err
store_expunge_rows(struct store_mbox *m, const roaring_bitmap_t *uids,
    bool release, roaring_bitmap_t *gone_r)
{
	struct expunge_pass p = { .m = m, .release = release };
	uint64_t modseq;
	enum store_err e;

	store_rows_walk_init(&p.walk, m, uids);
	p.more = store_rows_walk_next(&p.walk, &p.gone);
	if (!p.more)
		return STORE_OK;
	p.run.set = roaring_bitmap_create();
	m->generation++;
	store_newer_forget(m);
	modseq = store_txn_modseq(m->st);
	e = expunge_chunks(&p);
	store_rows_run_end(&p.run);
	if (e == STORE_OK)
		e = expunge_log_add(m, p.run.set, modseq);
	if (e == STORE_OK && m->vanished > STORE_VANISHED_MAX)
		e = expunge_log_trim(m, STORE_VANISHED_KEEP);
	m->info.highestmodseq = modseq;
	if (e == STORE_OK)
		e = store_mailbox_put(m);
	if (gone_r != NULL)
		roaring_bitmap_or_inplace(gone_r, p.run.set);
	roaring_bitmap_free(p.run.set);
	return e;
}

static enum store_err
expunge_try(struct store_mbox *m, const roaring_bitmap_t *uids,
    roaring_bitmap_t *gone)
{
	enum store_err e;

	if ((e = store_txn_begin(m->st)) != STORE_OK)
		return e;
	e = store_expunge_rows(m, uids, true, gone);
	if (e == STORE_OK && !roaring_bitmap_is_empty(gone))
		e = store_txn_commit(m->st, STORE_TXN_CHANGE);
	else
		store_txn_abort(m->st);
	if (e != STORE_OK) {
		roaring_bitmap_clear(gone);
		store_mailbox_reload(m);
	}
	return e;
}

enum store_err
store_expunge(struct store_mbox *m, const roaring_bitmap_t *uids,
    roaring_bitmap_t *expunged_r)
{
	roaring_bitmap_t *gone;
	enum store_err e;

	if (m->deleted)
		return STORE_OK;
	if ((e = store_mbox_load(m)) != STORE_OK)
		return e;
	gone = roaring_bitmap_create();
	e = expunge_try(m, uids, gone);
	if (e == STORE_NO_SPACE && store_home_reserve_release(m->st))
		e = expunge_try(m, uids, gone);
	if (e == STORE_OK && !roaring_bitmap_is_empty(gone)) {
		store_snap_note(m->st, roaring_bitmap_get_cardinality(gone));
		if (expunged_r != NULL)
			roaring_bitmap_or_inplace(expunged_r, gone);
		store_watch_expunged(m, gone);
	}
	roaring_bitmap_free(gone);
	return e;
}
