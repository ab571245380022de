/* SPDX-License-Identifier: ISC
 *
 * Frames of tasks: what is written reads back, also one byte at a time, and
 * what is not a frame is refused as soon as that can be known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/limits.h"
#include "common/task_frame.h"

#define ALL (TASK_FROM_CTL | TASK_FROM_WORKER)

/* The one frame in b, found only when its last byte is there. */
static struct task_frame
only_frame(const struct buf *b, unsigned from)
{
	struct task_frame f = { 0 };
	size_t used;

	assert_false(b->overflow);
	for (size_t n = 0; n < b->len; n++)
		assert_int_equal(task_frame_next(b->data, n, from, &f, &used),
		    TASK_FOUND_MORE);
	assert_int_equal(task_frame_next(b->data, b->len, from, &f, &used),
	    TASK_FOUND_FRAME);
	assert_int_equal(used, b->len);
	return f;
}

static void
test_pairs(void **state)
{
	struct task_pair pair;
	struct task_pairs w;
	struct task_frame f;
	struct buf b;
	size_t at = 0;

	(void)state;
	buf_init(&b, TASK_FRAME_MAX);
	task_pairs_begin(&w, &b, TASK_ROW);
	task_pairs_text(&w, "name", "INBOX");
	task_pairs_number(&w, "messages", UINT64_MAX);
	task_pairs_bool(&w, "subscribed", true);
	task_pairs_end(&w);
	f = only_frame(&b, TASK_FROM_WORKER);
	assert_int_equal(f.kind, TASK_ROW);
	assert_true(task_frame_pair(&f, &at, &pair));
	assert_string_equal(pair.name, "name");
	assert_int_equal(pair.type, 's');
	assert_string_equal(pair.text, "INBOX");
	assert_true(task_frame_pair(&f, &at, &pair));
	assert_string_equal(pair.name, "messages");
	assert_true(pair.number == UINT64_MAX);
	assert_true(task_frame_pair(&f, &at, &pair));
	assert_int_equal(pair.type, 'b');
	assert_true(pair.number == 1);
	assert_false(task_frame_pair(&f, &at, &pair));
	buf_reset(&b);
	task_pairs_begin(&w, &b, TASK_REQUEST);
	task_pairs_end(&w);
	f = only_frame(&b, TASK_FROM_CTL);
	at = 0;
	assert_false(task_frame_pair(&f, &at, &pair));
	buf_clear(&b);
}

static void
test_others(void **state)
{
	uint64_t done, total;
	struct task_frame f;
	const char *text;
	struct buf b;
	uint8_t code;

	(void)state;
	buf_init(&b, TASK_FRAME_MAX);
	task_put_progress(&b, 3, 10, "INBOX");
	f = only_frame(&b, TASK_FROM_WORKER);
	task_frame_progress(&f, &done, &total, &text);
	assert_true(done == 3 && total == 10);
	assert_string_equal(text, "INBOX");
	buf_reset(&b);
	task_put_problem(&b, TASK_ERROR, "bad");
	f = only_frame(&b, TASK_FROM_WORKER);
	assert_string_equal(task_frame_text(&f, &code), "bad");
	assert_int_equal(code, TASK_ERROR);
	buf_reset(&b);
	task_put_end(&b, TASK_REFUSED, "");
	f = only_frame(&b, TASK_FROM_WORKER);
	assert_string_equal(task_frame_text(&f, &code), "");
	assert_int_equal(code, TASK_REFUSED);
	buf_reset(&b);
	task_put_data(&b, "a\0b", 3);
	f = only_frame(&b, TASK_FROM_CTL);
	assert_int_equal(f.len, 3);
	assert_memory_equal(f.body, "a\0b", 3);
	buf_clear(&b);
}

static void
test_largest(void **state)
{
	static unsigned char bytes[TASK_FRAME_DATA];
	struct task_frame f;
	struct buf b;
	size_t used;

	(void)state;
	buf_init(&b, 2 * TASK_FRAME_MAX);
	task_put_data(&b, bytes, sizeof(bytes));
	assert_int_equal(b.len, TASK_FRAME_MAX);
	assert_int_equal(task_frame_next(b.data, b.len, ALL, &f, &used),
	    TASK_FOUND_FRAME);
	assert_int_equal(f.len, sizeof(bytes));
	/* a buffer that is too small says so and holds no half frame's length */
	buf_clear(&b);
	buf_init(&b, 10);
	task_put_end(&b, TASK_OK, "more than ten bytes");
	assert_true(b.overflow);
	buf_clear(&b);
}

static void
test_text_is_cut(void **state)
{
	char text[TASK_TEXT_MAX + 100];
	struct task_frame f;
	const char *got;
	struct buf b;
	uint8_t code;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text + TASK_TEXT_MAX - 1, "\xc3\xa4", 2); /* across the end */
	text[sizeof(text) - 1] = '\0';
	buf_init(&b, TASK_FRAME_MAX);
	task_put_end(&b, TASK_OK, text);
	f = only_frame(&b, ALL);
	got = task_frame_text(&f, &code);
	assert_int_equal(strlen(got), TASK_TEXT_MAX - 1);
	buf_clear(&b);
}

static void
test_refused(void **state)
{
	static const struct {
		const char *what;
		size_t n;
		const char *bytes;
	} cases[] = {
		{ "no kind", 4, "\0\0\0\0" },
		{ "too long", 4, "\xfd\xff\0\0" },
		{ "far too long", 4, "\xff\xff\xff\xff" },
		{ "kind 0", 5, "\1\0\0\0\0" },
		{ "kind 7, before its body", 5, "\5\0\0\0\7" },
		{ "request without a number", 5, "\1\0\0\0\1" },
		{ "a pair missing", 6, "\2\0\0\0\1\1" },
		{ "too many pairs", 6, "\2\0\0\0\1\x21" },
		{ "bytes behind the pairs", 7, "\3\0\0\0\1\0x" },
		{ "a name in capitals", 13, "\x9\0\0\0\1\1\1\0A\0b\1" },
		{ "an empty name", 12, "\x8\0\0\0\1\1\0\0\0b\1" },
		{ "a type that is none", 13, "\x9\0\0\0\1\1\1\0a\0x\1" },
		{ "a bool of 2", 12, "\x8\0\0\0\1\1\1\0a\0b\2" },
		{ "a text without its NUL", 9, "\5\0\0\0\6\0\1\0a" },
		{ "a NUL in a text", 11, "\7\0\0\0\6\0\2\0\0a\0" },
		{ "a text that is too long", 9, "\5\0\0\0\6\0\xff\xff\0" },
		{ "a status that is none", 9, "\5\0\0\0\6\4\0\0\0" },
		{ "a severity that is none", 9, "\5\0\0\0\5\3\0\0\0" },
		{ "progress without total", 13, "\x9\0\0\0\3\0\0\0\0\0\0\0\0" },
	};
	struct task_frame f;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (task_frame_next((const unsigned char *)cases[i].bytes,
		    cases[i].n, ALL, &f, &used) != TASK_FOUND_BAD)
			fail_msg("not refused: %s", cases[i].what);
}

static void
test_sender(void **state)
{
	struct task_frame f;
	struct buf b;
	size_t used;

	(void)state;
	buf_init(&b, TASK_FRAME_MAX);
	task_put_end(&b, TASK_OK, "");
	assert_int_equal(task_frame_next(b.data, b.len, TASK_FROM_CTL, &f,
	    &used), TASK_FOUND_BAD);
	/* known from the fifth byte on */
	assert_int_equal(task_frame_next(b.data, 5, TASK_FROM_CTL, &f, &used),
	    TASK_FOUND_BAD);
	buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_largest),
		cmocka_unit_test(test_text_is_cut),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_sender),
	};

	return cmocka_run_group_tests_name("task_frame", tests, NULL, NULL);
}
