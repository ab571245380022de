/* SPDX-License-Identifier: ISC
 *
 * A task: something an administrator wants done with this user's mail, run in
 * the user's own worker beside the sessions. One file a task, whose entry stands
 * in task_table.c.
 *
 * run.c calls, in this order: option() for each option of the request, begin(),
 * then step() again and again, a few milliseconds at a time, and free(). Between
 * two steps the store is used by others: what a step keeps of it must be good
 * for that (store.h says what is). What a step changed is durable before
 * anything it wrote is sent.
 */
#ifndef TASK_TASK_H
#define TASK_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/arena.h"
#include "common/buf.h"
#include "common/task_frame.h"
#include "store/store.h"

#define TASK_OUT_HIGH (256 * KIB) /* no step while so much waits */
#define TASK_OUT_MAX (4 * MIB)    /* the most a single step may add to that */
#define TASK_PROBLEMS_SENT 1000   /* further ones are only counted */

/* flags */
#define TASK_GIVES_MAIL 2u /* what messages say: not for the control-group */
#define TASK_CHANGES 1u /* may change the store; takes the option dry_run */

enum task_step {
	TASK_STEP_MORE,
	TASK_STEP_WAIT, /* for the next DATA */
	TASK_STEP_DONE,
};

/* Whom store_rebuild() tells. */
struct task_told {
	store_progress_fn *progress;
	store_loss_fn *loss;
	void *ctx;
};

/* What a task may ask of the worker it runs in. */
struct task_host {
	void *ctx;
	/* No other task runs. */
	bool (*alone)(void *ctx);
	/* Says BYE to all sessions; one that has not read it by the next call is
	 * cut off. True: none is left. */
	bool (*close_sessions)(void *ctx, const char *bye);
	/* store_rebuild(), when alone and without sessions. *st_r: the store from
	 * now on; NULL: there is none any more, and the worker ends. */
	enum store_err (*rebuild)(void *ctx, bool keep,
	    const struct task_told *how, struct store **st_r);
};

struct task;
struct task_def {
	const char *name;
	unsigned flags;
	/* An option of its own; false: it has none such. NULL: it has none. */
	bool (*option)(struct task *t, const struct task_pair *option);
	/* False: task_fail() was called. NULL: nothing to do. */
	bool (*begin)(struct task *t);
	/* Until task_slice_over(). After task_fail() the result is DONE. */
	enum task_step (*step)(struct task *t);
	/* Bytes from posternctl, only while waiting; n 0: there are no more.
	 * NULL: takes none. False: task_fail() was called. */
	bool (*data)(struct task *t, const unsigned char *p, size_t n);
	/* Gives back what is not in the arena; also after begin() failed, or
	 * without it. NULL: nothing. */
	void (*free)(struct task *t);
};

struct task {
	const struct task_def *def;
	struct store *store;   /* borrowed */
	const char *home;      /* borrowed */
	const struct task_host *host; /* borrowed; NULL: none */
	struct arena arena;    /* lives as long as the task */
	void *state;           /* the task's own, from the arena; NULL at first */
	bool dry_run;
	/* private to run.c and report.c */
	struct buf out;
	size_t sent;           /* of out */
	int64_t slice_end, progress_at; /* milliseconds, monotonic */
	uint64_t problems;
	bool failed;
	char text[256];        /* of the END */
};

/* Sends what waits, as far as that goes at once, from within a step that takes
 * long. Only for what may be said before the turn's flush: progress. */
void task_say_now(struct task *t);

/* Is it time to come back later: the time is over, or enough waits to be sent? */
bool task_slice_over(const struct task *t);

/* --- report.c: what a task says ----------------------------------------------- */

/* A line of the result; what: which kind of line, its first pair "row". The
 * caller adds pairs and ends it with task_pairs_end(). */
void task_row(struct task *t, struct task_pairs *w, const char *what);
void task_problem(struct task *t, enum task_severity severity, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* May be called at any rate: only a few a second are sent. total 0: unknown. */
void task_progress(struct task *t, uint64_t done, uint64_t total,
    const char *text);
/* At most TASK_FRAME_DATA. */
void task_data(struct task *t, const void *p, size_t n);
/* Why it cannot go on, for the administrator; also logged. */
void task_fail(struct task *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* What is said at a good end; without it nothing. */
void task_conclude(struct task *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* --- task_table.c ----------------------------------------------------------------- */

/* NULL: no such task. */
const struct task_def *task_find(const char *name);

#endif
