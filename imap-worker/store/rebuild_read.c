/* SPDX-License-Identifier: ISC
 *
 * What a rebuild has to know before it writes anything: where each message is,
 * which mailboxes get deleted, how many rows of the snapshot name each message.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/rebuild.h"

#define REBUILD_LOSSES_LOGGED 100

void
store_rebuild_free(struct rebuild **rbp)
{
	struct rebuild *rb = *rbp;

	if (rb == NULL)
		return;
	*rbp = NULL;
	store_snaps_clear(&rb->snaps);
	if (rb->dead != NULL)
		roaring_bitmap_free(rb->dead);
	if (rb->dying != NULL)
		roaring_bitmap_free(rb->dying);
	if (rb->named != NULL)
		roaring_bitmap_free(rb->named);
	free(rb->entries);
	free(rb);
}

bool
store_rebuild_before(const struct rebuild *rb, uint32_t no, uint64_t at)
{
	const struct layout_snap_head *h = &rb->snaps.file[0].head;

	return rb->snaps.n > 0 &&
	    (no < h->end_no || (no == h->end_no && at < h->end_at));
}

bool
store_rebuild_sealed(const struct recover *rc, uint32_t no, uint64_t at)
{
	return store_rebuild_before(rc->rebuild, no, at);
}

uint32_t
store_rebuild_last(const struct recover *rc)
{
	return rc->rebuild->snaps.file[0].head.end_no;
}

/* --- messages ------------------------------------------------------------ */

static int
rebuild_compare(const void *a, const void *b)
{
	const struct rebuild_entry *x = a, *y = b;

	if (x->blob != y->blob)
		return x->blob < y->blob ? -1 : 1;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return (x->at > y->at) - (x->at < y->at);
}

uint64_t
store_rebuild_total(const struct rebuild *rb)
{
	return rb->n;
}

struct rebuild_entry *
store_rebuild_find(const struct rebuild *rb, uint64_t blob)
{
	size_t lo = 0, hi = rb->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (rb->entries[mid].blob < blob)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < rb->n && rb->entries[lo].blob == blob ? &rb->entries[lo]
	                                                  : NULL;
}

bool
store_rebuild_is_left_over(const struct rebuild *rb,
    const struct rebuild_entry *e)
{
	return e->refs == 0 && (e->wanted || !rb->snaps.whole);
}

/* --- reading the segments ------------------------------------------------ */

/* The group read last was sealed: what it deletes was deleted. */
static void
rebuild_scan_sealed(struct rebuild *rb)
{
	roaring_bitmap_or_inplace(rb->dead, rb->dying);
	roaring_bitmap_clear(rb->dying);
}

static void
rebuild_scan_record(struct rebuild *rb, uint32_t no,
    const struct store_segment_record *r)
{
	if (r->h.modseq > rb->modseq)
		rb->modseq = r->h.modseq;
	if (r->h.mbox >= rb->next_mbox)
		rb->next_mbox = r->h.mbox + 1;
	if (r->h.uidvalidity >= rb->next_uidvalidity)
		rb->next_uidvalidity = r->h.uidvalidity + 1;
	if (r->h.group & LAYOUT_GROUP_FIRST)
		rebuild_scan_sealed(rb); /* what was before it */
	if (r->h.kind == LAYOUT_NAME_DELETE) {
		roaring_bitmap_add(rb->dying, r->h.mbox);
	} else if (r->h.kind == LAYOUT_NAME_CREATE) {
		roaring_bitmap_add(rb->named, r->h.mbox);
	} else if (r->h.kind == LAYOUT_MESSAGE) {
		if (rb->n == rb->cap) {
			rb->cap = rb->cap == 0 ? 1024 : rb->cap * 2;
			rb->entries = xreallocarray(rb->entries, rb->cap,
			    sizeof(*rb->entries));
		}
		rb->entries[rb->n++] = (struct rebuild_entry){
			.blob = r->h.blob, .at = r->at, .segment = no };
	}
	if ((r->h.group & LAYOUT_GROUP_LAST) ||
	    store_rebuild_before(rb, no, r->at))
		rebuild_scan_sealed(rb);
}

static void
rebuild_scan_segment(struct rebuild *rb, const struct store_segment_view *v)
{
	uint64_t at = LAYOUT_SEGMENT_HEAD;
	struct store_segment_record r;

	for (;;) {
		switch (store_segment_parse(v->data, v->len, v->cookie, at,
		    &r)) {
		case STORE_SEGMENT_FOUND:
			rebuild_scan_record(rb, v->no, &r);
			at = r.next;
			break;
		case STORE_SEGMENT_END:
			return;
		case STORE_SEGMENT_BAD:
			at = store_segment_search_record(v->data, v->len,
			    v->cookie, at);
			break;
		}
	}
}

enum store_err
store_rebuild_scan(struct recover *rc, const uint32_t *list, size_t n)
{
	struct rebuild *rb = rc->rebuild;
	struct store_segment_view v;

	for (size_t i = 0; i < n; i++) {
		if (store_segment_view(&rc->st->seg, list[i], &v) != 0)
			return STORE_IO;
		if (v.valid)
			rebuild_scan_segment(rb, &v);
		if (i + 1 < n) /* only the newest may end in an open group */
			rebuild_scan_sealed(rb);
		store_segment_unview(&v);
	}
	if (rb->n > 0)
		qsort(rb->entries, rb->n, sizeof(*rb->entries),
		    rebuild_compare);
	return STORE_OK;
}

/* --- reading the snapshot ------------------------------------------------ */

static void
rebuild_lost(struct rebuild *rb, uint32_t uid, uint64_t blob)
{
	struct store *st = rb->rc->st;
	char text[LIMIT_MAILBOX_NAME + 100];
	const struct store_loss loss = { .mailbox = rb->name, .uid = uid,
		.blob_id = blob, .text = text };

	snprintf(text, sizeof(text), "message lost: %s: UID %" PRIu32
	    ", EMAILID %" PRIu64, rb->name, uid, blob);
	if (rb->lost++ < REBUILD_LOSSES_LOGGED)
		log_error("store: %s: %s", text, st->home);
	if (st->loss != NULL)
		st->loss(st->loss_ctx, &loss);
}

static enum store_err
rebuild_count_rows(void *ctx, const struct store_snap_box *box,
    const struct layout_snap_row *rows, size_t n)
{
	struct rebuild *rb = ctx;

	(void)box;
	for (size_t i = 0; i < n; i++) {
		struct rebuild_entry *e = store_rebuild_find(rb, rows[i].blob);

		if (e == NULL || !store_rebuild_before(rb, e->segment, e->at)) {
			if (rb->name != NULL)
				rebuild_lost(rb, rows[i].uid, rows[i].blob);
		} else if (rb->name != NULL) {
			e->refs++;
		} else {
			e->wanted = true;
		}
	}
	return STORE_OK;
}

/* How many rows name each message; mailboxes that will not be there have no
 * name. */
void
store_rebuild_count(struct rebuild *rb)
{
	for (size_t i = 0; i < rb->snaps.n_boxes; i++) {
		const struct store_snap_box *box = rb->snaps.boxes[i];
		char *name = NULL;

		if (!roaring_bitmap_contains(rb->dead, box->id)) {
			if (box->has_record)
				name = xstrndup(box->b.name, box->b.name_len);
			else if (roaring_bitmap_contains(rb->named, box->id))
				name = xasprintf("mailbox %u",
				    (unsigned)box->id);
		}
		rb->name = name;
		(void)store_snaps_rows(&rb->snaps, box, rebuild_count_rows,
		    rb);
		free(name);
	}
	rb->name = NULL;
}
