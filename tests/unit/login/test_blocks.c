/* SPDX-License-Identifier: ISC */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/un.h>
#include <cmocka.h>

#include "common/addr.h"
#include "imap-login/blocks.h"

static void
test_each_block_has_its_own_count(void **state)
{
	struct blocks *b = blocks_new(3);

	(void)state;
	for (uint64_t block = 1; block < 5000; block++) {
		for (int i = 0; i < 3; i++)
			assert_true(blocks_enter(b, block));
		assert_false(blocks_enter(b, block));
	}
	for (uint64_t block = 1; block < 5000; block++)
		blocks_leave(b, block);
	for (uint64_t block = 1; block < 5000; block++) {
		assert_true(blocks_enter(b, block));
		assert_false(blocks_enter(b, block));
	}
	for (int i = 0; i < 100; i++)
		assert_true(blocks_enter(b, 0));
	blocks_free(&b);
	assert_null(b);
}

static void
test_zero_means_any_number(void **state)
{
	struct blocks *b = blocks_new(0);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_true(blocks_enter(b, 5));
	blocks_leave(b, 5);
	blocks_free(&b);
}

static uint64_t
block_of(const char *text, bool *loopback_r)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in sin = { .sin_family = AF_INET };
	const struct sockaddr *sa = (struct sockaddr *)&sin;
	char again[ADDR_TEXT_SIZE];

	if (strchr(text, ':') != NULL) {
		assert_int_equal(inet_pton(AF_INET6, text, &sin6.sin6_addr), 1);
		sa = (struct sockaddr *)&sin6;
	} else {
		assert_int_equal(inet_pton(AF_INET, text, &sin.sin_addr), 1);
	}
	addr_text(sa, again);
	assert_string_equal(again, strncmp(text, "::ffff:", 7) == 0 ?
	    text + 7 : text);
	*loopback_r = addr_is_loopback(sa);
	return addr_block(sa);
}

static void
test_addresses(void **state)
{
	static const struct {
		const char *a, *b;
		bool same, loopback;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.254", true, false },
		{ "192.0.2.1", "192.0.3.1", false, false },
		{ "192.0.2.1", "::ffff:192.0.2.7", true, false },
		{ "127.0.0.1", "127.0.0.2", true, true },
		{ "::ffff:127.0.0.1", "127.0.0.2", true, true },
		{ "2001:db8::1", "2001:db8::ffff", true, false },
		{ "2001:db8::1", "2001:db8:0:1::1", false, false },
		{ "::1", "127.0.0.1", false, true },
		{ "0.0.0.1", "::2", false, false },
	};
	bool la, lb;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t a = block_of(cases[i].a, &la);
		uint64_t b = block_of(cases[i].b, &lb);

		assert_int_equal(a == b, cases[i].same);
		assert_int_equal(la, cases[i].loopback);
		assert_true(a != 0 && b != 0);
	}
}

static void
test_unix_sockets_are_local(void **state)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	char text[ADDR_TEXT_SIZE];

	(void)state;
	addr_text((struct sockaddr *)&sun, text);
	assert_string_equal(text, "local");
	assert_true(addr_is_loopback((struct sockaddr *)&sun));
	assert_int_equal(addr_block((struct sockaddr *)&sun), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_block_has_its_own_count),
		cmocka_unit_test(test_zero_means_any_number),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_unix_sockets_are_local),
	};

	return cmocka_run_group_tests_name("blocks", tests, NULL, NULL);
}
