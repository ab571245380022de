/* SPDX-License-Identifier: ISC
 *
 * The number of the first unseen message, which SELECT tells.  Mostly it is
 * near the front, or what is unseen is all near the end: both sides are looked
 * at, and the rows need not be read for that.
 */
#include "common/log.h"
#include "store/store_private.h"

#define UNSEEN_CHUNKS 8 /* looked at from either side */

/* In rows 0..n: the number of the first; 0: none. */
static uint32_t
unseen_first(const struct store_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!(store_row_flags(&rows[i]) & STORE_SEEN))
			return (uint32_t)i + 1;
	return 0;
}

/* Unpacks the chunk of this mailbox; 0: it is not one. */
static size_t
unseen_chunk(const struct store_mbox *m, const struct kv_item *k,
    const struct kv_item *v, struct store_row *rows_r)
{
	size_t n = layout_chunk_count(v->data, v->len, LAYOUT_HOT_ROW);

	if (k->len != LAYOUT_KEY_CHUNK || layout_get32be(k->data) != m->info.id)
		return 0;
	layout_hot_unpack(v->data, rows_r, n);
	return n;
}

static uint32_t
unseen_from_front(const struct store_mbox *m)
{
	struct store_row rows[LAYOUT_CHUNK_ROWS];
	unsigned char key[LAYOUT_KEY_CHUNK];
	uint32_t before = 0, found = 0;
	struct kv_item k, v;
	struct kv_scan s;
	size_t n;

	layout_key_chunk(key, m->info.id, 0);
	kv_scan_init(&s, m->st->kv, KV_HOT);
	for (unsigned i = 0; i < UNSEEN_CHUNKS && found == 0; i++) {
		if ((i == 0 ? kv_scan_to(&s, key, sizeof(key), &k, &v)
			    : kv_scan_next(&s, &k, &v)) != KV_OK ||
		    (n = unseen_chunk(m, &k, &v, rows)) == 0)
			break;
		found = unseen_first(rows, n);
		if (found > 0)
			found += before;
		before += (uint32_t)n;
	}
	kv_scan_clear(&s);
	return found;
}

/* Goes back until all that are unseen were met. */
static uint32_t
unseen_from_end(const struct store_mbox *m)
{
	struct store_row rows[LAYOUT_CHUNK_ROWS];
	unsigned char key[LAYOUT_KEY_CHUNK];
	uint32_t behind = m->info.messages, left = m->info.unseen;
	struct kv_item k, v;
	size_t n;

	layout_key_chunk(key, m->info.id, UINT32_MAX);
	for (unsigned i = 0; i < UNSEEN_CHUNKS; i++) {
		if (kv_floor(m->st->kv, KV_HOT, key, sizeof(key), &k, &v) !=
		    KV_OK || (n = unseen_chunk(m, &k, &v, rows)) == 0 ||
		    n > behind || layout_get32be(k.data + 4) == 0)
			return 0;
		layout_key_chunk(key, m->info.id,
		    layout_get32be(k.data + 4) - 1);
		behind -= (uint32_t)n;
		for (size_t r = 0; r < n; r++)
			left -= left > 0 &&
			    !(store_row_flags(&rows[r]) & STORE_SEEN);
		if (left == 0)
			return behind + unseen_first(rows, n);
	}
	return 0;
}

/* From both sides at once: the first from the front, or the last of all that
 * are unseen from the end. */
static uint32_t
unseen_in_memory(const struct store_mbox *m)
{
	uint32_t left = m->info.unseen;

	for (size_t i = 0, j = m->n; i < j; i++) {
		if (!(store_row_flags(&m->rows[i]) & STORE_SEEN))
			return (uint32_t)i + 1;
		j--;
		if (!(store_row_flags(&m->rows[j]) & STORE_SEEN) && --left == 0)
			return (uint32_t)j + 1;
	}
	return 0;
}

enum store_err
store_mbox_first_unseen(struct store_mbox *m, uint32_t *number_r)
{
	enum store_err e = store_txn_usable(m->st);

	*number_r = 0;
	if (e != STORE_OK || m->info.unseen == 0)
		return e;
	if (!m->loaded && m->late > 0 && (e = store_mbox_load(m)) != STORE_OK)
		return e;
	if (!m->loaded) {
		if ((*number_r = unseen_from_front(m)) != 0 ||
		    (*number_r = unseen_from_end(m)) != 0)
			return STORE_OK;
		if ((e = store_mbox_load(m)) != STORE_OK)
			return e;
	}
	*number_r = unseen_in_memory(m);
	return STORE_OK;
}
