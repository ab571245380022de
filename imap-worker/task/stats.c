/* SPDX-License-Identifier: ISC
 *
 * stats: a row for each mailbox, and one of totals.
 */
#include "task/mailboxes.h"
#include "task/task.h"

struct stats {
	struct task_mailboxes boxes;
	uint64_t mailboxes, messages, unseen, deleted, bytes;
};

static bool
stats_begin(struct task *t)
{
	struct stats *s = arena_alloc(&t->arena, sizeof(*s));

	t->state = s;
	return task_mailboxes_begin(t, &s->boxes);
}

static void
stats_mailbox(struct task *t, struct stats *s, const struct store_info *i)
{
	struct task_pairs w;

	task_row(t, &w, "mailbox");
	task_pairs_text(&w, "mailbox", i->name);
	task_pairs_number(&w, "messages", i->messages);
	task_pairs_number(&w, "unseen", i->unseen);
	task_pairs_number(&w, "deleted", i->deleted);
	task_pairs_number(&w, "bytes", i->bytes);
	task_pairs_number(&w, "uidvalidity", i->uidvalidity);
	task_pairs_number(&w, "uidnext", i->uidnext);
	task_pairs_number(&w, "highestmodseq", i->highestmodseq);
	task_pairs_bool(&w, "subscribed", i->subscribed);
	task_mailboxes_put_use(&w, i->use);
	task_pairs_end(&w);
	s->mailboxes++;
	s->messages += i->messages;
	s->unseen += i->unseen;
	s->deleted += i->deleted;
	s->bytes += i->bytes;
}

static void
stats_total(struct task *t, const struct stats *s)
{
	struct store_usage u;
	struct task_pairs w;

	store_usage(t->store, &u);
	task_row(t, &w, "total");
	task_pairs_number(&w, "mailboxes", s->mailboxes);
	task_pairs_number(&w, "messages", s->messages);
	task_pairs_number(&w, "unseen", s->unseen);
	task_pairs_number(&w, "deleted", s->deleted);
	task_pairs_number(&w, "bytes", s->bytes);
	task_pairs_number(&w, "quota_messages", u.quota_messages);
	task_pairs_number(&w, "quota_bytes", u.quota_bytes);
	task_pairs_end(&w);
}

static enum task_step
stats_step(struct task *t)
{
	struct stats *s = t->state;
	struct store_info info;

	while (!task_slice_over(t)) {
		if (task_mailboxes_next(t, &s->boxes, &info)) {
			stats_mailbox(t, s, &info);
			continue;
		}
		if (!t->failed)
			stats_total(t, s);
		return TASK_STEP_DONE;
	}
	return TASK_STEP_MORE;
}

static void
stats_free(struct task *t)
{
	struct stats *s = t->state;

	if (s != NULL)
		task_mailboxes_clear(&s->boxes);
}

const struct task_def task_stats = {
	.name = "stats",
	.begin = stats_begin,
	.step = stats_step,
	.free = stats_free,
};
