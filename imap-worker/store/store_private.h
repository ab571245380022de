/* SPDX-License-Identifier: ISC
 *
 * What the files of store/ share.  store.h is the public side.
 *
 * A change is: store_txn_begin(), changes of the index and of the structures
 * here, store_txn_commit(), then the watches are told.  When a step fails,
 * store_txn_abort() and, for each mailbox touched, store_mailbox_reload().
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "store/kv.h"
#include "store/layout.h"
#include "store/segment.h"
#include "store/store.h"

#define STORE_MODSEQ_BLOCK 1000
#define STORE_CHECKPOINT_SECONDS 30
#define STORE_RESERVE_BYTES (4 * MIB)
#define STORE_VANISHED_MAX 10000  /* records of one expunge log */
#define STORE_VANISHED_KEEP 9000  /* what is left of it then */
#define STORE_LATE_MAX 32         /* notes of flag changes of one mailbox */

/* What is known of the newest snapshot; snap.c. */
struct store_snap_state {
	uint32_t no;         /* its number; 0: none */
	bool vouches;        /* for UIDs: it is not stale */
	uint64_t uids;       /* given out when it was made */
	uint64_t changes;    /* of rows since, not told by the segments */
	int64_t made;        /* seconds since the epoch */
	int64_t retry_at;    /* monotonic seconds; after a failure */
};

struct store {
	char *home;              /* own */
	int lock_fd;
	struct store_options o;  /* without defaults */
	struct kv *kv;           /* own */
	struct store_segments seg;
	struct layout_user u, u_before; /* now; when the transaction began */
	uint64_t modseq;         /* the last one given out */
	bool modseq_used;        /* this transaction took modseq + 1 */
	bool in_txn;
	bool log_dirty;          /* committed, and the log has to be flushed */
	bool flags_dirty;        /* the same, may wait when o.relaxed */
	bool changed;            /* something was committed since open */
	bool has_reserve;        /* <home>/reserve is there */
	bool late_full;          /* a mailbox has STORE_LATE_MAX notes */
	bool failed;             /* final; every call is refused */
	bool untrusted;          /* the index: no snapshot of it is made */
	bool rebuilt;            /* the index, by this open; */
	bool rebuilt_whole;      /* and the snapshot for it was not damaged */
	int64_t flags_since, changed_at; /* monotonic seconds */
	uint64_t bytes, messages; /* of all mailboxes */
	struct store_mbox **mboxes; /* own; in the order of store_name_compare() */
	size_t n_mboxes, mboxes_cap;
	char **subscribed;       /* own; same order */
	size_t n_subscribed, subscribed_cap;
	struct store_append *append; /* the one that is open */
	struct store_coder coder;
	struct store_snap_state snap;
	store_loss_fn *loss;     /* told of messages a rebuild lost; or NULL */
	void *loss_ctx;
};

struct store_mbox {
	struct store *st;
	struct store_info info;  /* `subscribed` is not kept here */
	char *name;              /* own; the first info.name */
	struct arena names;      /* later ones: names stay as long as the mailbox */
	uint64_t vanish_floor;
	uint32_t vanished;
	uint32_t late;           /* notes of late.c */
	uint64_t generation;     /* raised when rows change their places */
	unsigned refs;
	bool deleted, loaded, keywords_loaded;
	bool held;               /* store_mbox_hold() */
	struct store_row *rows;  /* own */
	size_t n, cap;
	size_t near;             /* the last answer of store_mbox_lower() */
	uint64_t *newest;        /* own; newer.c, or NULL */
	size_t newest_blocks;
	uint32_t *chunks;        /* own; the UIDs in the keys of its chunks */
	size_t n_chunks, chunks_cap;
	char *keywords[LIMIT_KEYWORDS]; /* own */
	unsigned n_keywords;
	struct store_watch *watch; /* borrowed, linked by their next */
};

/* --- txn.c --- */
int64_t store_now(void); /* monotonic seconds */
/* Maps an error of the index; one that is damage ends the store. */
enum store_err store_txn_error(struct store *st, enum kv_err e);
/* STORE_OK when the store may still be used. */
enum store_err store_txn_usable(const struct store *st);
enum store_err store_txn_begin(struct store *st);
/* The modseq of this transaction. */
uint64_t store_txn_modseq(struct store *st);
enum store_txn_kind {
	STORE_TXN_APPEND, /* durable by the segment */
	STORE_TXN_CHANGE,
	STORE_TXN_FLAGS,  /* may wait when relaxed */
	STORE_TXN_SLACK,  /* no one waits for it */
};
enum store_err store_txn_commit(struct store *st, enum store_txn_kind kind);
void store_txn_abort(struct store *st);
/* Marks the store as failed: nothing more is done with it. */
void store_txn_fail(struct store *st);
/* Segment first, then the log. */
enum store_err store_txn_sync(struct store *st, bool log);
/* Of the index, when due or forced; the store fails when that does. */
void store_txn_checkpoint(struct store *st, bool force);

/* --- store.c --- */
/* store_open(), telling fn (may be NULL) of messages a rebuild lost. */
enum store_err store_open_told(const char *home, const struct store_options *o,
    store_loss_fn *fn, void *ctx, struct store **st_r);

/* --- home.c: the files beside db/ and seg/ --- */
enum store_err store_home_lock(struct store *st);
enum store_err store_home_prepare(struct store *st);
enum store_err store_home_set_aside(struct store *st);
void store_home_reserve_make(struct store *st);
/* True when there was one: worth another try. */
bool store_home_reserve_release(struct store *st);
char *store_home_path(const struct store *st, const char *name);

/* --- deaths.c: what the lock file says --- */
/* Recovery begins. How many starts in a row crashed in it, this one not counted,
 * and whether the index is under suspicion. */
void store_deaths_enter(struct store *st, unsigned *died_r, bool *suspect_r);
/* The index they crashed on was set aside. */
void store_deaths_forgive(struct store *st);
/* Recovery is over; damage: and failed, as if it had crashed. */
void store_deaths_leave(struct store *st, bool damage);
/* Damage was met in use. */
void store_deaths_suspect(struct store *st);

/* --- recover.c --- */
enum store_err store_recover(struct store *st);

/* --- names.c: the table of mailboxes in memory --- */
int store_name_compare(const char *a, const char *b);
bool store_name_below(const char *name, const char *parent);
struct store_mbox *store_names_find(const struct store *st, const char *name);
struct store_mbox *store_names_find_id(const struct store *st, uint32_t id);
void store_names_insert(struct store *st, struct store_mbox *m);
void store_names_remove(struct store *st, struct store_mbox *m);
void store_names_sort(struct store *st);
bool store_names_subscribed(const struct store *st, const char *name);
enum store_err store_names_subscribe(struct store *st, const char *name,
    bool on); /* in a transaction */
enum store_err store_names_load(struct store *st);
void store_names_clear(struct store *st);

/* --- mailbox.c --- */
struct store_mbox *store_mailbox_new(struct store *st, uint32_t id,
    const char *name, size_t name_len);
void store_mailbox_free(struct store_mbox **m);
void store_mailbox_unpack(struct store_mbox *m, const struct layout_mailbox *b);
/* Its record under a name, at most LAYOUT_MAILBOX + LIMIT_MAILBOX_NAME bytes;
 * returns the length. */
size_t store_mailbox_pack(const struct store_mbox *m, const char *name,
    unsigned char *value);
/* Writes its record. */
enum store_err store_mailbox_put(struct store_mbox *m);
/* Back to what the index has, after an abort. */
void store_mailbox_reload(struct store_mbox *m);
/* Makes a mailbox in the transaction; not in the table until the caller
 * inserts it. id 0 and uidvalidity 0: the next ones. */
enum store_err store_mailbox_make(struct store *st, const char *name,
    uint8_t use, uint32_t id, uint32_t uidvalidity,
    const unsigned char *mailboxid, int64_t created, struct store_mbox **m_r);
/* Takes its rows and records away in the transaction. */
enum store_err store_mailbox_erase(struct store_mbox *m);
/* Out of the table, after the commit; its watches are told. */
void store_mailbox_forget(struct store_mbox *m);
void store_mailbox_set_name(struct store_mbox *m, const char *name);
/* A NAME record in the open group. */
enum store_err store_mailbox_record(struct store_mbox *m, enum layout_kind kind,
    const char *name);

/* --- rows.c --- */
enum store_err store_rows_load(struct store_mbox *m);
void store_rows_unload(struct store_mbox *m);
/* Rows of chunk c: [start, end) in m->rows. */
void store_rows_span(const struct store_mbox *m, size_t c, size_t *start_r,
    size_t *end_r);
size_t store_rows_chunk_of(const struct store_mbox *m, uint32_t uid);
enum store_err store_rows_put(struct store_mbox *m, uint32_t key,
    const struct store_row *rows, size_t n);
enum store_err store_rows_put_locs(struct store_mbox *m, uint32_t key,
    const struct layout_loc *locs, size_t n);
enum store_err store_rows_get_locs(struct store_mbox *m, uint32_t key,
    struct layout_loc *locs_r, size_t *n_r);
/* Adds rows at the end, in the index, in memory, and in the counters. */
enum store_err store_rows_append(struct store_mbox *m,
    const struct store_row *rows, const struct layout_loc *locs, size_t n);
/* Adds (sign 1) a row to the counters, or takes it off (-1). */
void store_rows_count(struct store_mbox *m, const struct store_row *r,
    uint32_t size, int sign);

/* The first row at or behind `from` whose UID is not below uid. */
size_t store_rows_lower(const struct store_mbox *m, size_t from, uint32_t uid);

/* --- newer.c --- */
/* The row has this modseq now. */
void store_newer_note(struct store_mbox *m, size_t row, uint64_t modseq);
/* Rows change their places. */
void store_newer_forget(struct store_mbox *m);

/* Meets the rows of a set in order. */
struct store_rows_walk {
	const struct store_mbox *m;
	roaring_uint32_iterator_t it;
	size_t next;
};
void store_rows_walk_init(struct store_rows_walk *w, const struct store_mbox *m,
    const roaring_bitmap_t *uids);
bool store_rows_walk_next(struct store_rows_walk *w, size_t *row_r);

/* Collects UIDs into a bitmap by runs. */
struct store_rows_run {
	roaring_bitmap_t *set; /* borrowed; may be NULL */
	uint32_t first, last;
	bool open;
};
void store_rows_run_add(struct store_rows_run *r, uint32_t uid);
void store_rows_run_end(struct store_rows_run *r);

void store_watch_added(struct store_mbox *m, uint32_t first, uint32_t last);
void store_watch_changed(struct store_mbox *m, const roaring_bitmap_t *uids);
void store_watch_expunged(struct store_mbox *m, const roaring_bitmap_t *uids);

/* --- flags.c --- */
uint64_t store_flags_result(enum store_flag_op op, uint64_t old,
    uint64_t flags);

/* --- late.c: flag changes that the chunks do not have yet --- */
/* Notes, in the transaction, that op was done to the flags of these rows. */
enum store_err store_late_note(struct store_mbox *m, enum store_flag_op op,
    uint64_t flags, uint64_t modseq, const roaring_bitmap_t *uids);
/* Does what is noted to rows that were just read from the chunks. */
enum store_err store_late_apply(struct store_mbox *m);
/* Writes the chunks and takes the notes away, in transactions of its own. */
enum store_err store_late_settle(struct store_mbox *m);
enum store_err store_late_settle_all(struct store *st);
/* Takes the notes of a mailbox away, in the transaction. */
enum store_err store_late_erase(struct store_mbox *m);
/* Counts the notes of all mailboxes, or of one. */
enum store_err store_late_count_all(struct store *st);
enum store_err store_late_count(struct store_mbox *m);

/* --- keywords.c --- */
enum store_err store_keywords_load(struct store_mbox *m);
void store_keywords_unload(struct store_mbox *m);
/* The mask of a keyword, added in memory when new. */
enum store_err store_keywords_mask(struct store_mbox *m, const char *name,
    uint64_t *mask_r);
/* Writes those from number `first` on. */
enum store_err store_keywords_put(struct store_mbox *m, unsigned first);
/* Forgets those from number `first` on. */
void store_keywords_truncate(struct store_mbox *m, unsigned first);
enum store_err store_keywords_erase(struct store_mbox *m);

/* --- expunge.c --- */
/* In the transaction; release: their blobs lose a reference. */
enum store_err store_expunge_rows(struct store_mbox *m,
    const roaring_bitmap_t *uids, bool release, roaring_bitmap_t *gone_r);
enum store_err store_expunge_erase_log(struct store_mbox *m);
/* Calls fn for each range of one record; false: not valid. */
bool store_expunge_decode(const struct kv_item *v,
    void (*fn)(void *ctx, uint32_t first, uint32_t last), void *ctx);

/* --- blob.c --- */
enum store_err store_blob_put(struct store *st, uint64_t id,
    const struct layout_blob *b, const struct store_derived *d);
enum store_err store_blob_ref(struct store *st, uint64_t id, int by);
enum store_err store_blob_delete(struct store *st, uint64_t id);

/* --- append.c --- */
struct store_append_item {
	uint32_t uid, savedate;
	uint64_t blob, flags, modseq;
	uint32_t segment;
	struct store_coded coded;
	uint64_t at;
	int64_t internaldate;
	int16_t zone;
	struct store_derived derived;
};
/* The blob record of a message that is in the segments, in the transaction, and
 * what a row says of it. */
enum store_err store_append_blob(struct store *st,
    const struct store_append_item *item, uint32_t refs,
    struct layout_loc *loc_r);
/* Blob records and rows of messages that are in the segments. */
enum store_err store_append_index(struct store_mbox *m,
    const struct store_append_item *items, size_t n);

/* --- thread.c --- */
/* The thread of a message, which joins those that named it or made it: the
 * first thread known of its ids, else a new one named after its blob. */
enum store_err store_thread_join(struct store *st, const uint64_t *ids,
    unsigned n, uint64_t blob, uint64_t *thread_r);

/* --- check_snap.c --- */
/* Reports as store_check(); NULL: could not be finished. */
void store_check_snapshot(struct store *st,
    void (*report)(void *ctx, const char *text), void *ctx);

#endif
