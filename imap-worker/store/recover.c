/* SPDX-License-Identifier: ISC
 *
 * What open does before anyone may use the store.
 *
 * 1 The index is opened; libdb brings it to its last surviving commit. When it
 *   is damaged, or two starts in a row crashed here, or the caller wants a new one,
 *   db/ is set aside and the index is built anew from all segments and the newest
 *   snapshots.
 * 2 The user record of that commit says up to where the segments were known to
 *   be on the disk (safe) and up to where they are indexed (end). Records
 *   between the two are checked: a crash of the machine may have kept the index
 *   and lost them; their rows are dropped (they were acknowledged to no one).
 *   Groups behind the end are replayed; the first that is not whole is cut off.
 * 3 The modseq goes on at the mark no one ever passed.
 *
 * Replay meets only what is newer than every surviving commit, so it cannot
 * bring back what was expunged or deleted.  rebuild.c says what a rebuild does.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/recover.h"

/* --- scanning ------------------------------------------------------------ */

enum store_err
store_recover_commit(struct recover *rc)
{
	const struct store_options *o = &rc->st->o;

	rc->in_batch = 0;
	store_fault(STORE_FAULT_OPEN_REPLAYED);
	if (o->progress != NULL && rc->rebuild != NULL) {
		uint64_t total = store_rebuild_total(rc->rebuild);

		o->progress(o->progress_ctx, rc->replayed < total
		    ? rc->replayed : total, total);
	}
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

	if (rc->rebuild != NULL && store_rebuild_rows_due(rc, v->no, at) &&
	    (e = store_rebuild_rows(rc)) != STORE_OK)
		return e;
	if (rc->in_batch == 0 && (e = store_txn_begin(st)) != STORE_OK)
		return e;
	for (; e == STORE_OK && at < end; at = r.next) {
		if (store_segment_parse(v->data, v->len, v->cookie, at, &r) !=
		    STORE_SEGMENT_FOUND)
			return STORE_CORRUPT;
		if (rc->rebuild != NULL)
			e = store_rebuild_record(rc, v->no, &r);
		else
			e = r.h.kind == LAYOUT_MESSAGE
			    ? store_replay_message(rc, v->no, &r, false)
			    : store_replay_name(rc, &r);
		rc->in_batch++;
		rc->replayed++;
	}
	if (e != STORE_OK)
		return e;
	st->seg.no = v->no;
	st->seg.sealed = end;
	return rc->rebuild != NULL && rc->in_batch < RECOVER_BATCH
	    ? STORE_OK : store_recover_commit(rc);
}

/* The records in [at, end) that are whole, of groups that are not. */
static enum store_err
recover_pieces(struct recover *rc, const struct store_segment_view *v,
    uint64_t at, uint64_t end)
{
	struct store_segment_record r;
	enum store_err e = STORE_OK;

	for (;;) {
		at = store_segment_search_record(v->data, v->len, v->cookie,
		    at);
		if (e != STORE_OK || at >= end ||
		    store_segment_parse(v->data, v->len, v->cookie, at, &r) !=
		    STORE_SEGMENT_FOUND)
			return e;
		e = recover_group(rc, v, at, r.next);
		at = r.next;
	}
}

/* Was the group that begins or is damaged here ever sealed? In the newest file
 * what follows the last whole group may be one that was not. */
static bool
recover_was_sealed(const struct recover *rc, const struct store_segment_view *v,
    uint64_t at)
{
	struct store_segment_record r;

	if (store_rebuild_sealed(rc, v->no, at))
		return true;
	while ((at = store_segment_search_record(v->data, v->len, v->cookie,
	    at)) < v->len) {
		(void)store_segment_parse(v->data, v->len, v->cookie, at, &r);
		if (r.h.group & LAYOUT_GROUP_LAST)
			return true;
		at = r.next;
	}
	return false;
}

/* No whole group at *at: goes on to the next, or to the end of the file.
 * *end_r: where what is to be kept ends. */
static enum store_err
recover_damage(struct recover *rc, const struct store_segment_view *v,
    bool newest, uint64_t *at, uint64_t *end_r)
{
	uint64_t from = *at;

	*at = v->len;
	/* all that follows the safe place in the newest file was acknowledged
	 * to no one */
	if (newest && rc->rebuild == NULL)
		return STORE_OK;
	*at = store_segment_search(v->data, v->len, v->cookie, from);
	if (newest && *at == v->len && !recover_was_sealed(rc, v, from))
		return STORE_OK;
	log_error("store: segment: damage: %s/%08u.seg: bytes %llu to %llu",
	    rc->st->seg.folder, (unsigned)v->no, (unsigned long long)from,
	    (unsigned long long)*at);
	*end_r = *at;
	return rc->rebuild == NULL ? STORE_OK
	                           : recover_pieces(rc, v, from, *at);
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
			if (rc->rebuild != NULL || v->no > u->end_no ||
			    (v->no == u->end_no && at >= u->end_at))
				e = recover_group(rc, v, at, end);
			*end_r = at = end;
			break;
		case STORE_SEGMENT_END:
			return STORE_OK;
		case STORE_SEGMENT_BAD:
			e = recover_damage(rc, v, newest, &at, end_r);
			if (e == STORE_OK && at == v->len)
				return STORE_OK;
			break;
		}
	}
	return e;
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
		if (rc->rebuild == NULL && list[i] < rc->was.safe_no) {
			last = list[i];
			continue;
		}
		if (store_segment_view(&st->seg, list[i], &v) != 0)
			return STORE_IO;
		end = at = list[i] == rc->was.safe_no &&
		    rc->rebuild == NULL
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
		e = store_recover_commit(rc);
	if (e != STORE_OK)
		return e;
	rc->valid_no = last;
	rc->valid_at = end;
	rc->cut = rc->rebuild == NULL && (last < rc->was.end_no ||
	    (last == rc->was.end_no && end < rc->was.end_at));
	if (rc->rebuild != NULL && store_rebuild_sealed(rc, last, end))
		return store_segment_create(&st->seg,
		    store_rebuild_last(rc) + 1); /* its end was lost */
	if (last == 0 || last < rc->was.end_no)
		return store_segment_create(&st->seg,
		    last < rc->was.end_no ? rc->was.end_no + 1 : 1);
	e = store_segment_resume(&st->seg, last, end, rc->rebuild != NULL ||
	    last != rc->was.safe_no || end != rc->was.safe_at);
	return e == STORE_CORRUPT ? store_segment_create(&st->seg, last + 1) : e;
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

enum store_err
store_recover_start_over(struct store *st, bool sure)
{
	enum store_err e;

	/* not damage: the next start may find it whole */
	if (!sure && (e = store_txn_error(st, kv_refused())) != STORE_OK)
		return e;
	kv_discard(&st->kv);
	store_names_clear(st);
	st->failed = false;
	if ((e = store_home_set_aside(st)) != STORE_OK)
		return e;
	store_deaths_forgive(st);
	return recover_open_kv(st);
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

	store_deaths_enter(st, &died, &suspect);
	if (st->o.rebuild) {
		log_info("store: a new index is wanted: %s", st->home);
		*found_r = false;
		return store_recover_start_over(st, true);
	}
	if (died >= 2) {
		log_error("store: %u starts in a row crashed in recovery: %s",
		    died, st->home);
		*found_r = false;
		return store_recover_start_over(st, true);
	}
	if ((e = recover_open_kv(st)) == STORE_CORRUPT) {
		*found_r = false;
		return store_recover_start_over(st, false);
	}
	return e == STORE_OK ? recover_load(st, suspect, found_r) : e;
}

void
store_recover_new_user(struct store *st)
{
	memset(&st->u, 0, sizeof(st->u));
	st->u.next_mbox = 1;
	st->u.next_uidvalidity = (uint32_t)time(NULL);
	st->u.next_blob = 1;
	st->u.modseq_hw = st->modseq = 1;
}

bool
store_recover_has_user(struct store *st)
{
	const unsigned char key = LAYOUT_TAG_USER;
	struct kv_item v;

	return kv_get(st->kv, KV_META, &key, 1, &v) != KV_NOT_FOUND;
}

static bool
recover_has_snapshots(struct store *st)
{
	char *folder = store_home_path(st, "snap");
	struct store_snap_file *files;
	size_t n;
	int rc = store_snap_list(folder, &files, &n);

	free(folder);
	free(files);
	return rc == 0 && n > 0;
}

static enum store_err
recover_all(struct recover *rc, bool rebuild, uint32_t *list, size_t n)
{
	struct store *st = rc->st;
	enum store_err e;

	if (rebuild &&
	    (e = store_rebuild_start(rc, list, n)) != STORE_OK)
		return e;
	rc->was = st->u;
	st->seg.no = st->u.end_no;
	st->seg.sealed = st->u.end_at;
	st->seg.safe_no = st->u.safe_no;
	st->seg.safe_at = st->u.safe_at;
	if ((e = recover_segments(rc, list, n)) != STORE_OK)
		return e;
	if (rc->cut && ((e = store_recover_drop_lost(rc)) != STORE_OK ||
	    (e = store_recover_name_again(st)) != STORE_OK))
		return e;
	if (rc->rebuild != NULL && (e = store_rebuild_finish(rc)) != STORE_OK)
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
	bool found = false, rebuild;
	size_t n = 0;
	enum store_err e;

	if ((e = recover_index(st, &found)) != STORE_OK)
		return e;
	if (store_segment_list(&st->seg, &list, &n) != 0)
		return STORE_IO;
	rebuild = !found && (n > 0 || store_recover_has_user(st) ||
	    recover_has_snapshots(st));
	if (!found && !rebuild)
		store_recover_new_user(st);
	arena_init(&rc.arena);
	e = recover_all(&rc, rebuild, list, n);
	arena_clear(&rc.arena);
	store_rebuild_free(&rc.rebuild);
	free(list);
	return e;
}
