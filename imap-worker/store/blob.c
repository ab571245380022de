/* SPDX-License-Identifier: ISC
 *
 * Blob records: where a message is, what was computed from it, and how many
 * rows name it.  One without rows stays, with the time since when, for the
 * undelete window.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

/* The byte at offset `at` of ENVELOPE and BODYSTRUCTURE put together, and on. */
static void
blob_copy_text(unsigned char *to, const struct store_derived *d, size_t at,
    size_t n)
{
	size_t take = 0;

	if (at < d->envelope_len) {
		take = d->envelope_len - at < n ? d->envelope_len - at : n;
		memcpy(to, d->envelope + at, take);
	}
	if (n > take)
		memcpy(to + take, d->structure + (at + take - d->envelope_len),
		    n - take);
}

enum store_err
store_blob_put(struct store *st, uint64_t id, const struct layout_blob *blob,
    const struct store_derived *d)
{
	unsigned char key[LAYOUT_KEY_BLOB_PART], value[LAYOUT_BLOB_VALUE];
	size_t total = d->envelope_len + d->structure_len, at, n;
	struct layout_blob b = *blob;
	enum kv_err e;

	at = total < LAYOUT_BLOB_VALUE - LAYOUT_BLOB
	    ? total : LAYOUT_BLOB_VALUE - LAYOUT_BLOB;
	b.envelope_len = (uint32_t)d->envelope_len;
	b.structure_len = (uint32_t)d->structure_len;
	b.parts = (uint16_t)((total - at + LAYOUT_BLOB_VALUE - 1) /
	    LAYOUT_BLOB_VALUE);
	layout_blob_pack(value, &b);
	blob_copy_text(value + LAYOUT_BLOB, d, 0, at);
	layout_key_blob(key, id);
	e = kv_put(st->kv, KV_BLOB, key, LAYOUT_KEY_BLOB, value,
	    LAYOUT_BLOB + at);
	for (uint16_t part = 1; e == KV_OK && at < total; part++, at += n) {
		n = total - at < LAYOUT_BLOB_VALUE ? total - at
		                                   : LAYOUT_BLOB_VALUE;
		blob_copy_text(value, d, at, n);
		layout_key_blob_part(key, id, part);
		e = kv_put(st->kv, KV_BLOB, key, sizeof(key), value, n);
	}
	return store_txn_error(st, e);
}

enum store_err
store_blob_ref(struct store *st, uint64_t id, int by)
{
	unsigned char key[LAYOUT_KEY_BLOB], value[LAYOUT_BLOB_VALUE];
	struct layout_blob b;
	struct kv_item v;
	enum store_err e;
	uint32_t refs;

	layout_key_blob(key, id);
	e = store_txn_error(st, kv_get(st->kv, KV_BLOB, key, sizeof(key), &v));
	if (e != STORE_OK)
		return e;
	if (v.len > sizeof(value) || !layout_blob_unpack(v.data, v.len, &b) ||
	    (by < 0 && b.refs < (uint32_t)-by)) {
		log_error("store: index: blob record: %s: %llu", st->home,
		    (unsigned long long)id);
		store_home_suspect(st);
		return STORE_CORRUPT;
	}
	memcpy(value, v.data, v.len);
	refs = b.refs + (uint32_t)by;
	layout_put32(value + LAYOUT_BLOB_REFS, refs);
	layout_put32(value + LAYOUT_BLOB_FREE,
	    refs == 0 ? (uint32_t)time(NULL) : 0);
	return store_txn_error(st, kv_put(st->kv, KV_BLOB, key, sizeof(key),
	    value, v.len));
}

enum store_err
store_blob_delete(struct store *st, uint64_t id)
{
	unsigned char key[LAYOUT_KEY_BLOB_PART];
	struct layout_blob b;
	struct kv_item v;
	enum kv_err e;

	layout_key_blob(key, id);
	e = kv_get(st->kv, KV_BLOB, key, LAYOUT_KEY_BLOB, &v);
	if (e != KV_OK || !layout_blob_unpack(v.data, v.len, &b))
		return store_txn_error(st, e);
	e = kv_delete(st->kv, KV_BLOB, key, LAYOUT_KEY_BLOB);
	for (unsigned part = 1; e == KV_OK && part <= b.parts; part++) {
		layout_key_blob_part(key, id, (uint16_t)part);
		e = kv_delete(st->kv, KV_BLOB, key, sizeof(key));
	}
	return store_txn_error(st, e);
}
