/* SPDX-License-Identifier: ISC
 *
 * Mailbox records: making, deleting and renaming mailboxes.  Each of these also
 * leaves a NAME record in the segments, from which names are rebuilt when the
 * index is lost.
 */
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/fault.h"
#include "store/snap.h"
#include "store/store_private.h"

struct store_mbox *
store_mailbox_new(struct store *st, uint32_t id, const char *name,
    size_t name_len)
{
	struct store_mbox *m = xmalloc(sizeof(*m));

	m->st = st;
	m->info.id = id;
	m->info.name = m->name = xstrndup(name, name_len);
	return m;
}

void
store_mailbox_free(struct store_mbox **mp)
{
	struct store_mbox *m = *mp;

	if (m == NULL)
		return;
	store_rows_unload(m);
	store_keywords_unload(m);
	arena_clear(&m->names);
	free(m->name);
	free(m);
	*mp = NULL;
}

void
store_mailbox_unpack(struct store_mbox *m, const struct layout_mailbox *b)
{
	m->info.uidvalidity = b->uidvalidity;
	m->info.uidnext = b->uidnext;
	m->info.messages = b->messages;
	m->info.unseen = b->unseen;
	m->info.deleted = b->deleted;
	m->info.recent_uid = b->recent_uid;
	m->info.highestmodseq = b->highestmodseq;
	m->info.bytes = b->bytes;
	memcpy(m->info.mailboxid, b->mailboxid, sizeof(m->info.mailboxid));
	m->info.created = b->created;
	m->info.use = b->use;
	m->vanish_floor = b->vanish_floor;
	m->vanished = b->vanished;
}

size_t
store_mailbox_pack(const struct store_mbox *m, const char *name,
    unsigned char *value)
{
	const struct layout_mailbox b = {
		.use = m->info.use,
		.name_len = (uint16_t)strlen(name),
		.uidvalidity = m->info.uidvalidity,
		.uidnext = m->info.uidnext,
		.messages = m->info.messages,
		.unseen = m->info.unseen,
		.deleted = m->info.deleted,
		.recent_uid = m->info.recent_uid,
		.vanished = m->vanished,
		.highestmodseq = m->info.highestmodseq,
		.bytes = m->info.bytes,
		.mailboxid = m->info.mailboxid,
		.created = m->info.created,
		.vanish_floor = m->vanish_floor,
		.name = name,
	};

	layout_mailbox_pack(value, &b);
	return LAYOUT_MAILBOX + b.name_len;
}

/* Writes its record under this name. */
static enum store_err
mailbox_put_as(struct store_mbox *m, const char *name)
{
	unsigned char key[LAYOUT_KEY_MBOX];
	unsigned char value[LAYOUT_MAILBOX + LIMIT_MAILBOX_NAME];

	layout_key_mbox(key, LAYOUT_TAG_MAILBOX, m->info.id);
	return store_txn_error(m->st, kv_put(m->st->kv, KV_META, key,
	    sizeof(key), value, store_mailbox_pack(m, name, value)));
}

enum store_err
store_mailbox_put(struct store_mbox *m)
{
	return mailbox_put_as(m, m->info.name);
}

void
store_mailbox_reload(struct store_mbox *m)
{
	struct store *st = m->st;
	unsigned char key[LAYOUT_KEY_MBOX];
	struct layout_mailbox b;
	struct kv_item v;
	bool loaded = m->loaded;

	layout_key_mbox(key, LAYOUT_TAG_MAILBOX, m->info.id);
	if (st->failed ||
	    kv_get(st->kv, KV_META, key, sizeof(key), &v) != KV_OK ||
	    !layout_mailbox_unpack(v.data, v.len, &b)) {
		store_txn_fail(st);
		return;
	}
	st->bytes -= m->info.bytes;
	st->messages -= m->info.messages;
	store_mailbox_unpack(m, &b);
	st->bytes += m->info.bytes;
	st->messages += m->info.messages;
	store_rows_unload(m);
	if (store_late_count(m) != STORE_OK ||
	    (loaded && store_rows_load(m) != STORE_OK))
		store_txn_fail(st);
}

enum store_err
store_mailbox_make(struct store *st, const char *name, uint8_t use, uint32_t id,
    uint32_t uidvalidity, const unsigned char *mailboxid, int64_t created,
    struct store_mbox **m_r)
{
	struct store_mbox *m;
	uint32_t now = (uint32_t)time(NULL);
	enum store_err e;

	if (strlen(name) > LIMIT_MAILBOX_NAME)
		return STORE_LIMIT;
	if (id == 0)
		id = st->u.next_mbox;
	if (uidvalidity == 0)
		uidvalidity = st->u.next_uidvalidity > now
		    ? st->u.next_uidvalidity : now;
	if (st->u.next_mbox <= id)
		st->u.next_mbox = id + 1;
	if (st->u.next_uidvalidity <= uidvalidity)
		st->u.next_uidvalidity = uidvalidity + 1;
	m = store_mailbox_new(st, id, name, strlen(name));
	m->info.uidvalidity = uidvalidity;
	m->info.uidnext = m->info.recent_uid = 1;
	m->info.highestmodseq = st->modseq > 0 ? st->modseq : 1;
	m->info.created = created;
	m->info.use = use;
	if (mailboxid != NULL)
		memcpy(m->info.mailboxid, mailboxid, 16);
	else if (getrandom(m->info.mailboxid, 16, 0) != 16)
		log_panic("store: no random numbers");
	if ((e = store_mailbox_put(m)) != STORE_OK)
		store_mailbox_free(&m);
	*m_r = m;
	return e;
}

enum store_err
store_mailbox_record(struct store_mbox *m, enum layout_kind kind,
    const char *name)
{
	const struct layout_record r = {
		.kind = kind,
		.extra_len = sizeof(m->info.mailboxid),
		.body_len = (uint32_t)strlen(name),
		.mbox = m->info.id,
		.uid = kind == LAYOUT_NAME_VALIDITY ? m->info.uidnext : 0,
		.uidvalidity = m->info.uidvalidity,
		.modseq = m->st->modseq,
		.internaldate = m->info.created,
		.flags = m->info.use,
	};
	uint64_t at;
	enum store_err e = store_segment_add(&m->st->seg, &r,
	    m->info.mailboxid, name, &at);

	store_fault(STORE_FAULT_NAME_WRITTEN);
	return e;
}

enum store_err
store_mailbox_erase(struct store_mbox *m)
{
	struct store *st = m->st;
	unsigned char key[LAYOUT_KEY_MBOX];
	roaring_bitmap_t *all;
	enum store_err e;

	if ((e = store_rows_load(m)) != STORE_OK ||
	    (e = store_keywords_load(m)) != STORE_OK)
		return e;
	all = roaring_bitmap_create();
	roaring_bitmap_add_range_closed(all, 1, UINT32_MAX);
	e = store_expunge_rows(m, all, true, NULL);
	roaring_bitmap_free(all);
	if (e != STORE_OK || (e = store_expunge_erase_log(m)) != STORE_OK ||
	    (e = store_late_erase(m)) != STORE_OK ||
	    (e = store_keywords_erase(m)) != STORE_OK)
		return e;
	layout_key_mbox(key, LAYOUT_TAG_MAILBOX, m->info.id);
	return store_txn_error(st,
	    kv_delete(st->kv, KV_META, key, sizeof(key)));
}

void
store_mailbox_forget(struct store_mbox *m)
{
	store_names_remove(m->st, m);
	m->deleted = true;
	if (m->refs == 0)
		store_mailbox_free(&m);
}

void
store_mailbox_set_name(struct store_mbox *m, const char *name)
{
	m->info.name = arena_strdup(&m->names, name);
}

/* --- the public calls ---------------------------------------------------- */

/* Ends a change of names: seals its group and commits, or takes all back. */
static enum store_err
mailbox_finish(struct store *st, enum store_err e, uint64_t sealed)
{
	if (e == STORE_OK)
		e = store_segment_seal(&st->seg);
	if (e == STORE_OK)
		e = store_txn_commit(st, STORE_TXN_CHANGE);
	else
		store_txn_abort(st);
	if (e != STORE_OK && store_segment_cancel(&st->seg, sealed) != STORE_OK)
		store_txn_fail(st);
	return e;
}

static enum store_err
mailbox_start(struct store *st, uint64_t *sealed_r)
{
	enum store_err e;

	if ((e = store_txn_usable(st)) != STORE_OK ||
	    (e = store_segment_begin(&st->seg)) != STORE_OK)
		return e;
	*sealed_r = st->seg.sealed;
	return store_txn_begin(st);
}

enum store_err
store_create(struct store *st, const char *name, uint8_t use)
{
	struct store_mbox *m = NULL;
	uint64_t sealed;
	enum store_err e;

	if (store_names_find(st, name) != NULL)
		return STORE_EXISTS;
	if (st->n_mboxes >= LIMIT_MAILBOXES)
		return STORE_LIMIT;
	if ((e = mailbox_start(st, &sealed)) != STORE_OK)
		return e;
	e = store_mailbox_make(st, name, use, 0, 0, NULL, (int64_t)time(NULL),
	    &m);
	if (e == STORE_OK)
		e = store_mailbox_record(m, LAYOUT_NAME_CREATE, name);
	e = mailbox_finish(st, e, sealed);
	if (e == STORE_OK)
		store_names_insert(st, m);
	else
		store_mailbox_free(&m);
	return e;
}

enum store_err
store_delete(struct store *st, const char *name)
{
	struct store_mbox *m = store_names_find(st, name);
	roaring_bitmap_t *gone;
	uint64_t sealed;
	enum store_err e;

	if (m == NULL)
		return STORE_NOT_FOUND;
	if (strcmp(name, "INBOX") == 0)
		return STORE_FORBIDDEN;
	if ((e = store_rows_load(m)) != STORE_OK ||
	    (e = mailbox_start(st, &sealed)) != STORE_OK)
		return e;
	gone = roaring_bitmap_create();
	for (size_t i = 0; i < m->n; i++)
		roaring_bitmap_add(gone, m->rows[i].uid);
	e = store_mailbox_record(m, LAYOUT_NAME_DELETE, name);
	if (e == STORE_OK)
		e = store_mailbox_erase(m);
	e = mailbox_finish(st, e, sealed);
	if (e == STORE_OK) {
		store_snap_note(st, roaring_bitmap_get_cardinality(gone));
		m->refs++;
		m->deleted = true;
		store_watch_expunged(m, gone);
		m->refs--;
		store_mailbox_forget(m);
	} else {
		store_mailbox_reload(m);
	}
	roaring_bitmap_free(gone);
	return e;
}

/* INBOX stays; its messages go to a new mailbox. */
static enum store_err
mailbox_rename_inbox(struct store *st, const char *to)
{
	struct store_mbox *inbox;
	roaring_bitmap_t *all;
	uint32_t uidvalidity, first;
	enum store_err e, undo;

	if ((e = store_mbox_open(st, "INBOX", &inbox)) != STORE_OK)
		return e;
	if ((e = store_create(st, to, 0)) != STORE_OK) {
		store_mbox_unref(&inbox);
		return e;
	}
	all = roaring_bitmap_create();
	roaring_bitmap_add_range_closed(all, 1, UINT32_MAX);
	e = store_copy(inbox, all, to, true, NULL, &uidvalidity, &first);
	roaring_bitmap_free(all);
	store_mbox_unref(&inbox);
	if (e != STORE_OK && (undo = store_delete(st, to)) != STORE_OK)
		log_error("store: rename of INBOX: left behind: %s", to);
	return e;
}

/* Is the new name of some mailbox that moves taken, or too long? */
static enum store_err
mailbox_rename_check(const struct store *st, const char *from, const char *to)
{
	size_t skip = strlen(from), moved = 0;

	if (store_names_find(st, to) != NULL)
		return STORE_EXISTS;
	if (strcmp(from, to) == 0)
		return STORE_EXISTS;
	if (store_name_below(to, from))
		return STORE_FORBIDDEN;
	for (size_t i = 0; i < st->n_mboxes; i++) {
		const char *name = st->mboxes[i]->info.name;
		char *wanted;
		bool taken;

		if (strcmp(name, from) != 0 && !store_name_below(name, from))
			continue;
		moved++;
		if (strlen(to) + strlen(name + skip) > LIMIT_MAILBOX_NAME)
			return STORE_LIMIT;
		wanted = xasprintf("%s%s", to, name + skip);
		taken = store_names_find(st, wanted) != NULL;
		free(wanted);
		if (taken)
			return STORE_EXISTS;
	}
	return moved == 0 ? STORE_NOT_FOUND : STORE_OK;
}

enum store_err
store_rename(struct store *st, const char *from, const char *to)
{
	size_t skip = strlen(from);
	uint64_t sealed;
	enum store_err e;
	char **names;

	if (strcmp(from, "INBOX") == 0)
		return mailbox_rename_inbox(st, to);
	if ((e = mailbox_rename_check(st, from, to)) != STORE_OK ||
	    (e = mailbox_start(st, &sealed)) != STORE_OK)
		return e;
	names = xcalloc(st->n_mboxes, sizeof(*names));
	for (size_t i = 0; e == STORE_OK && i < st->n_mboxes; i++) {
		struct store_mbox *m = st->mboxes[i];
		const char *name = m->info.name;

		if (strcmp(name, from) != 0 && !store_name_below(name, from))
			continue;
		names[i] = xasprintf("%s%s", to, name + skip);
		e = store_mailbox_record(m, LAYOUT_NAME_RENAME, names[i]);
		if (e == STORE_OK)
			e = mailbox_put_as(m, names[i]);
	}
	e = mailbox_finish(st, e, sealed);
	for (size_t i = 0; i < st->n_mboxes; i++) {
		if (names[i] != NULL && e == STORE_OK)
			store_mailbox_set_name(st->mboxes[i], names[i]);
		free(names[i]);
	}
	free(names);
	store_names_sort(st);
	return e;
}

/* --- UIDs from elsewhere -------------------------------------------------- */

/* May this mailbox get another UIDVALIDITY? */
static enum store_err
mailbox_check_validity(const struct store_mbox *m, uint32_t uidvalidity)
{
	const struct store *st = m->st;

	if (m->info.uidnext != 1 || uidvalidity == 0 ||
	    uidvalidity > STORE_GIVEN_MAX)
		return STORE_FORBIDDEN;
	for (size_t i = 0; i < st->n_mboxes; i++)
		if (st->mboxes[i]->info.uidvalidity == uidvalidity)
			return STORE_EXISTS;
	return m->watch != NULL ? STORE_BUSY : STORE_OK;
}

enum store_err
store_set_uids(struct store *st, const char *name, uint32_t uidvalidity,
    uint32_t uidnext)
{
	struct store_mbox *m = store_names_find(st, name);
	uint64_t sealed;
	enum store_err e;

	if (m == NULL)
		return STORE_NOT_FOUND;
	if (uidnext == 0 || uidnext > STORE_GIVEN_MAX)
		return STORE_FORBIDDEN;
	if (m->info.uidvalidity == uidvalidity && m->info.uidnext >= uidnext)
		return store_txn_usable(st);
	if (m->info.uidvalidity != uidvalidity &&
	    (e = mailbox_check_validity(m, uidvalidity)) != STORE_OK)
		return e;
	if ((e = mailbox_start(st, &sealed)) != STORE_OK)
		return e;
	m->info.uidvalidity = uidvalidity;
	if (m->info.uidnext < uidnext)
		m->info.uidnext = uidnext;
	if (st->u.next_uidvalidity <= uidvalidity)
		st->u.next_uidvalidity = uidvalidity + 1;
	e = store_mailbox_record(m, LAYOUT_NAME_VALIDITY, name);
	if (e == STORE_OK)
		e = store_mailbox_put(m);
	e = mailbox_finish(st, e, sealed);
	if (e != STORE_OK)
		store_mailbox_reload(m);
	return e;
}

void
store_mbox_hold(struct store_mbox *m, bool on)
{
	m->held = on;
}
