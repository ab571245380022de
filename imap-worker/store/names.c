/* SPDX-License-Identifier: ISC
 *
 * The table of mailboxes and of subscriptions in memory: every mailbox record
 * is read once, at open, so that LIST and STATUS read nothing.  Both are arrays
 * in LIST order.
 */
#include <stdlib.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/snap.h"
#include "store/store_private.h"

static bool
names_inbox(const char *name)
{
	return strncmp(name, "INBOX", 5) == 0 &&
	    (name[5] == '\0' || name[5] == '/');
}

/* INBOX first, "/" before every other byte. */
int
store_name_compare(const char *a, const char *b)
{
	const unsigned char *p = (const unsigned char *)a;
	const unsigned char *q = (const unsigned char *)b;
	bool ia = names_inbox(a), ib = names_inbox(b);

	if (ia != ib)
		return ia ? -1 : 1;
	while (*p != '\0' && *p == *q)
		p++, q++;
	if (*p == *q)
		return 0;
	if (*p == '\0' || *q == '\0')
		return *p == '\0' ? -1 : 1;
	if (*p == '/' || *q == '/')
		return *p == '/' ? -1 : 1;
	return *p < *q ? -1 : 1;
}

bool
store_name_below(const char *name, const char *parent)
{
	size_t n = strlen(parent);

	return strncmp(name, parent, n) == 0 && name[n] == '/';
}

/* The place of a name, or where it would go. */
static size_t
names_lower(const struct store *st, const char *name)
{
	size_t lo = 0, hi = st->n_mboxes;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (store_name_compare(st->mboxes[mid]->info.name, name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct store_mbox *
store_names_find(const struct store *st, const char *name)
{
	size_t i = names_lower(st, name);

	return i < st->n_mboxes && strcmp(st->mboxes[i]->info.name, name) == 0
	    ? st->mboxes[i] : NULL;
}

struct store_mbox *
store_names_find_id(const struct store *st, uint32_t id)
{
	for (size_t i = 0; i < st->n_mboxes; i++)
		if (st->mboxes[i]->info.id == id)
			return st->mboxes[i];
	return NULL;
}

static void
names_reserve(struct store *st)
{
	if (st->n_mboxes < st->mboxes_cap)
		return;
	st->mboxes_cap = st->mboxes_cap == 0 ? 16 : st->mboxes_cap * 2;
	st->mboxes = xreallocarray(st->mboxes, st->mboxes_cap,
	    sizeof(*st->mboxes));
}

void
store_names_insert(struct store *st, struct store_mbox *m)
{
	size_t i = names_lower(st, m->info.name);

	names_reserve(st);
	memmove(st->mboxes + i + 1, st->mboxes + i,
	    (st->n_mboxes - i) * sizeof(*st->mboxes));
	st->mboxes[i] = m;
	st->n_mboxes++;
}

void
store_names_remove(struct store *st, struct store_mbox *m)
{
	size_t i = 0;

	while (i < st->n_mboxes && st->mboxes[i] != m)
		i++;
	if (i == st->n_mboxes)
		return;
	st->n_mboxes--;
	memmove(st->mboxes + i, st->mboxes + i + 1,
	    (st->n_mboxes - i) * sizeof(*st->mboxes));
}

static int
names_compare_mbox(const void *a, const void *b)
{
	const struct store_mbox *const *x = a, *const *y = b;

	return store_name_compare((*x)->info.name, (*y)->info.name);
}

void
store_names_sort(struct store *st)
{
	if (st->n_mboxes > 0)
		qsort(st->mboxes, st->n_mboxes, sizeof(*st->mboxes),
		    names_compare_mbox);
}

/* --- subscriptions ------------------------------------------------------- */

static size_t
names_subscribed_lower(const struct store *st, const char *name)
{
	size_t lo = 0, hi = st->n_subscribed;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (store_name_compare(st->subscribed[mid], name) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
store_names_subscribed(const struct store *st, const char *name)
{
	size_t i = names_subscribed_lower(st, name);

	return i < st->n_subscribed && strcmp(st->subscribed[i], name) == 0;
}

static void
names_subscribe_memory(struct store *st, const char *name, bool on)
{
	size_t i = names_subscribed_lower(st, name);

	if (!on) {
		free(st->subscribed[i]);
		st->n_subscribed--;
		memmove(st->subscribed + i, st->subscribed + i + 1,
		    (st->n_subscribed - i) * sizeof(*st->subscribed));
		return;
	}
	if (st->n_subscribed == st->subscribed_cap) {
		st->subscribed_cap = st->subscribed_cap == 0 ? 16
		    : st->subscribed_cap * 2;
		st->subscribed = xreallocarray(st->subscribed,
		    st->subscribed_cap, sizeof(*st->subscribed));
	}
	memmove(st->subscribed + i + 1, st->subscribed + i,
	    (st->n_subscribed - i) * sizeof(*st->subscribed));
	st->subscribed[i] = xstrdup(name);
	st->n_subscribed++;
}

static size_t
names_subscription_key(unsigned char *key, const char *name)
{
	size_t n = strlen(name);

	key[0] = LAYOUT_TAG_SUBSCRIPTION;
	memcpy(key + 1, name, n);
	return n + 1;
}

enum store_err
store_names_subscribe(struct store *st, const char *name, bool on)
{
	unsigned char key[LIMIT_MAILBOX_NAME + 2];
	const unsigned char value = LAYOUT_VERSION;
	size_t n = names_subscription_key(key, name);
	enum store_err e;

	if (store_names_subscribed(st, name) == on)
		return STORE_OK;
	e = store_txn_error(st, on
	    ? kv_put(st->kv, KV_META, key, n, &value, 1)
	    : kv_delete(st->kv, KV_META, key, n));
	if (e == STORE_OK)
		names_subscribe_memory(st, name, on);
	return e;
}

enum store_err
store_subscribe(struct store *st, const char *name, bool on)
{
	enum store_err e;

	if (strlen(name) > LIMIT_MAILBOX_NAME ||
	    (on && st->n_subscribed >= 2 * LIMIT_MAILBOXES))
		return STORE_LIMIT;
	if (store_names_subscribed(st, name) == on)
		return store_txn_usable(st);
	if ((e = store_txn_begin(st)) != STORE_OK)
		return e;
	if ((e = store_names_subscribe(st, name, on)) != STORE_OK) {
		store_txn_abort(st);
		return e;
	}
	if ((e = store_txn_commit(st, STORE_TXN_CHANGE)) != STORE_OK)
		names_subscribe_memory(st, name, !on);
	else
		store_snap_note(st, 1);
	return e;
}

enum store_err
store_list_subscribed(struct store *st, store_name_fn *fn, void *ctx)
{
	for (size_t i = 0; i < st->n_subscribed; i++)
		if (!fn(ctx, st->subscribed[i]))
			break;
	return store_txn_usable(st);
}

/* --- reading ------------------------------------------------------------- */

enum store_err
store_list(struct store *st, store_list_fn *fn, void *ctx)
{
	for (size_t i = 0; i < st->n_mboxes; i++) {
		struct store_info info = st->mboxes[i]->info;

		info.subscribed = store_names_subscribed(st, info.name);
		if (!fn(ctx, &info))
			break;
	}
	return store_txn_usable(st);
}

enum store_err
store_stat(struct store *st, const char *name, struct arena *a,
    struct store_info *info_r)
{
	struct store_mbox *m = store_names_find(st, name);
	enum store_err e = store_txn_usable(st);

	if (e != STORE_OK || m == NULL)
		return e != STORE_OK ? e : STORE_NOT_FOUND;
	*info_r = m->info;
	info_r->name = arena_strdup(a, m->info.name);
	info_r->subscribed = store_names_subscribed(st, name);
	return STORE_OK;
}

static enum store_err
names_load_mailboxes(struct store *st, struct kv_scan *s)
{
	unsigned char key[LAYOUT_KEY_MBOX];
	struct kv_item k, v;
	enum kv_err e;

	layout_key_mbox(key, LAYOUT_TAG_MAILBOX, 0);
	for (e = kv_scan_to(s, key, sizeof(key), &k, &v); e == KV_OK &&
	    k.data[0] == LAYOUT_TAG_MAILBOX; e = kv_scan_next(s, &k, &v)) {
		struct layout_mailbox b;
		struct store_mbox *m;

		if (k.len != LAYOUT_KEY_MBOX ||
		    !layout_mailbox_unpack(v.data, v.len, &b)) {
			log_error("store: index: mailbox record: %s", st->home);
			return STORE_CORRUPT;
		}
		m = store_mailbox_new(st, layout_get32be(k.data + 1), b.name,
		    b.name_len);
		store_mailbox_unpack(m, &b);
		st->bytes += m->info.bytes;
		st->messages += m->info.messages;
		names_reserve(st);
		st->mboxes[st->n_mboxes++] = m;
	}
	store_names_sort(st);
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(st, e);
}

static enum store_err
names_load_subscribed(struct store *st, struct kv_scan *s)
{
	const unsigned char tag = LAYOUT_TAG_SUBSCRIPTION;
	struct kv_item k, v;
	enum kv_err e;

	for (e = kv_scan_to(s, &tag, 1, &k, &v); e == KV_OK &&
	    k.data[0] == LAYOUT_TAG_SUBSCRIPTION; e = kv_scan_next(s, &k, &v)) {
		char *name = xstrndup((const char *)k.data + 1, k.len - 1);

		names_subscribe_memory(st, name, true);
		free(name);
	}
	return e == KV_NOT_FOUND ? STORE_OK : store_txn_error(st, e);
}

enum store_err
store_names_load(struct store *st)
{
	struct kv_scan s;
	enum store_err e;

	kv_scan_init(&s, st->kv, KV_META);
	e = names_load_mailboxes(st, &s);
	if (e == STORE_OK)
		e = names_load_subscribed(st, &s);
	kv_scan_clear(&s);
	return e == STORE_OK ? store_late_count_all(st) : e;
}

void
store_names_clear(struct store *st)
{
	for (size_t i = 0; i < st->n_mboxes; i++)
		store_mailbox_free(&st->mboxes[i]);
	for (size_t i = 0; i < st->n_subscribed; i++)
		free(st->subscribed[i]);
	free(st->mboxes);
	free(st->subscribed);
	st->mboxes = NULL;
	st->subscribed = NULL;
	st->n_mboxes = st->mboxes_cap = 0;
	st->n_subscribed = st->subscribed_cap = 0;
	st->bytes = st->messages = 0;
}
