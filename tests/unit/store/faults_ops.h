/* SPDX-License-Identifier: ISC
 *
 * What test_faults.c does to a store: homes to begin with, operations, and a
 * text of all that a store has, to compare.
 */
#ifndef FAULTS_OPS_H
#define FAULTS_OPS_H

#include "store_test.h"

#include "../../crash/image.h"

/* The homes: name, how it is made from the one it is built on. */
#define FAULTS_HOMES(X)                                                       \
	X(EMPTY, "empty folder")                                              \
	X(WORK, "closed, some of everything")                                 \
	X(SEALED, "killed: a group is not indexed")                           \
	X(TORN, "killed: a group is not whole")                               \
	X(NO_INDEX, "db/ was removed")                                        \
	X(DAMAGED, "a page of the index is damaged")                          \
	X(HEAD, "db/ was removed, the head of a segment is damaged")          \
	X(CRASHED_ONCE, "the last start crashed in recovery")              \
	X(CRASHED_TWICE, "the last two did")                                 \
	X(HALF_SEGMENT, "a new segment was not finished")                     \
	X(LONG_LOG, "killed: the log has a second file")

enum faults_home {
#define X(id, what) FAULTS_HOME_##id,
	FAULTS_HOMES(X)
#undef X
	FAULTS_HOME_COUNT
};

struct faults_op {
	const char *name;
	enum faults_home home;
	/* Opening is an operation too: then t->st is NULL before. */
	bool opens;
	bool rebuilds;       /* each time with another UIDVALIDITY */
	bool two;            /* two transactions: there is a state between */
	/* opens: may as well end as this one does when opened; 0: no */
	enum faults_home other;
	bool flushes;        /* itself */
	uint64_t segment_limit; /* 0: as it is */
	enum store_err (*run)(struct store_test *t);
};
extern const struct faults_op faults_ops[];
extern const size_t faults_n_ops;

/* Makes all homes; `dir` is a folder to work in. */
void faults_homes_make(struct image *homes, const char *dir);
/* Everything a user can see of the store, as text. False: it could not be
 * read. */
bool faults_dump(struct store *st, bool rebuilt, char *text_r, size_t size);
/* Half of "rename INBOX". */
enum store_err faults_create_old(struct store_test *t);
/* Adds one message to INBOX and flushes. */
enum store_err faults_probe(struct store *st, uint32_t *uid_r);
void faults_options(struct store_test *t, const char *home);

#endif
