/* SPDX-License-Identifier: ISC
 *
 * Adding messages.  add writes the bytes to the segment, in a group that is not
 * sealed yet; commit opens the transaction, seals the group, writes the index
 * and commits.  A crash before the seal leaves nothing, one after it leaves a
 * whole group for recovery.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/store_private.h"

struct store_append {
	struct store *st;
	struct store_mbox *m;      /* referenced */
	struct store_append_item *items; /* own */
	size_t n, cap;
	uint64_t bytes;
	uint64_t sealed;           /* where the group begins in the segment */
	unsigned keywords;         /* the mailbox had before */
	struct arena arena;        /* derived texts */
};

/* --- the index, also used by recovery ------------------------------------ */

static uint32_t
append_clamp_date(int64_t t)
{
	return t < 0 ? 0 : t > UINT32_MAX ? UINT32_MAX : (uint32_t)t;
}

enum store_err
store_append_blob(struct store *st, const struct store_append_item *item,
    uint32_t refs, struct layout_loc *loc_r)
{
	struct layout_blob b = {
		.refs = refs,
		.segment = item->segment,
		.coded = item->coded,
		.header_len = item->derived.header_len,
		.at = item->at,
		.internaldate = item->internaldate,
		.zone = item->zone,
		.sent_day = item->derived.sent_day,
		.fields = item->derived.header_fields,
		.free_since = refs == 0 ? (uint32_t)time(NULL) : 0,
	};
	enum store_err e;

	e = store_thread_join(st, item->derived.thread_ids,
	    item->derived.n_thread_ids, item->blob, &b.thread);
	if (e == STORE_OK)
		e = store_blob_put(st, item->blob, &b, &item->derived);
	if (item->blob >= st->u.next_blob)
		st->u.next_blob = item->blob + 1;
	*loc_r = (struct layout_loc){
		.blob = item->blob,
		.size = item->coded.len,
		.savedate = item->savedate,
		.internaldate = append_clamp_date(item->internaldate),
		.zone = item->zone,
		.sent_day = item->derived.sent_day,
	};
	return e;
}

enum store_err
store_append_index(struct store_mbox *m, const struct store_append_item *items,
    size_t n)
{
	struct store_row *rows = xcalloc(n, sizeof(*rows));
	struct layout_loc *locs = xcalloc(n, sizeof(*locs));
	struct store *st = m->st;
	enum store_err e = STORE_OK;

	for (size_t i = 0; e == STORE_OK && i < n; i++) {
		e = store_append_blob(st, &items[i], 1, &locs[i]);
		rows[i] = layout_row(items[i].uid, items[i].flags,
		    items[i].modseq);
		if (items[i].modseq > m->info.highestmodseq)
			m->info.highestmodseq = items[i].modseq;
	}
	if (e == STORE_OK)
		e = store_rows_append(m, rows, locs, n);
	if (e == STORE_OK) {
		m->info.uidnext = items[n - 1].uid + 1;
		st->u.uids += n;
		e = store_mailbox_put(m);
	}
	free(rows);
	free(locs);
	return e;
}

/* --- the calls ----------------------------------------------------------- */

static void
append_free(struct store_append *ap)
{
	ap->st->append = NULL;
	arena_clear(&ap->arena);
	store_mbox_unref(&ap->m);
	free(ap->items);
	free(ap);
}

enum store_err
store_append_begin(struct store *st, const char *mailbox,
    struct store_append **ap_r)
{
	struct store_mbox *m = store_names_find(st, mailbox);
	struct store_append *ap;
	enum store_err e;

	if (st->append != NULL)
		log_panic("store: an append is open");
	if ((e = store_txn_usable(st)) != STORE_OK)
		return e;
	if (m == NULL)
		return STORE_NOT_FOUND;
	if (m->held)
		return STORE_BUSY;
	if (!st->has_reserve)
		store_home_reserve_make(st);
	if (!st->has_reserve)
		return STORE_NO_SPACE;
	if ((e = store_keywords_load(m)) != STORE_OK ||
	    (e = store_segment_begin(&st->seg)) != STORE_OK)
		return e;
	ap = xmalloc(sizeof(*ap));
	ap->st = st;
	ap->m = m;
	m->refs++;
	ap->sealed = st->seg.sealed;
	ap->keywords = m->n_keywords;
	arena_init(&ap->arena);
	st->append = ap;
	*ap_r = ap;
	return STORE_OK;
}

/* The UID of the next message of this append. */
static uint32_t
append_next_uid(const struct store_append *ap)
{
	return ap->n > 0 ? ap->items[ap->n - 1].uid + 1
	                 : ap->m->info.uidnext;
}

/* Limits and quota, before anything is written. */
static enum store_err
append_check(const struct store_append *ap, const struct store_new_message *msg)
{
	const struct store *st = ap->st;

	if (store_txn_usable(st) != STORE_OK)
		return STORE_IO;
	if (msg->len > st->o.message_max)
		return STORE_TOO_BIG;
	if (ap->m->deleted)
		return STORE_NOT_FOUND;
	if ((st->o.quota_bytes != 0 &&
	    st->bytes + ap->bytes + msg->len > st->o.quota_bytes) ||
	    (st->o.quota_messages != 0 &&
	    st->messages + ap->n + 1 > st->o.quota_messages))
		return STORE_OVERQUOTA;
	if (append_next_uid(ap) >= UINT32_MAX - 1 ||
	    msg->uid > STORE_GIVEN_MAX)
		return STORE_LIMIT;
	return msg->uid != 0 && msg->uid < append_next_uid(ap) ? STORE_EXISTS
	                                                       : STORE_OK;
}

/* The flags of the new message; its keywords, ended by NUL each, in extra. */
static enum store_err
append_keywords(struct store_append *ap, const struct store_new_message *msg,
    unsigned char *extra, uint32_t *extra_len_r, uint64_t *flags_r)
{
	*flags_r = msg->system_flags & STORE_SYSTEM_FLAGS;
	*extra_len_r = 0;
	for (size_t i = 0; msg->keywords != NULL && msg->keywords[i] != NULL;
	    i++) {
		size_t len = strlen(msg->keywords[i]) + 1;
		uint64_t mask;
		enum store_err e;

		e = store_keywords_mask(ap->m, msg->keywords[i], &mask);
		if (e != STORE_OK)
			return e;
		if (*flags_r & mask)
			continue;
		*flags_r |= mask;
		memcpy(extra + *extra_len_r, msg->keywords[i], len);
		*extra_len_r += (uint32_t)len;
	}
	return STORE_OK;
}

static struct store_append_item *
append_push(struct store_append *ap)
{
	if (ap->n == ap->cap) {
		ap->cap = ap->cap == 0 ? 1 : ap->cap * 2;
		ap->items = xreallocarray(ap->items, ap->cap,
		    sizeof(*ap->items));
	}
	memset(&ap->items[ap->n], 0, sizeof(ap->items[0]));
	return &ap->items[ap->n++];
}

enum store_err
store_append_add(struct store_append *ap, const struct store_new_message *msg)
{
	unsigned char extra[LIMIT_KEYWORDS * (LIMIT_KEYWORD + 1)];
	struct store *st = ap->st;
	unsigned keywords = ap->m->n_keywords;
	struct layout_record r = {
		.kind = LAYOUT_MESSAGE,
		.coded = { .len = (uint32_t)msg->len,
			.stored = (uint32_t)msg->len },
		.blob = st->u.next_blob + ap->n,
		.mbox = ap->m->info.id,
		.uid = msg->uid != 0 ? msg->uid : append_next_uid(ap),
		.uidvalidity = ap->m->info.uidvalidity,
		.savedate = (uint32_t)time(NULL),
		.modseq = st->modseq + 1,
		.internaldate = msg->internaldate,
		.zone = msg->zone,
		.flags = (uint32_t)(msg->system_flags & STORE_SYSTEM_FLAGS),
	};
	const unsigned char *body = msg->data;
	struct store_append_item *item;
	struct store_derived derived;
	uint64_t at, flags;
	enum store_err e;

	if ((e = append_check(ap, msg)) != STORE_OK)
		return e;
	st->o.derive(msg->data, msg->len, &ap->arena, &derived);
	if (st->o.compress > 0)
		(void)store_coding_pack(&st->coder, msg->data, r.coded.len,
		    derived.header_len, st->o.compress, &r.coded, &body);
	r.body_len = r.coded.stored;
	e = append_keywords(ap, msg, extra, &r.extra_len, &flags);
	if (e == STORE_OK)
		e = store_segment_add(&st->seg, &r, extra, body, &at);
	if (e != STORE_OK) {
		store_keywords_truncate(ap->m, keywords);
		return e;
	}
	store_fault(STORE_FAULT_APPEND_WRITTEN);
	item = append_push(ap);
	item->uid = r.uid;
	item->savedate = r.savedate;
	item->blob = r.blob;
	item->flags = flags;
	item->modseq = r.modseq;
	item->segment = st->seg.no;
	item->coded = r.coded;
	item->at = at;
	item->internaldate = r.internaldate;
	item->zone = r.zone;
	item->derived = derived;
	ap->bytes += msg->len;
	return STORE_OK;
}

static enum store_err
append_commit(struct store_append *ap)
{
	struct store *st = ap->st;
	enum store_err e;

	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	store_txn_modseq(st);
	e = store_segment_seal(&st->seg);
	store_fault(STORE_FAULT_APPEND_SEALED);
	if (e == STORE_OK)
		e = store_keywords_put(ap->m, ap->keywords);
	if (e == STORE_OK)
		e = store_append_index(ap->m, ap->items, ap->n);
	if (e == STORE_OK)
		e = store_txn_commit(st, STORE_TXN_APPEND);
	else
		store_txn_abort(st);
	if (e != STORE_OK)
		store_mailbox_reload(ap->m);
	return e;
}

enum store_err
store_append_commit(struct store_append **app, uint32_t *uidvalidity_r,
    uint32_t *first_uid_r)
{
	struct store_append *ap = *app;
	struct store_mbox *m = ap->m;
	uint32_t first = ap->n > 0 ? ap->items[0].uid : m->info.uidnext;
	uint32_t last = append_next_uid(ap) - 1;
	enum store_err e;

	if ((e = m->deleted ? STORE_NOT_FOUND : store_txn_usable(ap->st)) ==
	    STORE_OK && ap->n > 0)
		e = append_commit(ap);
	if (e != STORE_OK) {
		store_append_abort(app);
		return e;
	}
	*app = NULL;
	*uidvalidity_r = m->info.uidvalidity;
	*first_uid_r = first;
	if (ap->n > 0)
		store_watch_added(m, first, last);
	append_free(ap);
	return STORE_OK;
}

void
store_append_abort(struct store_append **app)
{
	struct store_append *ap = *app;

	if (ap == NULL)
		return;
	*app = NULL;
	store_keywords_truncate(ap->m, ap->keywords);
	if (store_segment_cancel(&ap->st->seg, ap->sealed) != STORE_OK)
		store_txn_fail(ap->st);
	append_free(ap);
}
