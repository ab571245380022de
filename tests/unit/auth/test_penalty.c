/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include <stdio.h>
#include <cmocka.h>

#include "auth/penalty.h"

#define BASE 1000

static void
test_doubles_up_to_a_limit(void **state)
{
	static const unsigned expect[] = { 1000, 2000, 4000, 8000, 15000,
		15000 };
	struct penalty *p = penalty_new(BASE);

	(void)state;
	for (size_t i = 0; i < sizeof(expect) / sizeof(expect[0]); i++)
		assert_int_equal(penalty_refused(p, "192.0.2.1", 5000),
		    expect[i]);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(penalty_refused(p, "192.0.2.1", 5000), 15000);
	penalty_free(&p);
	assert_null(p);
}

static void
test_falls_with_quiet_time(void **state)
{
	struct penalty *p = penalty_new(BASE);
	uint64_t now = 5000;

	(void)state;
	for (int i = 0; i < 3; i++)
		penalty_refused(p, "192.0.2.1", now);
	/* three steps; one is forgiven */
	now += PENALTY_STEP_MS;
	assert_int_equal(penalty_refused(p, "192.0.2.1", now), 4000);
	now += PENALTY_STEP_MS - 1;
	assert_int_equal(penalty_refused(p, "192.0.2.1", now), 8000);
	now += 4 * (uint64_t)PENALTY_STEP_MS;
	assert_int_equal(penalty_refused(p, "192.0.2.1", now), 1000);
	penalty_free(&p);
}

static void
test_blocks(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "::ffff:192.0.2.1", true },
		{ "2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true },
		{ "2001:db8:1:2::1", "2001:db8:1:3::1", false },
		{ "", "not an address", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct penalty *p = penalty_new(BASE);

		assert_int_equal(penalty_refused(p, cases[i].a, 1), BASE);
		assert_int_equal(penalty_refused(p, cases[i].b, 1),
		    cases[i].same ? 2 * BASE : BASE);
		penalty_free(&p);
	}
}

static void
test_loopback_never_grows(void **state)
{
	static const char *const yes[] = { "127.0.0.1", "127.9.9.9", "::1",
		"::ffff:127.0.0.1" };
	static const char *const no[] = { "", "localhost", "128.0.0.1",
		"::2", "::ffff:10.0.0.1", "127.0.0.1.example" };
	struct penalty *p = penalty_new(BASE);

	(void)state;
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		assert_true(penalty_is_loopback(yes[i]));
		for (int n = 0; n < 10; n++)
			assert_int_equal(penalty_refused(p, yes[i], 1), BASE);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(penalty_is_loopback(no[i]));
	penalty_free(&p);
}

/* A flood of addresses with one refusal each does not wash a real guesser out
 * of the table. */
static void
test_a_flood_forgets_the_least(void **state)
{
	struct penalty *p = penalty_new(BASE);
	char addr[32];

	(void)state;
	for (int i = 0; i < 10; i++)
		penalty_refused(p, "192.0.2.1", 1);
	for (unsigned i = 0; i < 100000; i++) {
		snprintf(addr, sizeof(addr), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		penalty_refused(p, addr, 2);
	}
	assert_int_equal(penalty_refused(p, "192.0.2.1", 2), 15000);
	penalty_free(&p);
}

static void
test_a_long_base_stays(void **state)
{
	struct penalty *p = penalty_new(20000);

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(penalty_refused(p, "192.0.2.1", 1), 20000);
	penalty_free(&p);
	p = penalty_new(0);
	for (int i = 0; i < 10; i++)
		assert_int_equal(penalty_refused(p, "192.0.2.1", 1), 0);
	penalty_free(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_doubles_up_to_a_limit),
		cmocka_unit_test(test_falls_with_quiet_time),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_loopback_never_grows),
		cmocka_unit_test(test_a_flood_forgets_the_least),
		cmocka_unit_test(test_a_long_base_stays),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
