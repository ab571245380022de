/* SPDX-License-Identifier: ISC
 *
 * Walking over all blobs, for those who count what the segments hold.
 */
#include <stdlib.h>

#include "common/xalloc.h"
#include "store/store_private.h"

struct store_blobs {
	struct store *st; /* borrowed */
	struct kv_scan scan;
	bool begun;
};

struct store_blobs *
store_blobs_new(struct store *st)
{
	struct store_blobs *s = xmalloc(sizeof(*s));

	s->st = st;
	kv_scan_init(&s->scan, st->kv, KV_BLOB);
	return s;
}

enum store_err
store_blobs_next(struct store_blobs *s, struct store_blob_info *info_r)
{
	struct layout_blob b;
	struct kv_item k, v;
	enum store_err err;
	enum kv_err e;

	if ((err = store_txn_usable(s->st)) != STORE_OK)
		return err;
	do {
		e = s->begun ? kv_scan_next(&s->scan, &k, &v)
		             : kv_scan_to(&s->scan, "", 0, &k, &v);
		s->begun = true;
	} while (e == KV_OK && !layout_blob_unpack(v.data, v.len, &b));
	if (e == KV_NOT_FOUND)
		return STORE_NOT_FOUND;
	if (e != KV_OK)
		return store_txn_error(s->st, e);
	*info_r = (struct store_blob_info){ .id = layout_get64be(k.data),
		.refs = b.refs, .segment = b.segment, .len = b.coded.stored };
	return STORE_OK;
}

void
store_blobs_free(struct store_blobs **sp)
{
	if (*sp == NULL)
		return;
	kv_scan_clear(&(*sp)->scan);
	free(*sp);
	*sp = NULL;
}
