/* SPDX-License-Identifier: ISC
 *
 * Asking messages of a mailbox whether a search program is true of them, in slices.
 */
#ifndef SEARCH_RUN_H
#define SEARCH_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <roaring/roaring.h>

#include "common/arena.h"
#include "search/search.h"
#include "store/store.h"

struct search_run {
	struct store_mbox *mbox;         /* borrowed */
	const roaring_bitmap_t *recent;  /* borrowed; \Recent of this session */
	struct search_program *program;  /* borrowed; sets resolved to UIDs */
	struct store_reader *reader;     /* own */
	uint32_t next_uid, uid_limit;    /* asked are [next_uid, uid_limit) */
	int64_t now;
	uint64_t max_modseq;             /* of the messages found */
	roaring_bitmap_t *found;         /* own; UIDs */
};

/* Makes the keys ready: needles in UTF-8, flag bits, ids, cheap keys first. Sets
 * in keys must have been resolved to UID ranges. False: the charset is not known
 * (BADCHARSET). */
bool search_run_init(struct search_run *r, struct store_mbox *mbox,
    const roaring_bitmap_t *recent, uint32_t uid_limit,
    struct search_program *program, struct arena *a);
void search_run_clear(struct search_run *r);
/* Works for about so many milliseconds. True in *done_r: all were asked. */
enum store_err search_run_slice(struct search_run *r, unsigned milliseconds,
    bool *done_r);

#endif
