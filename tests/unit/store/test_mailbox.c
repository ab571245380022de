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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_order),
		cmocka_unit_test(test_create_delete),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_subscribe),
		cmocka_unit_test(test_recent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
