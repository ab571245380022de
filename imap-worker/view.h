/* SPDX-License-Identifier: ISC
 *
 * What one session knows of its selected mailbox (RFC 3501 §5.5, §7.4.1).
 *
 * The rows are shared with every other session; a view only holds how this
 * client's picture differs from them:
 *   - messages from UID `uid_limit` on have not been told yet (EXISTS);
 *   - `ghosts` are expunged, but the client still counts them (EXPUNGE);
 *   - `dirty` have flags the client has not heard of (FETCH FLAGS);
 *   - `recent` are \Recent to this session.
 * Message numbers are computed from rows and ghosts, never stored. Only sync.c
 * brings the client's picture up to date.
 */
#ifndef WORKER_VIEW_H
#define WORKER_VIEW_H

#include <stdbool.h>
#include <stdint.h>
#include <roaring/roaring.h>

#include "common/imap/seqset.h"
#include "store/store.h"

/* What was last said of a message's flags; most are the same. */
struct view_flags_text {
	uint64_t flags;
	bool recent;
	size_t len;                /* 0: nothing yet */
	char text[120];
};

struct view {
	struct store_watch watch;  /* first: the watch is the view */
	struct store_mbox *mbox;   /* own (a reference) */
	bool readonly;             /* EXAMINE */
	bool changed;              /* sync.c has something to tell */
	uint32_t uid_limit;
	uint32_t told_keywords;    /* how many keyword names the client was told */
	struct view_flags_text flags_text; /* sync.c */
	roaring_bitmap_t *ghosts, *dirty, *recent; /* own */
	roaring_bitmap_t *saved;   /* own; SEARCHRES "$" (UIDs); NULL: empty */
};

/* Takes over the caller's reference to mbox; claims \Recent unless readonly.
 * Rows have to be there if some are \Recent, and before any of the questions
 * below but view_exists() (CMD_ROWS). */
struct view *view_new(struct store_mbox *mbox, bool readonly);
/* Sets *v to NULL; accepts NULL. */
void view_free(struct view **v);

/* Takes in messages that came since: uid_limit, recent. False if there are none. */
bool view_extend(struct view *v);

/* How many messages the client counts. */
uint32_t view_exists(const struct view *v);
/* Message number of a UID that the client counts. */
uint32_t view_msn(const struct view *v, uint32_t uid);
/* UID of message number msn (1 .. view_exists()). */
uint32_t view_uid(const struct view *v, uint32_t msn);
/* The row of a UID that is known to the client and not expunged, or NULL. */
const struct store_row *view_row(const struct view *v, uint32_t uid);

/* Resolves a sequence-set to ascending UID ranges (lo <= hi, in place). With uid
 * false numbers are message numbers; one that is out of range is an error (false),
 * RFC 3501 §9 seq-number. A "*" in an empty mailbox gives no range. "$" gives the
 * saved result's UIDs. Only UIDs below uid_limit are covered. */
bool view_resolve(const struct view *v, struct imap_seqset *set, bool uid,
    struct arena *a);
/* The existing UIDs within resolved ranges; free with roaring_bitmap_free(). */
roaring_bitmap_t *view_uids(const struct view *v, const struct imap_seqset *set);
/* Do resolved ranges name a message that is expunged but not yet told? */
bool view_any_gone(const struct view *v, const struct imap_seqset *set);
/* Sets what "$" stands for; takes over `saved` (NULL: nothing). */
void view_save(struct view *v, roaring_bitmap_t *saved);

#endif
