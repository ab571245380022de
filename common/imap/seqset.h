/* SPDX-License-Identifier: ISC
 *
 * A parsed sequence-set (RFC 3501 §9): ranges of message numbers or UIDs, not
 * yet resolved against a mailbox.  Lives in an arena.  Pure.
 */
#ifndef COMMON_IMAP_SEQSET_H
#define COMMON_IMAP_SEQSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"

#define IMAP_STAR 0u /* "*" in a range end; 0 is no legal number */

struct imap_range {
	uint32_t lo, hi; /* inclusive, as sent; either may be IMAP_STAR */
};

struct imap_seqset {
	struct imap_range *ranges; /* arena */
	size_t n, cap;
	bool saved; /* "$": the saved search result (RFC 5182); n is 0 */
};

/* Adds a range; amortised. False past LIMIT_SEQSET_RANGES. */
bool imap_seqset_add(struct imap_seqset *set, struct arena *a, uint32_t lo,
    uint32_t hi);
/* Puts `star` for "*", orders each range, sorts and joins overlapping and
 * touching ones: afterwards 1 <= lo <= hi and ranges ascend with gaps between.
 * star 0 (nothing there): "*" alone is in no range. */
void imap_seqset_normalize(struct imap_seqset *set, uint32_t star);
/* After normalize: is n in the set? O(log ranges). */
bool imap_seqset_has(const struct imap_seqset *set, uint32_t n);

/* Writes ascending numbers as "1:3,7,9:10": call once per number (or range) in
 * ascending order, then finish. */
struct imap_set_writer {
	struct buf *out; /* borrowed */
	uint32_t lo, hi; /* the open range; hi 0: none */
	bool any;
};
void imap_set_writer_init(struct imap_set_writer *w, struct buf *out);
void imap_set_writer_add(struct imap_set_writer *w, uint32_t n);
void imap_set_writer_add_range(struct imap_set_writer *w, uint32_t lo,
    uint32_t hi);
/* Returns false when nothing was written. */
bool imap_set_writer_finish(struct imap_set_writer *w);

#endif
