/* SPDX-License-Identifier: ISC
 *
 * Opening and closing a home, idle upkeep.
 */
#include "store/store.h"

#include <malloc.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/snap.h"
#include "store/store_private.h"

const char *
store_err_text(enum store_err e)
{
	switch (e) {
	case STORE_OK:
		return "ok";
	case STORE_NOT_FOUND:
		return "no such mailbox";
	case STORE_EXISTS:
		return "mailbox exists already";
	case STORE_LIMIT:
		return "limit reached";
	case STORE_OVERQUOTA:
		return "over quota";
	case STORE_NO_SPACE:
		return "disk full";
	case STORE_TOO_BIG:
		return "message too big";
	case STORE_GONE:
		return "message expunged";
	case STORE_FORBIDDEN:
		return "not allowed for this mailbox";
	case STORE_BUSY:
		return "in use by another process";
	case STORE_NEWER:
		return "written by a newer version";
	case STORE_CORRUPT:
		return "damaged";
	case STORE_IO:
		return "system error";
	}
	return "unknown";
}

/* A home without INBOX is new, or lost it: it and, if it is new, the default
 * mailboxes are made in one group and one transaction. */
static enum store_err
store_make_defaults(struct store *st, const struct store_default_mailbox *d)
{
	static const struct store_default_mailbox inbox[] = {
		{ "INBOX", 0, true }, { NULL, 0, false },
	};
	const struct store_default_mailbox *lists[2] = { inbox,
		st->n_mboxes == 0 ? d : NULL };
	struct store_mbox *made[64] = { NULL };
	uint64_t sealed = st->seg.sealed;
	enum store_err e;
	size_t n = 0;

	if (store_names_find(st, "INBOX") != NULL)
		return STORE_OK;
	if ((e = store_segment_begin(&st->seg)) != STORE_OK)
		return e;
	sealed = st->seg.sealed;
	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	for (int l = 0; l < 2; l++)
		for (d = lists[l]; e == STORE_OK && d != NULL &&
		    d->name != NULL && n < 64; d++) {
			e = store_mailbox_make(st, d->name, d->use, 0, 0, NULL,
			    (int64_t)time(NULL), &made[n]);
			if (e == STORE_OK)
				e = store_mailbox_record(made[n++],
				    LAYOUT_NAME_CREATE, d->name);
			if (e == STORE_OK && d->subscribe)
				e = store_names_subscribe(st, d->name, true);
		}
	if (e == STORE_OK)
		e = store_segment_seal(&st->seg);
	if (e == STORE_OK)
		e = store_txn_commit(st, STORE_TXN_CHANGE);
	else
		store_txn_abort(st);
	for (size_t i = 0; i < n; i++)
		if (e == STORE_OK)
			store_names_insert(st, made[i]);
		else
			store_mailbox_free(&made[i]);
	if (e != STORE_OK)
		store_segment_cancel(&st->seg, sealed);
	return e == STORE_OK ? store_flush(st) : e;
}

static void
store_free(struct store *st)
{
	if (store_txn_usable(st) != STORE_OK)
		kv_discard(&st->kv);
	kv_close(&st->kv);
	store_names_clear(st);
	store_segment_clear(&st->seg);
	store_coder_clear(&st->coder);
	if (st->lock_fd != -1)
		close(st->lock_fd);
	free(st->home);
	free(st);
}

/* After a failure to open: is the index to blame?  Not when the system refused
 * something, nor when it is open. */
static bool
store_maybe_damaged(const struct store *st, enum store_err e)
{
	return e == STORE_CORRUPT || (e == STORE_IO && st->kv == NULL &&
	    kv_refused() == KV_OK);
}

enum store_err
store_open(const char *home, const struct store_options *o, struct store **st_r)
{
	return store_open_told(home, o, NULL, NULL, st_r);
}

enum store_err
store_open_told(const char *home, const struct store_options *o,
    store_loss_fn *fn, void *ctx, struct store **st_r)
{
	struct store *st = xmalloc(sizeof(*st));
	char *folder;
	enum store_err e;

	store_fault_init();
	st->home = xstrdup(home);
	st->lock_fd = -1;
	st->o = *o;
	st->o.defaults = NULL;
	st->loss = fn;
	st->loss_ctx = ctx;
	if (st->o.message_max == 0)
		st->o.message_max = LIMIT_MESSAGE;
	folder = store_home_path(st, "seg");
	store_segment_init(&st->seg, folder);
	free(folder);
	if ((e = store_home_lock(st)) != STORE_OK ||
	    (e = store_home_prepare(st)) != STORE_OK)
		goto err;
	e = store_recover(st);
	if (e == STORE_OK)
		e = store_snap_open(st);
	if (e == STORE_OK)
		e = store_make_defaults(st, o->defaults);
	if (e == STORE_OK && store_snap_must(st))
		e = store_flush(st);
	if (e == STORE_NO_SPACE && store_home_reserve_release(st))
		log_error("store: disk full while opening, try again: %s", home);
	store_deaths_leave(st, store_maybe_damaged(st, e));
	if (e != STORE_OK)
		goto err;
	*st_r = st;
	return STORE_OK;
err:
	store_free(st);
	return e;
}

/* A snapshot, when it is worth one. */
static void
store_snap_rest(struct store *st)
{
	if (!st->failed && !st->untrusted && store_snap_due(st) &&
	    (!store_dirty(st) || store_txn_sync(st, true) == STORE_OK))
		(void)store_snap_take(st);
}

void
store_close(struct store **stp)
{
	struct store *st = *stp;

	if (st == NULL)
		return;
	*stp = NULL;
	if (st->append != NULL)
		store_append_abort(&st->append);
	store_snap_rest(st);
	if (store_txn_usable(st) == STORE_OK && st->changed &&
	    store_txn_sync(st, true) == STORE_OK &&
	    store_txn_begin(st) == STORE_OK) {
		/* the rest of the block is given back */
		st->u.modseq_hw = st->modseq;
		store_txn_commit(st, STORE_TXN_CHANGE);
		store_fault(STORE_FAULT_CLOSE);
	}
	store_free(st);
}

enum store_err
store_rebuild(struct store **stp, const struct store_options *o, bool keep,
    store_loss_fn *fn, void *ctx)
{
	struct store *st = *stp;
	struct store_options again = *o;
	uint32_t before = st->snap.no;
	char *home;
	enum store_err e;

	if (keep && ((e = store_flush(st)) != STORE_OK ||
	    (e = store_snap_take(st)) != STORE_OK))
		return e;
	if (keep && st->snap.no == before)
		return STORE_NO_SPACE; /* it could not be written */
	st->untrusted = !keep;
	home = xstrdup(st->home);
	store_close(stp);
	again.rebuild = true;
	e = store_open_told(home, &again, fn, ctx, stp);
	free(home);
	return e;
}

void
store_idle(struct store *st)
{
	if (st->append != NULL || store_flush(st) != STORE_OK)
		return;
	if (store_now() - st->changed_at >= STORE_CHECKPOINT_SECONDS) {
		(void)store_late_settle_all(st);
		store_snap_rest(st);
	}
	if (store_txn_usable(st) != STORE_OK)
		return;
	store_segment_unmap(&st->seg);
	for (size_t i = 0; i < st->n_mboxes; i++)
		if (st->mboxes[i]->refs == 0) {
			store_rows_unload(st->mboxes[i]);
			store_keywords_unload(st->mboxes[i]);
		}
	if (st->changed && st->changed_at != 0 &&
	    store_now() - st->changed_at >= STORE_CHECKPOINT_SECONDS &&
	    !store_dirty(st)) {
		store_txn_checkpoint(st, true);
		st->changed_at = 0;
	}
	store_coder_clear(&st->coder);
	store_home_reserve_make(st);
	malloc_trim(0);
}

void
store_usage(const struct store *st, struct store_usage *u_r)
{
	u_r->bytes = st->bytes;
	u_r->messages = st->messages;
	u_r->quota_bytes = st->o.quota_bytes;
	u_r->quota_messages = st->o.quota_messages;
	u_r->message_max = st->o.message_max;
}
