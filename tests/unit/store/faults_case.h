/* SPDX-License-Identifier: ISC
 *
 * One case of test_faults.c: a fault, and the processes that meet it.
 */
#ifndef FAULTS_CASE_H
#define FAULTS_CASE_H

#include "faults_ops.h"

#include "store/io.h"

#define TEXT 65536
#define LAST_N 100000
#define TRACE 16384
#define PAGE 4096 /* what the system writes in one piece */

/* What is done to the call: name, what. */
#define FAULT_KINDS(X)                                                        \
	X(EIO, "EIO")                                                         \
	X(NO_SPACE, "ENOSPC")                                                 \
	X(FULL, "ENOSPC from then on")                                        \
	X(SHORT, "short write")                                               \
	X(TORN, "short write, then ENOSPC")                                   \
	X(SYNC, "failed fsync")                                               \
	X(GONE, "EIO from then on")                                           \
	X(MEMORY, "no memory")                                                \
	X(KILL, "killed before")                                              \
	X(KILL_HALF, "killed in the middle of a write")

enum fault_kind {
#define X(id, name) FAULT_##id,
	FAULT_KINDS(X)
#undef X
	FAULT_KIND_COUNT
};
/* Shared with the children. */
struct shared {
	unsigned visited[STORE_IO_COUNT], refused[STORE_IO_COUNT];
	bool armed, fired;
	enum store_io_at fired_at;
	enum fault_kind kind;
	unsigned n, calls;
	/* of a run without faults: the places, and the kinds that apply */
	unsigned n_trace;
	struct {
		unsigned char at;
		unsigned short kinds;
	} trace[TRACE];
	/* what the child saw */
	bool done;             /* it came to its end */
	enum store_err opened, result, flushed;
	bool failed;           /* the store, for good */
	uint32_t uidnext;      /* told to someone */
	char problem[256];
	char text[TEXT];       /* of the store, right behind it */
	char again[TEXT];      /* after reopening */
	bool reopened;
};
extern struct shared *shared;

/* Run in processes of their own, and end them: the operation with its fault in
 * home, and the next opening. */
void faults_child(const struct faults_op *op, const char *home);
void faults_child_again(const struct faults_op *op, const char *home);
/* Notes the first thing that was wrong. */
void faults_problem(const char *text);

#endif
