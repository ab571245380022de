/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/arena.h"
#include "common/buf.h"

static void
test_growth_stops_at_the_maximum(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	for (int i = 0; i < 1000; i++)
		assert_true(buf_putc(&b, 'x'));
	assert_false(buf_putc(&b, 'y'));
	assert_true(b.overflow);
	assert_int_equal(b.len, 1000);
	assert_int_equal(strlen(buf_cstr(&b)), 1000);
	assert_false(buf_puts(&b, ""  "z"));
	buf_reset(&b);
	assert_true(buf_puts(&b, "again"));
	buf_clear(&b);
}

static void
test_numbers_and_formats(void **state)
{
	struct buf b;

	(void)state;
	buf_init(&b, 1000);
	buf_put_u64(&b, 0);
	buf_putc(&b, ' ');
	buf_put_u64(&b, UINT64_MAX);
	buf_printf(&b, " %s", "end");
	assert_string_equal(buf_cstr(&b), "0 18446744073709551615 end");
	buf_consume(&b, 2);
	assert_string_equal(buf_cstr(&b), "18446744073709551615 end");
	buf_consume(&b, 100);
	assert_string_equal(buf_cstr(&b), "");
	buf_clear(&b);
}

static void
test_arena_keeps_everything_until_reset(void **state)
{
	struct arena a;
	char *all[2000];

	(void)state;
	arena_init(&a);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++)
			all[i] = arena_printf(&a, "string %d of %d", i, round);
		for (int i = 0; i < 2000; i++) {
			char want[64];

			snprintf(
			    want, sizeof(want), "string %d of %d", i, round);
			assert_string_equal(all[i], want);
			assert_int_equal(
			    (uintptr_t)all[i] % _Alignof(max_align_t), 0);
		}
		arena_reset(&a);
	}
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_growth_stops_at_the_maximum),
		cmocka_unit_test(test_numbers_and_formats),
		cmocka_unit_test(test_arena_keeps_everything_until_reset),
	};

	return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
