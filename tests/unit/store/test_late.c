/* SPDX-License-Identifier: ISC
 *
 * Flag changes that are noted and settled later: whatever happens in between,
 * the rows are those of a plain model, and so are those that changed lately.
 */
#include "store_test.h"

#include <string.h>

#include "store/store_private.h"

#define MESSAGES 600

struct model {
	uint32_t uid;
	uint64_t flags, modseq;
};

struct late_test {
	struct store_test t;
	struct store_mbox *m;
	struct model rows[2 * MESSAGES];
	size_t n;
	uint64_t random;
};

static uint32_t
rnd(struct late_test *l, uint32_t below)
{
	l->random = l->random * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(l->random >> 33) % below;
}

static void
late_same(struct late_test *l)
{
	const struct store_row *rows;
	uint32_t unseen = 0;
	size_t n;

	assert_int_equal(store_mbox_load(l->m), STORE_OK);
	rows = store_mbox_rows(l->m, &n);
	assert_int_equal(n, l->n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(rows[i].uid, l->rows[i].uid);
		assert_int_equal(store_row_flags(&rows[i]), l->rows[i].flags);
		assert_int_equal(store_row_modseq(&rows[i]), l->rows[i].modseq);
		unseen += !(l->rows[i].flags & STORE_SEEN);
	}
	assert_int_equal(store_mbox_info(l->m)->unseen, unseen);
}

/* What changed since some modseq is found, and nothing else. */
static void
late_newer(struct late_test *l)
{
	uint64_t highest = store_mbox_info(l->m)->highestmodseq;
	uint64_t since = highest - rnd(l, highest < 40 ? (uint32_t)highest : 40);
	size_t at = 0;

	for (size_t i = 0; i < l->n; i++) {
		if (l->rows[i].modseq <= since)
			continue;
		assert_int_equal(store_mbox_newer(l->m, at, since), i);
		at = i + 1;
	}
	assert_int_equal(store_mbox_newer(l->m, at, since), l->n);
}

/* Every n-th of a range, in the store and in the model. */
static void
late_store(struct late_test *l, uint32_t first, uint32_t last, uint32_t nth,
    enum store_flag_op op, uint64_t flags)
{
	roaring_bitmap_t *set = roaring_bitmap_create();
	roaring_bitmap_t *changed = roaring_bitmap_create();
	uint64_t modseq;

	for (uint32_t uid = first; uid <= last; uid += nth)
		roaring_bitmap_add(set, uid);
	assert_int_equal(store_flags_update(l->m, set, op, flags, UINT64_MAX,
	    changed, NULL), STORE_OK);
	modseq = store_mbox_info(l->m)->highestmodseq;
	for (size_t i = 0; i < l->n; i++) {
		struct model *r = &l->rows[i];
		uint64_t new = op == STORE_FLAGS_SET ? flags
		    : op == STORE_FLAGS_ADD	     ? r->flags | flags
						     : r->flags & ~flags;

		if (!roaring_bitmap_contains(set, r->uid) || new == r->flags) {
			assert_false(roaring_bitmap_contains(changed, r->uid));
			continue;
		}
		assert_true(roaring_bitmap_contains(changed, r->uid));
		r->flags = new;
		r->modseq = modseq;
	}
	roaring_bitmap_free(changed);
	roaring_bitmap_free(set);
}

static void
late_append(struct late_test *l, unsigned n)
{
	uint32_t uid = store_test_append(l->t.st, "INBOX", n, 60, 0);
	uint64_t modseq = store_mbox_info(l->m)->highestmodseq;

	for (unsigned i = 0; i < n; i++)
		l->rows[l->n++] = (struct model){ uid + i, 0, modseq };
}

static void
late_expunge(struct late_test *l, uint32_t first, uint32_t last)
{
	roaring_bitmap_t *set = store_test_range(first, last);
	size_t n = 0;

	assert_int_equal(store_expunge(l->m, set, NULL), STORE_OK);
	for (size_t i = 0; i < l->n; i++)
		if (!roaring_bitmap_contains(set, l->rows[i].uid))
			l->rows[n++] = l->rows[i];
	l->n = n;
	roaring_bitmap_free(set);
}

static void
late_start(struct late_test *l)
{
	*l = (struct late_test){ .random = 4711 };
	store_test_start(&l->t);
	l->m = store_test_mbox(&l->t, "INBOX");
	late_append(l, MESSAGES);
}

static void
late_reopen(struct late_test *l)
{
	store_mbox_unref(&l->m);
	store_test_reopen(&l->t);
	l->m = store_test_mbox(&l->t, "INBOX");
}

static void
late_end(struct late_test *l)
{
	store_mbox_unref(&l->m);
	store_test_end(&l->t);
}

/* Many messages: a note of a few bytes; one chunk: that is written. */
static void
test_noted(void **state)
{
	struct late_test l;
	uint32_t first;

	(void)state;
	late_start(&l);
	late_store(&l, 3, 17, 1, STORE_FLAGS_ADD, STORE_FLAGGED);
	assert_int_equal(l.m->late, 0);
	late_store(&l, 1, 599, 1, STORE_FLAGS_ADD, STORE_SEEN);
	assert_int_equal(l.m->late, 1);
	late_same(&l);
	store_rows_unload(l.m);
	assert_int_equal(store_mbox_first_unseen(l.m, &first), STORE_OK);
	assert_int_equal(first, 600);
	late_same(&l);
	assert_int_equal(store_late_settle(l.m), STORE_OK);
	assert_int_equal(l.m->late, 0);
	late_same(&l);
	late_reopen(&l);
	assert_int_equal(l.m->late, 0);
	late_same(&l);
	store_test_check(&l.t);
	late_end(&l);
}

/* So many that they fill several records, and a mailbox that goes with them. */
static void
test_scattered(void **state)
{
	roaring_bitmap_t *odd = roaring_bitmap_create();
	struct late_test l;
	struct store_mbox *m;

	(void)state;
	late_start(&l);
	late_store(&l, 1, 599, 2, STORE_FLAGS_SET, STORE_DRAFT);
	assert_int_equal(l.m->late, 1);
	late_same(&l);
	assert_int_equal(store_create(l.t.st, "many", 0), STORE_OK);
	store_test_append(l.t.st, "many", 2000, 60, 0);
	m = store_test_mbox(&l.t, "many");
	for (uint32_t uid = 1; uid < 2000; uid += 2)
		roaring_bitmap_add(odd, uid);
	assert_int_equal(store_mbox_load(m), STORE_OK);
	assert_int_equal(store_flags_update(m, odd, STORE_FLAGS_ADD,
	    STORE_SEEN, UINT64_MAX, NULL, NULL), STORE_OK);
	assert_true(m->late > 1);
	store_mbox_unref(&m);
	assert_int_equal(store_delete(l.t.st, "many"), STORE_OK);
	store_test_check(&l.t);
	late_reopen(&l);
	late_same(&l);
	store_test_check(&l.t);
	roaring_bitmap_free(odd);
	late_end(&l);
}

/* They do not pile up. */
static void
test_bounded(void **state)
{
	struct late_test l;

	(void)state;
	late_start(&l);
	for (unsigned i = 0; i < 3 * STORE_LATE_MAX; i++) {
		late_store(&l, 1, 599, 1, i % 2 == 0 ? STORE_FLAGS_ADD
		    : STORE_FLAGS_REMOVE, STORE_ANSWERED);
		assert_int_equal(store_flush(l.t.st), STORE_OK);
		store_upkeep(l.t.st);
		assert_true(l.m->late < STORE_LATE_MAX);
	}
	late_same(&l);
	late_end(&l);
}

/* Everything that touches rows, mixed. */
static void
test_mixed(void **state)
{
	struct late_test l;

	(void)state;
	late_start(&l);
	for (unsigned round = 0; round < 400; round++) {
		uint32_t first = 1 + rnd(&l, MESSAGES), n = 1 + rnd(&l, 300);

		switch (rnd(&l, 8)) {
		case 0:
			store_rows_unload(l.m);
			late_append(&l, 1 + rnd(&l, 3));
			break;
		case 1:
			if (l.n > MESSAGES / 2)
				late_expunge(&l, first, first + rnd(&l, 4));
			break;
		case 2:
			late_reopen(&l);
			break;
		case 3:
			assert_int_equal(store_late_settle(l.m), STORE_OK);
			break;
		case 4:
			late_store(&l, first, first, 1,
			    (enum store_flag_op)rnd(&l, 3), rnd(&l, 32));
			break;
		default:
			late_store(&l, first, first + n, 1 + rnd(&l, 3),
			    (enum store_flag_op)rnd(&l, 3), rnd(&l, 32));
			break;
		}
		if (round % 7 == 0)
			store_rows_unload(l.m);
		late_same(&l);
		late_newer(&l);
		if (round % 50 == 49)
			store_test_check(&l.t);
	}
	late_end(&l);
}

/* A note that is not one: the mailbox is not given out with wrong flags. */
static void
test_damaged(void **state)
{
	unsigned char key[LAYOUT_KEY_FLAGS];
	struct late_test l;

	(void)state;
	late_start(&l);
	late_store(&l, 1, 500, 1, STORE_FLAGS_ADD, STORE_SEEN);
	layout_key_flags(key, l.m->info.id,
	    store_mbox_info(l.m)->highestmodseq, 0);
	assert_int_equal(store_txn_begin(l.t.st), STORE_OK);
	assert_int_equal(kv_put(l.t.st->kv, KV_META, key, sizeof(key),
	    "\1\7\0\0\0\0\0\0\0\0\0\0\1\1", 14), KV_OK);
	assert_int_equal(store_txn_commit(l.t.st, STORE_TXN_CHANGE), STORE_OK);
	store_rows_unload(l.m);
	assert_int_equal(store_mbox_load(l.m), STORE_CORRUPT);
	late_end(&l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_noted),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_bounded),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
