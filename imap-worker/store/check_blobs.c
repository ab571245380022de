/* SPDX-License-Identifier: ISC
 *
 * The part of the check that is about messages: references and sizes against
 * the rows, parts, and the record in the segments with its checksums.
 *
 * The store is used while this goes on, so rows that were read earlier and a
 * blob that is read now need not agree. What looks wrong is a suspect; suspects
 * are judged some at a time by what the index says in one moment.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/check_private.h"

#define CHECK_BATCH 64 /* suspects judged by one scan of the rows */

static void
check_suspect(struct store_check *c, uint64_t id)
{
	if (c->n_suspects > 0 && c->suspects[c->n_suspects - 1] == id)
		return;
	if (c->n_suspects == c->suspects_cap) {
		c->suspects_cap = c->suspects_cap == 0 ? 64
		    : c->suspects_cap * 2;
		c->suspects = xreallocarray(c->suspects, c->suspects_cap,
		    sizeof(*c->suspects));
	}
	c->suspects[c->n_suspects++] = id;
}

/* Is the record that a blob names in the segments, and whole? A segment that
 * cannot be read breaks the check off. */
static bool
check_record(struct store_check *c, uint64_t id, const struct layout_blob *b)
{
	const struct store_segment_view *v = &c->view;
	struct store_segment_record r;
	bool good = false;

	/* the newest one grows */
	if (v->no != b->segment || b->at + b->len > v->len) {
		store_segment_unview(&c->view);
		if (store_segment_view(&c->st->seg, b->segment, &c->view) != 0) {
			c->broken = true;
			return true;
		}
	}
	/* the head is before the keywords, whose length only it knows */
	for (uint64_t at = b->at; v->valid && !good &&
	    at >= LAYOUT_RECORD_HEAD && at <= v->len &&
	    b->at - at <= LAYOUT_EXTRA_MAX; at--)
		good = layout_get64(v->data + at - LAYOUT_RECORD_HEAD + 72) ==
		        v->cookie &&
		    store_segment_parse(v->data, v->len, v->cookie,
		        at - LAYOUT_RECORD_HEAD, &r) == STORE_SEGMENT_FOUND &&
		    r.body_at == b->at && r.h.blob == id &&
		    r.h.body_len == b->len;
	return good;
}

/* --- all of them ---------------------------------------------------------- */

static int
check_compare_ref(const void *a, const void *b)
{
	const struct check_ref *x = a, *y = b;

	return (x->blob > y->blob) - (x->blob < y->blob);
}

static void
check_refs_sort(struct store_check *c)
{
	for (size_t i = 1; i < c->n_refs; i++)
		if (c->refs[i - 1].blob > c->refs[i].blob) {
			qsort(c->refs, c->n_refs, sizeof(*c->refs),
			    check_compare_ref);
			return;
		}
}

static void
check_blob(struct store_check *c, uint64_t id, const struct kv_item *v)
{
	struct layout_blob b;
	uint32_t refs = 0;
	bool good = true;

	for (; c->row < c->n_refs && c->refs[c->row].blob < id; c->row++)
		check_suspect(c, c->refs[c->row].blob);
	if (c->part != c->parts)
		check_suspect(c, c->blob);
	c->blob = id;
	c->parts = c->part = 0;
	if (!layout_blob_unpack(v->data, v->len, &b)) {
		check_suspect(c, id);
		return;
	}
	c->parts = b.parts;
	for (; c->row < c->n_refs && c->refs[c->row].blob == id; c->row++) {
		refs++;
		good &= c->refs[c->row].size == b.len;
	}
	if (!good || refs != b.refs || (refs == 0) != (b.free_since != 0) ||
	    id >= c->st->u.next_blob || !check_record(c, id, &b))
		check_suspect(c, id);
	c->n_blobs++;
}

bool
store_check_blob_next(struct store_check *c)
{
	struct kv_item k, v;
	enum kv_err e;

	if (!c->scanning) {
		check_refs_sort(c);
		kv_scan_init(&c->scan, c->st->kv, KV_BLOB);
		c->scanning = true;
		e = kv_scan_to(&c->scan, "", 0, &k, &v);
	} else {
		e = kv_scan_next(&c->scan, &k, &v);
	}
	if (e == KV_OK && k.len == LAYOUT_KEY_BLOB) {
		check_blob(c, layout_get64be(k.data), &v);
		return true;
	}
	if (e == KV_OK) {
		if (k.len == LAYOUT_KEY_BLOB_PART &&
		    layout_get64be(k.data) == c->blob &&
		    layout_get16be(k.data + 8) == c->part + 1)
			c->part++;
		else if (k.len == LAYOUT_KEY_BLOB_PART)
			check_suspect(c, layout_get64be(k.data));
		else
			store_check_report(c, "4: stray part");
		return true;
	}
	if (c->part != c->parts)
		check_suspect(c, c->blob);
	for (; c->row < c->n_refs; c->row++)
		check_suspect(c, c->refs[c->row].blob);
	c->broken |= e != KV_NOT_FOUND;
	kv_scan_clear(&c->scan);
	c->scanning = false;
	return false;
}

/* --- suspects ------------------------------------------------------------- */

struct check_suspect {
	uint64_t id;
	uint32_t refs, uid;
	uint32_t mbox;  /* of one of its rows */
	uint32_t size;  /* of that row */
	bool sizes_differ;
};

static int
check_compare_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* What the rows of one chunk say of the suspects. */
static void
check_suspects_chunk(struct store_check *c, struct check_suspect *s, size_t n,
    const struct kv_item *k, const struct kv_item *v)
{
	size_t rows = layout_chunk_count(v->data, v->len, LAYOUT_LOC_ROW);
	struct layout_loc locs[LAYOUT_CHUNK_ROWS];
	struct store_row hot[LAYOUT_CHUNK_ROWS];
	struct check_suspect *found;
	struct kv_item h;

	layout_loc_unpack(v->data, locs, rows);
	for (size_t i = 0; i < rows; i++) {
		found = bsearch(&locs[i].blob, s, n, sizeof(*s),
		    check_compare_id);
		if (found == NULL)
			continue;
		found->sizes_differ |= found->refs > 0 &&
		    found->size != locs[i].size;
		found->size = locs[i].size;
		found->refs++;
		if (kv_get(c->st->kv, KV_HOT, k->data, k->len, &h) != KV_OK ||
		    layout_chunk_count(h.data, h.len, LAYOUT_HOT_ROW) != rows)
			continue;
		layout_hot_unpack(h.data, hot, rows);
		found->mbox = layout_get32be(k->data);
		found->uid = hot[i].uid;
	}
}

static void
check_suspects_rows(struct store_check *c, struct check_suspect *s, size_t n)
{
	struct kv_item k, v;
	struct kv_scan scan;
	enum kv_err e;

	kv_scan_init(&scan, c->st->kv, KV_LOC);
	for (e = kv_scan_to(&scan, "", 0, &k, &v); e == KV_OK;
	    e = kv_scan_next(&scan, &k, &v))
		if (k.len == LAYOUT_KEY_CHUNK)
			check_suspects_chunk(c, s, n, &k, &v);
	c->broken |= e != KV_NOT_FOUND;
	kv_scan_clear(&scan);
}

/* "message 7 (INBOX UID 3)" */
static void
check_suspect_name(const struct store_check *c, const struct check_suspect *s,
    char out[256])
{
	const struct store_mbox *m = s->uid == 0 ? NULL
	    : store_names_find_id(c->st, s->mbox);

	if (m == NULL)
		snprintf(out, 256, "message %llu", (unsigned long long)s->id);
	else
		snprintf(out, 256, "message %llu (%.200s UID %u)",
		    (unsigned long long)s->id, m->info.name, (unsigned)s->uid);
}

/* The parts that are there, in order and no others. */
static bool
check_parts(struct store_check *c, uint64_t id, unsigned want)
{
	unsigned char key[LAYOUT_KEY_BLOB_PART];
	struct kv_item k, v;
	struct kv_scan scan;
	unsigned have = 0;
	enum kv_err e;

	layout_key_blob_part(key, id, 0);
	kv_scan_init(&scan, c->st->kv, KV_BLOB);
	for (e = kv_scan_to(&scan, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.len == sizeof(key) && memcmp(k.data, key, 8) == 0;
	    e = kv_scan_next(&scan, &k, &v))
		if (layout_get16be(k.data + 8) != ++have)
			have = UINT16_MAX + 1;
	kv_scan_clear(&scan);
	return have == want;
}

static void
check_suspect_judge(struct store_check *c, const struct check_suspect *s)
{
	unsigned char key[LAYOUT_KEY_BLOB];
	struct layout_blob b = { 0 };
	struct kv_item v;
	enum kv_err e;
	char name[256];

	check_suspect_name(c, s, name);
	layout_key_blob(key, s->id);
	e = kv_get(c->st->kv, KV_BLOB, key, sizeof(key), &v);
	if (e == KV_NOT_FOUND) {
		if (s->refs > 0)
			store_check_report(c, "4: row names %s, which is not "
			    "there", name);
		if (!check_parts(c, s->id, 0))
			store_check_report(c, "4: %s: stray part", name);
		return;
	}
	if (e != KV_OK) {
		c->broken = true;
		return;
	}
	if (!layout_blob_unpack(v.data, v.len, &b)) {
		store_check_report(c, "4: %s: record not valid", name);
		return;
	}
	if (s->sizes_differ || (s->refs > 0 && s->size != b.len))
		store_check_report(c, "4: %s: sizes differ", name);
	if (s->refs != b.refs || (s->refs == 0) != (b.free_since != 0))
		store_check_report(c, "4: %s: %u references, counted %u", name,
		    (unsigned)b.refs, (unsigned)s->refs);
	if (s->id >= c->st->u.next_blob)
		store_check_report(c, "3: %s: number not given out", name);
	if (!check_parts(c, s->id, b.parts))
		store_check_report(c, "4: %s: parts missing", name);
	if (!check_record(c, s->id, &b))
		store_check_report(c, "1: %s: no valid record at %u:%llu",
		    name, (unsigned)b.segment, (unsigned long long)b.at);
}

bool
store_check_suspects_next(struct store_check *c)
{
	struct check_suspect batch[CHECK_BATCH];
	size_t n = 0;

	if (c->confirmed == 0 && c->n_suspects > 1)
		qsort(c->suspects, c->n_suspects, sizeof(*c->suspects),
		    check_compare_id);
	for (; n < CHECK_BATCH && c->confirmed < c->n_suspects; c->confirmed++)
		if (n == 0 || batch[n - 1].id != c->suspects[c->confirmed])
			batch[n++] = (struct check_suspect){
				.id = c->suspects[c->confirmed] };
	if (n == 0)
		return false;
	check_suspects_rows(c, batch, n);
	for (size_t i = 0; i < n; i++)
		check_suspect_judge(c, &batch[i]);
	return true;
}
