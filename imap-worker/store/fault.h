/* SPDX-License-Identifier: ISC
 *
 * Places where a crash test lets the process die.  Active only when the
 * environment has POSTERN_FAULT=name or name:count at store_open(): the
 * count-th (first) passing of that place raises SIGKILL.
 */
#ifndef STORE_FAULT_H
#define STORE_FAULT_H

/* The table: name, where. */
#define STORE_FAULTS(X)                                                       \
	X(APPEND_WRITTEN, "append-written", "record written, group open")     \
	X(APPEND_SEALED, "append-sealed", "group complete, not indexed")      \
	X(TXN_COMMIT, "txn-commit", "before the commit of the index")         \
	X(TXN_COMMITTED, "txn-committed", "behind it, nothing flushed")       \
	X(FLUSH_SEGMENT, "flush-segment", "segment durable, log not")         \
	X(FLUSH_DONE, "flush-done", "all durable")                            \
	X(SEGMENT_MADE, "segment-made", "new segment, folder not synced")     \
	X(NAME_WRITTEN, "name-written", "NAME record written, not indexed")   \
	X(MODSEQ_RESERVED, "modseq-reserved", "mark raised")                  \
	X(OPEN_INDEX, "open-index", "index opened, not replayed")             \
	X(OPEN_REPLAYED, "open-replayed", "replayed, not yet committed")      \
	X(OPEN_VERSION, "open-version", "VERSION written, home empty")        \
	X(CHECKPOINT, "checkpoint", "before a checkpoint")                    \
	X(SNAP_HALF, "snap-half", "in the middle of a snapshot")              \
	X(SNAP_WRITTEN, "snap-written", "all of it written, not synced")      \
	X(SNAP_RENAMED, "snap-renamed", "in its place, folder not synced")    \
	X(SNAP_DONE, "snap-done", "durable, older ones removed")              \
	X(CLOSE, "close", "last commit done, index open")

enum store_fault_at {
#define X(id, name, where) STORE_FAULT_##id,
	STORE_FAULTS(X)
#undef X
	STORE_FAULT_COUNT
};

/* Reads POSTERN_FAULT. */
void store_fault_init(void);
void store_fault(enum store_fault_at at);
const char *store_fault_name(enum store_fault_at at);

#endif
