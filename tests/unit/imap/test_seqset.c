/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/imap/parse.h"
#include "common/imap/seqset.h"
#include "common/limits.h"

static const struct {
	const char *in;
	uint32_t star;
	const char *out; /* after normalize, written again */
} cases[] = {
	{ "1", 9, "1" },
	{ "*", 9, "9" },
	{ "*", 0, "" },
	{ "1:*", 0, "1" },
	{ "3:*", 0, "1:3" },
	{ "5,1,3", 9, "1,3,5" },
	{ "5:1", 9, "1:5" },
	{ "1,2,3", 9, "1:3" },
	{ "1:3,2:5,6", 9, "1:6" },
	{ "1:10,2:3", 9, "1:10" },
	{ "4:*", 2, "2:4" },
	{ "*:4,1", 7, "1,4:7" },
	{ "*:*", 7, "7" },
	{ "4294967295,4294967294", 1, "4294967294:4294967295" },
	{ "1,4294967295,1:4294967295", 1, "1:4294967295" },
	{ "7,7,7", 1, "7" },
};

static void
test_normalize(void **state)
{
	struct imap_set_writer w;
	struct imap_parser p;
	struct imap_seqset set;
	struct arena a;
	struct buf out;

	(void)state;
	arena_init(&a);
	buf_init(&out, 1000);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		imap_parse_init(&p, cases[i].in, strlen(cases[i].in), &a);
		assert_true(imap_parse_seqset(&p, &set));
		imap_seqset_normalize(&set, cases[i].star);
		buf_reset(&out);
		imap_set_writer_init(&w, &out);
		for (size_t r = 0; r < set.n; r++)
			imap_set_writer_add_range(&w, set.ranges[r].lo,
			    set.ranges[r].hi);
		assert_int_equal(imap_set_writer_finish(&w),
		    cases[i].out[0] != '\0');
		assert_string_equal(buf_cstr(&out), cases[i].out);
	}
	buf_clear(&out);
	arena_clear(&a);
}

static void
test_has(void **state)
{
	static const char text[] = "2,4:6,10:12,20";
	static const uint32_t in[] = { 2, 4, 5, 6, 10, 11, 12, 20 };
	struct imap_parser p;
	struct imap_seqset set;
	struct arena a;
	size_t next = 0;

	(void)state;
	arena_init(&a);
	imap_parse_init(&p, text, strlen(text), &a);
	assert_true(imap_parse_seqset(&p, &set));
	imap_seqset_normalize(&set, 99);
	for (uint32_t n = 0; n < 30; n++) {
		bool want = next < 8 && in[next] == n;

		next += want;
		assert_int_equal(imap_seqset_has(&set, n), want);
	}
	assert_false(imap_seqset_has(&set, UINT32_MAX));
	set.n = 0;
	assert_false(imap_seqset_has(&set, 1));
	arena_clear(&a);
}

static void
test_writer(void **state)
{
	struct imap_set_writer w;
	struct buf out;

	(void)state;
	buf_init(&out, 1000);
	imap_set_writer_init(&w, &out);
	assert_false(imap_set_writer_finish(&w));
	imap_set_writer_init(&w, &out);
	imap_set_writer_add(&w, 1);
	imap_set_writer_add(&w, 2);
	imap_set_writer_add(&w, 3);
	imap_set_writer_add(&w, 7);
	imap_set_writer_add_range(&w, 9, 10);
	imap_set_writer_add(&w, 11);
	imap_set_writer_add(&w, UINT32_MAX);
	assert_true(imap_set_writer_finish(&w));
	assert_string_equal(buf_cstr(&out), "1:3,7,9:11,4294967295");
	buf_clear(&out);
}

static void
test_ranges_are_limited(void **state)
{
	struct imap_seqset set = { 0 };
	struct arena a;

	(void)state;
	arena_init(&a);
	for (uint32_t i = 0; i < LIMIT_SEQSET_RANGES; i++)
		assert_true(imap_seqset_add(&set, &a, 1000000 - 2 * i,
		    1000000 - 2 * i));
	assert_false(imap_seqset_add(&set, &a, 1, 1));
	imap_seqset_normalize(&set, 1);
	assert_int_equal(set.n, LIMIT_SEQSET_RANGES);
	assert_true(imap_seqset_has(&set, 1000000));
	assert_false(imap_seqset_has(&set, 999999));
	arena_clear(&a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_normalize),
		cmocka_unit_test(test_has),
		cmocka_unit_test(test_writer),
		cmocka_unit_test(test_ranges_are_limited),
	};

	return cmocka_run_group_tests_name("seqset", tests, NULL, NULL);
}
