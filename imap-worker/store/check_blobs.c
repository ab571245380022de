/* SPDX-License-Identifier: ISC
 *
 * The part of the check that is about messages: references and sizes against
 * the rows, texts, and the record in the segments with its checksums.
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
	if (v->no != b->segment || b->at + b->coded.stored > v->len) {
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
		    memcmp(&r.h.coded, &b->coded, sizeof(b->coded)) == 0;
	return good;
}

static uint64_t
check_text_id(const struct kv_item *k)
{
	return k->len == LAYOUT_KEY_TEXT ? layout_get64be(k->data) : 0;
}

/* Are the parts of the text of message id, which come next in the scan, whole?
 * Then the scan is at what follows. */
static bool
check_text(struct kv_scan *s, struct kv_item *k, struct kv_item *v,
    enum kv_err *e, uint64_t id)
{
	struct layout_text t = { 0 };
	size_t part = 0, parts = 0, len = 0;

	for (; *e == KV_OK && check_text_id(k) == id &&
	    layout_get16be(k->data + 8) == part;
	    *e = kv_scan_next(s, k, v)) {
		if (part == 0 && layout_text_unpack(v->data, v->len, &t))
			parts = layout_text_parts(&t);
		len += v->len;
		part++;
	}
	return parts > 0 && part == parts && len == LAYOUT_TEXT_HEAD +
	    (size_t)t.envelope_len + t.structure_len;
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
	for (; c->text_e == KV_OK && check_text_id(&c->text_k) < id;
	    c->text_e = kv_scan_next(&c->text, &c->text_k, &c->text_v))
		check_suspect(c, check_text_id(&c->text_k));
	if (!check_text(&c->text, &c->text_k, &c->text_v, &c->text_e, id) ||
	    !layout_blob_unpack(v->data, v->len, &b)) {
		check_suspect(c, id);
		return;
	}
	for (; c->row < c->n_refs && c->refs[c->row].blob == id; c->row++) {
		refs++;
		good &= c->refs[c->row].size == b.coded.len;
	}
	if (!good || refs != b.refs || (refs == 0) != (b.free_since != 0) ||
	    id >= c->st->u.next_blob || !check_record(c, id, &b))
		check_suspect(c, id);
	c->n_blobs++;
}

/* What is left over when there are no more blobs. */
static void
check_blobs_end(struct store_check *c)
{
	for (; c->row < c->n_refs; c->row++)
		check_suspect(c, c->refs[c->row].blob);
	for (; c->text_e == KV_OK;
	    c->text_e = kv_scan_next(&c->text, &c->text_k, &c->text_v))
		check_suspect(c, check_text_id(&c->text_k));
	c->broken |= c->text_e != KV_NOT_FOUND;
	kv_scan_clear(&c->scan);
	kv_scan_clear(&c->text);
	c->scanning = false;
}

bool
store_check_blob_next(struct store_check *c)
{
	struct kv_item k, v;
	enum kv_err e;

	if (!c->scanning) {
		check_refs_sort(c);
		kv_scan_init(&c->text, c->st->kv, KV_TEXT);
		c->text_e = kv_scan_to(&c->text, "", 0, &c->text_k, &c->text_v);
		kv_scan_init(&c->scan, c->st->kv, KV_BLOB);
		c->scanning = true;
		e = kv_scan_to(&c->scan, "", 0, &k, &v);
	} else {
		e = kv_scan_next(&c->scan, &k, &v);
	}
	if (e == KV_OK) {
		if (k.len == LAYOUT_KEY_BLOB)
			check_blob(c, layout_get64be(k.data), &v);
		else
			store_check_report(c, "4: stray record of a message");
		return true;
	}
	c->broken |= e != KV_NOT_FOUND;
	check_blobs_end(c);
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

/* Is its text there, and whole? *any_r: is there any of it? */
static bool
check_suspect_text(struct store_check *c, uint64_t id, bool *any_r)
{
	unsigned char key[LAYOUT_KEY_TEXT];
	struct kv_item k, v;
	struct kv_scan scan;
	enum kv_err e;
	bool whole;

	layout_key_text(key, id, 0);
	kv_scan_init(&scan, c->st->kv, KV_TEXT);
	e = kv_scan_to(&scan, key, sizeof(key), &k, &v);
	*any_r = e == KV_OK && check_text_id(&k) == id;
	whole = check_text(&scan, &k, &v, &e, id) &&
	    (e != KV_OK || check_text_id(&k) != id);
	kv_scan_clear(&scan);
	return whole;
}

static void
check_suspect_judge(struct store_check *c, const struct check_suspect *s)
{
	unsigned char key[LAYOUT_KEY_BLOB];
	struct layout_blob b = { 0 };
	struct kv_item v;
	enum kv_err e;
	char name[256];
	bool text;

	check_suspect_name(c, s, name);
	layout_key_blob(key, s->id);
	e = kv_get(c->st->kv, KV_BLOB, key, sizeof(key), &v);
	if (e == KV_NOT_FOUND) {
		if (s->refs > 0)
			store_check_report(c, "4: row names %s, which is not "
			    "there", name);
		(void)check_suspect_text(c, s->id, &text);
		if (text)
			store_check_report(c, "4: %s: stray text", name);
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
	if (s->sizes_differ || (s->refs > 0 && s->size != b.coded.len))
		store_check_report(c, "4: %s: sizes differ", name);
	if (s->refs != b.refs || (s->refs == 0) != (b.free_since != 0))
		store_check_report(c, "4: %s: %u references, counted %u", name,
		    (unsigned)b.refs, (unsigned)s->refs);
	if (s->id >= c->st->u.next_blob)
		store_check_report(c, "3: %s: number not given out", name);
	if (!check_suspect_text(c, s->id, &text))
		store_check_report(c, "4: %s: text not whole", name);
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
