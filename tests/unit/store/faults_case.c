/* SPDX-License-Identifier: ISC
 *
 * The fault, and the processes that meet it: see faults_case.h.
 */
#include "faults_case.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/segment.h"

struct shared *shared;

static bool
kind_applies(enum fault_kind kind, const struct store_io_call *c)
{
	bool room = c->op == STORE_IO_OP_WRITE || c->op == STORE_IO_OP_SYNC ||
	    c->op == STORE_IO_OP_ALLOCATE || c->op == STORE_IO_OP_RENAME ||
	    c->op == STORE_IO_OP_MKDIR || (c->op == STORE_IO_OP_OPEN &&
	    (c->flags & O_CREAT));

	switch (kind) {
	case FAULT_EIO:
	case FAULT_GONE:
		return c->op != STORE_IO_OP_MEMORY;
	case FAULT_NO_SPACE:
		return room;
	case FAULT_FULL: /* what is overwritten needs none */
		return room && c->at != STORE_IO_LOCK_WRITE;
	case FAULT_SHORT:
	case FAULT_TORN:
	case FAULT_KILL_HALF:
		return c->op == STORE_IO_OP_WRITE && c->len > 1 &&
		    c->len != PAGE;
	case FAULT_SYNC:
		return c->op == STORE_IO_OP_SYNC;
	case FAULT_MEMORY:
		return c->op == STORE_IO_OP_MEMORY;
	case FAULT_KILL:
		return c->op != STORE_IO_OP_MEMORY &&
		    c->op != STORE_IO_OP_READ && c->op != STORE_IO_OP_LIST &&
		    c->op != STORE_IO_OP_MAP;
	case FAULT_KIND_COUNT:
		break;
	}
	return false;
}

static void
fault_trace(const struct store_io_call *c)
{
	unsigned i = shared->n_trace;

	if (i == TRACE)
		return;
	shared->n_trace++;
	shared->trace[i].at = (unsigned char)c->at;
	shared->trace[i].kinds = 0;
	for (int k = 0; k < FAULT_KIND_COUNT; k++)
		if (kind_applies((enum fault_kind)k, c))
			shared->trace[i].kinds |= (unsigned short)(1u << k);
}

static int
fault_before(struct store_io_call *c)
{
	struct shared *s = shared;

	s->visited[c->at]++;
	if (s->armed && s->n == LAST_N)
		fault_trace(c);
	if (!s->armed || !kind_applies(s->kind, c))
		return 0;
	s->calls++;
	if (s->calls > s->n && s->kind == FAULT_TORN && s->calls == s->n + 1)
		return ENOSPC;
	if (s->calls < s->n || (s->calls > s->n && s->kind != FAULT_FULL &&
	    s->kind != FAULT_GONE))
		return 0;
	if (!s->fired)
		s->fired_at = c->at;
	s->fired = true;
	s->refused[c->at]++;
	switch (s->kind) {
	case FAULT_NO_SPACE:
	case FAULT_FULL:
		return ENOSPC;
	case FAULT_SHORT:
	case FAULT_TORN:
	case FAULT_KILL_HALF:
		c->len /= 2;
		if (c->len >= PAGE)
			c->len -= c->len % PAGE;
		return 0;
	case FAULT_MEMORY:
		return ENOMEM;
	case FAULT_KILL:
		raise(SIGKILL);
		return 0;
	default:
		return EIO;
	}
}

static void
fault_after(const struct store_io_call *c, int64_t result)
{
	(void)c;
	(void)result;
	if (shared->armed && shared->kind == FAULT_KILL_HALF && shared->fired)
		raise(SIGKILL);
}

static const struct store_io_hook hook = { fault_before, fault_after };

/* --- the child ---------------------------------------------------------------- */

void
faults_problem(const char *text)
{
	if (shared->problem[0] == '\0')
		snprintf(shared->problem, sizeof(shared->problem), "%s", text);
}

static void
found(void *ctx, const char *text)
{
	(void)ctx;
	faults_problem(text);
}

/* Everything must be refused now. */
static void
child_refused(struct store *st)
{
	roaring_bitmap_t *set = store_test_range(1, 4);
	struct store_append *ap;
	struct store_info info;
	struct store_mbox *m;
	struct arena a;

	arena_init(&a);
	if (store_flush(st) == STORE_OK)
		faults_problem("flush after a failure");
	if (store_create(st, "later", 0) == STORE_OK ||
	    store_delete(st, "box/sub") == STORE_OK ||
	    store_rename(st, "box/sub", "later") == STORE_OK ||
	    store_subscribe(st, "later", true) == STORE_OK)
		faults_problem("a change of names after a failure");
	if (store_append_begin(st, "INBOX", &ap) == STORE_OK)
		faults_problem("an append after a failure");
	if (store_stat(st, "INBOX", &a, &info) == STORE_OK)
		faults_problem("a status after a failure");
	if (store_mbox_open(st, "INBOX", &m) == STORE_OK) {
		if (store_flags_update(m, set, STORE_FLAGS_SET, 31, UINT64_MAX,
		    NULL, NULL) == STORE_OK ||
		    store_expunge(m, set, NULL) == STORE_OK)
			faults_problem("a change of messages after a failure");
		store_mbox_unref(&m);
	}
	arena_clear(&a);
	roaring_bitmap_free(set);
}

static void
child_look(const struct faults_op *op, struct store *st)
{
	struct store_info info;
	struct arena a;

	arena_init(&a);
	/* a store that refuses to tell has failed */
	shared->failed = store_stat(st, "INBOX", &a, &info) != STORE_OK;
	if (shared->failed) {
		child_refused(st);
	} else {
		if (!faults_dump(st, op->rebuilds, shared->text, TEXT))
			faults_problem("cannot be read");
		if (store_check(st, found, NULL) != 0)
			faults_problem("check");
		store_stat(st, "INBOX", &a, &info);
		shared->uidnext = info.uidnext;
	}
	arena_clear(&a);
}

void
faults_child(const struct faults_op *op, const char *home)
{
	struct shared *s = shared;
	struct store_test t;

	faults_options(&t, home);
	if (op->segment_limit != 0)
		store_segment_set_limit(op->segment_limit);
	store_io_set_hook(&hook);
	if (!op->opens &&
	    (s->opened = store_open(home, &t.o, &t.st)) != STORE_OK)
		_exit(1);
	s->armed = true;
	s->result = op->run(&t);
	s->flushed = t.st == NULL ? STORE_OK : store_flush(t.st);
	if (t.st != NULL)
		store_upkeep(t.st);
	s->armed = s->kind == FAULT_GONE || s->kind == FAULT_FULL;
	if (t.st != NULL && !s->armed)
		child_look(op, t.st);
	s->armed = false;
	s->done = true;
	if (s->n % 2 == 0)
		store_close(&t.st);
	_exit(0);
}

/* Opens what is left. */
void
faults_child_again(const struct faults_op *op, const char *home)
{
	struct shared *s = shared;
	struct store_test t;
	uint32_t uid = 0;

	faults_options(&t, home);
	if (store_open(home, &t.o, &t.st) != STORE_OK) {
		faults_problem("does not open");
		_exit(0);
	}
	if (store_check(t.st, found, NULL) != 0)
		faults_problem("check after opening");
	if (!faults_dump(t.st, op->rebuilds, s->again, TEXT))
		faults_problem("cannot be read after opening");
	if (faults_probe(t.st, &uid) != STORE_OK)
		faults_problem("no append after opening");
	else if (uid < s->uidnext)
		faults_problem("a UID is used twice");
	store_close(&t.st);
	if (s->n % 4 == 1) {
		if (store_open(home, &t.o, &t.st) != STORE_OK ||
		    store_check(t.st, found, NULL) != 0)
			faults_problem("not well when closed and opened");
		store_close(&t.st);
	}
	s->reopened = true;
	_exit(0);
}
