/* SPDX-License-Identifier: ISC
 *
 * An ordered key/value index with transactions: all the store asks of a
 * database engine.  kv_bdb.c does it with Berkeley DB; another engine has to
 * provide these functions and nothing else.
 *
 * One owner, one thread, one transaction at a time.  Keys sort as unsigned
 * bytes.  Five tables.  A commit reaches the operating system at once (it
 * survives the death of the process) and the disk with kv_flush().
 */
#ifndef STORE_KV_H
#define STORE_KV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kv_table { KV_META, KV_HOT, KV_LOC, KV_BLOB, KV_TEXT, KV_TABLES };

enum kv_err {
	KV_OK = 0,
	KV_NOT_FOUND,
	KV_NO_SPACE, /* the disk is full; nothing changed */
	KV_DAMAGED,  /* the files are damaged; only kv_close() is left */
	KV_IO,       /* logged where it was seen */
};

#define KV_KEY_MAX 1024
#define KV_CHECKPOINT_KIB 512 /* log written between two checkpoints */

struct kv;
struct kv_item {
	const unsigned char *data;
	size_t len;
};

/* Opens or makes the index in folder dir (which exists) and runs its recovery.
 * Never opens anything outside dir. */
enum kv_err kv_open(const char *dir, struct kv **kv_r);
/* Checkpoints (unless damaged) and closes; sets *kv to NULL; accepts NULL. */
void kv_close(struct kv **kv);
/* Closes and writes nothing more than it has to: after a failure. */
void kv_discard(struct kv **kv);

/* What the system refused since the last kv_open() began: KV_OK (nothing),
 * KV_NO_SPACE or KV_IO.  Unless KV_OK, KV_DAMAGED need not mean damage: the
 * engine gives up in the same way. */
enum kv_err kv_refused(void);

enum kv_err kv_begin(struct kv *kv);
/* The transaction is over, whatever the result; on an error nothing of it was
 * done. */
enum kv_err kv_commit(struct kv *kv);
/* Does nothing when none is open. On an error only kv_close() is left. */
enum kv_err kv_abort(struct kv *kv);

/* Reads see the open transaction. *v_r is valid until the next call. */
enum kv_err kv_get(struct kv *kv, enum kv_table t, const void *key,
    size_t key_len, struct kv_item *v_r);
/* The record with the greatest key not above `key`. Valid until the next call. */
enum kv_err kv_floor(struct kv *kv, enum kv_table t, const void *key,
    size_t key_len, struct kv_item *k_r, struct kv_item *v_r);
/* Need an open transaction. */
enum kv_err kv_put(struct kv *kv, enum kv_table t, const void *key,
    size_t key_len, const void *value, size_t value_len);
/* KV_NOT_FOUND: there was none. */
enum kv_err kv_delete(struct kv *kv, enum kv_table t, const void *key,
    size_t key_len);

/* Makes every commit so far durable: one fsync, none if there is nothing. */
enum kv_err kv_flush(struct kv *kv);
/* Bounds the time recovery takes. Does nothing unless due or forced. */
enum kv_err kv_checkpoint(struct kv *kv, bool force);

/* A forward scan that reads many records at a time into a buffer of its own.
 * Records changed after they were read into the buffer are seen as they were;
 * the scan survives any change of the table. */
struct kv_scan {
	struct kv *kv;
	enum kv_table table;
	unsigned char *buf;  /* own; NULL until the first read */
	size_t size;
	void *next;          /* in buf; NULL: at its end */
	unsigned records, hits;
	unsigned char key[KV_KEY_MAX + 8]; /* where the next batch begins */
	size_t key_len;
	struct kv_item k, v; /* the current record */
};

void kv_scan_init(struct kv_scan *s, struct kv *kv, enum kv_table t);
void kv_scan_clear(struct kv_scan *s);
/* The first record at or after key; cheap when that is a little ahead of the
 * current one. Items live until the next call on s. KV_NOT_FOUND: none. */
enum kv_err kv_scan_to(struct kv_scan *s, const void *key, size_t key_len,
    struct kv_item *k_r, struct kv_item *v_r);
/* The one behind the current one; needs a kv_scan_to() before. */
enum kv_err kv_scan_next(struct kv_scan *s, struct kv_item *k_r,
    struct kv_item *v_r);

#endif
