/* SPDX-License-Identifier: ISC
 *
 * rebuild: the index made anew from the segments, in place.
 *
 *   checking   store_check() in slices, while the sessions go on. It decides what
 *              the rows are taken from: a sound index leaves a snapshot of this
 *              moment, and nothing is lost; of one that is not, the newest
 *              snapshot there is counts. A damaged message is not held against
 *              the index.
 *   leaving    the sessions are told BYE: nothing they know of the index outlives
 *              it. Their clients come back.
 *   building   store_rebuild(), in one step: 12 s for 200,000 messages, in which
 *              deliveries and new sessions of this user wait.
 *
 * With dry_run the first is all.
 */
#include <inttypes.h>
#include <string.h>

#include "task/task.h"

#define REBUILD_SLICE 1000 /* microseconds; a step has several */
#define REBUILD_FAULTS 20  /* of the index, told one by one */

struct rebuild_task {
	struct store_check *check; /* own; NULL: done */
	uint64_t faults;           /* of the index */
	uint64_t lost;             /* messages */
	bool unreadable;           /* the check could not be finished */
};

/* Does this report speak of the index? Those of invariant 1 speak of a message,
 * those of 10 of a snapshot. */
static bool
rebuild_is_fault(const char *text)
{
	return strncmp(text, "1:", 2) != 0 && strncmp(text, "10:", 3) != 0;
}

static void
rebuild_report(void *ctx, const char *text)
{
	struct task *t = ctx;
	struct rebuild_task *rt = t->state;

	if (rebuild_is_fault(text) && ++rt->faults <= REBUILD_FAULTS)
		task_problem(t, TASK_NOTE, "the index: %s", text);
}

static bool
rebuild_begin(struct task *t)
{
	struct rebuild_task *rt = arena_alloc(&t->arena, sizeof(*rt));

	memset(rt, 0, sizeof(*rt));
	t->state = rt;
	rt->check = store_check_new(t->store, rebuild_report, t);
	return true;
}

static bool
rebuild_sound(const struct rebuild_task *rt)
{
	return rt->faults == 0 && !rt->unreadable;
}

static void
rebuild_row(struct task *t)
{
	const struct rebuild_task *rt = t->state;
	struct store_usage u;
	struct task_pairs w;

	store_usage(t->store, &u);
	task_row(t, &w, "rebuild");
	task_pairs_number(&w, "messages", u.messages);
	task_pairs_number(&w, "lost", rt->lost);
	task_pairs_bool(&w, "index_sound", rebuild_sound(rt));
	task_pairs_bool(&w, "rebuilt", !t->dry_run);
	task_pairs_end(&w);
}

/* --- checking ------------------------------------------------------------- */

static enum task_step
rebuild_check(struct task *t)
{
	struct rebuild_task *rt = t->state;
	uint64_t done, total;
	bool over = false;

	while (!over && !task_slice_over(t))
		over = store_check_slice(rt->check, REBUILD_SLICE);
	store_check_progress(rt->check, &done, &total);
	task_progress(t, done, total, "checked");
	if (!over)
		return TASK_STEP_MORE;
	rt->unreadable = store_check_result(rt->check) < 0;
	store_check_free(&rt->check);
	if (rt->unreadable)
		task_problem(t, TASK_NOTE, "the index cannot be read");
	if (!t->dry_run)
		return TASK_STEP_MORE;
	rebuild_row(t);
	task_conclude(t, rebuild_sound(rt) ? "nothing would be lost" :
	    "flags and copies would be as of the last snapshot");
	return TASK_STEP_DONE;
}

/* --- building ------------------------------------------------------------- */

static void
rebuild_progress(void *ctx, uint64_t done, uint64_t total)
{
	task_progress(ctx, done, total, "messages");
	task_say_now(ctx);
}

static void
rebuild_loss(void *ctx, const struct store_loss *loss)
{
	struct task *t = ctx;

	((struct rebuild_task *)t->state)->lost++;
	task_problem(t, TASK_ERROR, "%s", loss->text);
}

static enum task_step
rebuild_build(struct task *t)
{
	const struct task_told how = { .progress = rebuild_progress,
		.loss = rebuild_loss, .ctx = t };
	struct rebuild_task *rt = t->state;
	bool sound = rebuild_sound(rt);
	enum store_err e;

	e = t->host->rebuild(t->host->ctx, sound, &how, &t->store);
	if (e != STORE_OK) {
		task_fail(t, "%s: %s", t->store != NULL ? "nothing was changed"
		    : "the index could not be made; the next login tries again",
		    store_err_text(e));
		return TASK_STEP_DONE;
	}
	rebuild_row(t);
	if (!sound)
		task_conclude(t, "flags and copies are as of the last snapshot");
	return TASK_STEP_DONE;
}

static enum task_step
rebuild_step(struct task *t)
{
	struct rebuild_task *rt = t->state;

	if (rt->check != NULL)
		return rebuild_check(t);
	if (!t->host->alone(t->host->ctx)) {
		task_fail(t, "another task of this user is running");
		return TASK_STEP_DONE;
	}
	if (!t->host->close_sessions(t->host->ctx,
	    "The index of your mail is made anew, please come back"))
		return TASK_STEP_MORE;
	return rebuild_build(t);
}

static void
rebuild_free(struct task *t)
{
	struct rebuild_task *rt = t->state;

	if (rt != NULL)
		store_check_free(&rt->check);
}

const struct task_def task_rebuild = {
	.name = "rebuild",
	.flags = TASK_CHANGES,
	.begin = rebuild_begin,
	.step = rebuild_step,
	.free = rebuild_free,
};
