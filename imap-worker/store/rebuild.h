/* SPDX-License-Identifier: ISC
 *
 * What the files of a rebuild share: rebuild.c, rebuild_read.c.
 */
#ifndef STORE_REBUILD_H
#define STORE_REBUILD_H

#include "store/recover.h"

/* A message in the segments. */
struct rebuild_entry {
	uint64_t blob, at;     /* at: of the record */
	uint32_t segment, refs;
	bool wanted;           /* by a row of a mailbox that is not there */
	bool put;              /* its blob record is written; then: */
	uint16_t sent_day;
	int16_t zone;
	uint32_t size, internaldate;
};

struct rebuild {
	struct store_snaps snaps;
	roaring_bitmap_t *dead;    /* own; mailboxes that get deleted */
	roaring_bitmap_t *dying;   /* own; if the group at hand was sealed */
	roaring_bitmap_t *named;   /* own; mailboxes the segments name */
	struct rebuild_entry *entries; /* own; by blob */
	size_t n, cap;
	uint32_t next_mbox, next_uidvalidity;
	uint64_t modseq;           /* the highest seen */
	uint64_t lost;
	bool rows_done;
	/* the mailbox whose rows are at hand */
	struct recover *rc;
	struct store_mbox *m;
	const char *name;
	uint64_t keywords;
};

/* Does the snapshot speak of this place? */
bool store_rebuild_before(const struct rebuild *rb, uint32_t no, uint64_t at);
/* The first message with that number; NULL: none. */
struct rebuild_entry *store_rebuild_find(const struct rebuild *rb,
    uint64_t blob);
/* Is it nowhere in the snapshot, but that cannot be trusted? */
bool store_rebuild_is_left_over(const struct rebuild *rb,
    const struct rebuild_entry *e);
/* Reads the segments. */
enum store_err store_rebuild_scan(struct recover *rc, const uint32_t *list,
    size_t n);
/* Reads the rows of the snapshot; tells of those whose message is lost. */
void store_rebuild_count(struct rebuild *rb);

#endif
