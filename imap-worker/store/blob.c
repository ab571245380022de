/* SPDX-License-Identifier: ISC
 *
 * Blob records: where a message is and how many rows name it; and its texts,
 * which were computed from it once.  A blob without rows stays, with the time
 * since when, for the undelete window.
 */
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/xalloc.h"
#include "store/store_private.h"

/* Up to max bytes of ENVELOPE and BODYSTRUCTURE put together, from byte `at`
 * on; returns how many. */
static size_t
blob_copy_text(unsigned char *to, const struct store_derived *d, size_t at,
    size_t max)
{
	size_t n = d->envelope_len + d->structure_len - at, take = 0;

	if (n > max)
		n = max;
	if (at < d->envelope_len) {
		take = d->envelope_len - at < n ? d->envelope_len - at : n;
		memcpy(to, d->envelope + at, take);
	}
	if (n > take)
		memcpy(to + take, d->structure + (at + take - d->envelope_len),
		    n - take);
	return n;
}

static enum kv_err
blob_put_text(struct store *st, uint64_t id, const struct store_derived *d)
{
	const struct layout_text t = {
		.envelope_len = (uint32_t)d->envelope_len,
		.structure_len = (uint32_t)d->structure_len,
	};
	unsigned char key[LAYOUT_KEY_TEXT], value[LAYOUT_TEXT_VALUE];
	size_t at = 0, fill = LAYOUT_TEXT_HEAD, parts = layout_text_parts(&t);
	enum kv_err e = KV_OK;

	layout_text_pack(value, &t);
	for (size_t part = 0; e == KV_OK && part < parts; part++, fill = 0) {
		size_t n = blob_copy_text(value + fill, d, at,
		    sizeof(value) - fill);

		layout_key_text(key, id, (uint16_t)part);
		e = kv_put(st->kv, KV_TEXT, key, sizeof(key), value, fill + n);
		at += n;
	}
	return e;
}

enum store_err
store_blob_put(struct store *st, uint64_t id, const struct layout_blob *b,
    const struct store_derived *d)
{
	unsigned char key[LAYOUT_KEY_BLOB], value[LAYOUT_BLOB];
	enum kv_err e;

	layout_blob_pack(value, b);
	layout_key_blob(key, id);
	e = kv_put(st->kv, KV_BLOB, key, sizeof(key), value, sizeof(value));
	return store_txn_error(st,
	    e == KV_OK ? blob_put_text(st, id, d) : e);
}

enum store_err
store_blob_ref(struct store *st, uint64_t id, int by)
{
	unsigned char key[LAYOUT_KEY_BLOB], value[LAYOUT_BLOB];
	struct layout_blob b;
	struct kv_item v;
	enum store_err e;

	layout_key_blob(key, id);
	e = store_txn_error(st, kv_get(st->kv, KV_BLOB, key, sizeof(key), &v));
	if (e != STORE_OK)
		return e;
	if (!layout_blob_unpack(v.data, v.len, &b) ||
	    (by < 0 && b.refs < (uint32_t)-by)) {
		log_error("store: index: blob record: %s: %llu", st->home,
		    (unsigned long long)id);
		store_deaths_suspect(st);
		return STORE_CORRUPT;
	}
	b.refs += (uint32_t)by;
	b.free_since = b.refs == 0 ? (uint32_t)time(NULL) : 0;
	layout_blob_pack(value, &b);
	return store_txn_error(st, kv_put(st->kv, KV_BLOB, key, sizeof(key),
	    value, sizeof(value)));
}

enum store_err
store_blob_delete(struct store *st, uint64_t id)
{
	unsigned char key[LAYOUT_KEY_TEXT];
	enum kv_err e;

	layout_key_blob(key, id);
	e = kv_delete(st->kv, KV_BLOB, key, LAYOUT_KEY_BLOB);
	if (e != KV_OK)
		return store_txn_error(st, e);
	for (unsigned part = 0; e == KV_OK; part++) {
		layout_key_text(key, id, (uint16_t)part);
		e = kv_delete(st->kv, KV_TEXT, key, sizeof(key));
	}
	return store_txn_error(st, e == KV_NOT_FOUND ? KV_OK : e);
}
