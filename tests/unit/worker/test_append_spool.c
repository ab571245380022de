/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "append_spool.h"
#include "common/limits.h"

static char home[256];

static int
setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(home, sizeof(home), "%s/postern.XXXXXX",
	    tmp == NULL ? "/tmp" : tmp);
	return mkdtemp(home) == NULL ? -1 : 0;
}

/* An unnamed file leaves nothing behind: the folder must be empty. */
static int
teardown(void **state)
{
	(void)state;
	return rmdir(home);
}

static unsigned char
byte_of(unsigned message, size_t at)
{
	return (unsigned char)(message * 31 + at * 7 + (at >> 8));
}

/* Puts message i of len bytes in pieces. */
static void
put(struct append_spool *sp, unsigned i, size_t len, size_t piece)
{
	unsigned char *p = malloc(len + 1);

	for (size_t at = 0; at < len; at++)
		p[at] = byte_of(i, at);
	for (size_t at = 0; at < len; at += piece)
		append_spool_put(sp, p + at,
		    len - at < piece ? len - at : piece);
	append_spool_end(sp);
	free(p);
}

static void
check(struct append_spool *sp, unsigned i, size_t len)
{
	size_t got = SIZE_MAX;
	const unsigned char *p = append_spool_get(sp, i, &got);

	assert_non_null(p);
	assert_int_equal(got, len);
	for (size_t at = 0; at < len; at++)
		if (p[at] != byte_of(i, at))
			fail_msg("message %u differs at %zu", i, at);
}

static const struct {
	const char *name;
	size_t piece;
	size_t len[9]; /* SIZE_MAX ends */
} cases[] = {
	{ "none", 1, { SIZE_MAX } },
	{ "empty", 1, { 0, SIZE_MAX } },
	{ "empty ones", 1, { 0, 0, 0, SIZE_MAX } },
	{ "small", 1, { 10, SIZE_MAX } },
	{ "several", 7, { 10, 0, 100, 1, 0, 5000, SIZE_MAX } },
	{ "just memory", 4096, { LIMIT_APPEND_MEMORY, SIZE_MAX } },
	{ "just memory and empty", 4096, { LIMIT_APPEND_MEMORY, 0, SIZE_MAX } },
	{ "one more", 4096, { LIMIT_APPEND_MEMORY + 1, SIZE_MAX } },
	{ "the second one more", 4096, { LIMIT_APPEND_MEMORY, 1, SIZE_MAX } },
	{ "in one piece", SIZE_MAX, { 3 * LIMIT_APPEND_MEMORY + 5, SIZE_MAX } },
	{ "empty at the end of the file", 65536,
	    { 0, 2 * LIMIT_APPEND_MEMORY, 0, SIZE_MAX } },
	{ "small around large", 60000,
	    { 3, 2 * LIMIT_APPEND_MEMORY, 0, 9, 500000, 1, SIZE_MAX } },
};

static void
test_cases(void **state)
{
	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
		struct append_spool *sp = append_spool_new(home);
		unsigned n = 0;

		print_message("# %s\n", cases[c].name);
		for (; cases[c].len[n] != SIZE_MAX; n++)
			put(sp, n, cases[c].len[n],
			    cases[c].piece < cases[c].len[n] ? cases[c].piece
							     : MIB);
		assert_int_equal(append_spool_count(sp), n);
		for (unsigned i = 0; i < n; i++)
			check(sp, i, cases[c].len[i]);
		/* in any order, any number of times */
		for (unsigned i = n; i > 0; i--)
			check(sp, i - 1, cases[c].len[i - 1]);
		append_spool_free(&sp);
		assert_null(sp);
	}
}

/* A message that has begun does not count. */
static void
test_unfinished(void **state)
{
	struct append_spool *sp = append_spool_new(home);

	(void)state;
	put(sp, 0, 100, 100);
	append_spool_put(sp, "x", 1);
	assert_int_equal(append_spool_count(sp), 1);
	check(sp, 0, 100);
	append_spool_free(&sp);
}

/* More may come after a look. */
static void
test_put_after_get(void **state)
{
	struct append_spool *sp = append_spool_new(home);

	(void)state;
	put(sp, 0, LIMIT_APPEND_MEMORY + 100, 5000);
	check(sp, 0, LIMIT_APPEND_MEMORY + 100);
	put(sp, 1, 100000, 5000);
	check(sp, 1, 100000);
	put(sp, 2, 2 * LIMIT_APPEND_MEMORY, 5000);
	for (unsigned i = 3; i-- > 0;)
		check(sp, i, i == 0 ? LIMIT_APPEND_MEMORY + 100 :
		    i == 1 ? 100000 : 2 * LIMIT_APPEND_MEMORY);
	append_spool_free(&sp);
}

/* What could not be kept is not made up. */
static void
test_no_file(void **state)
{
	struct append_spool *sp = append_spool_new("/nonexistent");
	size_t len;

	(void)state;
	put(sp, 0, 10, 10);
	check(sp, 0, 10);
	put(sp, 1, 3 * LIMIT_APPEND_MEMORY + 10, 65536);
	put(sp, 2, 10, 10);
	assert_int_equal(append_spool_count(sp), 3);
	for (unsigned i = 0; i < 3; i++)
		assert_null(append_spool_get(sp, i, &len));
	append_spool_free(&sp);
}

static void
test_null(void **state)
{
	struct append_spool *sp = NULL;

	(void)state;
	assert_int_equal(append_spool_count(sp), 0);
	append_spool_free(&sp);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_unfinished),
		cmocka_unit_test(test_put_after_get),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_null),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
