/* SPDX-License-Identifier: ISC
 *
 * What a verb adds to a task of one user: options of its REQUEST, and DATA both
 * ways.
 */
#ifndef CTL_TASK_H
#define CTL_TASK_H

#include <stdbool.h>
#include <stddef.h>

#include "common/buf.h"
#include "common/task_frame.h"

struct ctl;

enum task_fill {
	TASK_FILL_SEND, /* body is the next DATA */
	TASK_FILL_WAIT, /* for DATA of the worker */
	TASK_FILL_LAST, /* there is no more: the DATA of no bytes */
	TASK_FILL_FAIL, /* cannot go on; said why on standard error */
};

struct task_more {
	bool make; /* a home for a user who has none */
	void *ctx;
	/* The options. NULL: none. */
	void (*request)(void *ctx, struct task_pairs *w);
	/* The next DATA, at most TASK_FRAME_DATA bytes, when the one before is
	 * sent. NULL: sends none. */
	enum task_fill (*fill)(void *ctx, struct buf *body);
	/* A DATA that came. False: it makes no sense. NULL: none may come. */
	bool (*data)(void *ctx, const unsigned char *p, size_t n);
};

/* Runs a task for one user, prints what it says. more may be NULL. The result is
 * the exit code. */
int ctl_task_run(const struct ctl *ctl, const char *name, const char *user,
    const struct task_more *more);

#endif
