/* SPDX-License-Identifier: ISC
 *
 * fsck: the invariants of doc/STORE, and every message's record in the segments
 * with its checksums. Changes nothing. Each violation is a problem; one row at
 * the end says how much was looked at.
 *
 * The rows of one mailbox are looked at in one go: 65 ms for 200,000 messages.
 */
#include "task/task.h"

#define FSCK_SLICE 1000 /* microseconds; a step has several */

static void
fsck_report(void *ctx, const char *text)
{
	task_problem(ctx, TASK_ERROR, "%s", text);
}

static bool
fsck_begin(struct task *t)
{
	t->state = store_check_new(t->store, fsck_report, t);
	return true;
}

static enum task_step
fsck_step(struct task *t)
{
	uint64_t done, total;
	struct task_pairs w;
	bool over = false;

	while (!over && !task_slice_over(t))
		over = store_check_slice(t->state, FSCK_SLICE);
	store_check_progress(t->state, &done, &total);
	if (!over) {
		task_progress(t, done, total, total == 0 ? "mailboxes"
		                                         : "messages");
		return TASK_STEP_MORE;
	}
	if (store_check_result(t->state) < 0) {
		task_fail(t, "the check could not be finished");
		return TASK_STEP_DONE;
	}
	task_row(t, &w, "check");
	task_pairs_number(&w, "messages", done);
	task_pairs_number(&w, "problems", t->problems);
	task_pairs_end(&w);
	return TASK_STEP_DONE;
}

static void
fsck_free(struct task *t)
{
	struct store_check *c = t->state;

	store_check_free(&c);
}

const struct task_def task_fsck = {
	.name = "fsck",
	.begin = fsck_begin,
	.step = fsck_step,
	.free = fsck_free,
};
