/* SPDX-License-Identifier: ISC
 *
 * Taking snapshots, and when.
 *
 * One is due in a moment of rest when enough has changed since the last, and
 * has to be made within a flush when waiting longer would break a promise: a
 * rebuild raises UIDNEXT by a gap that must be larger than the number of UIDs
 * told since the snapshot, and modseq by one larger than the number of changes.
 * When it cannot be written the newest is renamed to stale, which needs no
 * room: a rebuild from it gives new UIDVALIDITYs.
 */
#include "store/snap.h"

#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/store_private.h"

#define SNAP_UNKNOWN (UINT64_MAX / 2) /* changes since a snapshot not known */
#define SNAP_KEEP 2
#define SNAP_RETRY_SECONDS 60
#define SNAP_DAY (24 * 60 * 60)

static uint64_t snap_limit_uids = LIMIT_SNAP_UIDS;
static uint64_t snap_limit_changes;

void
store_snap_set_limits(uint64_t uids, uint64_t changes)
{
	snap_limit_uids = uids == 0 ? LIMIT_SNAP_UIDS : uids;
	snap_limit_changes = changes;
}

uint64_t
store_snap_uid_gap(void)
{
	return snap_limit_uids;
}

/* --- when ---------------------------------------------------------------- */

enum store_err
store_snap_open(struct store *st)
{
	struct store_snap_state *s = &st->snap;
	char *folder = store_home_path(st, "snap");
	struct store_snap_file *files;
	struct layout_snap_head h;
	unsigned char *data;
	uint64_t cookie;
	size_t n, len;

	s->changes = SNAP_UNKNOWN;
	if (store_snap_list(folder, &files, &n) != 0) {
		free(folder);
		return STORE_IO;
	}
	if (n > 0) {
		s->no = files[0].no;
		if (store_snap_map(folder, &files[0], &data, &len) &&
		    store_snap_head(data, len, &cookie, &h) && !st->rebuilt) {
			s->vouches = !files[0].stale;
			s->uids = h.uids;
			s->made = h.made;
			s->changes = st->modseq > h.modseq
			    ? st->modseq - h.modseq : 0;
		}
		store_snap_unmap(data, len);
	}
	free(files);
	free(folder);
	return STORE_OK;
}

void
store_snap_note(struct store *st, uint64_t rows)
{
	if (st->snap.changes < SNAP_UNKNOWN)
		st->snap.changes += rows;
}

static uint64_t
snap_uids(const struct store *st)
{
	return st->u.uids > st->snap.uids ? st->u.uids - st->snap.uids : 0;
}

bool
store_snap_due(const struct store *st)
{
	const struct store_snap_state *s = &st->snap;
	uint64_t changes = s->changes + snap_uids(st);
	uint64_t enough = 1 + st->messages / LIMIT_SNAP_SHARE;

	if (changes == 0 || store_now() < s->retry_at)
		return false;
	return changes >= enough || changes >= LIMIT_SNAP_CHANGES ||
	    time(NULL) - s->made >= SNAP_DAY;
}

bool
store_snap_must(const struct store *st)
{
	const struct store_snap_state *s = &st->snap;
	uint64_t most = LIMIT_SNAP_CHANGES_MIN + st->messages / 8;

	if (s->vouches && snap_uids(st) > snap_limit_uids)
		return true;
	if (time(NULL) - s->made < LIMIT_SNAP_SECONDS ||
	    most > LIMIT_SNAP_CHANGES_MAX)
		most = LIMIT_SNAP_CHANGES_MAX;
	if (snap_limit_changes != 0)
		most = snap_limit_changes;
	return s->changes >= most && store_now() >= s->retry_at;
}

/* --- what is written ----------------------------------------------------- */

/* A block that is filled little by little. */
struct snap_block {
	struct store_snap_writer *w;
	enum layout_snap_kind kind;
	uint32_t mbox;
	size_t len;
	unsigned char content[LAYOUT_SNAP_CONTENT];
};

static void
snap_block_put(struct snap_block *b)
{
	if (b->len > 0)
		store_snap_put(b->w, b->kind, b->mbox, b->content, b->len);
	b->len = 0;
}

/* Room for so many bytes. */
static unsigned char *
snap_block_room(struct snap_block *b, size_t len)
{
	if (b->len + len > sizeof(b->content))
		snap_block_put(b);
	b->len += len;
	return b->content + b->len - len;
}

static void
snap_put_head(struct store *st, struct store_snap_writer *w,
    enum layout_snap_kind kind, int64_t now)
{
	unsigned char content[LAYOUT_SNAP_FIRST_LEN];
	const struct layout_snap_head h = {
		.end_no = st->seg.no,
		.end_at = st->seg.sealed,
		.mailboxes = (uint32_t)st->n_mboxes,
		.subscriptions = (uint32_t)st->n_subscribed,
		.next_blob = st->u.next_blob,
		.modseq = st->modseq,
		.uids = st->u.uids,
		.made = now,
		.next_mbox = st->u.next_mbox,
		.next_uidvalidity = st->u.next_uidvalidity,
	};

	layout_snap_head_pack(content, &h);
	store_snap_put(w, kind, 0, content, sizeof(content));
}

static enum store_err
snap_put_segments(struct store *st, struct store_snap_writer *w)
{
	struct snap_block b = { .w = w, .kind = LAYOUT_SNAP_SEGMENTS };
	uint32_t *list = NULL;
	uint64_t cookie;
	size_t n = 0;

	if (store_segment_list(&st->seg, &list, &n) != 0)
		return STORE_IO;
	for (size_t i = 0; i < n; i++) {
		unsigned char *p;

		if (!store_segment_cookie(&st->seg, list[i], &cookie))
			continue; /* damaged; nothing can be said of it */
		p = snap_block_room(&b, LAYOUT_SNAP_SEGMENT);
		layout_put32(p, list[i]);
		layout_put64(p + 4, cookie);
	}
	snap_block_put(&b);
	free(list);
	return STORE_OK;
}

static void
snap_put_subscriptions(struct store *st, struct store_snap_writer *w)
{
	struct snap_block b = { .w = w, .kind = LAYOUT_SNAP_SUBSCRIPTIONS };

	for (size_t i = 0; i < st->n_subscribed; i++) {
		size_t n = strlen(st->subscribed[i]);
		unsigned char *p = snap_block_room(&b, 2 + n);

		layout_put16(p, (uint16_t)n);
		memcpy(p + 2, st->subscribed[i], n);
	}
	snap_block_put(&b);
}

static enum store_err
snap_put_record(struct store_mbox *m, struct store_snap_writer *w)
{
	struct snap_block b = { .w = w, .kind = LAYOUT_SNAP_KEYWORDS,
		.mbox = m->info.id };
	unsigned char content[4 + LAYOUT_MAILBOX + LIMIT_MAILBOX_NAME];
	bool was_loaded = m->keywords_loaded;
	enum store_err e = store_keywords_load(m);

	if (e != STORE_OK)
		return e;
	layout_put32(content, m->n_keywords);
	store_snap_put(w, LAYOUT_SNAP_MAILBOX, m->info.id, content,
	    4 + store_mailbox_pack(m, m->info.name, content + 4));
	for (unsigned i = 0; i < m->n_keywords; i++) {
		size_t n = m->keywords[i] == NULL ? 0
		                                  : strlen(m->keywords[i]);
		unsigned char *p;

		if (n == 0)
			continue;
		p = snap_block_room(&b, 2 + n);
		p[0] = (unsigned char)i;
		p[1] = (unsigned char)n;
		memcpy(p + 2, m->keywords[i], n);
	}
	snap_block_put(&b);
	if (!was_loaded && m->refs == 0)
		store_keywords_unload(m);
	return STORE_OK;
}

/* --- rows ---------------------------------------------------------------- */

struct snap_rows {
	struct snap_block b;
	uint32_t from;
	struct layout_snap_row last;
	struct kv_scan hot, loc;
};

static void
snap_rows_begin(struct snap_rows *r, uint32_t from)
{
	r->from = from;
	r->b.len = LAYOUT_SNAP_ROWS;
	r->last = (struct layout_snap_row){ .uid = from - 1 };
}

static void
snap_rows_end(struct snap_rows *r, uint32_t to)
{
	layout_put32(r->b.content, r->from);
	layout_put32(r->b.content + 4, to);
	snap_block_put(&r->b);
}

static void
snap_rows_add(struct snap_rows *r, const struct store_row *row,
    const struct layout_loc *loc)
{
	const struct layout_snap_row now = { row->uid, loc->savedate,
		store_row_flags(row), loc->blob };
	unsigned char *p;

	if (r->b.len + LAYOUT_SNAP_ROW_MAX > LAYOUT_SNAP_CONTENT) {
		snap_rows_end(r, row->uid);
		snap_rows_begin(r, row->uid);
	}
	p = r->b.content + r->b.len;
	r->b.len += (size_t)(layout_snap_row_pack(p, &now, &r->last) - p);
	r->last = now;
}

/* The rows of both tables under one key. */
static enum store_err
snap_rows_chunk(struct snap_rows *r, struct store_mbox *m,
    const struct kv_item *k, const struct kv_item *v)
{
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	struct store_row rows[LAYOUT_CHUNK_ROWS];
	size_t n = layout_chunk_count(v->data, v->len, LAYOUT_HOT_ROW);
	struct kv_item k2, v2;
	enum kv_err e = kv_scan_to(&r->loc, k->data, k->len, &k2, &v2);

	if (e != KV_OK && e != KV_NOT_FOUND)
		return store_txn_error(m->st, e);
	if (e == KV_NOT_FOUND || n == 0 || k2.len != k->len ||
	    memcmp(k->data, k2.data, k->len) != 0 ||
	    layout_chunk_count(v2.data, v2.len, LAYOUT_LOC_ROW) != n) {
		log_error("store: index: rows: %s: mailbox %u", m->st->home,
		    (unsigned)m->info.id);
		store_deaths_suspect(m->st);
		return STORE_CORRUPT;
	}
	layout_hot_unpack(v->data, rows, n);
	layout_loc_unpack(v2.data, locs, n);
	for (size_t i = 0; i < n; i++)
		if (rows[i].uid > r->last.uid)
			snap_rows_add(r, &rows[i], &locs[i]);
	return STORE_OK;
}

static enum store_err
snap_put_rows(struct snap_rows *r, struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	enum store_err e = STORE_OK;
	enum kv_err ke = KV_NOT_FOUND;
	struct kv_item k, v;

	r->b.kind = LAYOUT_SNAP_ROW;
	r->b.mbox = m->info.id;
	snap_rows_begin(r, 1);
	layout_key_chunk(key, m->info.id, 0);
	if (m->info.messages > 0)
		ke = kv_scan_to(&r->hot, key, sizeof(key), &k, &v);
	while (ke == KV_OK && k.len == sizeof(key) &&
	    memcmp(k.data, key, 4) == 0) {
		if ((e = snap_rows_chunk(r, m, &k, &v)) != STORE_OK)
			return e;
		ke = kv_scan_next(&r->hot, &k, &v);
	}
	if (ke != KV_OK && ke != KV_NOT_FOUND)
		return store_txn_error(m->st, ke);
	snap_rows_end(r, LAYOUT_SNAP_TO_END);
	return STORE_OK;
}

static int
snap_compare_id(const void *a, const void *b)
{
	const struct store_mbox *const *x = a, *const *y = b;

	return ((*x)->info.id > (*y)->info.id) -
	    ((*x)->info.id < (*y)->info.id);
}

/* In the order of the rows in the index. */
static enum store_err
snap_put_mailboxes(struct store *st, struct store_snap_writer *w)
{
	struct store_mbox **list = xcalloc(st->n_mboxes + 1, sizeof(*list));
	struct snap_rows r = { .b = { .w = w } };
	enum store_err e = STORE_OK;

	for (size_t i = 0; i < st->n_mboxes; i++)
		list[i] = st->mboxes[i];
	qsort(list, st->n_mboxes, sizeof(*list), snap_compare_id);
	kv_scan_init(&r.hot, st->kv, KV_HOT);
	kv_scan_init(&r.loc, st->kv, KV_LOC);
	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++) {
		e = snap_put_record(list[i], w);
		if (e == STORE_OK)
			e = snap_put_rows(&r, list[i]);
		if (i == 0)
			store_fault(STORE_FAULT_SNAP_HALF);
	}
	kv_scan_clear(&r.hot);
	kv_scan_clear(&r.loc);
	free(list);
	return e;
}

static enum store_err
snap_write(struct store *st, const char *folder)
{
	struct store_snap_writer *w = store_snap_create(folder);
	int64_t now = (int64_t)time(NULL);
	enum store_err e;

	snap_put_head(st, w, LAYOUT_SNAP_FIRST, now);
	e = snap_put_segments(st, w);
	snap_put_subscriptions(st, w);
	if (e == STORE_OK)
		e = snap_put_mailboxes(st, w);
	snap_put_head(st, w, LAYOUT_SNAP_END, now);
	if (e == STORE_OK)
		e = store_snap_finish(&w, st->snap.no + 1);
	store_snap_discard(&w);
	if (e != STORE_OK)
		return e;
	st->snap.no++;
	st->snap.vouches = true;
	st->snap.uids = st->u.uids;
	st->snap.changes = 0;
	st->snap.made = now;
	st->snap.retry_at = 0;
	return STORE_OK;
}

/* All but the newest. */
static void
snap_remove_old(const char *folder)
{
	struct store_snap_file *files;
	size_t n;

	if (store_snap_list(folder, &files, &n) != 0)
		return;
	for (size_t i = SNAP_KEEP; i < n; i++)
		(void)store_snap_remove(folder, &files[i]);
	free(files);
}

enum store_err
store_snap_take(struct store *st)
{
	char *folder = store_home_path(st, "snap");
	enum store_err e = store_late_settle_all(st);

	if (e == STORE_OK)
		e = snap_write(st, folder);
	if (e == STORE_OK) {
		snap_remove_old(folder);
		store_fault(STORE_FAULT_SNAP_DONE);
	} else if (st->failed) {
		log_error("store: snapshot: the index cannot be read: %s",
		    st->home);
	} else {
		log_warn("store: snapshot: not made: %s", st->home);
		st->snap.retry_at = store_now() + SNAP_RETRY_SECONDS;
		e = STORE_OK;
		if (st->snap.vouches && snap_uids(st) > snap_limit_uids) {
			st->snap.vouches = false;
			e = store_snap_make_stale(folder, st->snap.no);
		}
		if (e != STORE_OK)
			store_txn_fail(st);
	}
	free(folder);
	return e;
}
