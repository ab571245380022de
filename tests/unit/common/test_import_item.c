/* SPDX-License-Identifier: ISC
 *
 * Items of an import: written and read again, and those that are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/import_item.h"

static void
put(struct buf *b, enum import_kind kind, uint8_t code, const char *text,
    size_t len)
{
	const struct import_item i = { .kind = kind, .code = code,
		.number = 0x01020304, .size = UINT64_C(0x1122334455667788),
		.time = -5, .text = (const unsigned char *)text, .len = len };

	import_item_put(b, &i);
	assert_false(b->overflow);
}

static void
test_round_trip(void **state)
{
	static const unsigned char wanted[] = { 1, 0, 0, 0, 2, 1, 0, 0 };
	struct import_item i;
	size_t at = 0;
	struct buf b;
	bool bad;

	(void)state;
	buf_init(&b, TASK_FRAME_DATA);
	put(&b, IMPORT_FOLDER, 0, "a/.b", 4);
	put(&b, IMPORT_NAME, IMPORT_NEW, "x\ny:2,S", 7);
	put(&b, IMPORT_FILE_END, IMPORT_LARGE, "", 0);
	assert_true(import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
	    &bad));
	assert_int_equal(i.kind, IMPORT_FOLDER);
	assert_int_equal(i.number, 0x01020304);
	assert_true(i.size == UINT64_C(0x1122334455667788));
	assert_int_equal(i.time, -5);
	assert_int_equal(i.len, 4);
	assert_memory_equal(i.text, "a/.b", 4);
	assert_true(import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
	    &bad));
	assert_int_equal(i.code, IMPORT_NEW);
	assert_memory_equal(i.text, "x\ny:2,S", 7);
	assert_true(import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
	    &bad));
	assert_int_equal(i.code, IMPORT_LARGE);
	assert_false(import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
	    &bad));
	assert_false(bad);

	buf_reset(&b);
	at = 0;
	put(&b, IMPORT_WANT, 0, (const char *)wanted, sizeof(wanted));
	assert_true(import_item_next(b.data, b.len, &at, IMPORT_FROM_WORKER,
	    &i, &bad));
	assert_int_equal(import_item_wanted(&i, 0), 1);
	assert_int_equal(import_item_wanted(&i, 1), 258);
	buf_clear(&b);
}

static void
test_refused(void **state)
{
	static const struct {
		unsigned kind;
		uint8_t code;
		const char *text;
		size_t len;
	} cases[] = {
		{ 0, 0, "", 0 }, { IMPORT_FOLDER_END + 1, 0, "", 0 },
		{ 255, 0, "", 0 }, { IMPORT_WANT, 0, "", 0 },
		{ IMPORT_WANT_END, 0, "", 0 }, { IMPORT_TOTAL, 0, "x", 1 },
		{ IMPORT_NAMES_END, 0, "x", 1 }, { IMPORT_NAME, 0, "", 0 },
		{ IMPORT_NAME, 2, "x", 1 }, { IMPORT_NAME, 0, "a/b", 3 },
		{ IMPORT_NAME, 0, ".", 1 }, { IMPORT_NAME, 0, "..", 2 },
		{ IMPORT_NAME, 0, "a\0b", 3 }, { IMPORT_FILE, 0, "a/b", 3 },
		{ IMPORT_INDEX, 0, "../x", 4 }, { IMPORT_FOLDER, 0, "/a", 2 },
		{ IMPORT_FOLDER, 0, "a/", 2 }, { IMPORT_FOLDER, 0, "a//b", 4 },
		{ IMPORT_FOLDER, 0, "a/../b", 6 }, { IMPORT_FILE_END, 3, "", 0 },
		{ IMPORT_FILE_END, 0, "x", 1 },
	};
	struct import_item i;
	char longer[IMPORT_NAME_MAX + 1];
	struct buf b;
	size_t at;
	bool bad;

	(void)state;
	buf_init(&b, TASK_FRAME_DATA);
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
		buf_reset(&b);
		at = 0;
		put(&b, (enum import_kind)cases[k].kind, cases[k].code,
		    cases[k].text, cases[k].len);
		if (import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
		    &bad) || !bad)
			fail_msg("case %zu was taken", k);
	}
	memset(longer, 'x', sizeof(longer));
	buf_reset(&b);
	put(&b, IMPORT_NAME, 0, longer, sizeof(longer));
	at = 0;
	assert_false(import_item_next(b.data, b.len, &at, IMPORT_FROM_CTL, &i,
	    &bad));
	/* cut short, at any place */
	buf_reset(&b);
	put(&b, IMPORT_NAME, 0, longer, sizeof(longer) - 1);
	for (size_t n = 1; n < b.len; n++) {
		at = 0;
		assert_false(import_item_next(b.data, n, &at, IMPORT_FROM_CTL,
		    &i, &bad));
		assert_true(bad);
	}
	buf_reset(&b);
	put(&b, IMPORT_WANT, 0, "123", 3);
	at = 0;
	assert_false(import_item_next(b.data, b.len, &at, IMPORT_FROM_WORKER,
	    &i, &bad));
	assert_true(bad);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("import_item", tests, NULL, NULL);
}
