/* SPDX-License-Identifier: ISC
 *
 * A sound home from a damaged one.  Every record of the segments that is whole
 * is copied into segments of a new home, each as a group of its own, and every
 * block of the newest snapshots into new ones; then the new home is opened,
 * which rebuilds its index.  The index of the damaged home is not looked at.
 *
 * Nothing here trusts a byte it reads.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/crc32c.h"
#include "store/salvage.h"
#include "store/snap.h"
#include "store/store_private.h"

#define SALVAGE_COOKIES 64 /* candidates looked at for one file */

/* A message of which only the head of its record is whole. */
struct salvage_head {
	uint64_t blob;
	uint32_t mbox, uid;
};

struct salvage_snap {
	struct salvage_map map;
	uint64_t cookie;
	struct layout_snap_head head;
	uint64_t new_at; /* the place it speaks of, in the new segments */
};

struct salvage {
	const char *from, *to;
	store_loss_fn *fn;
	void *ctx;
	struct store_segments in, out;
	uint32_t newest;         /* segment */
	struct salvage_snap snap[2]; /* newest first */
	unsigned n_snaps;
	bool vouches;            /* the first is the last there was */
	struct salvage_head *heads; /* own */
	size_t n_heads, heads_cap;
	uint64_t *told;          /* own; messages reported */
	size_t n_told, told_cap;
	uint64_t copied;
};

/* --- telling ------------------------------------------------------------- */

static void
salvage_tell(struct salvage *s, const char *mailbox, uint32_t uid,
    uint64_t blob, const char *text)
{
	const struct store_loss loss = { mailbox, uid, blob, text };

	if (s->fn != NULL)
		s->fn(s->ctx, &loss);
}

/* What the rebuild of the new home misses. */
static void
salvage_told(void *ctx, const struct store_loss *loss)
{
	struct salvage *s = ctx;

	if (s->n_told == s->told_cap) {
		s->told_cap = s->told_cap == 0 ? 64 : s->told_cap * 2;
		s->told = xreallocarray(s->told, s->told_cap,
		    sizeof(*s->told));
	}
	s->told[s->n_told++] = loss->blob_id;
	if (s->fn != NULL)
		s->fn(s->ctx, loss);
}

static int
salvage_compare_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Messages known by the head of their record that no row told of. When the
 * snapshot is whole, those it could have told of were expunged before it. */
static void
salvage_tell_heads(struct salvage *s, struct store *st)
{
	char text[LIMIT_MAILBOX_NAME + 100];

	if (s->n_told > 0)
		qsort(s->told, s->n_told, sizeof(*s->told), salvage_compare_id);
	for (size_t i = 0; i < s->n_heads; i++) {
		const struct salvage_head *h = &s->heads[i];
		const struct store_mbox *m = store_names_find_id(st, h->mbox);
		const char *name = m == NULL ? NULL : m->info.name;

		if ((s->n_told > 0 && bsearch(&h->blob, s->told, s->n_told,
		    sizeof(*s->told), salvage_compare_id) != NULL) ||
		    (st->rebuilt_whole && h->blob < s->snap[0].head.next_blob))
			continue;
		snprintf(text, sizeof(text), "message lost: %s: UID %" PRIu32
		    ", EMAILID %" PRIu64, name == NULL ? "?" : name, h->uid,
		    h->blob);
		salvage_tell(s, name, h->uid, h->blob, text);
	}
}

/* --- segments ------------------------------------------------------------ */

/* The cookie most records of the file have; 0: no record is whole. A record
 * within another, which is part of a message, is not looked at. */
static uint64_t
salvage_guess_cookie(const struct salvage_map *m)
{
	struct { uint64_t cookie; uint32_t votes; } c[SALVAGE_COOKIES];
	struct store_segment_record r;
	size_t n = 0, best = 0;

	for (uint64_t at = 0; at < m->len &&
	    m->len - at >= LAYOUT_RECORD_HEAD;) {
		const unsigned char *p = m->data + at;
		uint64_t cookie = layout_get64(p + 72);
		size_t i = 0;

		if (layout_get16(p + 4) != LAYOUT_RECORD_HEAD ||
		    store_segment_parse(m->data, m->len, cookie, at, &r) !=
		    STORE_SEGMENT_FOUND) {
			at++;
			continue;
		}
		while (i < n && c[i].cookie != cookie)
			i++;
		if (i == n && n < SALVAGE_COOKIES) {
			c[n].cookie = cookie;
			c[n++].votes = 0;
		}
		if (i < n && ++c[i].votes > c[best].votes)
			best = i;
		at = r.next;
	}
	return n == 0 ? 0 : c[best].cookie;
}

static uint64_t
salvage_cookie(const struct salvage *s, const struct salvage_map *m,
    uint32_t no)
{
	uint64_t cookie = 0;
	uint32_t number;

	if (store_segment_head_check(m->data, m->len, &number, &cookie))
		return cookie;
	for (unsigned k = 0; cookie == 0 && k < s->n_snaps; k++)
		cookie = store_snap_segment(s->snap[k].map.data,
		    s->snap[k].map.len, s->snap[k].cookie, no);
	return cookie != 0 ? cookie : salvage_guess_cookie(m);
}

/* Bytes that are no record; the heads among them that are whole say what they
 * were. */
static void
salvage_damage(struct salvage *s, const struct salvage_map *m, uint32_t no,
    uint64_t cookie, uint64_t from, uint64_t to)
{
	size_t before = s->n_heads;
	char text[100];

	for (uint64_t at = from; at < to &&
	    m->len - at >= LAYOUT_RECORD_HEAD; at++) {
		const unsigned char *p = m->data + at;
		struct layout_record h;

		if (layout_get64(p + 72) != cookie ||
		    !layout_record_unpack(p, &h) ||
		    h.kind != LAYOUT_MESSAGE ||
		    layout_get32(p + LAYOUT_RECORD_HEAD - 4) !=
		    store_crc32c(0, p, LAYOUT_RECORD_HEAD - 4))
			continue;
		if (s->n_heads == s->heads_cap) {
			s->heads_cap = s->heads_cap == 0 ? 64
			    : s->heads_cap * 2;
			s->heads = xreallocarray(s->heads, s->heads_cap,
			    sizeof(*s->heads));
		}
		s->heads[s->n_heads++] = (struct salvage_head){ h.blob, h.mbox,
			h.uid };
	}
	if (s->n_heads > before)
		return;
	snprintf(text, sizeof(text), "damaged: %08" PRIu32 ".seg: bytes %"
	    PRIu64 " to %" PRIu64, no, from, to);
	salvage_tell(s, NULL, 0, 0, text);
}

/* The records behind place `at` of file `no` begin at the end of what was
 * written. */
static void
salvage_place(struct salvage *s, uint32_t no, uint64_t at)
{
	for (unsigned k = 0; k < s->n_snaps; k++)
		if (s->snap[k].head.end_no == no && s->snap[k].new_at == 0 &&
		    at >= s->snap[k].head.end_at)
			s->snap[k].new_at = s->out.sealed;
}

/* A change of names at the end of the newest file that was never sealed did not
 * happen. (A message there was acknowledged to no one, but does no harm.) */
static bool
salvage_happened(const struct salvage *s, const struct salvage_map *m,
    uint64_t cookie, uint32_t no, const struct store_segment_record *r)
{
	struct store_segment_record next = *r;

	if (r->h.kind == LAYOUT_MESSAGE || no != s->newest)
		return true;
	for (;;) {
		if (next.h.group & LAYOUT_GROUP_LAST)
			return true;
		if (store_segment_parse(m->data, m->len, cookie,
		    store_segment_search_record(m->data, m->len, cookie,
		    next.next), &next) != STORE_SEGMENT_FOUND)
			return false;
		if (next.h.group & LAYOUT_GROUP_FIRST)
			return true;
	}
}

static enum store_err
salvage_records(struct salvage *s, const struct salvage_map *m, uint32_t no,
    uint64_t cookie)
{
	uint64_t at = LAYOUT_SEGMENT_HEAD, next;
	struct store_segment_record r;
	enum store_err e = STORE_OK;

	while (e == STORE_OK && at < m->len) {
		if (store_segment_parse(m->data, m->len, cookie, at, &r) !=
		    STORE_SEGMENT_FOUND) {
			next = store_segment_search_record(m->data, m->len,
			    cookie, at);
			salvage_damage(s, m, no, cookie, at, next);
			at = next;
			continue;
		}
		salvage_place(s, no, at);
		at = r.next;
		if (!salvage_happened(s, m, cookie, no, &r))
			continue;
		r.h.group = 0;
		e = store_segment_add(&s->out, &r.h, r.extra, r.body, &next);
		if (e == STORE_OK)
			e = store_segment_seal(&s->out);
		s->copied++;
	}
	salvage_place(s, no, UINT64_MAX);
	return e == STORE_OK ? store_segment_sync(&s->out) : e;
}

static enum store_err
salvage_segment(struct salvage *s, uint32_t no)
{
	char *path = xasprintf("%s/seg/%08u.seg", s->from, (unsigned)no);
	struct salvage_map m;
	enum store_err e = STORE_OK;
	uint64_t cookie;

	store_salvage_map(&m, path);
	cookie = salvage_cookie(s, &m, no);
	if (cookie == 0) {
		char text[100];

		snprintf(text, sizeof(text), "damaged: %08" PRIu32 ".seg: all "
		    "of it", no);
		salvage_tell(s, NULL, 0, 0, text);
	} else if ((e = store_segment_create(&s->out, no)) == STORE_OK) {
		e = salvage_records(s, &m, no, cookie);
	}
	store_salvage_unmap(&m);
	free(path);
	return e;
}

static enum store_err
salvage_segments(struct salvage *s)
{
	uint32_t *list = NULL;
	enum store_err e = STORE_OK;
	size_t n = 0;

	if (store_segment_list(&s->in, &list, &n) != 0)
		return STORE_OK; /* none; it was logged */
	s->newest = n > 0 ? list[n - 1] : 0;
	for (size_t i = 0; e == STORE_OK && i < n; i++)
		e = salvage_segment(s, list[i]);
	free(list);
	return e;
}

/* --- snapshots ----------------------------------------------------------- */

static void
salvage_find_snaps(struct salvage *s)
{
	char *folder = xasprintf("%s/snap", s->from), *path;
	struct store_snap_file *files = NULL;
	size_t n = 0;

	if (store_snap_list(folder, &files, &n) != 0)
		n = 0;
	for (size_t i = 0; i < n && s->n_snaps < 2; i++) {
		struct salvage_snap *sn = &s->snap[s->n_snaps];

		path = xasprintf("%s/%08u.%s", folder, (unsigned)files[i].no,
		    files[i].stale ? "stale" : "snap");
		store_salvage_map(&sn->map, path);
		free(path);
		if (!store_snap_head(sn->map.data, sn->map.len, &sn->cookie,
		    &sn->head) || !store_snap_belongs(sn->map.data,
		    sn->map.len, sn->cookie, &s->in)) {
			store_salvage_unmap(&sn->map);
			continue;
		}
		if (i == 0)
			s->vouches = store_snap_vouches(files, n);
		s->n_snaps++;
	}
	free(files);
	free(folder);
}

static void
salvage_snap_segments(const struct salvage *s, struct store_snap_writer *w)
{
	unsigned char entry[LAYOUT_SNAP_SEGMENT];
	uint32_t *list = NULL;
	uint64_t cookie;
	size_t n = 0;

	if (store_segment_list(&s->out, &list, &n) != 0)
		return;
	for (size_t i = 0; i < n; i++) {
		if (!store_segment_cookie(&s->out, list[i], &cookie))
			continue;
		layout_put32(entry, list[i]);
		layout_put64(entry + 4, cookie);
		store_snap_put(w, LAYOUT_SNAP_SEGMENTS, 0, entry,
		    sizeof(entry));
	}
	free(list);
}

/* Copies what is whole of it, under a new number. */
static enum store_err
salvage_snap(struct salvage *s, const struct salvage_snap *sn,
    const char *folder, uint32_t no)
{
	struct store_snap_writer *w = store_snap_create(folder);
	unsigned char head[LAYOUT_SNAP_FIRST_LEN];
	struct layout_snap_head h = sn->head;
	uint64_t at = 0, skipped;
	struct store_snap_block b;

	h.end_at = sn->new_at != 0 ? sn->new_at : LAYOUT_SEGMENT_HEAD;
	layout_snap_head_pack(head, &h);
	store_snap_put(w, LAYOUT_SNAP_FIRST, 0, head, sizeof(head));
	salvage_snap_segments(s, w);
	while (store_snap_next(sn->map.data, sn->map.len, sn->cookie, &at, &b,
	    &skipped)) {
		if (skipped > 0)
			log_warn("store: salvage: snapshot: %" PRIu64
			    " bytes damaged", skipped);
		if (b.kind == LAYOUT_SNAP_MAILBOX ||
		    b.kind == LAYOUT_SNAP_KEYWORDS ||
		    b.kind == LAYOUT_SNAP_ROW ||
		    b.kind == LAYOUT_SNAP_SUBSCRIPTIONS)
			store_snap_put(w, b.kind, b.mbox, b.data, b.len);
	}
	store_snap_put(w, LAYOUT_SNAP_END, 0, head, sizeof(head));
	return store_snap_finish(&w, no);
}

static enum store_err
salvage_snaps(struct salvage *s)
{
	char *folder = xasprintf("%s/snap", s->to);
	enum store_err e = STORE_OK;

	for (unsigned k = s->n_snaps; e == STORE_OK && k > 0; k--)
		e = salvage_snap(s, &s->snap[k - 1], folder,
		    s->n_snaps - k + 1);
	if (e == STORE_OK && s->n_snaps > 0 && !s->vouches)
		e = store_snap_make_stale(folder, s->n_snaps);
	free(folder);
	return e;
}

/* --- the whole ----------------------------------------------------------- */

static enum store_err
salvage_run(struct salvage *s, const struct store_options *o)
{
	struct store *st;
	enum store_err e;

	salvage_find_snaps(s);
	if ((e = store_salvage_prepare(s->to)) != STORE_OK ||
	    (e = salvage_segments(s)) != STORE_OK ||
	    (e = salvage_snaps(s)) != STORE_OK ||
	    (e = store_open_told(s->to, o, salvage_told, s, &st)) != STORE_OK)
		return e;
	salvage_tell_heads(s, st);
	log_info("store: salvage: %s: %" PRIu64 " records, %" PRIu64
	    " messages, %zu lost", s->from, s->copied, st->messages,
	    s->n_told);
	e = store_flush(st);
	store_close(&st);
	return e;
}

enum store_err
store_salvage(const char *from, const char *to, const struct store_options *o,
    store_loss_fn *fn, void *ctx)
{
	struct salvage s = { .from = from, .to = to, .fn = fn, .ctx = ctx };
	char *in = xasprintf("%s/seg", from), *out = xasprintf("%s/seg", to);
	enum store_err e;
	int lock;

	store_segment_init(&s.in, in);
	store_segment_init(&s.out, out);
	if ((e = store_salvage_enter(from, &lock)) == STORE_OK)
		e = salvage_run(&s, o);
	if (lock != -1)
		close(lock);
	for (unsigned k = 0; k < s.n_snaps; k++)
		store_salvage_unmap(&s.snap[k].map);
	store_segment_clear(&s.in);
	store_segment_clear(&s.out);
	free(s.heads);
	free(s.told);
	free(in);
	free(out);
	return e;
}
