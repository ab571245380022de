/* SPDX-License-Identifier: ISC
 *
 * Going through all mailboxes over slices: the names are taken at the begin, a
 * mailbox that is gone when its turn comes is left out.
 */
#ifndef TASK_MAILBOXES_H
#define TASK_MAILBOXES_H

#include "task/task.h"

struct task_mailboxes {
	char **names; /* of the task's arena */
	size_t n, cap, at;
	struct arena scratch;
};

/* False: task_fail() was called. */
bool task_mailboxes_begin(struct task *t, struct task_mailboxes *m);
/* The next one, good until the next call. False: no more, or task_fail(). */
bool task_mailboxes_next(struct task *t, struct task_mailboxes *m,
    struct store_info *info_r);
void task_mailboxes_clear(struct task_mailboxes *m);

/* A pair special_use: "sent trash"; "" for none. */
void task_mailboxes_put_use(struct task_pairs *w, uint8_t use);

#endif
