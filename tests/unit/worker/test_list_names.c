/* SPDX-License-Identifier: ISC */
#include "tests/unit/store/store_test.h"

#include <string.h>

#include "cmd/list_names.h"
#include "common/buf.h"

#define MAX 12

struct name_case {
	const char *title;
	const char *mailboxes[MAX], *subscribed[MAX];
	/* "name" and letters: e exists, s subscribed, c has children; then the
	 * number of names below */
	const char *want[MAX + 4];
};

/* The home has INBOX besides. */
static const struct name_case cases[] = {
	{ "only INBOX", { NULL }, { NULL }, { "INBOX e 0", NULL } },
	{ "flat", { "b", "a", "C", NULL }, { "a", NULL },
	    { "C e 0", "INBOX e 0", "a es 0", "b e 0", NULL } },
	{ "inferiors behind their superior",
	    { "a", "a b", "a/b", "a-b", "a/b/c", "a!", NULL }, { NULL },
	    { "INBOX e 0", "a ec 2", "a/b ec 1", "a/b/c e 0", "a b e 0",
		"a! e 0", "a-b e 0", NULL } },
	{ "implied", { "a/b/c", "a/b/d", "a/e", "x/y", NULL }, { NULL },
	    { "INBOX e 0", "a c 4", "a/b c 2", "a/b/c e 0", "a/b/d e 0",
		"a/e e 0", "x c 1", "x/y e 0", NULL } },
	{ "implied in the middle", { "a", "a/b/c", NULL }, { NULL },
	    { "INBOX e 0", "a ec 2", "a/b c 1", "a/b/c e 0", NULL } },
	{ "a longer name does not imply", { "ab/c", "a/c", "a", NULL }, { NULL },
	    { "INBOX e 0", "a ec 1", "a/c e 0", "ab c 1", "ab/c e 0", NULL } },
	{ "below INBOX", { "INBOX/a/b", NULL }, { NULL },
	    { "INBOX ec 2", "INBOX/a c 1", "INBOX/a/b e 0", NULL } },
	{ "subscribed without a mailbox", { "a", NULL }, { "gone", "a", NULL },
	    { "INBOX e 0", "a es 0", "gone s 0", NULL } },
	{ "a subscribed name below is no child", { "a", NULL },
	    { "a/gone", "b/gone", NULL },
	    { "INBOX e 0", "a e 1", "a/gone s 0", "b  1", "b/gone s 0", NULL } },
	{ "subscribed superior without a mailbox", { "a/b", NULL },
	    { "a", NULL }, { "INBOX e 0", "a sc 1", "a/b e 0", NULL } },
	{ "8 bit", { "\xc3\xa9/x", "z", NULL }, { "\xc3\xa9", NULL },
	    { "INBOX e 0", "z e 0", "\xc3\xa9 sc 1", "\xc3\xa9/x e 0", NULL } },
};

static void
check_case(struct store *st, const struct name_case *c)
{
	struct list_name *names;
	struct arena a;
	size_t n, i;

	arena_init(&a);
	assert_int_equal(list_names(st, &a, &names, &n), STORE_OK);
	for (i = 0; i < n && c->want[i] != NULL; i++) {
		const char *line = arena_printf(&a, "%s %s%s%s %zu",
		    names[i].name, names[i].exists ? "e" : "",
		    names[i].subscribed ? "s" : "",
		    names[i].has_children ? "c" : "", names[i].end - i - 1);

		if (strcmp(line, c->want[i]) != 0)
			fail_msg("%s: %s, not %s", c->title, line, c->want[i]);
		if (names[i].exists) {
			assert_string_equal(names[i].info.name, names[i].name);
			assert_true(names[i].info.uidvalidity > 0);
		}
	}
	if (i != n || c->want[i] != NULL)
		fail_msg("%s: %zu names", c->title, n);
	arena_clear(&a);
}

static void
test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_test t;

		store_test_start(&t);
		for (unsigned k = 0; k < 2; k++) {
			const char *name = k == 0 ? "Sent" : "Trash";

			assert_int_equal(store_delete(t.st, name), STORE_OK);
			(void)store_subscribe(t.st, name, false);
		}
		(void)store_subscribe(t.st, "INBOX", false);
		for (unsigned k = 0; cases[i].mailboxes[k] != NULL; k++)
			assert_int_equal(store_create(t.st,
			    cases[i].mailboxes[k], 0), STORE_OK);
		for (unsigned k = 0; cases[i].subscribed[k] != NULL; k++)
			assert_int_equal(store_subscribe(t.st,
			    cases[i].subscribed[k], true), STORE_OK);
		check_case(t.st, &cases[i]);
		store_test_end(&t);
	}
}

/* More names than the first array holds; every end and has_children against
 * the definition. */
static void
test_many(void **state)
{
	struct list_name *names;
	struct store_test t;
	struct arena a;
	size_t n;

	(void)state;
	store_test_start(&t);
	arena_init(&a);
	for (unsigned i = 0; i < 200; i++) {
		const char *name = arena_printf(&a, "%c/%u/%c/%u", 'a' + i % 3,
		    i % 7, "x y"[i % 3], i);

		if (i % 4 == 0)
			assert_int_equal(store_subscribe(t.st, name, true),
			    STORE_OK);
		else
			assert_int_equal(store_create(t.st, name, 0), STORE_OK);
	}
	assert_int_equal(list_names(t.st, &a, &names, &n), STORE_OK);
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(names[i].name), below = 0, exist = 0;

		for (size_t k = 0; k < n; k++) {
			if (strncmp(names[k].name, names[i].name, len) != 0 ||
			    names[k].name[len] != '/')
				continue;
			below++;
			exist += names[k].exists;
			assert_true(k > i && k < names[i].end);
		}
		assert_int_equal(names[i].end - i - 1, below);
		assert_int_equal(names[i].has_children, exist > 0);
	}
	arena_clear(&a);
	store_test_end(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
