/* SPDX-License-Identifier: ISC
 *
 * What open does before anyone may use the store.
 *
 * 1 The index is opened; libdb brings it to its last surviving commit. When it
 *   is damaged, or two starts in a row died here, db/ is set aside and the
 *   index is built anew from all segments.
 * 2 The user record of that commit says up to where the segments were known to
 *   be on the disk (safe) and up to where they are indexed (end). Records
 *   between the two are checked: a crash of the machine may have kept the index
 *   and lost them; their rows are dropped (they were acknowledged to no one).
 *   Groups behind the end are replayed; the first that is not whole is cut off.
 * 3 The modseq goes on at the mark no one ever passed.
 *
 * Replay meets only what is newer than every surviving commit, so it cannot
 * bring back what was expunged or deleted.  A rebuild can: it knows no expunges,
 * copies and flag changes.  Each mailbox then gets a new UIDVALIDITY, and
 * messages whose mailbox was deleted later (they may have been moved away
 * before) go to "Recovered".
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/store_private.h"

#define RECOVER_BATCH 256          /* records of a rebuild in a transaction */
#define RECOVER_MODSEQ_GAP 1000000 /* left free by a rebuild */

struct recover {
	struct store *st;
	bool rebuild;
	struct layout_user was; /* the user record as it was found */
	roaring_bitmap_t *dead; /* own; mailboxes that get deleted; rebuild only */
	struct store_mbox *recovered;
	struct arena arena;
	uint64_t replayed;      /* records */
	unsigned in_batch;
	uint32_t valid_no;      /* where the segments end */
	uint64_t valid_at;
	bool cut;               /* that is before the end of what is indexed */
};

/* --- applying one record ------------------------------------------------- */

static void
recover_note_modseq(struct store *st, uint64_t modseq)
{
	if (modseq > st->modseq)
		st->modseq = modseq;
	if (st->modseq > st->u.modseq_hw)
		st->u.modseq_hw = st->modseq;
}

static char *
recover_free_name(const struct store *st, const char *name)
{
	char *try = xstrdup(name);

	for (unsigned i = 2; store_names_find(st, try) != NULL; i++) {
		free(try);
		try = xasprintf("%.*s-%u", LIMIT_MAILBOX_NAME - 12, name, i);
	}
	return try;
}

static enum store_err
recover_make(struct store *st, const char *want, const struct layout_record *h,
    const unsigned char *mailboxid, struct store_mbox **m_r)
{
	char *name = recover_free_name(st, want);
	enum store_err e = store_mailbox_make(st, name, (uint8_t)h->flags,
	    h->mbox, h->uidvalidity, mailboxid, h->internaldate, m_r);

	if (e == STORE_OK)
		store_names_insert(st, *m_r);
	free(name);
	return e;
}

static enum store_err
recover_name(struct recover *rc, const struct store_segment_record *r)
{
	struct store *st = rc->st;
	struct store_mbox *m = store_names_find_id(st, r->h.mbox);
	char *name = xstrndup((const char *)r->body, r->h.body_len), *free_name;
	enum store_err e = STORE_OK;

	recover_note_modseq(st, r->h.modseq);
	if (r->h.kind == LAYOUT_NAME_CREATE) {
		if (m == NULL)
			e = recover_make(st, name, &r->h, r->extra, &m);
	} else if (m == NULL) {
		log_warn("store: replay: no mailbox %u for %s",
		    (unsigned)r->h.mbox, name);
	} else if (r->h.kind == LAYOUT_NAME_RENAME) {
		free_name = recover_free_name(st, name);
		store_mailbox_set_name(m, free_name);
		free(free_name);
		store_names_sort(st);
		e = store_mailbox_put(m);
	} else if (r->h.kind == LAYOUT_NAME_DELETE) {
		if ((e = store_mailbox_erase(m)) == STORE_OK)
			store_mailbox_forget(m);
	} else {
		m->info.uidvalidity = r->h.uidvalidity;
		if (m->info.uidnext < r->h.uid)
			m->info.uidnext = r->h.uid;
		if (st->u.next_uidvalidity <= r->h.uidvalidity)
			st->u.next_uidvalidity = r->h.uidvalidity + 1;
		e = store_mailbox_put(m);
	}
	free(name);
	return e;
}

/* The mailbox a message belongs to; NULL: it is not to be replayed. */
static enum store_err
recover_mailbox_of(struct recover *rc, const struct layout_record *h,
    struct store_mbox **m_r)
{
	const struct layout_record fresh = { .internaldate =
		(int64_t)time(NULL) };
	struct store *st = rc->st;
	enum store_err e;

	*m_r = store_names_find_id(st, h->mbox);
	if (!rc->rebuild || (*m_r != NULL &&
	    !roaring_bitmap_contains(rc->dead, h->mbox)))
		return STORE_OK;
	if (rc->recovered == NULL) {
		/* its number must not be one a later record brings */
		if (st->u.next_mbox <= roaring_bitmap_maximum(rc->dead))
			st->u.next_mbox = roaring_bitmap_maximum(rc->dead) + 1;
		e = recover_make(st, "Recovered", &fresh, NULL, &rc->recovered);
		if (e != STORE_OK)
			return e;
	}
	*m_r = rc->recovered;
	return STORE_OK;
}

static uint64_t
recover_flags(struct store_mbox *m, const struct store_segment_record *r)
{
	uint64_t flags = r->h.flags & STORE_SYSTEM_FLAGS, mask;
	const char *p = (const char *)r->extra, *end = p + r->h.extra_len;

	for (; p < end; p += strlen(p) + 1)
		if (store_keywords_mask(m, p, &mask) == STORE_OK)
			flags |= mask;
	return flags;
}

/* What the index keeps of a message, from its record; lives in the arena. */
static enum store_err
recover_derive(struct recover *rc, const struct store_segment_record *r,
    struct store_derived *d_r)
{
	const unsigned char *msg = r->body;
	struct store *st = rc->st;

	if (r->h.coded.coding != STORE_CODING_PLAIN) {
		unsigned char *plain = arena_alloc(&rc->arena, r->h.coded.len);

		if (!store_coding_unpack(&st->coder, &r->h.coded, r->body,
		    plain)) {
			log_error("store: replay: message %llu cannot be "
			    "unpacked", (unsigned long long)r->h.blob);
			return STORE_CORRUPT;
		}
		msg = plain;
	}
	st->o.derive(msg, r->h.coded.len, &rc->arena, d_r);
	return STORE_OK;
}

static enum store_err
recover_message(struct recover *rc, uint32_t no,
    const struct store_segment_record *r)
{
	struct store *st = rc->st;
	struct store_append_item item = {
		.uid = r->h.uid,
		.savedate = r->h.savedate,
		.blob = r->h.blob,
		.modseq = r->h.modseq,
		.segment = no,
		.coded = r->h.coded,
		.at = r->body_at,
		.internaldate = r->h.internaldate,
		.zone = r->h.zone,
	};
	unsigned char key[LAYOUT_KEY_BLOB];
	struct store_mbox *m;
	struct kv_item v;
	enum store_err e;
	unsigned before;

	recover_note_modseq(st, r->h.modseq);
	layout_key_blob(key, r->h.blob);
	if (kv_get(st->kv, KV_BLOB, key, sizeof(key), &v) == KV_OK) {
		log_warn("store: replay: message %llu is there already",
		    (unsigned long long)r->h.blob);
		return STORE_OK;
	}
	if ((e = recover_mailbox_of(rc, &r->h, &m)) != STORE_OK)
		return e;
	if (m == NULL) {
		log_error("store: replay: no mailbox %u for message %llu",
		    (unsigned)r->h.mbox, (unsigned long long)r->h.blob);
		return STORE_OK;
	}
	if ((e = store_keywords_load(m)) != STORE_OK)
		return e;
	before = m->n_keywords;
	item.flags = recover_flags(m, r);
	if (item.uid < m->info.uidnext)
		item.uid = m->info.uidnext;
	arena_reset(&rc->arena);
	if ((e = recover_derive(rc, r, &item.derived)) != STORE_OK)
		return e;
	e = store_keywords_put(m, before);
	return e == STORE_OK ? store_append_index(m, &item, 1) : e;
}

/* --- scanning ------------------------------------------------------------ */

static enum store_err
recover_commit(struct recover *rc)
{
	rc->in_batch = 0;
	store_fault(STORE_FAULT_OPEN_REPLAYED);
	return store_txn_commit(rc->st, STORE_TXN_CHANGE);
}

/* Replays the group at [at, end) of a segment. */
static enum store_err
recover_group(struct recover *rc, const struct store_segment_view *v,
    uint64_t at, uint64_t end)
{
	struct store *st = rc->st;
	struct store_segment_record r;
	enum store_err e = STORE_OK;

	if (rc->in_batch == 0 && (e = store_txn_begin(st)) != STORE_OK)
		return e;
	for (; e == STORE_OK && at < end; at = r.next) {
		if (store_segment_parse(v->data, v->len, v->cookie, at, &r) !=
		    STORE_SEGMENT_FOUND)
			return STORE_CORRUPT;
		e = r.h.kind == LAYOUT_MESSAGE ? recover_message(rc, v->no, &r)
		                               : recover_name(rc, &r);
		rc->in_batch++;
		rc->replayed++;
	}
	if (e != STORE_OK)
		return e;
	st->seg.no = v->no;
	st->seg.sealed = end;
	return rc->rebuild && rc->in_batch < RECOVER_BATCH
	    ? STORE_OK : recover_commit(rc);
}

/* Reads one segment from `at`; *end_r: where what is valid ends. */
static enum store_err
recover_segment(struct recover *rc, const struct store_segment_view *v,
    uint64_t at, bool newest, uint64_t *end_r)
{
	const struct layout_user *u = &rc->was;
	enum store_err e = STORE_OK;
	uint64_t end;

	while (e == STORE_OK) {
		switch (store_segment_group(v->data, v->len, v->cookie, at,
		    &end)) {
		case STORE_SEGMENT_FOUND:
			if (rc->rebuild || v->no > u->end_no ||
			    (v->no == u->end_no && at >= u->end_at))
				e = recover_group(rc, v, at, end);
			*end_r = at = end;
			break;
		case STORE_SEGMENT_END:
			return STORE_OK;
		case STORE_SEGMENT_BAD:
			/* all that follows the safe place in the newest file
			 * was acknowledged to no one */
			if (newest && !rc->rebuild)
				return STORE_OK;
			end = store_segment_search(v->data, v->len, v->cookie,
			    at);
			if (newest && end == v->len)
				return STORE_OK;
			log_error("store: segment: damage: %s/%08u.seg: bytes "
			    "%llu to %llu", rc->st->seg.folder,
			    (unsigned)v->no, (unsigned long long)at,
			    (unsigned long long)end);
			*end_r = at = end;
			break;
		}
	}
	return e;
}

/* Which mailboxes are deleted somewhere in the segments. */
static void
recover_find_dead(struct recover *rc, const struct store_segment_view *v)
{
	uint64_t at = LAYOUT_SEGMENT_HEAD;
	struct store_segment_record r;

	for (;;) {
		switch (store_segment_parse(v->data, v->len, v->cookie, at,
		    &r)) {
		case STORE_SEGMENT_FOUND:
			if (r.h.kind == LAYOUT_NAME_DELETE)
				roaring_bitmap_add(rc->dead, r.h.mbox);
			at = r.next;
			break;
		case STORE_SEGMENT_END:
			return;
		case STORE_SEGMENT_BAD:
			at = store_segment_search(v->data, v->len, v->cookie,
			    at);
			break;
		}
	}
}

static enum store_err
recover_find_all_dead(struct recover *rc, const uint32_t *list, size_t n)
{
	struct store_segment_view v;

	for (size_t i = 0; i < n; i++) {
		if (store_segment_view(&rc->st->seg, list[i], &v) != 0)
			return STORE_IO;
		if (v.valid)
			recover_find_dead(rc, &v);
		store_segment_unview(&v);
	}
	return STORE_OK;
}

/* All segments from the safe place on; leaves the newest open for writing. */
static enum store_err
recover_segments(struct recover *rc, uint32_t *list, size_t n)
{
	struct store *st = rc->st;
	struct store_segment_view v;
	uint64_t end = LAYOUT_SEGMENT_HEAD, at;
	enum store_err e = STORE_OK;
	uint32_t last = 0;

	for (size_t i = 0; e == STORE_OK && i < n; i++) {
		if (!rc->rebuild && list[i] < rc->was.safe_no) {
			last = list[i];
			continue;
		}
		if (store_segment_view(&st->seg, list[i], &v) != 0)
			return STORE_IO;
		end = at = list[i] == rc->was.safe_no && !rc->rebuild
		    ? rc->was.safe_at : LAYOUT_SEGMENT_HEAD;
		if (!v.valid && i + 1 == n && list[i] > rc->was.end_no &&
		    v.len <= LAYOUT_SEGMENT_HEAD) {
			/* a new file whose making was cut short */
			store_segment_unview(&v);
			if ((e = store_segment_remove(&st->seg, list[i])) ==
			    STORE_OK)
				e = store_segment_create(&st->seg, list[i]);
			return e;
		}
		last = list[i];
		if (!v.valid || at > v.len) {
			log_error("store: segment: damage: %s/%08u.seg: %s",
			    st->seg.folder, (unsigned)list[i],
			    v.valid ? "too short" : "head");
			end = v.len;
		} else {
			e = recover_segment(rc, &v, at, i + 1 == n, &end);
		}
		store_segment_unview(&v);
	}
	if (e == STORE_OK && rc->in_batch > 0)
		e = recover_commit(rc);
	if (e != STORE_OK)
		return e;
	rc->valid_no = last;
	rc->valid_at = end;
	rc->cut = !rc->rebuild && (last < rc->was.end_no ||
	    (last == rc->was.end_no && end < rc->was.end_at));
	if (last == 0 || last < rc->was.end_no)
		return store_segment_create(&st->seg,
		    last < rc->was.end_no ? rc->was.end_no + 1 : 1);
	e = store_segment_resume(&st->seg, last, end, rc->rebuild ||
	    last != rc->was.safe_no || end != rc->was.safe_at);
	return e == STORE_CORRUPT ? store_segment_create(&st->seg, last + 1) : e;
}

/* --- rows whose message was lost ----------------------------------------- */

/* The blobs that lie behind the end of the segments. */
static enum store_err
recover_find_lost(struct recover *rc, uint64_t **ids_r, size_t *n_r)
{
	struct store *st = rc->st;
	uint64_t *ids = NULL;
	size_t n = 0, cap = 0;
	struct kv_item k, v;
	struct layout_blob b;
	struct kv_scan s;
	enum kv_err e;

	kv_scan_init(&s, st->kv, KV_BLOB);
	for (e = kv_scan_to(&s, "", 0, &k, &v); e == KV_OK;
	    e = kv_scan_next(&s, &k, &v)) {
		if (!layout_blob_unpack(v.data, v.len, &b) ||
		    b.segment < rc->valid_no || (b.segment == rc->valid_no &&
		    b.at + b.coded.stored <= rc->valid_at))
			continue;
		if (n == cap) {
			cap = cap == 0 ? 16 : cap * 2;
			ids = xreallocarray(ids, cap, sizeof(*ids));
		}
		ids[n++] = layout_get64be(k.data); /* ascending */
	}
	kv_scan_clear(&s);
	*ids_r = ids;
	*n_r = n;
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(st, e);
}

static int
recover_compare_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static enum store_err
recover_drop_rows(struct store_mbox *m, const uint64_t *ids, size_t n)
{
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	roaring_bitmap_t *uids = roaring_bitmap_create();
	enum store_err e = store_rows_load(m);
	size_t start, end, have;

	for (size_t c = 0; e == STORE_OK && c < m->n_chunks; c++) {
		store_rows_span(m, c, &start, &end);
		e = store_rows_get_locs(m, m->chunks[c], locs, &have);
		for (size_t i = 0; e == STORE_OK && i < have &&
		    start + i < end; i++)
			if (bsearch(&locs[i].blob, ids, n, sizeof(*ids),
			    recover_compare_id) != NULL)
				roaring_bitmap_add(uids, m->rows[start + i].uid);
	}
	if (e == STORE_OK && !roaring_bitmap_is_empty(uids)) {
		log_warn("store: recovery: %s: %s: %llu messages never written "
		    "out are dropped", m->st->home, m->info.name,
		    (unsigned long long)roaring_bitmap_get_cardinality(uids));
		e = store_expunge(m, uids, NULL);
	}
	store_rows_unload(m);
	roaring_bitmap_free(uids);
	return e;
}

static enum store_err
recover_drop_lost(struct recover *rc)
{
	struct store *st = rc->st;
	uint64_t *ids = NULL;
	size_t n = 0;
	enum store_err e = recover_find_lost(rc, &ids, &n);

	for (size_t i = 0; e == STORE_OK && n > 0 && i < st->n_mboxes; i++)
		e = recover_drop_rows(st->mboxes[i], ids, n);
	if (e == STORE_OK && n > 0 && (e = store_txn_begin(st)) == STORE_OK) {
		for (size_t i = 0; e == STORE_OK && i < n; i++)
			e = store_blob_delete(st, ids[i]);
		if (e == STORE_OK)
			e = store_txn_commit(st, STORE_TXN_CHANGE);
		else
			store_txn_abort(st);
	}
	free(ids);
	return e;
}

/* --- the end of a rebuild ------------------------------------------------ */

static enum store_err
recover_finish_mailbox(struct store_mbox *m)
{
	struct store *st = m->st;
	enum store_err e;

	m->info.uidvalidity = st->u.next_uidvalidity++;
	m->info.highestmodseq = m->vanish_floor = st->modseq;
	e = store_mailbox_record(m, LAYOUT_NAME_VALIDITY, m->info.name);
	if (e == STORE_OK)
		e = store_mailbox_put(m);
	return e == STORE_OK
	    ? store_names_subscribe(st, m->info.name, true) : e;
}

static enum store_err
recover_finish_rebuild(struct recover *rc)
{
	struct store *st = rc->st;
	uint32_t now = (uint32_t)time(NULL);
	enum store_err e;

	log_error("store: rebuilt from the segments: %s: %zu mailboxes, %llu "
	    "messages; later flag changes, copies and expunges are lost",
	    st->home, st->n_mboxes, (unsigned long long)st->messages);
	if ((e = store_segment_begin(&st->seg)) != STORE_OK ||
	    (e = store_txn_begin(st)) != STORE_OK)
		return e;
	recover_note_modseq(st, st->modseq + RECOVER_MODSEQ_GAP);
	if (st->u.next_uidvalidity < now)
		st->u.next_uidvalidity = now;
	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++)
		e = recover_finish_mailbox(st->mboxes[i]);
	if (e == STORE_OK && st->n_mboxes > 0)
		e = store_segment_seal(&st->seg);
	st->u.rebuilding = false;
	return e == STORE_OK ? store_txn_commit(st, STORE_TXN_CHANGE) : e;
}

/* --- opening the index --------------------------------------------------- */

static enum store_err
recover_open_kv(struct store *st)
{
	char *folder = store_home_path(st, "db");
	enum kv_err e = kv_open(folder, &st->kv);

	if (e == KV_NO_SPACE && store_home_reserve_release(st))
		e = kv_open(folder, &st->kv);
	free(folder);
	store_fault(STORE_FAULT_OPEN_INDEX);
	return e == KV_DAMAGED ? STORE_CORRUPT : store_txn_error(st, e);
}

static enum store_err
recover_start_over(struct store *st, bool died)
{
	enum store_err e;

	/* not damage: the next start may find it whole */
	if (!died && (e = store_txn_error(st, kv_refused())) != STORE_OK)
		return e;
	kv_discard(&st->kv);
	store_names_clear(st);
	st->failed = false;
	e = store_home_set_aside(st);
	return e == STORE_OK ? recover_open_kv(st) : e;
}

/* Reads everything once, after damage was met. */
static bool
recover_verify(struct store *st)
{
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;
	bool good = true;
	size_t n;

	for (int t = 0; t < KV_TABLES && good; t++) {
		kv_scan_init(&s, st->kv, (enum kv_table)t);
		for (e = kv_scan_to(&s, "", 0, &k, &v); e == KV_OK;
		    e = kv_scan_next(&s, &k, &v))
			;
		kv_scan_clear(&s);
		good = e == KV_NOT_FOUND;
	}
	for (size_t i = 0; good && i < st->n_mboxes; i++) {
		struct store_mbox *m = st->mboxes[i];

		good = store_rows_load(m) == STORE_OK;
		for (size_t c = 0; good && c < m->n_chunks; c++)
			good = store_rows_get_locs(m, m->chunks[c], locs, &n) ==
			    STORE_OK;
		store_rows_unload(m);
	}
	return good && !st->failed;
}

/* The index with its user record and the table of mailboxes. *found_r: there
 * was one that can be used. */
static enum store_err
recover_load(struct store *st, bool suspect, bool *found_r)
{
	const unsigned char key = LAYOUT_TAG_USER;
	struct kv_item v;
	enum kv_err e = kv_get(st->kv, KV_META, &key, 1, &v);

	*found_r = false;
	if (e == KV_NOT_FOUND)
		return STORE_OK;
	if (e != KV_OK)
		return e == KV_DAMAGED ? STORE_OK : STORE_IO;
	if (!layout_user_unpack(v.data, v.len, &st->u) || st->u.rebuilding)
		return STORE_OK;
	st->modseq = st->u.modseq_hw;
	*found_r = store_names_load(st) == STORE_OK &&
	    (!suspect || recover_verify(st));
	return STORE_OK;
}

static enum store_err
recover_index(struct store *st, bool *found_r)
{
	unsigned died;
	bool suspect;
	enum store_err e;

	store_home_enter_recovery(st, &died, &suspect);
	if (died >= 2) {
		log_error("store: %u starts in a row died in recovery: %s",
		    died, st->home);
		*found_r = false;
		return recover_start_over(st, true);
	}
	if ((e = recover_open_kv(st)) == STORE_CORRUPT) {
		*found_r = false;
		return recover_start_over(st, false);
	}
	return e == STORE_OK ? recover_load(st, suspect, found_r) : e;
}

static void
recover_new_user(struct store *st)
{
	memset(&st->u, 0, sizeof(st->u));
	st->u.next_mbox = 1;
	st->u.next_uidvalidity = (uint32_t)time(NULL);
	st->u.next_blob = 1;
	st->u.modseq_hw = st->modseq = 1;
}

static bool
recover_has_user(struct store *st)
{
	const unsigned char key = LAYOUT_TAG_USER;
	struct kv_item v;

	return kv_get(st->kv, KV_META, &key, 1, &v) != KV_NOT_FOUND;
}

/* A rebuild that dies must not look like an index: marked until it ends. */
static enum store_err
recover_start_rebuild(struct store *st)
{
	enum store_err e = STORE_OK;

	if (recover_has_user(st))
		e = recover_start_over(st, false);
	if (e != STORE_OK)
		return e;
	store_names_clear(st);
	recover_new_user(st);
	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	st->u.rebuilding = true;
	if ((e = store_txn_commit(st, STORE_TXN_CHANGE)) == STORE_OK)
		e = store_txn_error(st, kv_flush(st->kv));
	return e;
}

static enum store_err
recover_all(struct recover *rc, uint32_t *list, size_t n)
{
	struct store *st = rc->st;
	enum store_err e;

	if (rc->rebuild && ((e = recover_start_rebuild(st)) != STORE_OK ||
	    (e = recover_find_all_dead(rc, list, n)) != STORE_OK))
		return e;
	rc->was = st->u;
	st->seg.no = st->u.end_no;
	st->seg.sealed = st->u.end_at;
	st->seg.safe_no = st->u.safe_no;
	st->seg.safe_at = st->u.safe_at;
	if ((e = recover_segments(rc, list, n)) != STORE_OK)
		return e;
	if (rc->cut && (e = recover_drop_lost(rc)) != STORE_OK)
		return e;
	if (rc->rebuild && (e = recover_finish_rebuild(rc)) != STORE_OK)
		return e;
	if (rc->replayed > 0)
		log_info("store: replayed: %s: %llu records", st->home,
		    (unsigned long long)rc->replayed);
	if (n > 0 && (st->seg.no != st->u.end_no ||
	    st->seg.sealed != st->u.end_at) &&
	    ((e = store_txn_begin(st)) != STORE_OK ||
	    (e = store_txn_commit(st, STORE_TXN_CHANGE)) != STORE_OK))
		return e;
	return store_dirty(st) ? store_txn_sync(st, true) : STORE_OK;
}

enum store_err
store_recover(struct store *st)
{
	struct recover rc = { .st = st };
	uint32_t *list = NULL;
	bool found = false;
	size_t n = 0;
	enum store_err e;

	if ((e = recover_index(st, &found)) != STORE_OK)
		return e;
	if (store_segment_list(&st->seg, &list, &n) != 0)
		return STORE_IO;
	rc.rebuild = !found && (n > 0 || recover_has_user(st));
	if (!found && !rc.rebuild)
		recover_new_user(st);
	rc.dead = roaring_bitmap_create();
	arena_init(&rc.arena);
	e = recover_all(&rc, list, n);
	arena_clear(&rc.arena);
	roaring_bitmap_free(rc.dead);
	free(list);
	return e;
}
