/* SPDX-License-Identifier: ISC
 *
 * export: everything that another server needs to carry on, as a stream; what
 * is made of it is posternctl's business. For each mailbox
 *
 *   row mailbox   name, uidvalidity, uidnext, subscribed, special_use, messages
 *   row keyword   number, keyword: before the first message that may have it
 *   row message   uid, size, received, flags (words), keywords (a bit each);
 *                 then its bytes in DATA
 *   row dropped   uid: it went while it was sent, forget it
 *
 * Messages that come after their mailbox was begun are left out.
 */
#include "task/mailboxes.h"
#include "task/task.h"

struct export {
	struct task_mailboxes boxes;
	struct store_mbox *m;          /* own; NULL: between two */
	struct store_reader *reader;   /* own */
	unsigned keywords;             /* whose names were sent */
	uint32_t uid, uidnext;         /* the last one; the first to leave out */
	bool sending;                  /* uid, size bytes, sent so many */
	uint32_t size, sent;
	const unsigned char *data;     /* of this step */
	uint64_t done, total;
};

static bool
export_begin(struct task *t)
{
	struct export *x = arena_alloc(&t->arena, sizeof(*x));
	struct store_usage u;

	t->state = x;
	store_usage(t->store, &u);
	x->total = u.messages;
	return task_mailboxes_begin(t, &x->boxes);
}

static void
export_leave(struct export *x)
{
	store_reader_free(&x->reader);
	store_mbox_unref(&x->m);
}

/* False: there is none left, or task_fail(). */
static bool
export_enter(struct task *t, struct export *x)
{
	struct store_info info;
	struct task_pairs w;
	enum store_err e;

	if (!task_mailboxes_next(t, &x->boxes, &info))
		return false;
	e = store_mbox_open(t->store, info.name, &x->m);
	if (e == STORE_OK)
		e = store_mbox_load(x->m);
	if (e != STORE_OK) {
		task_fail(t, "%s: %s", info.name, store_err_text(e));
		return false;
	}
	x->reader = store_reader_new(x->m);
	x->uid = 0;
	x->uidnext = info.uidnext;
	x->keywords = 0;
	task_row(t, &w, "mailbox");
	task_pairs_text(&w, "mailbox", info.name);
	task_pairs_number(&w, "messages", info.messages);
	task_pairs_number(&w, "uidvalidity", info.uidvalidity);
	task_pairs_number(&w, "uidnext", info.uidnext);
	task_pairs_bool(&w, "subscribed", info.subscribed);
	task_mailboxes_put_use(&w, info.use);
	task_pairs_end(&w);
	return true;
}

static void
export_keywords(struct task *t, struct export *x)
{
	struct task_pairs w;
	unsigned n;
	const char *const *names = store_mbox_keywords(x->m, &n);

	for (; x->keywords < n; x->keywords++) {
		if (names[x->keywords] == NULL)
			continue;
		task_row(t, &w, "keyword");
		task_pairs_number(&w, "number", x->keywords);
		task_pairs_text(&w, "keyword", names[x->keywords]);
		task_pairs_end(&w);
	}
}

static const char *
export_flags(uint64_t flags, struct buf *b)
{
	static const struct {
		uint64_t bit;
		const char *word;
	} words[] = {
		{ STORE_SEEN, "seen " }, { STORE_ANSWERED, "answered " },
		{ STORE_FLAGGED, "flagged " }, { STORE_DELETED, "deleted " },
		{ STORE_DRAFT, "draft " },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (flags & words[i].bit)
			buf_puts(b, words[i].word);
	return buf_cstr(b);
}

static void
export_message(struct task *t, struct export *x, const struct store_row *row,
    const struct store_message *msg)
{
	uint64_t flags = store_row_flags(row);
	struct task_pairs w;
	struct buf b;

	export_keywords(t, x);
	buf_init(&b, 128);
	task_row(t, &w, "message");
	task_pairs_number(&w, "uid", msg->uid);
	task_pairs_number(&w, "size", msg->size);
	task_pairs_number(&w, "received", msg->internaldate < 0 ? 0
	    : (uint64_t)msg->internaldate);
	task_pairs_text(&w, "flags", export_flags(flags, &b));
	task_pairs_number(&w, "keywords", flags >> STORE_KEYWORD_SHIFT);
	task_pairs_end(&w);
	buf_clear(&b);
	x->sending = true;
	x->size = msg->size;
	x->sent = 0;
	x->data = NULL;
}

static void
export_dropped(struct task *t, struct export *x, enum store_err e)
{
	struct task_pairs w;

	if (e != STORE_GONE)
		task_problem(t, TASK_ERROR, "%s UID %u: %s",
		    store_mbox_info(x->m)->name, (unsigned)x->uid,
		    store_err_text(e));
	if (!x->sending)
		return;
	task_row(t, &w, "dropped");
	task_pairs_number(&w, "uid", x->uid);
	task_pairs_end(&w);
	x->sending = false;
}

/* The next message of the mailbox; false: that was the last one. */
static bool
export_next(struct task *t, struct export *x)
{
	struct store_message msg;
	const struct store_row *rows;
	enum store_err e;
	size_t n, i;

	rows = store_mbox_rows(x->m, &n);
	i = store_mbox_lower(x->m, x->uid + 1);
	if (i >= n || rows[i].uid >= x->uidnext)
		return false;
	x->uid = rows[i].uid;
	e = store_reader_get(x->reader, x->uid, STORE_WANT_BLOB, &msg);
	if (e == STORE_OK)
		export_message(t, x, &rows[i], &msg);
	else
		export_dropped(t, x, e);
	x->done++;
	return true;
}

/* Bytes of the message at hand. */
static void
export_piece(struct task *t, struct export *x)
{
	uint32_t left = x->size - x->sent;
	struct store_message msg;
	enum store_err e;

	if (left > TASK_FRAME_DATA)
		left = TASK_FRAME_DATA;
	if (x->data == NULL && left > 0) {
		e = store_reader_get(x->reader, x->uid, STORE_WANT_BLOB, &msg);
		if (e == STORE_OK)
			e = store_reader_bytes(x->reader, &msg, &x->data);
		if (e != STORE_OK) {
			export_dropped(t, x, e);
			return;
		}
	}
	if (left > 0)
		task_data(t, x->data + x->sent, left);
	x->sent += left;
	x->sending = x->sent < x->size;
}

static enum task_step
export_step(struct task *t)
{
	struct export *x = t->state;

	x->data = NULL;
	while (!task_slice_over(t)) {
		if (x->m == NULL && !export_enter(t, x))
			return TASK_STEP_DONE;
		if (x->sending)
			export_piece(t, x);
		else if (!export_next(t, x))
			export_leave(x);
	}
	task_progress(t, x->done, x->total, "messages");
	return TASK_STEP_MORE;
}

static void
export_free(struct task *t)
{
	struct export *x = t->state;

	if (x == NULL)
		return;
	export_leave(x);
	task_mailboxes_clear(&x->boxes);
}

const struct task_def task_export = {
	.name = "export",
	.flags = TASK_GIVES_MAIL,
	.begin = export_begin,
	.step = export_step,
	.free = export_free,
};
