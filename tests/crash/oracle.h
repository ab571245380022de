/* SPDX-License-Identifier: ISC
 *
 * What the crash tests do to a store and what they then expect of it: random
 * operations, and a model of mailboxes that they are applied to as well.  The
 * store must be the model of what was acknowledged, with some of what was under
 * way, each operation whole.
 */
#ifndef CRASH_ORACLE_H
#define CRASH_ORACLE_H

#include "store/store.h"

#define ORACLE_MAILBOXES 8

enum oracle_kind { APPEND, ABORT, FLAGS, EXPUNGE, COPY, MOVE, CREATE, DELETE,
	RENAME, FLUSHED, OPENED, CLOSED };

struct oracle_op {
	enum oracle_kind kind;
	char name[16], to[16];
	uint32_t first, last; /* UIDs; APPEND: number of messages in first */
	uint32_t id;          /* of the first message appended */
	uint32_t uid;         /* APPEND: the UID it took; 0: the next one */
	uint64_t flags, modseq;
	enum store_flag_op how;
};

struct oracle_message {
	uint32_t uid, id;
	uint64_t flags;
	bool lost; /* has had its UID, and is not there */
};
struct oracle_mailbox {
	char name[16]; /* "": none */
	uint32_t uidnext;
	struct oracle_message *messages; /* own */
	size_t n;
};
struct oracle_model {
	struct oracle_mailbox mailbox[ORACLE_MAILBOXES + 1];
};

void oracle_seed(uint64_t seed);
uint32_t oracle_dice(uint32_t sides);
store_derive_fn oracle_derive;

/* A model with an empty INBOX. */
void oracle_init(struct oracle_model *m);
void oracle_clear(struct oracle_model *m);
void oracle_copy(struct oracle_model *to, const struct oracle_model *from);
struct oracle_mailbox *oracle_find(struct oracle_model *m, const char *name);
/* lost: messages that are appended take their UIDs and are not there. */
void oracle_apply(struct oracle_model *m, const struct oracle_op *op,
    bool lost);
/* Recovery dropped what was lost: a later copy does not find it. */
void oracle_forget_lost(struct oracle_model *m);
/* Is the store the model? say: print what differs. */
bool oracle_same(struct store *st, struct oracle_model *m, bool say);
/* Is each message of the model somewhere in the store, and each mailbox but
 * those named in the operations? All that a rebuild promises. */
bool oracle_saved(struct store *st, const struct oracle_model *m,
    const struct oracle_op *ops, unsigned n);

/* A random operation that is possible now. */
void oracle_choose(struct store *st, struct oracle_op *op);
/* Does it; ends the process with 4 when it is refused. */
void oracle_do(struct store *st, const struct oracle_op *op);

#endif
