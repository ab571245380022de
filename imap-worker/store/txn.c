/* SPDX-License-Identifier: ISC
 *
 * Transactions of the store, and when they become durable.
 *
 * A commit writes the user record when it changed: with it goes the place up to
 * which the segments are indexed, so that replay after a crash begins exactly
 * behind the last commit that survived.  modseq numbers are told to no one
 * before store_flush(), which makes the mark above them durable too; only
 * relaxed flag changes are told earlier, and for them the mark is raised and
 * synced first.  Messages carry their modseq in the segment.
 */
#include <time.h>

#include "common/log.h"
#include "store/fault.h"
#include "store/snap.h"
#include "store/store_private.h"

int64_t
store_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

void
store_txn_fail(struct store *st)
{
	if (!st->failed)
		log_error("store: gives up: %s", st->home);
	st->failed = true;
}

enum store_err
store_txn_error(struct store *st, enum kv_err e)
{
	switch (e) {
	case KV_OK:
		return STORE_OK;
	case KV_NO_SPACE:
		return STORE_NO_SPACE;
	case KV_NOT_FOUND: /* a record that has to be there is not */
		log_error("store: index: record missing: %s", st->home);
		return STORE_CORRUPT;
	case KV_DAMAGED:
		store_deaths_suspect(st);
		store_txn_fail(st);
		return STORE_CORRUPT;
	case KV_IO:
		break;
	}
	return STORE_IO;
}

enum store_err
store_txn_usable(const struct store *st)
{
	return st->failed || st->seg.failed ? STORE_IO : STORE_OK;
}

static enum store_err
txn_put_user(struct store *st)
{
	const unsigned char key = LAYOUT_TAG_USER;
	unsigned char value[LAYOUT_USER];

	st->u.end_no = st->seg.no;
	st->u.end_at = st->seg.sealed;
	st->u.safe_no = st->seg.safe_no;
	st->u.safe_at = st->seg.safe_at;
	layout_user_pack(value, &st->u);
	return store_txn_error(st,
	    kv_put(st->kv, KV_META, &key, 1, value, sizeof(value)));
}

/* Raises the mark durably, before a number above it may be told. */
static enum store_err
txn_reserve(struct store *st)
{
	enum store_err e;

	if (!st->o.relaxed || st->modseq + 1 <= st->u.modseq_hw)
		return STORE_OK;
	if ((e = store_txn_error(st, kv_begin(st->kv))) != STORE_OK)
		return e;
	st->u.modseq_hw = st->modseq + STORE_MODSEQ_BLOCK;
	if ((e = txn_put_user(st)) == STORE_OK) {
		e = store_txn_error(st, kv_commit(st->kv));
		if (e == STORE_IO)
			store_txn_fail(st);
	} else if (kv_abort(st->kv) != KV_OK) {
		store_txn_fail(st);
	}
	if (e == STORE_OK)
		e = store_txn_sync(st, true);
	if (e != STORE_OK)
		st->u.modseq_hw = st->modseq;
	store_fault(STORE_FAULT_MODSEQ_RESERVED);
	return e;
}

enum store_err
store_txn_begin(struct store *st)
{
	enum store_err e;

	if (st->in_txn)
		log_panic("store: a transaction is open");
	if ((e = store_txn_usable(st)) != STORE_OK ||
	    (e = txn_reserve(st)) != STORE_OK ||
	    (e = store_txn_error(st, kv_begin(st->kv))) != STORE_OK)
		return e;
	st->u_before = st->u;
	st->modseq_used = false;
	st->in_txn = true;
	return STORE_OK;
}

uint64_t
store_txn_modseq(struct store *st)
{
	st->modseq_used = true;
	return st->modseq + 1;
}

static bool
txn_user_changed(const struct store *st)
{
	const struct layout_user *a = &st->u, *b = &st->u_before;

	return a->rebuilding != b->rebuilding || a->next_mbox != b->next_mbox ||
	    a->next_uidvalidity != b->next_uidvalidity ||
	    a->next_blob != b->next_blob || a->modseq_hw != b->modseq_hw ||
	    a->uids != b->uids ||
	    st->seg.no != b->end_no || st->seg.sealed != b->end_at;
}

enum store_err
store_txn_commit(struct store *st, enum store_txn_kind kind)
{
	enum store_err e = STORE_OK;

	if (st->modseq_used && st->modseq + 1 > st->u.modseq_hw)
		st->u.modseq_hw = st->modseq + STORE_MODSEQ_BLOCK;
	if (txn_user_changed(st))
		e = txn_put_user(st);
	if (e == STORE_OK) {
		store_fault(STORE_FAULT_TXN_COMMIT);
		st->in_txn = false;
		e = store_txn_error(st, kv_commit(st->kv));
	}
	if (e != STORE_OK) {
		store_txn_abort(st);
		if (e == STORE_IO) /* the index is in no known state */
			store_txn_fail(st);
		return e;
	}
	store_fault(STORE_FAULT_TXN_COMMITTED);
	if (st->modseq_used)
		st->modseq++;
	st->changed = true;
	st->changed_at = store_now();
	if (kind == STORE_TXN_CHANGE)
		st->log_dirty = true;
	if (kind == STORE_TXN_FLAGS && !st->flags_dirty) {
		st->flags_dirty = true;
		st->flags_since = st->changed_at;
	}
	return STORE_OK;
}

void
store_txn_abort(struct store *st)
{
	if (kv_abort(st->kv) != KV_OK)
		store_txn_fail(st);
	st->in_txn = false;
	st->u = st->u_before;
}

enum store_err
store_txn_sync(struct store *st, bool log)
{
	enum store_err e = store_segment_sync(&st->seg);

	store_fault(STORE_FAULT_FLUSH_SEGMENT);
	if (e == STORE_OK && log) {
		e = store_txn_error(st, kv_flush(st->kv));
		if (e == STORE_OK)
			st->log_dirty = st->flags_dirty = false;
	}
	if (e != STORE_OK)
		store_txn_fail(st);
	store_fault(STORE_FAULT_FLUSH_DONE);
	return e;
}

void
store_txn_checkpoint(struct store *st, bool force)
{
	enum store_err e;

	store_fault(STORE_FAULT_CHECKPOINT);
	e = store_txn_error(st, kv_checkpoint(st->kv, force));
	/* on a full disk the log just stays; pages that were lost on their way
	 * must not be believed to be written the next time */
	if (e != STORE_OK && e != STORE_NO_SPACE)
		store_txn_fail(st);
}

bool
store_dirty(const struct store *st)
{
	return st->seg.dirty || st->log_dirty || st->flags_dirty;
}

enum store_err
store_flush(struct store *st)
{
	bool snap = st->append == NULL && store_snap_must(st);
	bool log = snap || st->log_dirty || (st->flags_dirty &&
	    (!st->o.relaxed || store_now() > st->flags_since));
	enum store_err e;

	if ((e = store_txn_usable(st)) != STORE_OK)
		return e;
	if (!log && !st->seg.dirty)
		return STORE_OK;
	if ((e = store_txn_sync(st, log)) != STORE_OK ||
	    (snap && (e = store_snap_take(st)) != STORE_OK))
		return e;
	return STORE_OK;
}

void
store_upkeep(struct store *st)
{
	if (st->late_full) {
		st->late_full = false;
		(void)store_late_settle_all(st);
	}
	if (store_txn_usable(st) == STORE_OK && !store_dirty(st))
		store_txn_checkpoint(st, false);
}
