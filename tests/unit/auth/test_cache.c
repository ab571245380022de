/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sodium.h>
#include <string.h>
#include <cmocka.h>

#include "auth/cache.h"

#define SECONDS 60
#define LIFE (SECONDS * 1000)

static void
key(const struct cache *c, const char *user, const char *verifier,
    const char *password, unsigned char key_r[CACHE_KEY_SIZE])
{
	cache_key(c, user, verifier, password, strlen(password), key_r);
}

static void
test_remembers_for_a_while(void **state)
{
	struct cache *c = cache_new(64, SECONDS);
	unsigned char k[CACHE_KEY_SIZE];

	(void)state;
	key(c, "alice", "$6$x", "secret", k);
	assert_false(cache_has(c, k, 1000));
	cache_add(c, k, 1000);
	assert_true(cache_has(c, k, 1000));
	assert_true(cache_has(c, k, 1000 + LIFE - 1));
	assert_false(cache_has(c, k, 1000 + LIFE));
	cache_add(c, k, 1000 + LIFE);
	assert_true(cache_has(c, k, 1000 + LIFE));
	cache_free(&c);
	assert_null(c);
	cache_free(&c);
}

static void
test_every_part_counts(void **state)
{
	static const char *const others[][3] = {
		{ "alice", "v", "secret2" }, { "alice", "v", "secre" },
		{ "alice", "v", "" }, { "alice", "w", "secret" },
		{ "alice", "", "secret" }, { "bob", "v", "secret" },
		{ "alicev", "", "secret" }, { "alic", "ev", "secret" },
		{ "alice", "vsecret", "" }, { "alice", "vs", "ecret" },
		{ "", "alicev", "secret" },
	};
	struct cache *c = cache_new(4096, SECONDS), *d;
	unsigned char k[CACHE_KEY_SIZE], l[CACHE_KEY_SIZE];

	(void)state;
	key(c, "alice", "v", "secret", k);
	cache_add(c, k, 1);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		key(c, others[i][0], others[i][1], others[i][2], l);
		assert_false(cache_has(c, l, 1));
	}
	/* another process has another key */
	d = cache_new(8, SECONDS);
	key(d, "alice", "v", "secret", l);
	assert_memory_not_equal(k, l, CACHE_KEY_SIZE);
	cache_free(&c);
	cache_free(&d);
}

static void
test_the_oldest_goes_first(void **state)
{
	struct cache *c = cache_new(8, SECONDS);
	unsigned char k[10][CACHE_KEY_SIZE];
	char name[8] = "user";

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		name[4] = (char)('0' + i);
		key(c, name, "v", "p", k[i]);
	}
	for (size_t i = 0; i < 8; i++)
		cache_add(c, k[i], 1 + i);
	for (size_t i = 0; i < 8; i++)
		assert_true(cache_has(c, k[i], 10));
	/* the first is renewed, in its own place */
	cache_add(c, k[0], 10);
	cache_add(c, k[8], 11);
	cache_add(c, k[9], 12);
	for (size_t i = 0; i < 10; i++)
		assert_int_equal(cache_has(c, k[i], 12), i != 1 && i != 2);
	cache_free(&c);
}

static void
test_an_empty_one_has_nothing(void **state)
{
	struct cache *c = cache_new(1, SECONDS);
	unsigned char k[CACHE_KEY_SIZE] = { 0 };

	(void)state;
	assert_false(cache_has(c, k, 0));
	assert_false(cache_has(c, k, 1));
	cache_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_remembers_for_a_while),
		cmocka_unit_test(test_every_part_counts),
		cmocka_unit_test(test_the_oldest_goes_first),
		cmocka_unit_test(test_an_empty_one_has_nothing),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
