/* SPDX-License-Identifier: ISC
 *
 * The invariants of doc/STORE, checked over a whole home.  The numbers in the
 * reports are theirs.
 *
 * Between two slices the store is used. So what has to agree is read in one
 * slice: a mailbox with its rows, counters and expunge log, and the user. For
 * messages see check_blobs.c.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/check_private.h"

void
store_check_report(struct store_check *c, const char *fmt, ...)
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
check_row(struct store_check *c, uint32_t key, const struct store_row *r,
    const struct layout_loc *l)
{
	uint64_t flags = store_row_flags(r);

	if (r->uid <= c->last_uid || r->uid < key)
		store_check_report(c, "5: %s: UID %u out of order",
		    c->m->info.name, (unsigned)r->uid);
	if (r->uid >= c->m->info.uidnext)
		store_check_report(c, "3: %s: UID %u not below UIDNEXT",
		    c->m->info.name, (unsigned)r->uid);
	if (flags >> STORE_KEYWORD_SHIFT >> c->m->n_keywords != 0)
		store_check_report(c, "5: %s: UID %u: keyword without a name",
		    c->m->info.name, (unsigned)r->uid);
	if (c->m->loaded && (c->messages >= c->m->n ||
	    memcmp(&c->m->rows[c->messages], r, sizeof(*r)) != 0))
		store_check_report(c, "5: %s: UID %u differs in memory",
		    c->m->info.name, (unsigned)r->uid);
	if (store_row_modseq(r) > c->highest)
		c->highest = store_row_modseq(r);
	c->last_uid = r->uid;
	c->messages++;
	c->unseen += !(flags & STORE_SEEN);
	c->deleted += (flags & STORE_DELETED) != 0;
	c->bytes += l->size;
	roaring_bitmap_add(c->uids, r->uid);
	if (c->n_refs == c->refs_cap) {
		c->refs_cap = c->refs_cap == 0 ? 1024 : c->refs_cap * 2;
		c->refs = xreallocarray(c->refs, c->refs_cap, sizeof(*c->refs));
	}
	c->refs[c->n_refs++] = (struct check_ref){ l->blob, l->size };
}

static void
check_chunk(struct store_check *c, uint32_t key, const struct kv_item *v,
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
		store_check_report(c, "5: %s: chunk %u: hot and loc do not agree",
		    c->m->info.name, (unsigned)key);
		return;
	}
	layout_hot_unpack(v->data, rows, n);
	layout_loc_unpack(v2.data, l, n);
	if (c->last_uid >= key)
		store_check_report(c, "5: %s: chunk %u overlaps", c->m->info.name,
		    (unsigned)key);
	for (size_t i = 0; i < n; i++)
		check_row(c, key, &rows[i], &l[i]);
}

static void
check_vanished_range(void *ctx, uint32_t first, uint32_t last)
{
	struct store_check *c = ctx;

	if (roaring_bitmap_range_cardinality(c->uids, first,
	    (uint64_t)last + 1) != 0)
		store_check_report(c, "8: %s: UID in %u:%u is in the expunge log and "
		    "there", c->m->info.name, (unsigned)first, (unsigned)last);
	if (last >= c->m->info.uidnext)
		store_check_report(c, "8: %s: expunged UID %u not below UIDNEXT",
		    c->m->info.name, (unsigned)last);
}

static void
check_log(struct store_check *c)
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
			store_check_report(c, "8: %s: expunge log not valid",
			    c->m->info.name);
		if (modseq <= c->m->vanish_floor ||
		    modseq > c->m->info.highestmodseq)
			store_check_report(c, "8: %s: expunge log: modseq %llu",
			    c->m->info.name, (unsigned long long)modseq);
	}
	c->broken |= e != KV_OK && e != KV_NOT_FOUND;
	kv_scan_clear(&s);
}

static void
check_counters(struct store_check *c)
{
	const struct store_info *i = &c->m->info;

	if (c->messages != i->messages || c->unseen != i->unseen ||
	    c->deleted != i->deleted || c->bytes != i->bytes)
		store_check_report(c, "5: %s: counters %u %u %u %llu, rows %u %u %u "
		    "%llu", i->name, (unsigned)i->messages, (unsigned)i->unseen,
		    (unsigned)i->deleted, (unsigned long long)i->bytes,
		    (unsigned)c->messages, (unsigned)c->unseen,
		    (unsigned)c->deleted, (unsigned long long)c->bytes);
	if (c->highest > i->highestmodseq)
		store_check_report(c, "3: %s: modseq %llu above HIGHESTMODSEQ",
		    i->name, (unsigned long long)c->highest);
	if (i->highestmodseq > c->st->modseq || i->highestmodseq == 0)
		store_check_report(c, "3: %s: HIGHESTMODSEQ %llu", i->name,
		    (unsigned long long)i->highestmodseq);
	if (c->vanished != c->m->vanished)
		store_check_report(c, "8: %s: %u records of the expunge log, not %u",
		    i->name, (unsigned)c->vanished, (unsigned)c->m->vanished);
	if (i->recent_uid > i->uidnext)
		store_check_report(c, "5: %s: recent above UIDNEXT", i->name);
}

static void
check_mailbox(struct store_check *c, struct store_mbox *m)
{
	unsigned char key[LAYOUT_KEY_CHUNK];
	struct kv_scan hot, loc;
	struct kv_item k, v;
	enum kv_err e;

	c->m = m;
	c->messages = c->unseen = c->deleted = c->last_uid = c->vanished = 0;
	c->bytes = c->highest = 0;
	c->uids = roaring_bitmap_create();
	if (store_keywords_load(m) != STORE_OK ||
	    store_late_settle(m) != STORE_OK)
		c->broken = true;
	layout_key_chunk(key, m->info.id, 0);
	kv_scan_init(&hot, c->st->kv, KV_HOT);
	kv_scan_init(&loc, c->st->kv, KV_LOC);
	for (e = kv_scan_to(&hot, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 4) == 0;
	    e = kv_scan_next(&hot, &k, &v))
		check_chunk(c, layout_get32be(k.data + 4), &v, &loc);
	c->broken |= e != KV_OK && e != KV_NOT_FOUND;
	kv_scan_clear(&hot);
	kv_scan_clear(&loc);
	check_log(c);
	check_counters(c);
	roaring_bitmap_free(c->uids);
	c->uids = NULL;
}

/* The next mailbox by id: one made later comes later. */
static bool
check_mailbox_next(struct store_check *c)
{
	struct store *st = c->st;
	struct store_mbox *next = NULL;

	for (size_t i = 0; i < st->n_mboxes; i++)
		if (st->mboxes[i]->info.id > c->last_id && (next == NULL ||
		    st->mboxes[i]->info.id < next->info.id))
			next = st->mboxes[i];
	if (next == NULL)
		return false;
	c->last_id = next->info.id;
	check_mailbox(c, next);
	return true;
}

/* --- the whole ----------------------------------------------------------- */

/* One more record that should be of a mailbox. */
static bool
check_stray_next(struct store_check *c)
{
	static const enum kv_table tables[] = { KV_HOT, KV_LOC, KV_META };
	enum kv_table table = tables[c->table];
	struct kv_item k, v, now;
	enum kv_err e;
	uint32_t id;

	if (!c->scanning) {
		kv_scan_init(&c->scan, c->st->kv, table);
		c->scanning = true;
		c->last_id = 0;
		e = kv_scan_to(&c->scan, "", 0, &k, &v);
	} else {
		e = kv_scan_next(&c->scan, &k, &v);
	}
	if (e != KV_OK) {
		c->broken |= e != KV_NOT_FOUND;
		kv_scan_clear(&c->scan);
		c->scanning = false;
		return ++c->table < 3;
	}
	if (k.len < 5 ||
	    (table == KV_META && memchr("BFKV", k.data[0], 4) == NULL))
		return true;
	id = layout_get32be(k.data + (table == KV_META ? 1 : 0));
	if (id == c->last_id)
		return true;
	if (store_names_find_id(c->st, id) != NULL)
		c->last_id = id;
	else if (kv_get(c->st->kv, table, k.data, k.len, &now) == KV_OK)
		/* the scan may have read it before its mailbox was deleted */
		store_check_report(c, "5: record of a mailbox that is not "
		    "there: table %d", (int)table);
	return true;
}

static int
check_compare_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void
check_uidvalidities(struct store_check *c)
{
	struct store *st = c->st;
	uint32_t *all = xcalloc(st->n_mboxes + 1, sizeof(*all));

	for (size_t i = 0; i < st->n_mboxes; i++)
		all[i] = st->mboxes[i]->info.uidvalidity;
	qsort(all, st->n_mboxes, sizeof(*all), check_compare_number);
	for (size_t i = 1; i < st->n_mboxes; i++)
		if (all[i] == all[i - 1])
			store_check_report(c, "3: two mailboxes have "
			    "UIDVALIDITY %u", (unsigned)all[i]);
	free(all);
}

static void
check_user(struct store_check *c)
{
	struct store *st = c->st;
	uint64_t bytes = 0, messages = 0;

	if (store_names_find(st, "INBOX") == NULL)
		store_check_report(c, "7: no INBOX");
	for (size_t i = 0; i < st->n_mboxes; i++) {
		const struct store_info *a = &st->mboxes[i]->info;

		bytes += a->bytes;
		messages += a->messages;
		if (a->id >= st->u.next_mbox ||
		    a->uidvalidity >= st->u.next_uidvalidity)
			store_check_report(c, "3: %s: number not given out",
			    a->name);
		if (i > 0 && store_name_compare(
		    st->mboxes[i - 1]->info.name, a->name) >= 0)
			store_check_report(c, "7: %s: names out of order",
			    a->name);
	}
	check_uidvalidities(c);
	if (bytes != st->bytes || messages != st->messages)
		store_check_report(c, "5: usage differs from the mailboxes'");
	if (st->modseq > st->u.modseq_hw)
		store_check_report(c, "3: modseq above its mark");
	/* a new segment is known to the index with its first group */
	if (st->seg.sealed != st->seg.end ||
	    (st->u.end_no != st->seg.no
	        ? st->seg.end != LAYOUT_SEGMENT_HEAD
	        : st->u.end_at != st->seg.sealed))
		store_check_report(c, "2: the index does not end where the "
		    "segments do");
}

static void
check_told(void *ctx, const char *text)
{
	struct store_check *c = ctx;

	if (text == NULL)
		c->broken = true;
	else
		store_check_report(c, "%s", text);
}

/* The smallest thing that is done at a time; false: the phase is over. */
static bool
check_next(struct store_check *c)
{
	switch (c->phase) {
	case CHECK_MAILBOXES:
		return check_mailbox_next(c);
	case CHECK_BLOBS:
		return store_check_blob_next(c);
	case CHECK_SUSPECTS:
		return store_check_suspects_next(c);
	case CHECK_STRAYS:
		return check_stray_next(c);
	case CHECK_USER:
		check_user(c);
		store_check_snapshot(c->st, check_told, c);
		return false;
	case CHECK_DONE:
		break;
	}
	return false;
}

static int64_t
check_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

struct store_check *
store_check_new(struct store *st, store_check_fn *report, void *ctx)
{
	struct store_check *c = xmalloc(sizeof(*c));

	c->st = st;
	c->report = report;
	c->ctx = ctx;
	return c;
}

bool
store_check_slice(struct store_check *c, unsigned microseconds)
{
	int64_t end = check_clock() + microseconds;

	while (c->phase != CHECK_DONE && !c->broken &&
	    store_txn_usable(c->st) == STORE_OK) {
		if (!check_next(c))
			c->phase++;
		if (microseconds != 0 && check_clock() >= end)
			break;
	}
	c->broken |= store_txn_usable(c->st) != STORE_OK;
	return c->phase == CHECK_DONE || c->broken;
}

void
store_check_progress(const struct store_check *c, uint64_t *done_r,
    uint64_t *total_r)
{
	*total_r = c->phase == CHECK_MAILBOXES ? 0 : c->n_refs;
	*done_r = c->n_blobs;
}

int
store_check_result(const struct store_check *c)
{
	return c->broken ? -1 : c->found;
}

void
store_check_free(struct store_check **cp)
{
	struct store_check *c = *cp;

	if (c == NULL)
		return;
	*cp = NULL;
	if (c->scanning)
		kv_scan_clear(&c->scan);
	kv_scan_clear(&c->text);
	store_segment_unview(&c->view);
	free(c->refs);
	free(c->suspects);
	free(c);
}

int
store_check(struct store *st, store_check_fn *report, void *ctx)
{
	struct store_check *c = store_check_new(st, report, ctx);
	int found;

	while (!store_check_slice(c, 0))
		;
	found = store_check_result(c);
	store_check_free(&c);
	return found;
}
