/* SPDX-License-Identifier: ISC
 *
 * Mailboxes by name.
 */
#include "store_test.h"

#include <string.h>

static bool
collect(void *ctx, const struct store_info *info)
{
	char *text = ctx;

	strcat(text, info->subscribed ? "+" : "");
	strcat(text, info->name);
	strcat(text, " ");
	return true;
}

static bool
collect_name(void *ctx, const char *name)
{
	strcat(ctx, name);
	strcat(ctx, " ");
	return true;
}

static void
assert_list(struct store_test *t, const char *want)
{
	char text[1024] = "";

	assert_int_equal(store_list(t->st, collect, text), STORE_OK);
	assert_string_equal(text, want);
	store_test_check(t);
}

static void
test_list_order(void **state)
{
	static const char *const names[] = { "b", "a b", "a", "a/x", "a.b",
		"a/x/y", "INBOX/z", "A", "INBOXX" };
	struct store_test t;

	(void)state;
	store_test_start(&t);
	assert_list(&t, "+INBOX +Sent +Trash ");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(store_create(t.st, names[i], 0), STORE_OK);
	assert_list(&t, "+INBOX INBOX/z A INBOXX +Sent +Trash a a/x a/x/y "
	    "a b a.b b ");
	store_test_reopen(&t);
	assert_list(&t, "+INBOX INBOX/z A INBOXX +Sent +Trash a a/x a/x/y "
	    "a b a.b b ");
	store_test_end(&t);
}

static void
test_create_delete(void **state)
{
	struct store_info a, b;
	struct store_test t;
	struct store_mbox *m;
	struct arena arena;
	size_t n;

	(void)state;
	store_test_start(&t);
	arena_init(&arena);
	assert_int_equal(store_create(t.st, "x", STORE_USE_JUNK), STORE_OK);
	assert_int_equal(store_create(t.st, "x", 0), STORE_EXISTS);
	assert_int_equal(store_stat(t.st, "x", &arena, &a), STORE_OK);
	assert_int_equal(a.use, STORE_USE_JUNK);
	assert_int_equal(a.uidnext, 1);
	assert_true(a.highestmodseq >= 1);
	store_test_append(t.st, "x", 100, 10, 0);
	m = store_test_mbox(&t, "x");
	assert_int_equal(store_delete(t.st, "x"), STORE_OK);
	assert_true(store_mbox_deleted(m));
	assert_int_equal(store_mbox_info(m)->messages, 0);
	store_mbox_rows(m, &n);
	assert_int_equal(n, 0);
	assert_int_equal(store_delete(t.st, "x"), STORE_NOT_FOUND);
	assert_int_equal(store_delete(t.st, "INBOX"), STORE_FORBIDDEN);
	assert_int_equal(store_stat(t.st, "x", &arena, &b), STORE_NOT_FOUND);
	assert_int_equal(store_create(t.st, "x", 0), STORE_OK);
	assert_int_equal(store_stat(t.st, "x", &arena, &b), STORE_OK);
	assert_int_not_equal(a.uidvalidity, b.uidvalidity);
	assert_memory_not_equal(a.mailboxid, b.mailboxid, 16);
	store_test_check(&t);
	store_mbox_unref(&m);
	store_test_reopen(&t);
	store_test_check(&t);
	arena_clear(&arena);
	store_test_end(&t);
}

static void
test_rename(void **state)
{
	static const struct {
		const char *from, *to;
		enum store_err e;
	} cases[] = {
		{ "none", "x", STORE_NOT_FOUND },
		{ "a", "b", STORE_EXISTS },
		{ "a", "INBOX", STORE_EXISTS },
		{ "a", "a/new", STORE_FORBIDDEN },
		{ "a", "c", STORE_EXISTS }, /* c/x is there */
		{ "a", "new/deep", STORE_OK },
	};
	struct store_info before, after;
	struct store_test t;
	struct store_mbox *m;
	struct arena arena;

	(void)state;
	store_test_start(&t);
	arena_init(&arena);
	assert_int_equal(store_create(t.st, "a", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "a/x", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "ax", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "b", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "c/x", 0), STORE_OK);
	store_test_append(t.st, "a/x", 3, 10, 0);
	m = store_test_mbox(&t, "a/x");
	assert_int_equal(store_stat(t.st, "a/x", &arena, &before), STORE_OK);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(store_rename(t.st, cases[i].from, cases[i].to),
		    cases[i].e);
	assert_string_equal(store_mbox_info(m)->name, "new/deep/x");
	assert_int_equal(store_stat(t.st, "new/deep/x", &arena, &after),
	    STORE_OK);
	assert_int_equal(before.uidvalidity, after.uidvalidity);
	assert_memory_equal(before.mailboxid, after.mailboxid, 16);
	assert_int_equal(after.messages, 3);
	/* an implied name moves its inferiors */
	assert_int_equal(store_rename(t.st, "new", "old"), STORE_OK);
	assert_list(&t, "+INBOX +Sent +Trash ax b c/x old/deep old/deep/x ");
	/* INBOX: the messages move, it stays */
	store_test_append(t.st, "INBOX", 5, 10, 0);
	assert_int_equal(store_rename(t.st, "INBOX", "kept"), STORE_OK);
	assert_int_equal(store_stat(t.st, "kept", &arena, &after), STORE_OK);
	assert_int_equal(after.messages, 5);
	assert_int_equal(store_stat(t.st, "INBOX", &arena, &after), STORE_OK);
	assert_int_equal(after.messages, 0);
	assert_int_equal(after.uidnext, 6);
	store_test_check(&t);
	store_mbox_unref(&m);
	arena_clear(&arena);
	store_test_end(&t);
}

static void
test_subscribe(void **state)
{
	char text[256] = "";
	struct store_test t;

	(void)state;
	store_test_start(&t);
	assert_int_equal(store_subscribe(t.st, "gone", true), STORE_OK);
	assert_int_equal(store_subscribe(t.st, "gone", true), STORE_OK);
	assert_int_equal(store_subscribe(t.st, "Sent", false), STORE_OK);
	store_test_reopen(&t);
	assert_int_equal(store_list_subscribed(t.st, collect_name, text),
	    STORE_OK);
	assert_string_equal(text, "INBOX Trash gone ");
	store_test_end(&t);
}

static void
test_recent(void **state)
{
	struct store_test t;
	struct store_mbox *m;

	(void)state;
	store_test_start(&t);
	store_test_append(t.st, "INBOX", 3, 10, 0);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_mbox_info(m)->recent_uid, 1);
	assert_int_equal(store_mbox_claim_recent(m), STORE_OK);
	assert_int_equal(store_mbox_info(m)->recent_uid, 4);
	store_mbox_unref(&m);
	store_test_check(&t);
	store_test_end(&t);
}

/* --- UIDs from elsewhere ------------------------------------------------------ */

static enum store_err
append_as(struct store *st, const char *mailbox, const uint32_t *uids, size_t n)
{
	static const unsigned char text[] = "Subject: x\r\n\r\ny\r\n";
	uint32_t validity, first;
	struct store_append *ap;
	enum store_err e = store_append_begin(st, mailbox, &ap);

	for (size_t i = 0; e == STORE_OK && i < n; i++) {
		struct store_new_message msg = { .data = text,
			.len = sizeof(text) - 1, .uid = uids[i] };

		e = store_append_add(ap, &msg);
	}
	if (e != STORE_OK) {
		store_append_abort(&ap);
		return e;
	}
	e = store_append_commit(&ap, &validity, &first);
	assert_true(e != STORE_OK || uids[0] == 0 || first == uids[0]);
	return e;
}

static void
test_given_uids(void **state)
{
	static const uint32_t some[] = { 7, 8, 100, 0 }, again[] = { 100 },
	    same[] = { 200, 200 }, high[] = { STORE_GIVEN_MAX + 1 };
	struct store_watch watch = { 0 };
	const struct store_row *rows;
	const struct store_info *info;
	struct store_mbox *m;
	struct store_test t;
	uint32_t v;
	size_t n;

	(void)state;
	store_test_start(&t);
	assert_int_equal(store_create(t.st, "a", 0), STORE_OK);
	assert_int_equal(store_create(t.st, "b", 0), STORE_OK);
	assert_int_equal(store_set_uids(t.st, "none", 5, 1), STORE_NOT_FOUND);
	assert_int_equal(store_set_uids(t.st, "a", 5, 0), STORE_FORBIDDEN);
	assert_int_equal(store_set_uids(t.st, "a", 0, 1), STORE_FORBIDDEN);
	assert_int_equal(store_set_uids(t.st, "a", UINT32_MAX, 1),
	    STORE_FORBIDDEN);
	assert_int_equal(store_set_uids(t.st, "a", 5, UINT32_MAX),
	    STORE_FORBIDDEN);
	assert_int_equal(store_set_uids(t.st, "a", 5, 1), STORE_OK);
	assert_int_equal(store_set_uids(t.st, "b", 5, 1), STORE_EXISTS);
	m = store_test_mbox(&t, "b");
	store_mbox_watch(m, &watch);
	assert_int_equal(store_set_uids(t.st, "b", 6, 1), STORE_BUSY);
	store_mbox_unwatch(m, &watch);
	store_mbox_unref(&m);

	assert_int_equal(append_as(t.st, "a", some, 4), STORE_OK);
	assert_int_equal(append_as(t.st, "a", again, 1), STORE_EXISTS);
	assert_int_equal(append_as(t.st, "a", same, 2), STORE_EXISTS);
	assert_int_equal(append_as(t.st, "a", high, 1), STORE_LIMIT);
	assert_int_equal(store_set_uids(t.st, "a", 6, 1), STORE_FORBIDDEN);
	assert_int_equal(store_set_uids(t.st, "a", 5, 500), STORE_OK);
	assert_int_equal(store_set_uids(t.st, "a", 5, 50), STORE_OK);
	assert_int_equal(store_test_append(t.st, "a", 1, 100, 0), 500);
	for (int round = 0; round < 2; round++) {
		m = store_test_mbox(&t, "a");
		info = store_mbox_info(m);
		rows = store_mbox_rows(m, &n);
		assert_int_equal(n, 5);
		assert_int_equal(rows[0].uid, 7);
		assert_int_equal(rows[1].uid, 8);
		assert_int_equal(rows[2].uid, 100);
		assert_int_equal(rows[3].uid, 101);
		assert_int_equal(rows[4].uid, 500);
		assert_int_equal(info->uidvalidity, 5);
		assert_int_equal(info->uidnext, 501);
		store_mbox_unref(&m);
		store_test_check(&t);
		store_test_reopen(&t);
	}
	/* one above all that were given out pushes the counter on */
	assert_int_equal(store_set_uids(t.st, "b", STORE_GIVEN_MAX, 1),
	    STORE_OK);
	assert_int_equal(store_create(t.st, "c", 0), STORE_OK);
	m = store_test_mbox(&t, "c");
	v = store_mbox_info(m)->uidvalidity;
	store_mbox_unref(&m);
	assert_int_equal(v, STORE_GIVEN_MAX + 1);
	store_test_check(&t);
	store_test_end(&t);
}

static void
given_then_dies(struct store_test *t)
{
	static const uint32_t some[] = { 40, 50 };

	assert_int_equal(store_set_uids(t->st, "a", 77, 30), STORE_OK);
	assert_int_equal(append_as(t->st, "a", some, 2), STORE_OK);
	setenv("POSTERN_FAULT", getenv("GIVEN_FAULT"), 1);
	store_close(&t->st);
	assert_int_equal(store_open(t->home, &t->o, &t->st), STORE_OK);
	assert_int_equal(store_set_uids(t->st, "a", 77, 60), STORE_OK);
	assert_int_equal(append_as(t->st, "a", (uint32_t[]){ 70, 80 }, 2),
	    STORE_OK);
	store_flush(t->st);
}

/* The process dies between the segment and the index: UIDs stay as given. */
static void
test_given_uids_replayed(void **state)
{
	static const struct {
		const char *fault;
		uint32_t uidnext, messages;
	} cases[] = {
		{ "name-written", 51, 2 }, { "txn-commit", 60, 2 },
		{ "txn-commit:2", 81, 4 }, { "append-written", 60, 2 },
		{ "append-sealed", 81, 4 }, { "flush-segment", 81, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		static const uint32_t uids[] = { 40, 50, 70, 80 };
		const struct store_row *rows;
		const struct store_info *info;
		struct store_mbox *m;
		struct store_test t;
		size_t n;

		store_test_start(&t);
		assert_int_equal(store_create(t.st, "a", 0), STORE_OK);
		store_close(&t.st);
		setenv("GIVEN_FAULT", cases[i].fault, 1);
		store_test_crash(&t, given_then_dies);
		store_test_open(&t);
		m = store_test_mbox(&t, "a");
		info = store_mbox_info(m);
		rows = store_mbox_rows(m, &n);
		if (info->uidnext != cases[i].uidnext ||
		    n != cases[i].messages || info->uidvalidity != 77)
			fail_msg("%s: uidnext %u, %zu messages",
			    cases[i].fault, (unsigned)info->uidnext, n);
		for (size_t k = 0; k < n; k++)
			assert_int_equal(rows[k].uid, uids[k]);
		store_mbox_unref(&m);
		store_test_check(&t);
		store_test_end(&t);
	}
}

static void
test_hold(void **state)
{
	roaring_bitmap_t *all = store_test_range(1, 9);
	struct store_mbox *m, *held;
	struct store_append *ap;
	struct store_test t;
	uint32_t v, first;

	(void)state;
	store_test_start(&t);
	assert_int_equal(store_create(t.st, "a", 0), STORE_OK);
	store_test_append(t.st, "INBOX", 2, 100, 0);
	held = store_test_mbox(&t, "a");
	store_mbox_hold(held, true);
	assert_int_equal(store_append_begin(t.st, "a", &ap), STORE_BUSY);
	m = store_test_mbox(&t, "INBOX");
	assert_int_equal(store_copy(m, all, "a", false, NULL, &v, &first),
	    STORE_BUSY);
	store_mbox_hold(held, false);
	store_mbox_unref(&held);
	assert_int_equal(store_copy(m, all, "a", false, NULL, &v, &first),
	    STORE_OK);
	store_mbox_unref(&m);
	store_test_append(t.st, "a", 1, 100, 0);
	store_test_check(&t);
	store_test_end(&t);
	roaring_bitmap_free(all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_order),
		cmocka_unit_test(test_create_delete),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_subscribe),
		cmocka_unit_test(test_recent),
		cmocka_unit_test(test_given_uids),
		cmocka_unit_test(test_given_uids_replayed),
		cmocka_unit_test(test_hold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
