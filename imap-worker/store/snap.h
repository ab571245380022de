/* SPDX-License-Identifier: ISC
 *
 * Snapshots: what of the index cannot be rebuilt from the segments, written out
 * now and then.  layout_snap.h has the bytes, doc/STORE section 6 what they
 * promise.
 *
 *   <home>/snap/NNNNNNNN.snap    the newest two
 *   <home>/snap/NNNNNNNN.stale   one that no longer vouches for UIDs: more were
 *                                given out since than a rebuild leaves free
 *   <home>/snap/new              being written
 */
#ifndef STORE_SNAP_H
#define STORE_SNAP_H

#include "store/layout_snap.h"
#include "store/segment.h"

/* --- reading ------------------------------------------------------------- */

struct store_snap_block {
	enum layout_snap_kind kind;
	uint32_t mbox, number;
	uint64_t cookie;
	const unsigned char *data; /* borrowed from the file */
	size_t len;
	uint64_t next;             /* the place behind the block */
};
/* The block at a place, with its checksums. cookie 0: any. Pure. */
bool store_snap_parse(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t at, struct store_snap_block *b_r);
/* The first block at or behind *at, which is left behind it; false: no more.
 * *skipped_r: bytes before it that are no block. Pure. */
bool store_snap_next(const unsigned char *data, size_t len, uint64_t cookie,
    uint64_t *at, struct store_snap_block *b_r, uint64_t *skipped_r);
/* Cookie and head of a whole file, from its first or its last block. Pure. */
bool store_snap_head(const unsigned char *data, size_t len, uint64_t *cookie_r,
    struct layout_snap_head *h_r);

/* The rows of a block of that kind, in order. */
struct store_snap_rows {
	uint32_t from, to;
	const unsigned char *p, *end;
	struct layout_snap_row row; /* the current one */
	bool bad;                   /* ended by one that is not valid */
};
/* False: not a valid block of rows. */
bool store_snap_rows_init(struct store_snap_rows *r,
    const struct store_snap_block *b);
bool store_snap_rows_next(struct store_snap_rows *r);
/* One keyword of a block of that kind; *at from 0. False: no more. */
bool store_snap_keyword(const struct store_snap_block *b, size_t *at,
    unsigned *bit_r, const char **text_r, size_t *len_r);
/* One name of a block of subscriptions; *at from 0. False: no more. */
bool store_snap_subscription(const struct store_snap_block *b, size_t *at,
    const char **name_r, size_t *len_r);
bool store_snap_mailbox(const struct store_snap_block *b, uint32_t *keywords_r,
    struct layout_mailbox *m_r);

/* --- files --------------------------------------------------------------- */

struct store_snap_file {
	uint32_t no;
	bool stale;
};
/* All files of the folder, newest first, in an array the caller frees. A folder
 * that is not there has none. -1: it cannot be read. */
int store_snap_list(const char *folder, struct store_snap_file **files_r,
    size_t *n_r);
/* Is the first of these the last snapshot there ever was, and not stale? */
bool store_snap_vouches(const struct store_snap_file *files, size_t n);
/* Is it of these segments? None has another cookie than it says, as far as
 * their heads are whole. */
bool store_snap_belongs(const unsigned char *data, size_t len, uint64_t cookie,
    const struct store_segments *s);
/* The cookie it knows of a segment; 0: none. Pure. */
uint64_t store_snap_segment(const unsigned char *data, size_t len,
    uint64_t cookie, uint32_t no);
/* Maps a file; *len_r 0 and NULL: nothing there to read. False: so because the
 * system does not let it be read. */
bool store_snap_map(const char *folder, const struct store_snap_file *f,
    unsigned char **data_r, size_t *len_r);
void store_snap_unmap(unsigned char *data, size_t len);

/* Writing, through a buffer of bounded size. Errors are kept until the end. */
struct store_snap_writer;
struct store_snap_writer *store_snap_create(const char *folder);
void store_snap_put(struct store_snap_writer *w, enum layout_snap_kind kind,
    uint32_t mbox, const void *content, size_t len);
/* Makes it durable under its number; frees *w. On an error nothing is left. */
enum store_err store_snap_finish(struct store_snap_writer **w, uint32_t no);
/* Accepts NULL. */
void store_snap_discard(struct store_snap_writer **w);
/* Durably. */
enum store_err store_snap_remove(const char *folder,
    const struct store_snap_file *f);
enum store_err store_snap_make_stale(const char *folder, uint32_t no);

/* --- when ---------------------------------------------------------------- */

struct store;
/* Looks what there is, at open. */
enum store_err store_snap_open(struct store *st);
/* So many rows changed, in a way the segments do not tell. */
void store_snap_note(struct store *st, uint64_t rows);
/* Worth one in a moment of rest. */
bool store_snap_due(const struct store *st);
/* Has to be made before anything more is told. */
bool store_snap_must(const struct store *st);
/* Writes one; all has to be durable. A full disk is no error: without a new
 * one the newest gets stale when it has to. */
enum store_err store_snap_take(struct store *st);
/* Limits for tests; 0: those of limits.h. */
void store_snap_set_limits(uint64_t uids, uint64_t changes);
uint64_t store_snap_uid_gap(void);

#endif
