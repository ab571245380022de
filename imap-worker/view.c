/* SPDX-License-Identifier: ISC */
#include "view.h"

#include <stdlib.h>

#include "common/xalloc.h"

static void
view_added(struct store_watch *w, uint32_t first, uint32_t last)
{
	struct view *v = (struct view *)w;

	(void)first;
	(void)last;
	v->changed = true;
}

static void
view_changed(struct store_watch *w, const roaring_bitmap_t *uids)
{
	struct view *v = (struct view *)w;

	roaring_bitmap_or_inplace(v->dirty, uids);
	v->changed = true;
}

static void
view_expunged(struct store_watch *w, const roaring_bitmap_t *uids)
{
	struct view *v = (struct view *)w;

	roaring_bitmap_or_inplace(v->ghosts, uids);
	/* what the client was never told of needs no EXPUNGE */
	roaring_bitmap_remove_range_closed(v->ghosts, v->uid_limit, UINT32_MAX);
	roaring_bitmap_andnot_inplace(v->dirty, uids);
	roaring_bitmap_andnot_inplace(v->recent, uids);
	if (v->saved != NULL)
		roaring_bitmap_andnot_inplace(v->saved, uids);
	v->changed = true;
}

/* Adds the UIDs of rows from index i on that are at most hi, run by run. */
static void
view_add_rows(roaring_bitmap_t *uids, const struct store_row *rows, size_t n,
    size_t i, uint32_t hi)
{
	while (i < n && rows[i].uid <= hi) {
		uint32_t first = rows[i].uid, last = first;

		while (++i < n && rows[i].uid == last + 1 && last < hi)
			last++;
		roaring_bitmap_add_range_closed(uids, first, last);
	}
}

bool
view_extend(struct view *v)
{
	const struct store_info *info = store_mbox_info(v->mbox);
	uint32_t from = v->uid_limit;
	const struct store_row *rows;
	size_t n;

	if (info->uidnext <= v->uid_limit)
		return false;
	v->uid_limit = info->uidnext;
	if (info->recent_uid >= info->uidnext)
		return true;
	if (from < info->recent_uid)
		from = info->recent_uid;
	rows = store_mbox_rows(v->mbox, &n);
	view_add_rows(v->recent, rows, n, store_mbox_lower(v->mbox, from),
	    UINT32_MAX);
	if (!v->readonly)
		(void)store_mbox_claim_recent(v->mbox);
	return true;
}

struct view *
view_new(struct store_mbox *mbox, bool readonly)
{
	struct view *v = xmalloc(sizeof(*v));

	v->watch.added = view_added;
	v->watch.changed = view_changed;
	v->watch.expunged = view_expunged;
	v->mbox = mbox;
	v->readonly = readonly;
	v->ghosts = roaring_bitmap_create();
	v->dirty = roaring_bitmap_create();
	v->recent = roaring_bitmap_create();
	(void)view_extend(v);
	if (v->uid_limit == 0)
		v->uid_limit = 1;
	store_mbox_watch(mbox, &v->watch);
	return v;
}

void
view_free(struct view **vp)
{
	struct view *v = *vp;

	if (v == NULL)
		return;
	store_mbox_unwatch(v->mbox, &v->watch);
	store_mbox_unref(&v->mbox);
	roaring_bitmap_free(v->ghosts);
	roaring_bitmap_free(v->dirty);
	roaring_bitmap_free(v->recent);
	if (v->saved != NULL)
		roaring_bitmap_free(v->saved);
	free(v);
	*vp = NULL;
}

uint32_t
view_exists(const struct view *v)
{
	return (uint32_t)(store_mbox_lower(v->mbox, v->uid_limit) +
	    roaring_bitmap_get_cardinality(v->ghosts));
}

/* Ghosts with a UID below uid. */
static uint32_t
view_ghosts_below(const struct view *v, uint32_t uid)
{
	return uid == 0 ? 0
			: (uint32_t)roaring_bitmap_rank(v->ghosts, uid - 1);
}

uint32_t
view_msn(const struct view *v, uint32_t uid)
{
	return (uint32_t)store_mbox_lower(v->mbox, uid) +
	    view_ghosts_below(v, uid) + 1;
}

uint32_t
view_uid(const struct view *v, uint32_t msn)
{
	size_t n, told = store_mbox_lower(v->mbox, v->uid_limit);
	const struct store_row *rows = store_mbox_rows(v->mbox, &n);
	uint32_t lo = 1, hi = v->uid_limit - 1;

	if (roaring_bitmap_is_empty(v->ghosts))
		return msn <= told ? rows[msn - 1].uid : 0;
	/* the smallest UID that has msn counted messages up to itself */
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		uint32_t upto = (uint32_t)store_mbox_lower(v->mbox, mid + 1) +
		    view_ghosts_below(v, mid + 1);

		if (upto >= msn)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

const struct store_row *
view_row(const struct view *v, uint32_t uid)
{
	size_t n, i;
	const struct store_row *rows;

	if (uid >= v->uid_limit)
		return NULL;
	rows = store_mbox_rows(v->mbox, &n);
	i = store_mbox_lower(v->mbox, uid);
	return i < n && rows[i].uid == uid ? &rows[i] : NULL;
}

/* "$" as ranges; LIMIT_SEQSET_RANGES bounds what clients send, not these. */
static void
view_resolve_saved(const struct view *v, struct imap_seqset *set,
    struct arena *a)
{
	roaring_uint32_iterator_t it;
	struct imap_range *last = NULL;
	uint32_t before = 0;
	size_t n = 0;

	set->saved = false;
	if (v->saved == NULL)
		return;
	roaring_init_iterator(v->saved, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		n += n == 0 || it.current_value != before + 1;
		before = it.current_value;
	}
	set->ranges = arena_calloc(a, n, sizeof(*set->ranges));
	set->cap = n;
	roaring_init_iterator(v->saved, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it)) {
		if (last == NULL || it.current_value != last->hi + 1) {
			last = &set->ranges[set->n++];
			last->lo = it.current_value;
		}
		last->hi = it.current_value;
	}
}

bool
view_resolve(const struct view *v, struct imap_seqset *set, bool uid,
    struct arena *a)
{
	uint32_t exists = view_exists(v), star;

	if (set->saved) {
		view_resolve_saved(v, set, a);
		return true;
	}
	if (uid) {
		/* "*" is the highest UID in use (RFC 3501 §6.4.8) */
		star = exists > 0 ? view_uid(v, exists) : v->uid_limit - 1;
		if (star == 0)
			star = 1;
		imap_seqset_normalize(set, star);
		return true;
	}
	for (size_t i = 0; i < set->n; i++) {
		struct imap_range *r = &set->ranges[i];

		if (r->lo > exists || r->hi > exists) {
			/* 1:*, *:1, * say nothing about an empty mailbox */
			if (exists > 0 ||
			    (r->lo != IMAP_STAR && r->hi != IMAP_STAR))
				return false;
		}
	}
	if (exists == 0) {
		set->n = 0;
		return true;
	}
	imap_seqset_normalize(set, exists);
	for (size_t i = 0; i < set->n; i++) {
		set->ranges[i].lo = view_uid(v, set->ranges[i].lo);
		set->ranges[i].hi = view_uid(v, set->ranges[i].hi);
	}
	return true;
}

roaring_bitmap_t *
view_uids(const struct view *v, const struct imap_seqset *set)
{
	roaring_bitmap_t *uids = roaring_bitmap_create();
	size_t n;
	const struct store_row *rows = store_mbox_rows(v->mbox, &n);

	for (size_t r = 0; r < set->n; r++) {
		uint32_t hi = set->ranges[r].hi;

		view_add_rows(uids, rows, n,
		    store_mbox_lower(v->mbox, set->ranges[r].lo),
		    hi < v->uid_limit ? hi : v->uid_limit - 1);
	}
	return uids;
}

bool
view_any_gone(const struct view *v, const struct imap_seqset *set)
{
	roaring_uint32_iterator_t it;

	roaring_init_iterator(v->ghosts, &it);
	for (; it.has_value; roaring_advance_uint32_iterator(&it))
		if (imap_seqset_has(set, it.current_value))
			return true;
	return false;
}

void
view_save(struct view *v, roaring_bitmap_t *saved)
{
	if (v->saved != NULL)
		roaring_bitmap_free(v->saved);
	v->saved = saved;
}
