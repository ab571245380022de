/* SPDX-License-Identifier: ISC
 *
 * See oracle.h.
 */
#include "oracle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/xalloc.h"

#define MESSAGE_MAX 65536

static uint64_t seed;

void
oracle_seed(uint64_t s)
{
	seed = s;
}

uint32_t
oracle_dice(uint32_t sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)((seed >> 33) % sides);
}

/* --- messages ------------------------------------------------------------ */

static size_t
message_make(unsigned char *p, uint32_t id)
{
	size_t n = 20 + id % 17 * 61 + (id % 97 == 0 ? 30000 : 0);

	for (size_t i = 0; i < n; i++)
		p[i] = (unsigned char)(id + i * 11 + id / 251);
	memcpy(p, &id, sizeof(id));
	return n;
}

void
oracle_derive(const unsigned char *msg, size_t len, struct arena *a,
    struct store_derived *d)
{
	size_t n = 30 + (size_t)msg[0] * 9;
	char *text = arena_alloc(a, n);

	memset(text, 'a' + msg[0] % 26, n);
	d->envelope = text;
	d->envelope_len = n;
	d->structure = text;
	d->structure_len = n / 2;
	d->header_len = (uint32_t)len / 2;
	d->n_thread_ids = 2;
	d->thread_ids[0] = msg[0];
	d->thread_ids[1] = msg[1];
}

/* --- the model ----------------------------------------------------------- */

struct oracle_mailbox *
oracle_find(struct oracle_model *m, const char *name)
{
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++)
		if (strcmp(m->mailbox[i].name, name) == 0)
			return &m->mailbox[i];
	return NULL;
}

static void
model_add(struct oracle_mailbox *b, uint32_t id, uint64_t flags, bool lost)
{
	b->messages = xreallocarray(b->messages, b->n + 1,
	    sizeof(*b->messages));
	b->messages[b->n++] = (struct oracle_message){ b->uidnext++, id, flags,
		lost };
}

static void
model_remove(struct oracle_mailbox *b, uint32_t first, uint32_t last)
{
	size_t out = 0;

	for (size_t i = 0; i < b->n; i++)
		if (b->messages[i].uid < first || b->messages[i].uid > last)
			b->messages[out++] = b->messages[i];
	b->n = out;
}

static void
model_copy_messages(struct oracle_mailbox *from, struct oracle_mailbox *to,
    uint32_t first, uint32_t last)
{
	size_t n = from->n;

	for (size_t i = 0; i < n; i++)
		if (from->messages[i].uid >= first &&
		    from->messages[i].uid <= last)
			model_add(to, from->messages[i].id,
			    from->messages[i].flags, from->messages[i].lost);
}

void
oracle_apply(struct oracle_model *m, const struct oracle_op *op, bool lost)
{
	struct oracle_mailbox *b = oracle_find(m, op->name);
	uint32_t last = op->last;

	if ((b == NULL && op->kind != CREATE) || ((op->kind == COPY ||
	    op->kind == MOVE) && oracle_find(m, op->to) == NULL))
		return;
	switch (op->kind) {
	case APPEND:
		if (b->uidnext < op->uid)
			b->uidnext = op->uid;
		for (uint32_t i = 0; i < op->first; i++)
			model_add(b, op->id + i, op->flags, lost);
		break;
	case FLAGS:
		for (size_t i = 0; i < b->n; i++) {
			struct oracle_message *msg = &b->messages[i];

			if (msg->uid < op->first || msg->uid > op->last)
				continue;
			msg->flags = op->how == STORE_FLAGS_SET ? op->flags
			    : op->how == STORE_FLAGS_ADD ? msg->flags | op->flags
			                                 : msg->flags & ~op->flags;
		}
		break;
	case EXPUNGE:
		model_remove(b, op->first, op->last);
		break;
	case COPY:
		model_copy_messages(b, oracle_find(m, op->to), op->first,
		    op->last);
		break;
	case MOVE:
		if (last >= b->uidnext) /* not what has just come */
			last = b->uidnext - 1;
		model_copy_messages(b, oracle_find(m, op->to), op->first, last);
		model_remove(b, op->first, last);
		break;
	case CREATE:
		if ((b = oracle_find(m, "")) == NULL)
			return;
		snprintf(b->name, sizeof(b->name), "%s", op->name);
		b->uidnext = 1;
		b->n = 0;
		break;
	case DELETE:
		b->name[0] = '\0';
		b->n = 0;
		break;
	case RENAME:
		snprintf(b->name, sizeof(b->name), "%s", op->to);
		break;
	case ABORT:
	case FLUSHED:
	case OPENED:
	case CLOSED:
		break;
	}
}

void
oracle_forget_lost(struct oracle_model *m)
{
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++) {
		struct oracle_mailbox *b = &m->mailbox[i];
		size_t out = 0;

		for (size_t j = 0; j < b->n; j++)
			if (!b->messages[j].lost)
				b->messages[out++] = b->messages[j];
		b->n = out;
	}
}

static bool
same_mailbox(struct store *st, const struct oracle_mailbox *b, bool say)
{
	unsigned char *want = xmalloc(MESSAGE_MAX);
	const struct store_row *rows;
	const unsigned char *data;
	struct store_message msg;
	struct store_reader *r;
	struct store_mbox *m;
	bool same = false;
	size_t n, i = 0, k = 0, want_n = 0;

	for (size_t j = 0; j < b->n; j++)
		want_n += !b->messages[j].lost;
	if (store_mbox_open(st, b->name, &m) != STORE_OK) {
		free(want);
		return false;
	}
	if (store_mbox_load(m) != STORE_OK) {
		store_mbox_unref(&m);
		free(want);
		return false;
	}
	rows = store_mbox_rows(m, &n);
	r = store_reader_new(m);
	if (n == want_n && store_mbox_info(m)->uidnext >= b->uidnext)
		for (same = true; same && i < n; i++, k++) {
			while (b->messages[k].lost)
				k++;
			same = rows[i].uid == b->messages[k].uid &&
			    store_row_flags(&rows[i]) == b->messages[k].flags &&
			    store_reader_get(r, rows[i].uid, STORE_WANT_BLOB,
			    &msg) == STORE_OK && msg.size ==
			    message_make(want, b->messages[k].id) &&
			    store_reader_bytes(r, &msg, &data) == STORE_OK &&
			    memcmp(data, want, msg.size) == 0;
		}
	if (!same && say)
		printf("# %s: %zu rows, want %zu; uidnext %u, want %u; row %zu\n",
		    b->name, n, want_n, (unsigned)store_mbox_info(m)->uidnext,
		    (unsigned)b->uidnext, i);
	store_reader_free(&r);
	store_mbox_unref(&m);
	free(want);
	return same;
}

static bool
count_one(void *ctx, const struct store_info *info)
{
	(void)info;
	++*(unsigned *)ctx;
	return true;
}

bool
oracle_same(struct store *st, struct oracle_model *m, bool say)
{
	unsigned have = 0, want = 0;

	store_list(st, count_one, &have);
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++) {
		if (m->mailbox[i].name[0] == '\0')
			continue;
		want++;
		if (!same_mailbox(st, &m->mailbox[i], say))
			return false;
	}
	if (have != want && say)
		printf("# %u mailboxes, want %u\n", have, want);
	return have == want;
}

/* --- operations ----------------------------------------------------------- */

static void
oracle_op_need(enum store_err e, const struct oracle_op *op)
{
	if (e == STORE_OK)
		return;
	fprintf(stderr, "operation %d: %s\n", (int)op->kind,
	    store_err_text(e));
	_exit(4);
}

static void
oracle_op_append(struct store *st, const struct oracle_op *op)
{
	static unsigned char text[MESSAGE_MAX];
	struct store_append *ap;
	uint32_t v, first;

	oracle_op_need(store_append_begin(st, op->name, &ap), op);
	for (uint32_t i = 0; i < op->first; i++) {
		struct store_new_message msg = { .data = text,
			.len = message_make(text, op->id + i),
			.system_flags = op->flags };

		oracle_op_need(store_append_add(ap, &msg), op);
	}
	if (op->kind == ABORT)
		store_append_abort(&ap);
	else
		oracle_op_need(store_append_commit(&ap, &v, &first), op);
}

void
oracle_do(struct store *st, const struct oracle_op *op)
{
	roaring_bitmap_t *set = roaring_bitmap_create();
	struct store_mbox *m = NULL;
	uint32_t v, first;

	roaring_bitmap_add_range_closed(set, op->first, op->last);
	if (op->kind >= FLAGS && op->kind <= MOVE)
		oracle_op_need(store_mbox_open(st, op->name, &m), op);
	switch (op->kind) {
	case APPEND:
	case ABORT:
		oracle_op_append(st, op);
		break;
	case FLAGS:
		oracle_op_need(store_flags_update(m, set, op->how, op->flags,
		    UINT64_MAX, NULL, NULL), op);
		break;
	case EXPUNGE:
		oracle_op_need(store_expunge(m, set, NULL), op);
		break;
	case COPY:
	case MOVE:
		oracle_op_need(store_copy(m, set, op->to, op->kind == MOVE, NULL,
		    &v, &first), op);
		break;
	case CREATE:
		oracle_op_need(store_create(st, op->name, 0), op);
		break;
	case DELETE:
		oracle_op_need(store_delete(st, op->name), op);
		break;
	case RENAME:
		oracle_op_need(store_rename(st, op->name, op->to), op);
		break;
	case FLUSHED:
	case OPENED:
	case CLOSED:
		break;
	}
	store_mbox_unref(&m);
	roaring_bitmap_free(set);
}

static bool
oracle_op_exists(struct store *st, const char *name, uint32_t *uidnext_r)
{
	struct store_info info;
	struct arena a;
	bool there;

	arena_init(&a);
	there = store_stat(st, name, &a, &info) == STORE_OK;
	*uidnext_r = there ? info.uidnext : 0;
	arena_clear(&a);
	return there;
}

void
oracle_choose(struct store *st, struct oracle_op *op)
{
	static const enum oracle_kind kinds[] = { APPEND, APPEND, APPEND, APPEND,
		APPEND, ABORT, FLAGS, FLAGS, FLAGS, EXPUNGE, COPY, MOVE, CREATE,
		CREATE, DELETE, RENAME };
	uint32_t uidnext, other;

	for (;;) {
		uint32_t box = oracle_dice(ORACLE_MAILBOXES), box2 = oracle_dice(ORACLE_MAILBOXES);
		bool there, there2;

		memset(op, 0, sizeof(*op));
		op->kind = kinds[oracle_dice(16)];
		snprintf(op->name, sizeof(op->name), box == 0 ? "INBOX" : "b%u",
		    (unsigned)box);
		snprintf(op->to, sizeof(op->to), box2 == 0 ? "INBOX" : "b%u",
		    (unsigned)box2);
		there = oracle_op_exists(st, op->name, &uidnext);
		there2 = oracle_op_exists(st, op->to, &other);
		op->flags = oracle_dice(32);
		op->id = oracle_dice(UINT32_MAX);
		op->how = (enum store_flag_op)oracle_dice(3);
		op->first = op->kind <= ABORT ? 1 + oracle_dice(oracle_dice(4) == 0 ? 60 : 3)
		                              : 1 + oracle_dice(uidnext + 1);
		op->last = op->first + oracle_dice(oracle_dice(4) == 0 ? 100 : 5);
		if (op->kind == CREATE ? !there
		    : op->kind == COPY || op->kind == MOVE ? there && there2
		    : op->kind == RENAME ? there && !there2 && box != 0
		    : op->kind == DELETE ? there && box != 0 && oracle_dice(3) == 0
		                         : there)
			return;
	}
}

/* --- what a rebuild keeps -------------------------------------------------- */

struct saved {
	struct store *st;
	uint32_t *ids; /* own */
	size_t n;
	bool good;
};

/* Adds the ids of the messages of one mailbox. */
static bool
saved_mailbox(void *ctx, const struct store_info *info)
{
	unsigned char *want = xmalloc(MESSAGE_MAX);
	struct saved *s = ctx;
	const struct store_row *rows;
	const unsigned char *data;
	struct store_message msg;
	struct store_reader *r;
	struct store_mbox *m;
	uint32_t id;
	size_t n;

	if (store_mbox_open(s->st, info->name, &m) != STORE_OK ||
	    store_mbox_load(m) != STORE_OK) {
		s->good = false;
		free(want);
		return false;
	}
	rows = store_mbox_rows(m, &n);
	r = store_reader_new(m);
	s->ids = xreallocarray(s->ids, s->n + n + 1, sizeof(*s->ids));
	for (size_t i = 0; s->good && i < n; i++) {
		s->good = store_reader_get(r, rows[i].uid, STORE_WANT_BLOB,
		    &msg) == STORE_OK && msg.size >= sizeof(id) &&
		    store_reader_bytes(r, &msg, &data) == STORE_OK;
		if (!s->good)
			break;
		memcpy(&id, data, sizeof(id));
		s->good = msg.size == message_make(want, id) &&
		    memcmp(data, want, msg.size) == 0;
		s->ids[s->n++] = id;
	}
	store_reader_free(&r);
	store_mbox_unref(&m);
	free(want);
	return s->good;
}

static bool
saved_has(const struct saved *s, uint32_t id)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->ids[i] == id)
			return true;
	return false;
}

bool
oracle_saved(struct store *st, const struct oracle_model *m,
    const struct oracle_op *ops, unsigned n)
{
	struct saved s = { .st = st, .good = true };
	uint32_t uidnext;

	store_list(st, saved_mailbox, &s);
	for (size_t i = 0; s.good && i <= ORACLE_MAILBOXES; i++) {
		const struct oracle_mailbox *b = &m->mailbox[i];
		bool named = b->name[0] == '\0';

		for (size_t j = 0; s.good && j < b->n; j++)
			s.good = b->messages[j].lost ||
			    saved_has(&s, b->messages[j].id);
		if (!s.good)
			printf("# a message of %s\n", b->name);
		for (unsigned k = 0; k < n; k++)
			named |= strcmp(ops[k].name, b->name) == 0 ||
			    strcmp(ops[k].to, b->name) == 0;
		if (!named && !oracle_op_exists(st, b->name, &uidnext)) {
			printf("# no mailbox %s\n", b->name);
			s.good = false;
		}
	}
	free(s.ids);
	return s.good;
}

/* --- models ---------------------------------------------------------------- */

void
oracle_init(struct oracle_model *m)
{
	memset(m, 0, sizeof(*m));
	snprintf(m->mailbox[0].name, sizeof(m->mailbox[0].name), "INBOX");
	m->mailbox[0].uidnext = 1;
}

void
oracle_clear(struct oracle_model *m)
{
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++)
		free(m->mailbox[i].messages);
	memset(m, 0, sizeof(*m));
}

void
oracle_copy(struct oracle_model *to, const struct oracle_model *from)
{
	*to = *from;
	for (size_t i = 0; i <= ORACLE_MAILBOXES; i++) {
		struct oracle_mailbox *b = &to->mailbox[i];
		size_t size = (b->n + 1) * sizeof(*b->messages);

		b->messages = xmalloc(size);
		if (b->n > 0)
			memcpy(b->messages, from->mailbox[i].messages,
			    b->n * sizeof(*b->messages));
	}
}
