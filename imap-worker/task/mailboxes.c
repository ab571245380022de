/* SPDX-License-Identifier: ISC */
#include "task/mailboxes.h"

static bool
mailboxes_count(void *ctx, const struct store_info *info)
{
	struct task_mailboxes *m = ctx;

	(void)info;
	m->cap++;
	return true;
}

struct mailboxes_names {
	struct task *t;
	struct task_mailboxes *m;
};

static bool
mailboxes_name(void *ctx, const struct store_info *info)
{
	struct mailboxes_names *c = ctx;

	c->m->names[c->m->n++] = arena_strdup(&c->t->arena, info->name);
	return c->m->n < c->m->cap;
}

bool
task_mailboxes_begin(struct task *t, struct task_mailboxes *m)
{
	struct mailboxes_names c = { t, m };
	enum store_err e;

	arena_init(&m->scratch);
	e = store_list(t->store, mailboxes_count, m);
	m->names = arena_calloc(&t->arena, m->cap + 1, sizeof(*m->names));
	if (e == STORE_OK && m->cap > 0)
		e = store_list(t->store, mailboxes_name, &c);
	if (e != STORE_OK)
		task_fail(t, "mailboxes: %s", store_err_text(e));
	return e == STORE_OK;
}

bool
task_mailboxes_next(struct task *t, struct task_mailboxes *m,
    struct store_info *info_r)
{
	enum store_err e;

	while (m->at < m->n) {
		const char *name = m->names[m->at++];

		arena_reset(&m->scratch);
		e = store_stat(t->store, name, &m->scratch, info_r);
		if (e == STORE_OK)
			return true;
		if (e != STORE_NOT_FOUND) {
			task_fail(t, "%s: %s", name, store_err_text(e));
			return false;
		}
	}
	return false;
}

void
task_mailboxes_clear(struct task_mailboxes *m)
{
	arena_clear(&m->scratch);
}

void
task_mailboxes_put_use(struct task_pairs *w, uint8_t use)
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
