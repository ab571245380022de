/* SPDX-License-Identifier: ISC
 *
 * Loaded mailboxes and the chunks their rows are kept in.
 *
 * In memory the rows of a mailbox are one array; `chunks` has the UID in the
 * key of each chunk, ascending.  A chunk holds the rows from that UID up to the
 * next key; its key does not change while it has rows.
 */
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

/* --- memory -------------------------------------------------------------- */

static void
rows_reserve(struct store_mbox *m, size_t n)
{
	if (n <= m->cap)
		return;
	m->cap = m->cap == 0 ? n : m->cap + m->cap / 2;
	if (m->cap < n)
		m->cap = n;
	m->rows = xreallocarray(m->rows, m->cap, sizeof(*m->rows));
}

static void
rows_push_chunk(struct store_mbox *m, uint32_t key)
{
	if (m->n_chunks == m->chunks_cap) {
		m->chunks_cap = m->chunks_cap == 0 ? 8
		    : m->chunks_cap + m->chunks_cap / 2;
		m->chunks = xreallocarray(m->chunks, m->chunks_cap,
		    sizeof(*m->chunks));
	}
	m->chunks[m->n_chunks++] = key;
}

void
store_rows_unload(struct store_mbox *m)
{
	store_newer_forget(m);
	free(m->rows);
	free(m->chunks);
	m->rows = NULL;
	m->chunks = NULL;
	m->n = m->cap = m->n_chunks = m->chunks_cap = 0;
	m->loaded = false;
	m->generation++;
}

size_t
store_rows_lower(const struct store_mbox *m, size_t from, uint32_t uid)
{
	size_t lo = from, hi = m->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->rows[mid].uid < uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void
rows_need(const struct store_mbox *m)
{
	if (!m->loaded && !m->deleted)
		log_panic("store: rows were not read: %s", m->info.name);
}

/* Is i the answer? */
static bool
rows_is_lower(const struct store_mbox *m, size_t i, uint32_t uid)
{
	return i <= m->n && (i == m->n || m->rows[i].uid >= uid) &&
	    (i == 0 || m->rows[i - 1].uid < uid);
}

/* Mostly asked for the same UID again, or for the next. */
size_t
store_mbox_lower(struct store_mbox *m, uint32_t uid)
{
	if (uid >= m->info.uidnext)
		return m->info.messages;
	rows_need(m);
	if (rows_is_lower(m, m->near, uid))
		return m->near;
	if (rows_is_lower(m, m->near + 1, uid))
		return ++m->near;
	return m->near = store_rows_lower(m, 0, uid);
}

/* The chunk a UID is or would be in; 0 when there is none before it. */
size_t
store_rows_chunk_of(const struct store_mbox *m, uint32_t uid)
{
	size_t lo = 0, hi = m->n_chunks;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->chunks[mid] <= uid)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo == 0 ? 0 : lo - 1;
}

void
store_rows_span(const struct store_mbox *m, size_t c, size_t *start_r,
    size_t *end_r)
{
	*start_r = store_rows_lower(m, 0, m->chunks[c]);
	*end_r = c + 1 < m->n_chunks
	    ? store_rows_lower(m, *start_r, m->chunks[c + 1]) : m->n;
}

/* --- the index ----------------------------------------------------------- */

static enum store_err
rows_damaged(struct store_mbox *m, const char *what)
{
	log_error("store: index: %s: %s: mailbox %u", what, m->st->home,
	    (unsigned)m->info.id);
	store_deaths_suspect(m->st);
	return STORE_CORRUPT;
}

/* Takes one chunk over into memory. */
static bool
rows_load_chunk(struct store_mbox *m, uint32_t key, const struct kv_item *v)
{
	size_t n = layout_chunk_count(v->data, v->len, LAYOUT_HOT_ROW);
	uint32_t last = m->n == 0 ? 0 : m->rows[m->n - 1].uid;

	if (n == 0)
		return false;
	rows_push_chunk(m, key);
	rows_reserve(m, m->n + n);
	layout_hot_unpack(v->data, m->rows + m->n, n);
	if (m->rows[m->n].uid < key)
		return false;
	for (size_t i = 0; i < n; i++, m->n++) {
		if (m->rows[m->n].uid <= last)
			return false;
		last = m->rows[m->n].uid;
	}
	return last < m->info.uidnext;
}

enum store_err
store_rows_load(struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e = KV_NOT_FOUND;
	enum store_err err;
	bool good = true;

	if (m->loaded)
		return STORE_OK;
	rows_reserve(m, m->info.messages);
	layout_key_chunk(key, m->info.id, 0);
	kv_scan_init(&s, m->st->kv, KV_HOT);
	if (m->info.messages > 0)
		e = kv_scan_to(&s, key, sizeof(key), &k, &v);
	while (e == KV_OK && good && k.len == LAYOUT_KEY_CHUNK &&
	    memcmp(k.data, key, 4) == 0) {
		good = rows_load_chunk(m, layout_get32be(k.data + 4), &v);
		e = kv_scan_next(&s, &k, &v);
	}
	kv_scan_clear(&s);
	if (e != KV_OK && e != KV_NOT_FOUND) {
		store_rows_unload(m);
		return store_txn_error(m->st, e);
	}
	if (!good || m->n != m->info.messages) {
		store_rows_unload(m);
		return rows_damaged(m, "rows");
	}
	if ((err = store_late_apply(m)) != STORE_OK) {
		store_rows_unload(m);
		return err == STORE_CORRUPT
		    ? rows_damaged(m, "flag changes") : err;
	}
	m->loaded = true;
	return STORE_OK;
}

enum store_err
store_rows_put(struct store_mbox *m, uint32_t uid, const struct store_row *rows,
    size_t n)
{
	unsigned char key[LAYOUT_KEY_CHUNK], value[LAYOUT_HOT_MAX];

	layout_key_chunk(key, m->info.id, uid);
	return store_txn_error(m->st, kv_put(m->st->kv, KV_HOT, key,
	    sizeof(key), value, layout_hot_pack(value, rows, n)));
}

enum store_err
store_rows_put_locs(struct store_mbox *m, uint32_t uid,
    const struct layout_loc *locs, size_t n)
{
	unsigned char key[LAYOUT_KEY_CHUNK], value[LAYOUT_LOC_MAX];

	layout_key_chunk(key, m->info.id, uid);
	return store_txn_error(m->st, kv_put(m->st->kv, KV_LOC, key,
	    sizeof(key), value, layout_loc_pack(value, locs, n)));
}

enum store_err
store_rows_get_locs(struct store_mbox *m, uint32_t uid,
    struct layout_loc *locs_r, size_t *n_r)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_item v;
	enum store_err e;

	layout_key_chunk(key, m->info.id, uid);
	e = store_txn_error(m->st,
	    kv_get(m->st->kv, KV_LOC, key, sizeof(key), &v));
	if (e != STORE_OK)
		return e;
	if ((*n_r = layout_chunk_count(v.data, v.len, LAYOUT_LOC_ROW)) == 0)
		return rows_damaged(m, "places");
	layout_loc_unpack(v.data, locs_r, *n_r);
	return STORE_OK;
}

/* --- adding -------------------------------------------------------------- */

void
store_rows_count(struct store_mbox *m, const struct store_row *r,
    uint32_t size, int sign)
{
	uint32_t one = (uint32_t)sign;
	uint64_t flags = store_row_flags(r);

	m->info.messages += one;
	m->info.unseen += flags & STORE_SEEN ? 0 : one;
	m->info.deleted += flags & STORE_DELETED ? one : 0;
	m->info.bytes += (uint64_t)sign * size;
	m->st->messages += (uint64_t)sign;
	m->st->bytes += (uint64_t)sign * size;
}

/* The chunk at the end of a mailbox, to be filled up. */
struct rows_tail {
	uint32_t key;
	size_t n;
	struct store_row rows[LAYOUT_CHUNK_ROWS];
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
};

static enum store_err
rows_read_tail(struct store_mbox *m, struct rows_tail *t)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_item k, v;
	enum store_err e;
	enum kv_err ke;
	size_t n;

	t->n = 0;
	if (m->info.messages == 0)
		return STORE_OK;
	layout_key_chunk(key, m->info.id, UINT32_MAX);
	ke = kv_floor(m->st->kv, KV_HOT, key, sizeof(key), &k, &v);
	if (ke != KV_OK)
		return store_txn_error(m->st, ke);
	n = layout_chunk_count(v.data, v.len, LAYOUT_HOT_ROW);
	if (n == 0 || k.len != sizeof(key) || memcmp(k.data, key, 4) != 0)
		return rows_damaged(m, "last chunk");
	layout_hot_unpack(v.data, t->rows, n);
	t->key = layout_get32be(k.data + 4);
	if (n == LAYOUT_CHUNK_ROWS) {
		t->n = n;
		return STORE_OK;
	}
	if ((e = store_rows_get_locs(m, t->key, t->locs, &t->n)) != STORE_OK)
		return e;
	return t->n == n ? STORE_OK : rows_damaged(m, "last chunk");
}

enum store_err
store_rows_append(struct store_mbox *m, const struct store_row *rows,
    const struct layout_loc *locs, size_t n)
{
	struct rows_tail t;
	enum store_err e = m->watch != NULL ? store_rows_load(m) : STORE_OK;

	if (e == STORE_OK)
		e = rows_read_tail(m, &t);
	for (size_t done = 0, take; e == STORE_OK && done < n; done += take) {
		bool fresh = t.n == 0 || t.n == LAYOUT_CHUNK_ROWS;

		if (fresh) {
			t.key = rows[done].uid;
			t.n = 0;
		}
		take = LAYOUT_CHUNK_ROWS - t.n;
		if (take > n - done)
			take = n - done;
		memcpy(t.rows + t.n, rows + done, take * sizeof(*rows));
		memcpy(t.locs + t.n, locs + done, take * sizeof(*locs));
		t.n += take;
		if (m->loaded && fresh)
			rows_push_chunk(m, t.key);
		e = store_rows_put(m, t.key, t.rows, t.n);
		if (e == STORE_OK)
			e = store_rows_put_locs(m, t.key, t.locs, t.n);
	}
	if (e != STORE_OK)
		return e;
	for (size_t i = 0; i < n; i++)
		store_rows_count(m, &rows[i], locs[i].size, 1);
	if (m->loaded) {
		rows_reserve(m, m->n + n);
		memcpy(m->rows + m->n, rows, n * sizeof(*rows));
		for (size_t i = 0; i < n; i++)
			store_newer_note(m, m->n++, store_row_modseq(&rows[i]));
	}
	return STORE_OK;
}

/* --- walking ------------------------------------------------------------- */

void
store_rows_walk_init(struct store_rows_walk *w, const struct store_mbox *m,
    const roaring_bitmap_t *uids)
{
	w->m = m;
	w->next = 0;
	roaring_init_iterator(uids, &w->it);
}

bool
store_rows_walk_next(struct store_rows_walk *w, size_t *row_r)
{
	const struct store_mbox *m = w->m;

	while (w->it.has_value && w->next < m->n) {
		uint32_t uid = m->rows[w->next].uid;

		if (uid == w->it.current_value) {
			*row_r = w->next++;
			roaring_advance_uint32_iterator(&w->it);
			return true;
		}
		if (uid > w->it.current_value)
			roaring_move_uint32_iterator_equalorlarger(&w->it, uid);
		else
			w->next = store_rows_lower(m, w->next + 1,
			    w->it.current_value);
	}
	return false;
}

void
store_rows_run_add(struct store_rows_run *r, uint32_t uid)
{
	if (r->open && uid == r->last + 1) {
		r->last = uid;
		return;
	}
	store_rows_run_end(r);
	r->first = r->last = uid;
	r->open = true;
}

void
store_rows_run_end(struct store_rows_run *r)
{
	if (r->open && r->set != NULL)
		roaring_bitmap_add_range_closed(r->set, r->first, r->last);
	r->open = false;
}

/* --- open mailboxes ------------------------------------------------------ */

enum store_err
store_mbox_open(struct store *st, const char *name, struct store_mbox **m_r)
{
	struct store_mbox *m = store_names_find(st, name);
	enum store_err e;

	if ((e = store_txn_usable(st)) != STORE_OK)
		return e;
	if (m == NULL)
		return STORE_NOT_FOUND;
	if ((e = store_keywords_load(m)) != STORE_OK)
		return e;
	m->refs++;
	*m_r = m;
	return STORE_OK;
}

enum store_err
store_mbox_load(struct store_mbox *m)
{
	enum store_err e = store_txn_usable(m->st);

	return e != STORE_OK || m->loaded || m->deleted ? e : store_rows_load(m);
}

void
store_mbox_unref(struct store_mbox **mp)
{
	struct store_mbox *m = *mp;

	if (m == NULL)
		return;
	*mp = NULL;
	if (--m->refs == 0 && m->deleted)
		store_mailbox_free(&m);
}

const struct store_info *
store_mbox_info(const struct store_mbox *m)
{
	return &m->info;
}

bool
store_mbox_deleted(const struct store_mbox *m)
{
	return m->deleted;
}

const struct store_row *
store_mbox_rows(const struct store_mbox *m, size_t *n_r)
{
	rows_need(m);
	*n_r = m->n;
	return m->rows;
}

enum store_err
store_mbox_claim_recent(struct store_mbox *m)
{
	uint32_t before = m->info.recent_uid;
	enum store_err e;

	if (m->deleted)
		return STORE_NOT_FOUND;
	if (before == m->info.uidnext)
		return STORE_OK;
	if ((e = store_txn_begin(m->st)) != STORE_OK)
		return e;
	m->info.recent_uid = m->info.uidnext;
	if ((e = store_mailbox_put(m)) != STORE_OK)
		store_txn_abort(m->st);
	else
		e = store_txn_commit(m->st, STORE_TXN_SLACK);
	if (e != STORE_OK)
		m->info.recent_uid = before;
	return e;
}

/* --- watches ------------------------------------------------------------- */

void
store_mbox_watch(struct store_mbox *m, struct store_watch *w)
{
	w->next = m->watch;
	m->watch = w;
}

void
store_mbox_unwatch(struct store_mbox *m, struct store_watch *w)
{
	struct store_watch **wp = &m->watch;

	while (*wp != NULL && *wp != w)
		wp = &(*wp)->next;
	if (*wp == w)
		*wp = w->next;
	w->next = NULL;
}

void
store_watch_added(struct store_mbox *m, uint32_t first, uint32_t last)
{
	for (struct store_watch *w = m->watch, *next; w != NULL; w = next) {
		next = w->next;
		if (w->added != NULL)
			w->added(w, first, last);
	}
}

void
store_watch_changed(struct store_mbox *m, const roaring_bitmap_t *uids)
{
	for (struct store_watch *w = m->watch, *next; w != NULL; w = next) {
		next = w->next;
		if (w->changed != NULL)
			w->changed(w, uids);
	}
}

void
store_watch_expunged(struct store_mbox *m, const roaring_bitmap_t *uids)
{
	for (struct store_watch *w = m->watch, *next; w != NULL; w = next) {
		next = w->next;
		if (w->expunged != NULL)
			w->expunged(w, uids);
	}
}
