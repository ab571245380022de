/* SPDX-License-Identifier: ISC
 *
 * Threads (RFC 8474 §5.2).  Every Message-ID that was seen, in a message or in
 * its References, is kept as a hash with its thread.  A message takes the
 * thread of the first of its ids that has one, so a thread, once given to a
 * message, never changes.
 */
#include "store/store_private.h"

enum store_err
store_thread_join(struct store *st, const uint64_t *ids, unsigned n,
    uint64_t blob, uint64_t *thread_r)
{
	unsigned char key[LAYOUT_KEY_THREAD], value[8];
	bool missing[STORE_THREAD_IDS];
	bool found = false;
	struct kv_item v;
	enum kv_err e;

	*thread_r = blob;
	if (n > STORE_THREAD_IDS)
		n = STORE_THREAD_IDS;
	for (unsigned i = 0; i < n; i++) {
		layout_key_thread(key, ids[i]);
		e = kv_get(st->kv, KV_META, key, sizeof(key), &v);
		if (e != KV_OK && e != KV_NOT_FOUND)
			return store_txn_error(st, e);
		missing[i] = e == KV_NOT_FOUND || v.len != sizeof(value);
		if (!missing[i] && !found) {
			*thread_r = layout_get64(v.data);
			found = true;
		}
	}
	layout_put64(value, *thread_r);
	for (unsigned i = 0; i < n; i++) {
		if (!missing[i])
			continue;
		layout_key_thread(key, ids[i]);
		e = kv_put(st->kv, KV_META, key, sizeof(key), value,
		    sizeof(value));
		if (e != KV_OK)
			return store_txn_error(st, e);
	}
	return STORE_OK;
}
