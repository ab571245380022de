/* SPDX-License-Identifier: ISC
 *
 * stats: a row for each mailbox, and one of totals. The names are taken at the
 * begin; a mailbox that is gone when its turn comes is left out.
 */
#include "common/xalloc.h"
#include "task/task.h"

struct stats {
	char **names; /* of the arena */
	size_t n, cap, at;
	uint64_t mailboxes, messages, unseen, deleted, bytes;
	struct arena scratch;
};

static bool
stats_count(void *ctx, const struct store_info *info)
{
	struct stats *s = ctx;

	(void)info;
	s->cap++;
	return true;
}

struct stats_names {
	struct task *t;
	struct stats *s;
};

static bool
stats_name(void *ctx, const struct store_info *info)
{
	struct stats_names *c = ctx;

	c->s->names[c->s->n++] = arena_strdup(&c->t->arena, info->name);
	return c->s->n < c->s->cap;
}

static bool
stats_begin(struct task *t)
{
	struct stats *s = arena_alloc(&t->arena, sizeof(*s));
	struct stats_names c = { t, s };
	enum store_err e;

	t->state = s;
	arena_init(&s->scratch);
	e = store_list(t->store, stats_count, s);
	s->names = arena_calloc(&t->arena, s->cap + 1, sizeof(*s->names));
	if (e == STORE_OK && s->cap > 0)
		e = store_list(t->store, stats_name, &c);
	if (e != STORE_OK)
		task_fail(t, "mailboxes: %s", store_err_text(e));
	return e == STORE_OK;
}

/* "sent trash"; "" for none. */
static void
stats_put_use(struct task_pairs *w, uint8_t use)
{
	static const struct {
		uint8_t bit;
		const char *word;
	} words[] = {
		{ STORE_USE_ALL, "all" }, { STORE_USE_ARCHIVE, "archive" },
		{ STORE_USE_DRAFTS, "drafts" },
		{ STORE_USE_FLAGGED, "flagged" },
		{ STORE_USE_IMPORTANT, "important" },
		{ STORE_USE_JUNK, "junk" }, { STORE_USE_SENT, "sent" },
		{ STORE_USE_TRASH, "trash" },
	};
	struct buf b;

	buf_init(&b, 256);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if ((use & words[i].bit) == 0)
			continue;
		if (b.len > 0)
			buf_putc(&b, ' ');
		buf_puts(&b, words[i].word);
	}
	task_pairs_text(w, "special_use", buf_cstr(&b));
	buf_clear(&b);
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
	stats_put_use(&w, i->use);
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
	enum store_err e;

	for (; s->at < s->n; s->at++) {
		if (task_slice_over(t))
			return TASK_STEP_MORE;
		arena_reset(&s->scratch);
		e = store_stat(t->store, s->names[s->at], &s->scratch, &info);
		if (e == STORE_OK) {
			stats_mailbox(t, s, &info);
		} else if (e != STORE_NOT_FOUND) {
			task_fail(t, "%s: %s", s->names[s->at],
			    store_err_text(e));
			return TASK_STEP_DONE;
		}
	}
	stats_total(t, s);
	return TASK_STEP_DONE;
}

static void
stats_free(struct task *t)
{
	struct stats *s = t->state;

	if (s != NULL)
		arena_clear(&s->scratch);
}

const struct task_def task_stats = {
	.name = "stats",
	.begin = stats_begin,
	.step = stats_step,
	.free = stats_free,
};
