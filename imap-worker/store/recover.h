/* SPDX-License-Identifier: ISC
 *
 * What the files that open a home share: recover.c (in which order),
 * recover_lost.c (rows without a message), replay.c (one record of the segments
 * into the index), rebuild.c (an index from segments and snapshots),
 * snap_merge.c (what the snapshots say).
 */
#ifndef STORE_RECOVER_H
#define STORE_RECOVER_H

#include "store/snap.h"
#include "store/store_private.h"

#define RECOVER_BATCH 256          /* records of a rebuild in a transaction */
#define RECOVER_MODSEQ_GAP 1000000 /* left free by a rebuild */

struct rebuild;

struct recover {
	struct store *st;
	struct rebuild *rebuild; /* own; NULL: only replay what is new */
	struct layout_user was; /* the user record as it was found */
	struct store_mbox *recovered;
	struct arena arena;
	uint64_t replayed;      /* records */
	unsigned in_batch;
	uint32_t valid_no;      /* where the segments end */
	uint64_t valid_at;
	bool cut;               /* that is before the end of what is indexed */
};

/* --- recover.c --- */
/* Throws the index away (kept under another name) and begins an empty one.
 * sure: recovery died of it, twice, or it is no longer wanted; else an error of the
 * system is not taken for damage. */
enum store_err store_recover_start_over(struct store *st, bool sure);
enum store_err store_recover_commit(struct recover *rc);
bool store_recover_has_user(struct store *st);
void store_recover_new_user(struct store *st);

/* --- recover_lost.c --- */
/* Drops the rows of messages behind the end of the segments. */
enum store_err store_recover_drop_lost(struct recover *rc);
/* The index survived, the segments did not: records of names may be among what
 * was lost, and a later rebuild would miss them. They are written once more. */
enum store_err store_recover_name_again(struct store *st);

/* --- replay.c; in a transaction --- */
/* What the index keeps of a message, from its record; lives in rc->arena, until
 * the next call. */
enum store_err store_replay_derive(struct recover *rc,
    const struct store_segment_record *r, struct store_derived *d_r);
void store_replay_modseq(struct store *st, uint64_t modseq);
/* A mailbox as a record says, under the name it wants or the next free one. */
enum store_err store_replay_make(struct store *st, const char *want,
    const struct layout_record *h, const unsigned char *mailboxid,
    struct store_mbox **m_r);
enum store_err store_replay_name(struct recover *rc,
    const struct store_segment_record *r);
/* Into the mailbox the record names; in a rebuild, where that is not possible,
 * or recovered is set, into "Recovered". */
enum store_err store_replay_message(struct recover *rc, uint32_t no,
    const struct store_segment_record *r, bool recovered);

/* --- rebuild.c --- */
/* Reads snapshots and segments, and begins an empty index. */
enum store_err store_rebuild_start(struct recover *rc, const uint32_t *list,
    size_t n);
/* One record, in the order of the segments, in a transaction. */
enum store_err store_rebuild_record(struct recover *rc, uint32_t no,
    const struct store_segment_record *r);
/* Is this the first place the snapshot does not speak of? Then the rows come
 * first: store_rebuild_rows(), outside of a transaction. */
bool store_rebuild_rows_due(const struct recover *rc, uint32_t no, uint64_t at);
enum store_err store_rebuild_rows(struct recover *rc);
enum store_err store_rebuild_finish(struct recover *rc);
/* Was this place on the disk when the snapshot was made? */
bool store_rebuild_sealed(const struct recover *rc, uint32_t no, uint64_t at);
/* The newest segment then. */
uint32_t store_rebuild_last(const struct recover *rc);
/* How many messages the segments have. */
uint64_t store_rebuild_total(const struct rebuild *rb);
void store_rebuild_free(struct rebuild **rb);

/* --- snap_merge.c: the newest snapshots of a home as one --- */

/* One mailbox; what the newest file does not have is taken from the other. */
struct store_snap_box {
	uint32_t id;
	bool has_record;
	bool whole;              /* nothing of it is missing in file[0] */
	struct layout_mailbox b; /* borrowed from the files */
	char *keywords[LIMIT_KEYWORDS]; /* own */
	size_t lo, hi;           /* its parts */
};
struct store_snaps {
	struct store_snap_files {
		unsigned char *data;
		size_t len;
		uint64_t cookie;
		struct layout_snap_head head;
	} file[2];               /* newest first; those that can be read */
	unsigned n;
	bool vouches;            /* file[0] is the last there was, not stale */
	bool whole;              /* nothing of it is damaged */
	struct store_snap_part *parts; /* own */
	size_t n_parts, parts_cap;
	struct store_snap_box **boxes; /* own; by id */
	size_t n_boxes;
};
/* False: there are files, but the system does not let them be read. */
bool store_snaps_load(struct store_snaps *s, struct store *st);
void store_snaps_clear(struct store_snaps *s);
struct store_snap_box *store_snaps_find(const struct store_snaps *s,
    uint32_t id);
/* Calls fn for batches of rows in order, until it fails. */
typedef enum store_err store_snaps_fn(void *ctx,
    const struct store_snap_box *box, const struct layout_snap_row *rows,
    size_t n);
enum store_err store_snaps_rows(const struct store_snaps *s,
    const struct store_snap_box *box, store_snaps_fn *fn, void *ctx);
/* Calls fn for each subscription; those of the newest file, and if that lost
 * some, of the other. */
enum store_err store_snaps_subscriptions(const struct store_snaps *s,
    enum store_err (*fn)(void *ctx, const char *name), void *ctx);

#endif
