/* SPDX-License-Identifier: ISC
 *
 * Having the workers of users do a task, and what a verb adds to that: options of
 * its REQUEST, DATA both ways, a use for what the task says besides printing it.
 */
#ifndef CTL_TASK_H
#define CTL_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/task_frame.h"
#include "ctl/ctl.h"

enum task_fill {
	TASK_FILL_SEND, /* body is the next DATA */
	TASK_FILL_WAIT, /* for DATA of the worker */
	TASK_FILL_LAST, /* there is no more: the DATA of no bytes */
	TASK_FILL_FAIL, /* cannot go on; said why on standard error */
};

/* Functions may be NULL. */
struct task_more {
	bool make; /* a home for a user who has none */
	void *ctx;
	/* The options. */
	void (*request)(void *ctx, struct task_pairs *w);
	/* The next DATA, at most TASK_FRAME_DATA bytes, when the one before is
	 * sent. */
	enum task_fill (*fill)(void *ctx, struct buf *body);
	/* Called with each ROW, PROBLEM, PROGRESS and DATA, then, with NULL, at
	 * a good end. NULL, or why it cannot go on. *print_r: true at first;
	 * false, the frame is not printed. Without it DATA is refused. */
	const char *(*frame)(void *ctx, const struct task_frame *f,
	    bool *print_r);
	/* Has it met problems of its own? */
	bool (*problems)(void *ctx);
};

/* Runs the task for each user, or for all with --all; the exit code. more may be
 * NULL. */
int task_users(const struct ctl *ctl, const char *name, size_t n, char **users,
    const struct task_more *more);

#endif
