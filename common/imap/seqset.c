/* SPDX-License-Identifier: ISC */
#include "common/imap/seqset.h"

#include <stdlib.h>
#include <string.h>

#include "common/limits.h"

bool
imap_seqset_add(struct imap_seqset *set, struct arena *a, uint32_t lo,
    uint32_t hi)
{
	struct imap_range *grown;
	size_t cap;

	if (set->n >= LIMIT_SEQSET_RANGES)
		return false;
	if (set->n == set->cap) {
		cap = set->cap == 0 ? 4 : set->cap * 2;
		grown = arena_calloc(a, cap, sizeof(*grown));
		if (set->n > 0)
			memcpy(grown, set->ranges, set->n * sizeof(*grown));
		set->ranges = grown;
		set->cap = cap;
	}
	set->ranges[set->n++] = (struct imap_range){ lo, hi };
	return true;
}

static int
seqset_compare(const void *va, const void *vb)
{
	const struct imap_range *a = va, *b = vb;

	return (a->lo > b->lo) - (a->lo < b->lo);
}

/* Puts star in and orders each range; those left without a number go. */
static void
seqset_resolve(struct imap_seqset *set, uint32_t star)
{
	struct imap_range r;
	size_t n = 0;
	uint32_t t;

	for (size_t i = 0; i < set->n; i++) {
		r = set->ranges[i];
		if (r.lo == IMAP_STAR)
			r.lo = star;
		if (r.hi == IMAP_STAR)
			r.hi = star;
		if (r.lo > r.hi) {
			t = r.lo;
			r.lo = r.hi;
			r.hi = t;
		}
		if (r.hi == 0)
			continue;
		if (r.lo == 0)
			r.lo = 1;
		set->ranges[n++] = r;
	}
	set->n = n;
}

void
imap_seqset_normalize(struct imap_seqset *set, uint32_t star)
{
	struct imap_range *last, *r;
	size_t n = 0;

	seqset_resolve(set, star);
	if (set->n < 2)
		return;
	qsort(set->ranges, set->n, sizeof(set->ranges[0]), seqset_compare);
	for (size_t i = 1; i < set->n; i++) {
		last = &set->ranges[n];
		r = &set->ranges[i];
		if (r->lo - 1 <= last->hi) {
			if (r->hi > last->hi)
				last->hi = r->hi;
		} else {
			set->ranges[++n] = *r;
		}
	}
	set->n = n + 1;
}

bool
imap_seqset_has(const struct imap_seqset *set, uint32_t n)
{
	size_t lo = 0, hi = set->n, mid;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		if (n < set->ranges[mid].lo)
			hi = mid;
		else if (n > set->ranges[mid].hi)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

void
imap_set_writer_init(struct imap_set_writer *w, struct buf *out)
{
	*w = (struct imap_set_writer){ .out = out };
}

static void
set_writer_flush(struct imap_set_writer *w)
{
	if (w->hi == 0)
		return;
	if (w->any)
		buf_putc(w->out, ',');
	buf_put_u64(w->out, w->lo);
	if (w->hi != w->lo) {
		buf_putc(w->out, ':');
		buf_put_u64(w->out, w->hi);
	}
	w->any = true;
	w->hi = 0;
}

void
imap_set_writer_add(struct imap_set_writer *w, uint32_t n)
{
	imap_set_writer_add_range(w, n, n);
}

void
imap_set_writer_add_range(struct imap_set_writer *w, uint32_t lo, uint32_t hi)
{
	if (w->hi != 0 && lo - 1 == w->hi) {
		w->hi = hi;
		return;
	}
	set_writer_flush(w);
	w->lo = lo;
	w->hi = hi;
}

bool
imap_set_writer_finish(struct imap_set_writer *w)
{
	set_writer_flush(w);
	return w->any;
}
