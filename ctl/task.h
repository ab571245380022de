/* SPDX-License-Identifier: ISC
 *
 * Having the worker of a user do a task.
 */
#ifndef CTL_TASK_H
#define CTL_TASK_H

#include "common/task_frame.h"
#include "ctl/ctl.h"

/* Where the frames of a task go that are more than something to be printed. */
struct task_sink {
	/* Called with each ROW, PROBLEM, PROGRESS and DATA, then, with NULL, at
	 * a good end. NULL, or why it cannot go on. *print_r: true at first;
	 * false, the frame is not printed. */
	const char *(*frame)(void *ctx, const struct task_frame *f,
	    bool *print_r);
	/* Has it met problems of its own? */
	bool (*problems)(void *ctx);
	void *ctx;
};

/* Runs the task for each user, or for all with --all; the exit code. sink may be
 * NULL: then DATA is refused. */
int task_users(const struct ctl *ctl, const char *name, size_t n, char **users,
    const struct task_sink *sink);

#endif
