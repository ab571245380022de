/* SPDX-License-Identifier: ISC
 *
 * The invariants of doc/STORE, checked over a whole home.  The numbers in the
 * reports are theirs.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/crc32c.h"
#include "store/store_private.h"

struct check {
	struct store *st;
	void (*report)(void *ctx, const char *text);
	void *ctx;
	int found;
	bool broken;       /* could not be finished */
	uint64_t *blobs;   /* own; blob and size of each row */
	size_t n_blobs, blobs_cap;
	roaring_bitmap_t *ids; /* own; mailboxes */
	struct store_segment_view view; /* the segment looked at last */
	/* the mailbox at hand */
	struct store_mbox *m;
	uint32_t messages, unseen, deleted, last_uid, vanished;
	uint64_t bytes, highest;
	roaring_bitmap_t *uids; /* own */
};

__attribute__((format(printf, 2, 3))) static void
check_report(struct check *c, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	c->found++;
	if (c->report != NULL)
		c->report(c->ctx, text);
}

/* --- chunks -------------------------------------------------------------- */

static void
check_row(struct check *c, uint32_t key, const struct store_row *r,
    const struct layout_loc *l)
{
	uint64_t flags = store_row_flags(r);

	if (r->uid <= c->last_uid || r->uid < key)
		check_report(c, "5: %s: UID %u out of order",
		    c->m->info.name, (unsigned)r->uid);
	if (r->uid >= c->m->info.uidnext)
		check_report(c, "3: %s: UID %u not below UIDNEXT",
		    c->m->info.name, (unsigned)r->uid);
	if (flags >> STORE_KEYWORD_SHIFT >> c->m->n_keywords != 0)
		check_report(c, "5: %s: UID %u: keyword without a name",
		    c->m->info.name, (unsigned)r->uid);
	if (c->m->loaded && (c->messages >= c->m->n ||
	    memcmp(&c->m->rows[c->messages], r, sizeof(*r)) != 0))
		check_report(c, "5: %s: UID %u differs in memory",
		    c->m->info.name, (unsigned)r->uid);
	if (store_row_modseq(r) > c->highest)
		c->highest = store_row_modseq(r);
	c->last_uid = r->uid;
	c->messages++;
	c->unseen += !(flags & STORE_SEEN);
	c->deleted += (flags & STORE_DELETED) != 0;
	c->bytes += l->size;
	roaring_bitmap_add(c->uids, r->uid);
	if (c->n_blobs == c->blobs_cap) {
		c->blobs_cap = c->blobs_cap == 0 ? 1024 : c->blobs_cap * 2;
		c->blobs = xreallocarray(c->blobs, c->blobs_cap,
		    2 * sizeof(*c->blobs));
	}
	c->blobs[2 * c->n_blobs] = l->blob;
	c->blobs[2 * c->n_blobs++ + 1] = l->size;
}

static void
check_chunk(struct check *c, uint32_t key, const struct kv_item *v,
    struct kv_scan *locs)
{
	struct store_row rows[LAYOUT_CHUNK_ROWS];
	struct layout_loc l[LAYOUT_CHUNK_ROWS];
	unsigned char lk[LAYOUT_KEY_CHUNK];
	struct kv_item k2, v2;
	size_t n = layout_chunk_count(v->data, v->len, LAYOUT_HOT_ROW);

	layout_key_chunk(lk, c->m->info.id, key);
	if (kv_scan_to(locs, lk, sizeof(lk), &k2, &v2) != KV_OK ||
	    k2.len != sizeof(lk) || memcmp(k2.data, lk, sizeof(lk)) != 0 ||
	    n == 0 ||
	    layout_chunk_count(v2.data, v2.len, LAYOUT_LOC_ROW) != n) {
		check_report(c, "5: %s: chunk %u: hot and loc do not agree",
		    c->m->info.name, (unsigned)key);
		return;
	}
	layout_hot_unpack(v->data, rows, n);
	layout_loc_unpack(v2.data, l, n);
	if (c->last_uid >= key)
		check_report(c, "5: %s: chunk %u overlaps", c->m->info.name,
		    (unsigned)key);
	for (size_t i = 0; i < n; i++)
		check_row(c, key, &rows[i], &l[i]);
}

static void
check_vanished_range(void *ctx, uint32_t first, uint32_t last)
{
	struct check *c = ctx;

	if (roaring_bitmap_range_cardinality(c->uids, first,
	    (uint64_t)last + 1) != 0)
		check_report(c, "8: %s: UID in %u:%u is in the expunge log and "
		    "there", c->m->info.name, (unsigned)first, (unsigned)last);
	if (last >= c->m->info.uidnext)
		check_report(c, "8: %s: expunged UID %u not below UIDNEXT",
		    c->m->info.name, (unsigned)last);
}

static void
check_log(struct check *c)
{
	unsigned char key[LAYOUT_KEY_VANISHED];
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;

	layout_key_vanished(key, c->m->info.id, 0, 0);
	kv_scan_init(&s, c->st->kv, KV_META);
	for (e = kv_scan_to(&s, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 5) == 0;
	    e = kv_scan_next(&s, &k, &v)) {
		uint64_t modseq = layout_get64be(k.data + 5);

		c->vanished++;
		if (!store_expunge_decode(&v, check_vanished_range, c))
			check_report(c, "8: %s: expunge log not valid",
			    c->m->info.name);
		if (modseq <= c->m->vanish_floor ||
		    modseq > c->m->info.highestmodseq)
			check_report(c, "8: %s: expunge log: modseq %llu",
			    c->m->info.name, (unsigned long long)modseq);
	}
	c->broken |= e != KV_OK && e != KV_NOT_FOUND;
	kv_scan_clear(&s);
}

static void
check_counters(struct check *c)
{
	const struct store_info *i = &c->m->info;

	if (c->messages != i->messages || c->unseen != i->unseen ||
	    c->deleted != i->deleted || c->bytes != i->bytes)
		check_report(c, "5: %s: counters %u %u %u %llu, rows %u %u %u "
		    "%llu", i->name, (unsigned)i->messages, (unsigned)i->unseen,
		    (unsigned)i->deleted, (unsigned long long)i->bytes,
		    (unsigned)c->messages, (unsigned)c->unseen,
		    (unsigned)c->deleted, (unsigned long long)c->bytes);
	if (c->highest > i->highestmodseq)
		check_report(c, "3: %s: modseq %llu above HIGHESTMODSEQ",
		    i->name, (unsigned long long)c->highest);
	if (i->highestmodseq > c->st->modseq || i->highestmodseq == 0)
		check_report(c, "3: %s: HIGHESTMODSEQ %llu", i->name,
		    (unsigned long long)i->highestmodseq);
	if (c->vanished != c->m->vanished)
		check_report(c, "8: %s: %u records of the expunge log, not %u",
		    i->name, (unsigned)c->vanished, (unsigned)c->m->vanished);
	if (i->recent_uid > i->uidnext)
		check_report(c, "5: %s: recent above UIDNEXT", i->name);
}

static void
check_mailbox(struct check *c, struct store_mbox *m, struct kv_scan *hot,
    struct kv_scan *loc)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_item k, v;
	enum kv_err e;

	c->m = m;
	c->messages = c->unseen = c->deleted = c->last_uid = c->vanished = 0;
	c->bytes = c->highest = 0;
	c->uids = roaring_bitmap_create();
	if (store_keywords_load(m) != STORE_OK)
		c->broken = true;
	layout_key_chunk(key, m->info.id, 0);
	for (e = kv_scan_to(hot, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 4) == 0;
	    e = kv_scan_next(hot, &k, &v))
		check_chunk(c, layout_get32be(k.data + 4), &v, loc);
	c->broken |= e != KV_OK && e != KV_NOT_FOUND;
	check_log(c);
	check_counters(c);
	roaring_bitmap_free(c->uids);
	roaring_bitmap_add(c->ids, m->info.id);
}

/* --- blobs --------------------------------------------------------------- */

static int
check_compare_blob(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The record of the segments a blob names. */
static void
check_segment(struct check *c, uint64_t id, const struct layout_blob *b)
{
	const struct store_segment_view *v = &c->view;
	struct store_segment_record r;
	uint64_t at;
	bool good = false;

	if (v->no != b->segment) {
		store_segment_unview(&c->view);
		if (store_segment_view(&c->st->seg, b->segment, &c->view) != 0) {
			c->broken = true;
			return;
		}
	}
	/* the head is before the keywords, whose length only it knows */
	for (at = b->at; v->valid && !good && at >= LAYOUT_RECORD_HEAD &&
	    at <= v->len && b->at - at <= LAYOUT_EXTRA_MAX; at--)
		good = layout_get64(v->data + at - LAYOUT_RECORD_HEAD + 72) ==
		        v->cookie &&
		    store_segment_parse(v->data, v->len, v->cookie,
		        at - LAYOUT_RECORD_HEAD, &r) == STORE_SEGMENT_FOUND &&
		    r.body_at == b->at && r.h.blob == id &&
		    r.h.body_len == b->len;
	if (!good)
		check_report(c, "1: message %llu: no valid record at %u:%llu",
		    (unsigned long long)id, (unsigned)b->segment,
		    (unsigned long long)b->at);
}

static void
check_blob(struct check *c, uint64_t id, const struct kv_item *v,
    size_t *row, unsigned *parts_r)
{
	struct layout_blob b;
	uint32_t refs = 0;

	*parts_r = 0;
	while (*row < c->n_blobs && c->blobs[2 * *row] < id)
		check_report(c, "4: row names message %llu, which is not there",
		    (unsigned long long)c->blobs[2 * (*row)++]);
	if (!layout_blob_unpack(v->data, v->len, &b)) {
		check_report(c, "4: message %llu: record not valid",
		    (unsigned long long)id);
		return;
	}
	*parts_r = b.parts;
	for (; *row < c->n_blobs && c->blobs[2 * *row] == id; (*row)++) {
		refs++;
		if (c->blobs[2 * *row + 1] != b.len)
			check_report(c, "4: message %llu: sizes differ",
			    (unsigned long long)id);
	}
	if (refs != b.refs || (refs == 0) != (b.free_since != 0))
		check_report(c, "4: message %llu: %u references, counted %u",
		    (unsigned long long)id, (unsigned)b.refs, (unsigned)refs);
	if (id >= c->st->u.next_blob)
		check_report(c, "3: message %llu: number not given out",
		    (unsigned long long)id);
	check_segment(c, id, &b);
}

static void
check_blobs(struct check *c)
{
	unsigned parts = 0, part = 0;
	uint64_t id = 0;
	size_t row = 0;
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;

	if (c->n_blobs > 0)
		qsort(c->blobs, c->n_blobs, 2 * sizeof(*c->blobs),
		    check_compare_blob);
	kv_scan_init(&s, c->st->kv, KV_BLOB);
	for (e = kv_scan_to(&s, "", 0, &k, &v); e == KV_OK;
	    e = kv_scan_next(&s, &k, &v)) {
		if (k.len == LAYOUT_KEY_BLOB) {
			if (part != parts)
				check_report(c, "4: message %llu: parts missing",
				    (unsigned long long)id);
			id = layout_get64be(k.data);
			check_blob(c, id, &v, &row, &parts);
			part = 0;
		} else if (k.len != LAYOUT_KEY_BLOB_PART ||
		    layout_get64be(k.data) != id ||
		    layout_get16be(k.data + 8) != ++part) {
			check_report(c, "4: stray part");
		}
	}
	if (part != parts)
		check_report(c, "4: message %llu: parts missing",
		    (unsigned long long)id);
	if (row < c->n_blobs)
		check_report(c, "4: row names message %llu, which is not there",
		    (unsigned long long)c->blobs[2 * row]);
	c->broken |= e != KV_NOT_FOUND;
	kv_scan_clear(&s);
}

/* --- the whole ----------------------------------------------------------- */

/* Records of mailboxes that do not exist. */
static void
check_strays(struct check *c)
{
	static const enum kv_table tables[] = { KV_HOT, KV_LOC, KV_META };
	struct kv_item k, v;
	struct kv_scan s;
	enum kv_err e;

	for (size_t t = 0; t < 3; t++) {
		kv_scan_init(&s, c->st->kv, tables[t]);
		for (e = kv_scan_to(&s, "", 0, &k, &v); e == KV_OK;
		    e = kv_scan_next(&s, &k, &v)) {
			bool meta = tables[t] == KV_META;

			if (k.len < 5 || (meta && memchr("BKV", k.data[0], 3) ==
			    NULL) || roaring_bitmap_contains(c->ids,
			    layout_get32be(k.data + (meta ? 1 : 0))))
				continue;
			check_report(c, "5: record of a mailbox that is not "
			    "there: table %d", (int)tables[t]);
		}
		c->broken |= e != KV_NOT_FOUND;
		kv_scan_clear(&s);
	}
}

static void
check_user(struct check *c)
{
	struct store *st = c->st;
	uint64_t bytes = 0, messages = 0;

	if (store_names_find(st, "INBOX") == NULL)
		check_report(c, "7: no INBOX");
	for (size_t i = 0; i < st->n_mboxes; i++) {
		const struct store_info *a = &st->mboxes[i]->info;

		bytes += a->bytes;
		messages += a->messages;
		if (a->id >= st->u.next_mbox ||
		    a->uidvalidity >= st->u.next_uidvalidity)
			check_report(c, "3: %s: number not given out", a->name);
		if (i > 0 && store_name_compare(
		    st->mboxes[i - 1]->info.name, a->name) >= 0)
			check_report(c, "7: %s: names out of order", a->name);
		for (size_t j = 0; j < i; j++)
			if (st->mboxes[j]->info.uidvalidity == a->uidvalidity)
				check_report(c, "3: %s: UIDVALIDITY of another",
				    a->name);
	}
	if (bytes != st->bytes || messages != st->messages)
		check_report(c, "5: usage differs from the mailboxes'");
	if (st->modseq > st->u.modseq_hw)
		check_report(c, "3: modseq above its mark");
	/* a new segment is known to the index with its first group */
	if (st->seg.sealed != st->seg.end ||
	    (st->u.end_no != st->seg.no
	        ? st->seg.end != LAYOUT_SEGMENT_HEAD
	        : st->u.end_at != st->seg.sealed))
		check_report(c, "2: the index does not end where the segments do");
}

int
store_check(struct store *st, void (*report)(void *ctx, const char *text),
    void *ctx)
{
	struct check c = { .st = st, .report = report, .ctx = ctx };
	struct kv_scan hot, loc;

	if (store_txn_usable(st) != STORE_OK)
		return -1;
	c.ids = roaring_bitmap_create();
	kv_scan_init(&hot, st->kv, KV_HOT);
	kv_scan_init(&loc, st->kv, KV_LOC);
	for (size_t i = 0; i < st->n_mboxes; i++)
		check_mailbox(&c, st->mboxes[i], &hot, &loc);
	kv_scan_clear(&hot);
	kv_scan_clear(&loc);
	check_blobs(&c);
	check_strays(&c);
	check_user(&c);
	store_segment_unview(&c.view);
	roaring_bitmap_free(c.ids);
	free(c.blobs);
	return c.broken ? -1 : c.found;
}
