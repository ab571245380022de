/* SPDX-License-Identifier: ISC
 *
 * Replay: one record of the segments into the index.  Used for what is newer
 * than every commit that survived, and by a rebuild for what is newer than its
 * snapshot.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/recover.h"

void
store_replay_modseq(struct store *st, uint64_t modseq)
{
	if (modseq > st->modseq)
		st->modseq = modseq;
	if (st->modseq > st->u.modseq_hw)
		st->u.modseq_hw = st->modseq;
}

static char *
replay_free_name(const struct store *st, const char *name)
{
	char *try = xstrdup(name);

	for (unsigned i = 2; store_names_find(st, try) != NULL; i++) {
		free(try);
		try = xasprintf("%.*s-%u", LIMIT_MAILBOX_NAME - 12, name, i);
	}
	return try;
}

enum store_err
store_replay_make(struct store *st, const char *want,
    const struct layout_record *h, const unsigned char *mailboxid,
    struct store_mbox **m_r)
{
	char *name = replay_free_name(st, want);
	enum store_err e = store_mailbox_make(st, name, (uint8_t)h->flags,
	    h->mbox, h->uidvalidity, mailboxid, h->internaldate, m_r);

	if (e == STORE_OK)
		store_names_insert(st, *m_r);
	free(name);
	return e;
}

enum store_err
store_replay_name(struct recover *rc, const struct store_segment_record *r)
{
	struct store *st = rc->st;
	struct store_mbox *m = store_names_find_id(st, r->h.mbox);
	char *name = xstrndup((const char *)r->body, r->h.body_len), *free_name;
	enum store_err e = STORE_OK;

	store_replay_modseq(st, r->h.modseq);
	if (r->h.kind == LAYOUT_NAME_CREATE) {
		if (m == NULL)
			e = store_replay_make(st, name, &r->h, r->extra, &m);
	} else if (m == NULL) {
		log_warn("store: replay: no mailbox %u for %s",
		    (unsigned)r->h.mbox, name);
	} else if (r->h.kind == LAYOUT_NAME_RENAME &&
	    strcmp(m->info.name, name) == 0) {
		; /* one that was written again */
	} else if (r->h.kind == LAYOUT_NAME_RENAME) {
		free_name = replay_free_name(st, name);
		store_mailbox_set_name(m, free_name);
		free(free_name);
		store_names_sort(st);
		e = store_mailbox_put(m);
	} else if (r->h.kind == LAYOUT_NAME_DELETE) {
		if ((e = store_mailbox_erase(m)) == STORE_OK)
			store_mailbox_forget(m);
	} else {
		m->info.uidvalidity = r->h.uidvalidity;
		if (m->info.uidnext < r->h.uid)
			m->info.uidnext = r->h.uid;
		if (st->u.next_uidvalidity <= r->h.uidvalidity)
			st->u.next_uidvalidity = r->h.uidvalidity + 1;
		e = store_mailbox_put(m);
	}
	free(name);
	return e;
}

/* The mailbox a message belongs to; NULL: it is not to be replayed. */
static enum store_err
replay_mailbox_of(struct recover *rc, const struct layout_record *h,
    bool recovered, struct store_mbox **m_r)
{
	const struct layout_record fresh = { .internaldate =
		(int64_t)time(NULL) };
	struct store *st = rc->st;
	enum store_err e;

	*m_r = recovered ? NULL : store_names_find_id(st, h->mbox);
	if (rc->rebuild == NULL || *m_r != NULL)
		return STORE_OK;
	if (rc->recovered == NULL) {
		e = store_replay_make(st, "Recovered", &fresh, NULL,
		    &rc->recovered);
		if (e != STORE_OK)
			return e;
	}
	*m_r = rc->recovered;
	return STORE_OK;
}

static uint64_t
replay_flags(struct store_mbox *m, const struct store_segment_record *r)
{
	uint64_t flags = r->h.flags & STORE_SYSTEM_FLAGS, mask;
	const char *p = (const char *)r->extra, *end = p + r->h.extra_len;

	for (; p < end; p += strlen(p) + 1)
		if (store_keywords_mask(m, p, &mask) == STORE_OK)
			flags |= mask;
	return flags;
}

enum store_err
store_replay_derive(struct recover *rc, const struct store_segment_record *r,
    struct store_derived *d_r)
{
	const unsigned char *msg = r->body;
	struct store *st = rc->st;

	arena_reset(&rc->arena);
	if (r->h.coded.coding != STORE_CODING_PLAIN) {
		unsigned char *plain = arena_alloc(&rc->arena, r->h.coded.len);

		if (!store_coding_unpack(&st->coder, &r->h.coded, r->body,
		    plain)) {
			log_error("store: replay: message %llu cannot be "
			    "unpacked", (unsigned long long)r->h.blob);
			return STORE_CORRUPT;
		}
		msg = plain;
	}
	st->o.derive(msg, r->h.coded.len, &rc->arena, d_r);
	return STORE_OK;
}

enum store_err
store_replay_message(struct recover *rc, uint32_t no,
    const struct store_segment_record *r, bool recovered)
{
	struct store *st = rc->st;
	struct store_append_item item = {
		.uid = r->h.uid,
		.savedate = r->h.savedate,
		.blob = r->h.blob,
		.modseq = rc->rebuild == NULL ? r->h.modseq : rc->st->modseq,
		.segment = no,
		.coded = r->h.coded,
		.at = r->body_at,
		.internaldate = r->h.internaldate,
		.zone = r->h.zone,
	};
	unsigned char key[LAYOUT_KEY_BLOB];
	struct store_mbox *m;
	struct kv_item v;
	enum store_err e;
	unsigned before;

	store_replay_modseq(st, r->h.modseq);
	layout_key_blob(key, r->h.blob);
	if (kv_get(st->kv, KV_BLOB, key, sizeof(key), &v) == KV_OK) {
		log_warn("store: replay: message %llu is there already",
		    (unsigned long long)r->h.blob);
		return STORE_OK;
	}
	if ((e = replay_mailbox_of(rc, &r->h, recovered, &m)) != STORE_OK)
		return e;
	if (m == NULL) {
		log_error("store: replay: no mailbox %u for message %llu",
		    (unsigned)r->h.mbox, (unsigned long long)r->h.blob);
		return STORE_OK;
	}
	if ((e = store_keywords_load(m)) != STORE_OK)
		return e;
	before = m->n_keywords;
	item.flags = replay_flags(m, r);
	if (item.uid < m->info.uidnext)
		item.uid = m->info.uidnext;
	if ((e = store_replay_derive(rc, r, &item.derived)) != STORE_OK)
		return e;
	e = store_keywords_put(m, before);
	return e == STORE_OK ? store_append_index(m, &item, 1) : e;
}
