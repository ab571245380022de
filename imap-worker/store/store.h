/* SPDX-License-Identifier: ISC
 *
 * One user's mail: message segments, and the Berkeley DB index of them.
 * doc/STORE has the invariants, store/layout.h the bytes.
 *
 * One process owns a home (flock on <home>/lock), single-threaded. Every call
 * that changes something is one transaction: when it returns STORE_OK the
 * change is made and visible, but not yet durable.  store_flush() makes all of
 * them durable; nobody outside is told of a change before that.  On any other
 * result nothing has changed.
 *
 * UID sets are CRoaring bitmaps. Names are UTF-8, "/" between levels, "INBOX"
 * upper case; only mailboxes that exist are stored, superior names without a
 * mailbox of their own are implied by their inferiors.
 *
 * Times are seconds since the epoch; zones minutes east; sizes bytes.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <roaring/roaring.h>

#include "common/arena.h"
#include "common/limits.h"
#include "store/coding.h"

enum store_err {
	STORE_OK = 0,
	STORE_NOT_FOUND,  /* no such mailbox */
	STORE_EXISTS,     /* there is one already */
	STORE_LIMIT,      /* one of limits.h was reached (mailboxes, keywords) */
	STORE_OVERQUOTA,  /* the user's bytes or messages are used up */
	STORE_NO_SPACE,   /* the disk is full */
	STORE_TOO_BIG,    /* message larger than the store was told to take */
	STORE_GONE,       /* the message was expunged */
	STORE_FORBIDDEN,  /* INBOX cannot be deleted, and the like */
	STORE_BUSY,       /* another process owns this home; of a mailbox: it is
	                   * held, or watched */
	STORE_NEWER,      /* written by a newer version: refused */
	STORE_CORRUPT,    /* damage that could not be repaired */
	STORE_IO,         /* the system refused; logged where it was seen */
};
/* A short English text, for logs and tests. */
const char *store_err_text(enum store_err e);

/* --- flags ---------------------------------------------------------------- */

#define STORE_SEEN (UINT64_C(1) << 0)
#define STORE_ANSWERED (UINT64_C(1) << 1)
#define STORE_FLAGGED (UINT64_C(1) << 2)
#define STORE_DELETED (UINT64_C(1) << 3)
#define STORE_DRAFT (UINT64_C(1) << 4)
#define STORE_SYSTEM_FLAGS UINT64_C(0x1f)
#define STORE_KEYWORD_SHIFT 5 /* keyword k of a mailbox is bit 5 + k, k < 48 */
#define STORE_ALL_FLAGS ((UINT64_C(1) << (STORE_KEYWORD_SHIFT + LIMIT_KEYWORDS)) - 1)

/* One message of a loaded mailbox, 16 bytes, as in memory and on disk. */
struct store_row {
	uint32_t uid;
	uint32_t flags_lo;     /* flags bits 0-31 */
	uint64_t modseq_flags; /* modseq << 21 | flags bits 32-52 */
};

static inline uint64_t
store_row_flags(const struct store_row *r)
{
	return r->flags_lo | (r->modseq_flags & 0x1fffff) << 32;
}

static inline uint64_t
store_row_modseq(const struct store_row *r)
{
	return r->modseq_flags >> 21;
}

/* --- the home -------------------------------------------------------------- */

/* What is computed once from a message's bytes, at append and when the index
 * is rebuilt. */
#define STORE_THREAD_IDS 16
struct store_derived {
	const char *envelope;      /* IMAP text, arena */
	size_t envelope_len;
	const char *structure;     /* BODYSTRUCTURE text, arena */
	size_t structure_len;
	uint32_t header_len;       /* bytes up to and with the empty line */
	uint16_t sent_day;         /* day number of Date: as written; 0: none */
	uint64_t header_fields;    /* a bit for each name: mail_field_bit() */
	/* 64-bit hashes of Message-ID and References, own id first when there is
	 * one; messages that share one belong to one thread */
	uint64_t thread_ids[STORE_THREAD_IDS];
	unsigned n_thread_ids;
};
/* Fills *d_r from the message; the strings live in the arena. */
typedef void store_derive_fn(const unsigned char *msg, size_t len,
    struct arena *a, struct store_derived *d_r);

/* Special use (RFC 6154, RFC 8457), bits of store_info.use */
#define STORE_USE_ALL 0x01
#define STORE_USE_ARCHIVE 0x02
#define STORE_USE_DRAFTS 0x04
#define STORE_USE_FLAGGED 0x08
#define STORE_USE_JUNK 0x10
#define STORE_USE_SENT 0x20
#define STORE_USE_TRASH 0x40
#define STORE_USE_IMPORTANT 0x80

struct store_default_mailbox {
	const char *name;
	uint8_t use;
	bool subscribe;
};

/* Of a rebuild, now and then: messages done, of how many; 0 of 0 while it looks
 * what there is. */
typedef void store_progress_fn(void *ctx, uint64_t done, uint64_t total);

struct store_options {
	store_derive_fn *derive;
	/* made when the home is new, besides INBOX; NULL name ends */
	const struct store_default_mailbox *defaults;
	uint64_t quota_bytes;      /* 0: no limit */
	uint64_t quota_messages;   /* 0: no limit */
	uint32_t message_max;      /* bytes; 0: LIMIT_MESSAGE */
	bool relaxed;              /* flag changes may wait up to a second */
	int compress;              /* zstd's level for new messages; 0: none */
	bool rebuild;              /* the index is set aside, and made anew */
	store_progress_fn *progress; /* of a rebuild; NULL: nobody wants it */
	void *progress_ctx;
};

struct store;

/* Opens (and makes, if the folder is new or empty) the home; home must exist
 * and belong to the caller. Runs recovery. Options are copied, strings too. */
enum store_err store_open(const char *home, const struct store_options *o,
    struct store **st_r);
/* Flushes, makes a snapshot when due, checkpoints, gives the lock back. Accepts
 * NULL. */
void store_close(struct store **st);
/* Is there something committed that is not yet durable? */
bool store_dirty(const struct store *st);
/* Makes everything durable: at most one fdatasync of the segment (if messages
 * were added) and one log flush (if anything else changed). Failure is final:
 * the store refuses every later call, the process should end. */
enum store_err store_flush(struct store *st);
/* When what was flushed has been told: a checkpoint, if one is due. Failure is
 * final too. */
void store_upkeep(struct store *st);
/* For idle moments (a timer, the last session gone): bounded upkeep. Checkpoint
 * and snapshot when due, unmap segments, release caches and rows of mailboxes
 * no one has open. */
void store_idle(struct store *st);

struct store_usage {
	uint64_t bytes, messages, quota_bytes, quota_messages;
	uint32_t message_max;      /* bytes of a message */
};
void store_usage(const struct store *st, struct store_usage *u_r);

/* --- mailboxes by name ------------------------------------------------------ */

struct store_info {
	uint32_t id;
	const char *name;          /* lives as long as the call's arena, or the mbox */
	uint32_t uidvalidity, uidnext;
	uint32_t messages, unseen, deleted;
	uint32_t recent_uid;       /* messages from this UID on are \Recent */
	uint64_t highestmodseq;    /* >= 1 */
	uint64_t bytes;
	unsigned char mailboxid[16];
	int64_t created;
	uint8_t use;
	bool subscribed;
};

/* Calls fn for each mailbox in name order (bytewise, INBOX first, inferiors
 * directly behind their superior); stops when it returns false. *info is valid
 * during the call. fn must not change the store. */
typedef bool store_list_fn(void *ctx, const struct store_info *info);
enum store_err store_list(struct store *st, store_list_fn *fn, void *ctx);
/* Subscribed names in order, mailboxes that are gone included. */
typedef bool store_name_fn(void *ctx, const char *name);
enum store_err store_list_subscribed(struct store *st, store_name_fn *fn,
    void *ctx);
/* One mailbox's record; name copied into the arena. Never reads rows. */
enum store_err store_stat(struct store *st, const char *name, struct arena *a,
    struct store_info *info_r);
/* The name must have passed imap_mailbox_name_check(). */
enum store_err store_create(struct store *st, const char *name, uint8_t use);
/* Takes the messages along; inferiors stay. Open mailboxes see every message
 * expunged. INBOX: STORE_FORBIDDEN. */
enum store_err store_delete(struct store *st, const char *name);
/* Renames with all inferiors; UIDVALIDITY, UIDs and MAILBOXID stay. INBOX:
 * its messages move to a new mailbox `to`, inferiors stay (RFC 3501 §6.3.5). */
enum store_err store_rename(struct store *st, const char *from, const char *to);
enum store_err store_subscribe(struct store *st, const char *name, bool on);
/* For mail that comes from another server with its UIDs: raises UIDNEXT to
 * uidnext, where it is lower, and gives a mailbox that never had a message this
 * UIDVALIDITY.  STORE_FORBIDDEN: it has had messages under another one, or a
 * number is 0 or above STORE_GIVEN_MAX.  STORE_EXISTS: another mailbox has that
 * UIDVALIDITY.  STORE_BUSY: somebody watches it and was told the other one. */
#define STORE_GIVEN_MAX 0xff000000u /* leaves room for those that follow */
enum store_err store_set_uids(struct store *st, const char *name,
    uint32_t uidvalidity, uint32_t uidnext);

/* --- a loaded mailbox -------------------------------------------------------- */

struct store_mbox;

/* Told of each committed change of a loaded mailbox, at once, in the order of
 * changes; must not change the store. Any function may be NULL. */
struct store_watch {
	void (*added)(struct store_watch *w, uint32_t first_uid, uint32_t last_uid);
	void (*changed)(struct store_watch *w, const roaring_bitmap_t *uids);
	void (*expunged)(struct store_watch *w, const roaring_bitmap_t *uids);
	struct store_watch *next; /* private to the store */
};

/* Takes a reference. The rows are not read: what costs with the size of the
 * mailbox waits until it is needed. */
enum store_err store_mbox_open(struct store *st, const char *name,
    struct store_mbox **m_r);
/* Sets *m to NULL; accepts NULL. */
void store_mbox_unref(struct store_mbox **m);
void store_mbox_watch(struct store_mbox *m, struct store_watch *w);
void store_mbox_unwatch(struct store_mbox *m, struct store_watch *w);
/* Reads the rows, once, for all who have the mailbox open: before
 * store_mbox_rows() and store_mbox_lower(). Readers and changes of rows call it
 * themselves; the rows of a mailbox that is watched are read before anything
 * changes in it. */
enum store_err store_mbox_load(struct store_mbox *m);
/* While on, appends and copies to this mailbox are refused with STORE_BUSY, so
 * that none takes a UID that is to be given. Not kept over a restart. */
void store_mbox_hold(struct store_mbox *m, bool on);
/* Always current; a deleted mailbox has messages 0. Name follows RENAME. */
const struct store_info *store_mbox_info(const struct store_mbox *m);
bool store_mbox_deleted(const struct store_mbox *m);
/* The rows, ascending by UID; valid until the next change of this mailbox. */
const struct store_row *store_mbox_rows(const struct store_mbox *m, size_t *n_r);
/* Index of the first row with a UID >= uid (n if none). O(log n). From UIDNEXT
 * on it is known without the rows. */
size_t store_mbox_lower(struct store_mbox *m, uint32_t uid);
/* Index of the first row at or behind `from` whose modseq is above `modseq` (n if
 * none; modseq 0: from itself). Where nothing changed rows are passed by the
 * block. RFC 7162 §3.1.4.1 */
size_t store_mbox_newer(struct store_mbox *m, size_t from, uint64_t modseq);
/* The number (from 1) of the first message that is not \Seen; 0: none. */
enum store_err store_mbox_first_unseen(struct store_mbox *m,
    uint32_t *number_r);
/* UIDs from store_info.recent_uid on become not recent (a SELECT took them). */
enum store_err store_mbox_claim_recent(struct store_mbox *m);

/* Keyword names in bit order; NULL for an unused bit; n_r at most 48. */
const char *const *store_mbox_keywords(const struct store_mbox *m,
    unsigned *n_r);
/* Bit mask of one keyword, compared without case; 0 if the mailbox has none such. */
uint64_t store_mbox_keyword(const struct store_mbox *m, const char *name);
/* Same, and adds it (in a transaction of its own). STORE_LIMIT when all bits are
 * used. */
enum store_err store_mbox_keyword_add(struct store_mbox *m, const char *name,
    uint64_t *mask_r);

enum store_flag_op { STORE_FLAGS_SET, STORE_FLAGS_ADD, STORE_FLAGS_REMOVE };
/* Changes flags of those of `uids` that exist and whose modseq is not above
 * unchanged_since (UINT64_MAX: all). One new modseq for all. Rows whose flags
 * stay the same keep their modseq. changed_r: the UIDs changed; modified_r: those
 * refused by unchanged_since; either may be NULL; both are added to. */
enum store_err store_flags_update(struct store_mbox *m,
    const roaring_bitmap_t *uids, enum store_flag_op op, uint64_t flags,
    uint64_t unchanged_since, roaring_bitmap_t *changed_r,
    roaring_bitmap_t *modified_r);
/* Expunges those of `uids` that exist; kept in the expunge log with one new
 * modseq. expunged_r (may be NULL) is added to. */
enum store_err store_expunge(struct store_mbox *m, const roaring_bitmap_t *uids,
    roaring_bitmap_t *expunged_r);
/* UIDs in [1, uidnext) expunged after modseq `since`, added to gone_r. False in
 * *complete_r: the log does not reach back that far. */
enum store_err store_vanished(struct store_mbox *m, uint64_t since,
    roaring_bitmap_t *gone_r, bool *complete_r);

/* --- adding ---------------------------------------------------------------- */

struct store_new_message {
	const unsigned char *data; /* borrowed until commit or abort; CRLF lines */
	size_t len;
	uint64_t system_flags;     /* STORE_SYSTEM_FLAGS bits */
	const char *const *keywords; /* NULL-terminated, or NULL; borrowed */
	int64_t internaldate;
	int16_t zone;
	uint32_t uid;              /* 0: the next; else not below UIDNEXT (else
	                            * STORE_EXISTS) nor above STORE_GIVEN_MAX */
};

/* Several messages into one mailbox, all or none (RFC 3502). Space and quota
 * are checked by add; message bytes are written by add and index rows by
 * commit. One append at a time per store, begin to commit within one call of
 * the loop. */
struct store_append;
enum store_err store_append_begin(struct store *st, const char *mailbox,
    struct store_append **ap_r);
enum store_err store_append_add(struct store_append *ap,
    const struct store_new_message *msg);
/* UIDs are first_uid_r ... first_uid_r + number added - 1, unless given. Frees *ap and sets it
 * to NULL, whatever the result. */
enum store_err store_append_commit(struct store_append **ap,
    uint32_t *uidvalidity_r, uint32_t *first_uid_r);
/* Accepts NULL. */
void store_append_abort(struct store_append **ap);

/* Copies those of `uids` that exist, in UID order, to `mailbox` (flags,
 * keywords and dates kept, new save date); with move they leave m in the same
 * transaction. copied_r: the source UIDs; the copies have consecutive UIDs from
 * *first_uid_r on. Nothing to copy: STORE_OK with an empty set. */
enum store_err store_copy(struct store_mbox *m, const roaring_bitmap_t *uids,
    const char *mailbox, bool move, roaring_bitmap_t *copied_r,
    uint32_t *uidvalidity_r, uint32_t *first_uid_r);

/* --- reading ---------------------------------------------------------------- */

struct store_message {
	uint32_t uid;
	/* always */
	uint64_t blob_id;          /* EMAILID */
	uint32_t size;
	int64_t savedate, internaldate;
	int16_t zone;
	uint16_t sent_day;         /* see store_derived */
	/* with STORE_WANT_BLOB */
	uint64_t thread_id;
	uint64_t header_fields;    /* see store_derived */
	uint32_t header_len;
	uint32_t segment;          /* private, as all below */
	uint64_t segment_at;
	struct store_coded coded;
	/* with STORE_WANT_TEXT */
	const char *envelope, *structure; /* valid until the next get */
	size_t envelope_len, structure_len;
};

/* Reads messages of one mailbox; fast when asked in ascending UID order, right in
 * any order. May be kept over slices of a long command; sees later changes. */
struct store_reader;
#define STORE_WANT_BLOB 1
#define STORE_WANT_TEXT 2
struct store_reader *store_reader_new(struct store_mbox *m);
/* Sets *r to NULL; accepts NULL. */
void store_reader_free(struct store_reader **r);
/* STORE_GONE: no such row. */
enum store_err store_reader_get(struct store_reader *r, uint32_t uid,
    unsigned want, struct store_message *msg_r);
/* The first header_len bytes of the message, mapped; valid until store_idle() or
 * 1,024 further calls. msg must have been read with STORE_WANT_BLOB. */
enum store_err store_reader_header(struct store_reader *r,
    const struct store_message *msg, const unsigned char **data_r);
/* All bytes of the message; valid as above, and not longer than until the next
 * call of this function. */
enum store_err store_reader_bytes(struct store_reader *r,
    const struct store_message *msg, const unsigned char **data_r);
/* The first `upto` bytes as a place in a file, for sendfile(2). *fd_r is owned
 * by the caller. STORE_NOT_FOUND: they do not lie in the file like that. */
enum store_err store_reader_file(struct store_reader *r,
    const struct store_message *msg, uint32_t upto, int *fd_r, uint64_t *at_r);

/* --- checking ---------------------------------------------------------------- */

/* Checks the invariants of doc/STORE over the whole home, every message with the
 * checksums of its record, and calls report with one line for each violation.
 * Returns how many there were; -1 when it could not finish. */
typedef void store_check_fn(void *ctx, const char *text);
int store_check(struct store *st, store_check_fn *report, void *ctx);

/* The same in slices, the store being used between them. A slice takes about so
 * long (0: no limit), but never less than one mailbox's rows or one message. */
struct store_check;
struct store_check *store_check_new(struct store *st, store_check_fn *report,
    void *ctx);
/* True when done: then store_check_result(), as that of store_check(). */
bool store_check_slice(struct store_check *c, unsigned microseconds);
int store_check_result(const struct store_check *c);
/* Messages; total 0: not known yet. */
void store_check_progress(const struct store_check *c, uint64_t *done_r,
    uint64_t *total_r);
/* Sets *c to NULL; accepts NULL; also before it is done. */
void store_check_free(struct store_check **c);

/* --- what lies in the segments --------------------------------------------- */

struct store_blob_info {
	uint64_t id;
	uint32_t refs;             /* rows that name it; 0: to be purged */
	uint32_t segment, len;     /* where it is, how many bytes */
};
/* Every message that is kept, by id. May be used over slices. */
struct store_blobs;
struct store_blobs *store_blobs_new(struct store *st);
/* STORE_NOT_FOUND: no more. */
enum store_err store_blobs_next(struct store_blobs *s,
    struct store_blob_info *info_r);
/* Sets *s to NULL; accepts NULL. */
void store_blobs_free(struct store_blobs **s);

/* --- damaged homes ------------------------------------------------------- */

/* Something that could not be saved. */
struct store_loss {
	const char *mailbox; /* NULL: not known */
	uint32_t uid;        /* 0: not known */
	uint64_t blob_id;    /* EMAILID; 0: not known */
	const char *text;    /* all of it, one line */
};
typedef void store_loss_fn(void *ctx, const struct store_loss *loss);
/* Makes a sound home in folder `to` (there, and empty) of what is left of the
 * home `from`: every message whose bytes are whole, with its mailbox, UID and
 * flags as of the newest snapshot of it that is whole. Only reads `from`, and
 * never gives up on damage. Memory in proportion to the number of messages.
 * Calls fn (may be NULL) for each message lost, and for each damaged part whose
 * messages are not known. The options are those of store_open(). STORE_BUSY:
 * `from` is in use; STORE_EXISTS: `to` is not empty; STORE_NEWER. */
enum store_err store_salvage(const char *from, const char *to,
    const struct store_options *o, store_loss_fn *fn, void *ctx);
/* Makes the index of an open store anew, from its segments and the newest
 * snapshot; the old one stays as db.bad.TIME. keep: the index is good, so a
 * snapshot is made of it first, and nothing is lost; else flags and copies since
 * the last one are. fn (may be NULL) is told of each message lost. Nothing of the
 * store may be in use: no watch, no append, no reader. On an error before the
 * index is given up *st is as it was; behind that it is NULL, and the next open
 * goes on with it. */
enum store_err store_rebuild(struct store **st, const struct store_options *o,
    bool keep, store_loss_fn *fn, void *ctx);

#endif
