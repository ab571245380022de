/* SPDX-License-Identifier: ISC
 *
 * What check.c and check_blobs.c share.
 */
#ifndef STORE_CHECK_PRIVATE_H
#define STORE_CHECK_PRIVATE_H

#include "store/store_private.h"

/* A row's word on a message. */
struct check_ref {
	uint64_t blob;
	uint32_t size;
};

enum check_phase {
	CHECK_MAILBOXES, /* one after the other, by id */
	CHECK_BLOBS,     /* every message: references, and its record */
	CHECK_SUSPECTS,  /* those of them that looked wrong, once more */
	CHECK_STRAYS,    /* records of mailboxes that are not there */
	CHECK_USER,
	CHECK_DONE,
};

struct store_check {
	struct store *st;
	void (*report)(void *ctx, const char *text);
	void *ctx;
	enum check_phase phase;
	int found;
	bool broken;           /* could not be finished */
	struct check_ref *refs; /* own; of every row */
	size_t n_refs, refs_cap;
	struct store_segment_view view; /* the segment looked at last */
	uint64_t n_blobs;      /* looked at */
	/* the mailbox at hand */
	uint32_t last_id;
	struct store_mbox *m;
	uint32_t messages, unseen, deleted, last_uid, vanished;
	uint64_t bytes, highest;
	roaring_bitmap_t *uids; /* own */
	/* the scan at hand, of blobs or of strays */
	struct kv_scan scan;
	bool scanning;
	size_t table;          /* of strays */
	struct kv_scan text;   /* beside that of blobs */
	struct kv_item text_k, text_v;
	enum kv_err text_e;
	size_t row;            /* the next one in refs */
	uint64_t *suspects;    /* own; ascending but for repeats */
	size_t n_suspects, suspects_cap, confirmed;
};

/* One line about what is wrong, beginning with the number of the invariant. */
void store_check_report(struct store_check *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Looks at one more record; false: that was the last. */
bool store_check_blob_next(struct store_check *c);
/* Looks again at some of those that were wrong, nothing else going on; false:
 * at all. */
bool store_check_suspects_next(struct store_check *c);

#endif
