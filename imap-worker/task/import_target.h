/* SPDX-License-Identifier: ISC
 *
 * The mailbox an import fills: which UIDs it can keep, what it has already, and
 * messages gathered until there are enough for a transaction.
 */
#ifndef TASK_IMPORT_TARGET_H
#define TASK_IMPORT_TARGET_H

#include "task/task.h"

#define IMPORT_BATCH_MESSAGES 100
#define IMPORT_BATCH_BYTES (1 * MIB) /* one message may be larger */

struct import_message {
	size_t at, len;         /* in target.bytes */
	uint32_t uid;           /* 0: the next one */
	uint64_t flags;         /* system flags and keyword bits */
	int64_t date;
	int16_t zone;
	bool recent;
};

struct import_target {
	struct task *t;         /* borrowed */
	struct arena arena;     /* own; as long as the folder */
	const char *name;       /* of the mailbox; NULL: none is open */
	const char *source;     /* the folder, for reports */
	uint32_t uidvalidity, uidnext; /* of the source; 0: it has none */
	bool keep;              /* UIDs are kept */
	struct store_mbox *m;   /* referenced; NULL: a dry run, and it is not there */
	bool over;              /* a UID could not be kept: said once */
	bool full;              /* a keyword found no place: said once */
	uint32_t next;          /* UIDNEXT, as the messages that wait make it */
	roaring_bitmap_t *have, *gone; /* own; UIDs that are there, or were */
	struct buf bytes;       /* of the messages that wait */
	struct import_message *batch; /* own */
	size_t n;
	uint64_t messages, skipped, failed, size; /* done */
};

/* Once for all folders. */
void import_target_init(struct import_target *g, struct task *t);
void import_target_clear(struct import_target *g);
/* Makes the mailbox where there is none. False: task_fail() was called. */
bool import_target_open(struct import_target *g, const char *name,
    const char *source, uint32_t uidvalidity, uint32_t uidnext);
/* Is the message with this UID of the source wanted? *uid_r: the UID it gets; 0:
 * a new one. */
bool import_target_wants(struct import_target *g, uint32_t uid,
    uint32_t *uid_r);
/* The bit of a keyword; 0: there is no more place for it. */
uint64_t import_target_keyword(struct import_target *g, const char *name);

/* A message: bytes as they come, then its end. */
void import_target_bytes(struct import_target *g, const unsigned char *p,
    size_t n);
/* What came is no message, after all. */
void import_target_drop(struct import_target *g);
/* what: how to call it in a report. False: task_fail() was called. */
bool import_target_add(struct import_target *g, const struct import_message *m,
    const char *what);
/* Are there enough for a transaction? */
bool import_target_due(const struct import_target *g);
/* Makes it. False: task_fail() was called. */
bool import_target_commit(struct import_target *g);
/* The folder is over: the rest, UIDNEXT, its row. */
bool import_target_close(struct import_target *g);

#endif
