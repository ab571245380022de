/* SPDX-License-Identifier: ISC */
#include "cmd/deleted.h"

#include "view.h"

enum store_err
deleted_expunge(struct view *v, const roaring_bitmap_t *among)
{
	roaring_bitmap_t *uids;
	const struct store_row *rows;
	enum store_err err;
	size_t n;

	if (store_mbox_info(v->mbox)->deleted == 0)
		return STORE_OK;
	if ((err = store_mbox_load(v->mbox)) != STORE_OK)
		return err;
	rows = store_mbox_rows(v->mbox, &n);
	uids = roaring_bitmap_create();
	for (size_t i = 0; i < n && rows[i].uid < v->uid_limit; i++)
		if (store_row_flags(&rows[i]) & STORE_DELETED)
			roaring_bitmap_add(uids, rows[i].uid);
	if (among != NULL)
		roaring_bitmap_and_inplace(uids, among);
	if (!roaring_bitmap_is_empty(uids))
		err = store_expunge(v->mbox, uids, NULL);
	roaring_bitmap_free(uids);
	return err;
}
