/* SPDX-License-Identifier: ISC
 *
 * Rows whose message was lost: a crash of the machine kept the index and not
 * the end of the segments.
 */
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/recover.h"

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

enum store_err
store_recover_drop_lost(struct recover *rc)
{
	struct store *st = rc->st;
	uint32_t no = st->seg.no;
	uint64_t *ids = NULL, sealed = st->seg.sealed;
	size_t n = 0;
	enum store_err e = recover_find_lost(rc, &ids, &n);

	/* the old end stays in the user record until the last of these
	 * transactions: a crash between them must lead here again */
	st->seg.no = rc->was.end_no;
	st->seg.sealed = rc->was.end_at;
	for (size_t i = 0; e == STORE_OK && n > 0 && i < st->n_mboxes; i++)
		e = recover_drop_rows(st->mboxes[i], ids, n);
	st->seg.no = no;
	st->seg.sealed = sealed;
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

enum store_err
store_recover_name_again(struct store *st)
{
	enum store_err e;

	if (st->n_mboxes == 0)
		return STORE_OK;
	/* rows that name what is written over must be gone before */
	if ((e = store_txn_sync(st, true)) != STORE_OK ||
	    (e = store_segment_begin(&st->seg)) != STORE_OK ||
	    (e = store_txn_begin(st)) != STORE_OK)
		return e;
	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++) {
		struct store_mbox *m = st->mboxes[i];

		e = store_mailbox_record(m, LAYOUT_NAME_CREATE, m->info.name);
		if (e == STORE_OK)
			e = store_mailbox_record(m, LAYOUT_NAME_RENAME,
			    m->info.name);
	}
	if (e == STORE_OK)
		e = store_segment_seal(&st->seg);
	if (e == STORE_OK)
		return store_txn_commit(st, STORE_TXN_CHANGE);
	store_txn_abort(st);
	return e;
}
