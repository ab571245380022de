/* SPDX-License-Identifier: ISC
 *
 * The newest two snapshots as one.  Each mailbox is taken from the newest file;
 * where a block of it is damaged the gap is filled from the other, and the
 * mailbox is no longer `whole`: then no one can say which UIDs it gave out.
 * A file is believed only when it belongs to the segments that are there.
 */
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/recover.h"

#define SNAPS_ROWS 256

/* A block that says something of a mailbox. */
struct store_snap_part {
	uint32_t mbox;
	unsigned char order;  /* 0: record, 1: keywords, 2: rows */
	unsigned char file;
	uint32_t from, to;    /* rows */
	uint64_t at;
};

static int
snaps_compare(const void *a, const void *b)
{
	const struct store_snap_part *x = a, *y = b;

	if (x->mbox != y->mbox)
		return x->mbox < y->mbox ? -1 : 1;
	if (x->order != y->order)
		return x->order - y->order;
	if (x->file != y->file)
		return x->file - y->file;
	return (x->from > y->from) - (x->from < y->from);
}

static bool
snaps_block(const struct store_snaps *s, const struct store_snap_part *p,
    struct store_snap_block *b_r)
{
	const struct store_snap_files *f = &s->file[p->file];

	return store_snap_parse(f->data, f->len, f->cookie, p->at, b_r);
}

/* --- which files --------------------------------------------------------- */

/* False: one is there that cannot be read; without it more would be lost. */
static bool
snaps_open(struct store_snaps *s, const struct store *st,
    const struct store_snap_file *files, size_t n)
{
	char *folder = store_home_path(st, "snap");
	bool good = true;

	for (size_t i = 0; good && i < n && s->n < 2; i++) {
		struct store_snap_files *f = &s->file[s->n];

		good = store_snap_map(folder, &files[i], &f->data, &f->len);
		if (good && (!store_snap_head(f->data, f->len, &f->cookie, &f->head) ||
		    !store_snap_belongs(f->data, f->len, f->cookie,
		    &st->seg))) {
			log_error("store: snapshot: %s/%08u: damaged, or of "
			    "another home", folder, (unsigned)files[i].no);
			store_snap_unmap(f->data, f->len);
			continue;
		}
		if (good && i == 0)
			s->vouches = store_snap_vouches(files, n);
		s->n += good;
	}
	free(folder);
	return good;
}

/* --- what is in them ----------------------------------------------------- */

static void
snaps_add_part(struct store_snaps *s, unsigned file, uint64_t at,
    const struct store_snap_block *b)
{
	struct store_snap_part p = { .mbox = b->mbox,
		.file = (unsigned char)file, .at = at };
	struct store_snap_rows r;

	if (b->mbox == 0)
		return;
	switch (b->kind) {
	case LAYOUT_SNAP_MAILBOX:
		break;
	case LAYOUT_SNAP_KEYWORDS:
		p.order = 1;
		break;
	case LAYOUT_SNAP_ROW:
		if (!store_snap_rows_init(&r, b))
			return;
		p.order = 2;
		p.from = r.from;
		p.to = r.to;
		break;
	case LAYOUT_SNAP_END:
	case LAYOUT_SNAP_SEGMENTS:
	case LAYOUT_SNAP_FIRST:
	case LAYOUT_SNAP_SUBSCRIPTIONS:
		return;
	}
	if (s->n_parts == s->parts_cap) {
		s->parts_cap = s->parts_cap == 0 ? 64 : s->parts_cap * 2;
		s->parts = xreallocarray(s->parts, s->parts_cap,
		    sizeof(*s->parts));
	}
	s->parts[s->n_parts++] = p;
}

static void
snaps_box_keywords(const struct store_snaps *s, struct store_snap_box *box,
    const struct store_snap_part *p)
{
	struct store_snap_block b;
	const char *text;
	unsigned bit;
	size_t at = 0, len;

	if (!snaps_block(s, p, &b))
		return;
	while (store_snap_keyword(&b, &at, &bit, &text, &len))
		if (box->keywords[bit] == NULL)
			box->keywords[bit] = xstrndup(text, len);
}

static bool
snaps_box_has_keywords(const struct store_snap_box *box, uint32_t want)
{
	for (uint32_t i = 0; i < want; i++)
		if (box->keywords[i] == NULL)
			return false;
	return true;
}

/* A mailbox from its parts. */
static struct store_snap_box *
snaps_box(const struct store_snaps *s, size_t lo, size_t hi)
{
	struct store_snap_box *box = xmalloc(sizeof(*box));
	uint32_t covered = 1, keywords = 0, n;
	bool newest = false;
	struct store_snap_block b;

	box->id = s->parts[lo].mbox;
	box->lo = lo;
	box->hi = hi;
	for (size_t i = lo; i < hi; i++) {
		const struct store_snap_part *p = &s->parts[i];
		struct layout_mailbox m;

		if (p->order == 0 && !box->has_record &&
		    snaps_block(s, p, &b) && store_snap_mailbox(&b, &n, &m)) {
			box->has_record = true;
			box->b = m;
			keywords = n;
			newest = p->file == 0;
		} else if (p->order == 1) {
			snaps_box_keywords(s, box, p);
		} else if (p->order == 2 && p->file == 0 &&
		    p->from == covered) {
			covered = p->to;
		}
	}
	box->whole = newest && snaps_box_has_keywords(box, keywords) &&
	    covered == LAYOUT_SNAP_TO_END;
	return box;
}

static enum store_err
snaps_count(void *ctx, const char *name)
{
	(void)name;
	++*(uint32_t *)ctx;
	return STORE_OK;
}

static enum store_err snaps_file_subscriptions(const struct store_snaps *s,
    unsigned file, enum store_err (*fn)(void *ctx, const char *name),
    void *ctx);

/* Groups the parts by mailbox. */
static void
snaps_boxes(struct store_snaps *s)
{
	size_t cap = 0, whole = 0, kept = 0, hi;
	uint32_t recorded = 0, subscriptions = 0;

	for (size_t lo = 0; lo < s->n_parts; lo = hi) {
		for (hi = lo + 1; hi < s->n_parts &&
		    s->parts[hi].mbox == s->parts[lo].mbox; hi++)
			;
		if (s->n_boxes == cap) {
			cap = cap == 0 ? 16 : cap * 2;
			s->boxes = xreallocarray(s->boxes, cap,
			    sizeof(struct store_snap_box *));
		}
		s->boxes[s->n_boxes++] = snaps_box(s, lo, hi);
		recorded += s->parts[lo].order == 0 && s->parts[lo].file == 0;
		whole += s->boxes[s->n_boxes - 1]->whole;
	}
	/* the newest knows all mailboxes: others were deleted before it */
	for (size_t i = 0; i < s->n_boxes; i++) {
		const struct store_snap_part *p = &s->parts[s->boxes[i]->lo];

		if (recorded == s->file[0].head.mailboxes &&
		    (p->order != 0 || p->file != 0)) {
			for (unsigned k = 0; k < LIMIT_KEYWORDS; k++)
				free(s->boxes[i]->keywords[k]);
			free(s->boxes[i]);
		} else {
			s->boxes[kept++] = s->boxes[i];
		}
	}
	s->n_boxes = kept;
	(void)snaps_file_subscriptions(s, 0, snaps_count, &subscriptions);
	s->whole = whole == s->file[0].head.mailboxes &&
	    subscriptions == s->file[0].head.subscriptions;
}

bool
store_snaps_load(struct store_snaps *s, struct store *st)
{
	char *folder = store_home_path(st, "snap");
	struct store_snap_file *files;
	size_t n;
	int rc = store_snap_list(folder, &files, &n);
	bool good;

	memset(s, 0, sizeof(*s));
	free(folder);
	if (rc != 0)
		return false;
	if (n > 0)
		st->snap.no = files[0].no;
	good = snaps_open(s, st, files, n);
	free(files);
	if (!good)
		return false;
	for (unsigned f = 0; f < s->n; f++) {
		uint64_t at = 0, skipped;
		struct store_snap_block b;

		while (store_snap_next(s->file[f].data, s->file[f].len,
		    s->file[f].cookie, &at, &b, &skipped))
			snaps_add_part(s, f,
			    at - LAYOUT_SNAP_HEAD - b.len, &b);
	}
	if (s->n_parts > 0)
		qsort(s->parts, s->n_parts, sizeof(*s->parts), snaps_compare);
	if (s->n > 0)
		snaps_boxes(s);
	return true;
}

void
store_snaps_clear(struct store_snaps *s)
{
	for (size_t i = 0; i < s->n_boxes; i++) {
		for (unsigned k = 0; k < LIMIT_KEYWORDS; k++)
			free(s->boxes[i]->keywords[k]);
		free(s->boxes[i]);
	}
	free(s->boxes);
	free(s->parts);
	for (unsigned i = 0; i < s->n; i++)
		store_snap_unmap(s->file[i].data, s->file[i].len);
	memset(s, 0, sizeof(*s));
}

struct store_snap_box *
store_snaps_find(const struct store_snaps *s, uint32_t id)
{
	size_t lo = 0, hi = s->n_boxes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->boxes[mid]->id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < s->n_boxes && s->boxes[lo]->id == id ? s->boxes[lo] : NULL;
}

/* --- rows ---------------------------------------------------------------- */

struct snaps_walk {
	const struct store_snaps *s;
	const struct store_snap_box *box;
	store_snaps_fn *fn;
	void *ctx;
	struct layout_snap_row rows[SNAPS_ROWS];
	size_t n;
};

static enum store_err
snaps_walk_flush(struct snaps_walk *w)
{
	size_t n = w->n;

	w->n = 0;
	return n == 0 ? STORE_OK : w->fn(w->ctx, w->box, w->rows, n);
}

/* The rows of one block with from <= UID < to. */
static enum store_err
snaps_walk_block(struct snaps_walk *w, const struct store_snap_part *p,
    uint32_t from, uint32_t to)
{
	struct store_snap_block b;
	struct store_snap_rows r;
	enum store_err e = STORE_OK;

	if (!snaps_block(w->s, p, &b) || !store_snap_rows_init(&r, &b))
		return STORE_OK;
	while (e == STORE_OK && store_snap_rows_next(&r)) {
		if (r.row.uid < from || r.row.uid >= to)
			continue;
		w->rows[w->n++] = r.row;
		if (w->n == SNAPS_ROWS)
			e = snaps_walk_flush(w);
	}
	return e;
}

/* What the other file has of a gap in the newest. */
static enum store_err
snaps_walk_gap(struct snaps_walk *w, size_t older, uint32_t from, uint32_t to)
{
	enum store_err e = STORE_OK;
	uint32_t at = from;

	for (size_t i = older; e == STORE_OK && i < w->box->hi && at < to;
	    i++) {
		const struct store_snap_part *p = &w->s->parts[i];

		if (p->to <= at || p->from >= to)
			continue;
		e = snaps_walk_block(w, p, at, p->to < to ? p->to : to);
		at = p->to;
	}
	return e;
}

enum store_err
store_snaps_rows(const struct store_snaps *s, const struct store_snap_box *box,
    store_snaps_fn *fn, void *ctx)
{
	struct snaps_walk *w = xmalloc(sizeof(*w));
	enum store_err e = STORE_OK;
	size_t newest = box->lo, older, i;
	uint32_t at = 1;

	w->s = s;
	w->box = box;
	w->fn = fn;
	w->ctx = ctx;
	while (newest < box->hi && s->parts[newest].order < 2)
		newest++;
	for (older = newest; older < box->hi && s->parts[older].file == 0;)
		older++;
	for (i = newest; e == STORE_OK && i < older; i++) {
		const struct store_snap_part *p = &s->parts[i];

		if (p->to <= at)
			continue;
		if (p->from > at)
			e = snaps_walk_gap(w, older, at, p->from);
		if (e == STORE_OK)
			e = snaps_walk_block(w, p, at, p->to);
		at = p->to;
	}
	if (e == STORE_OK && at < LAYOUT_SNAP_TO_END)
		e = snaps_walk_gap(w, older, at, LAYOUT_SNAP_TO_END);
	if (e == STORE_OK)
		e = snaps_walk_flush(w);
	free(w);
	return e;
}

/* --- subscriptions ------------------------------------------------------- */

static enum store_err
snaps_file_subscriptions(const struct store_snaps *s, unsigned file,
    enum store_err (*fn)(void *ctx, const char *name), void *ctx)
{
	const struct store_snap_files *f = &s->file[file];
	uint64_t pos = 0, skipped;
	struct store_snap_block b;
	enum store_err e = STORE_OK;

	while (e == STORE_OK && store_snap_next(f->data, f->len, f->cookie,
	    &pos, &b, &skipped)) {
		const char *name;
		size_t at = 0, len;

		while (b.kind == LAYOUT_SNAP_SUBSCRIPTIONS && e == STORE_OK &&
		    store_snap_subscription(&b, &at, &name, &len)) {
			char *copy = xstrndup(name, len);

			e = fn(ctx, copy);
			free(copy);
		}
	}
	return e;
}

enum store_err
store_snaps_subscriptions(const struct store_snaps *s,
    enum store_err (*fn)(void *ctx, const char *name), void *ctx)
{
	uint32_t have = 0;
	enum store_err e = STORE_OK;

	for (unsigned i = 0; e == STORE_OK && i < s->n; i++) {
		e = snaps_file_subscriptions(s, i, fn, ctx);
		if (i == 0)
			(void)snaps_file_subscriptions(s, 0, snaps_count,
			    &have);
		if (have >= s->file[0].head.subscriptions)
			break;
	}
	return e;
}
